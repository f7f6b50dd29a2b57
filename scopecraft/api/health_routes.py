"""Whether it is there. No token is asked for, and nothing is told."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from scopecraft.api.answer import plain

router = APIRouter(tags=["health"])


class Health(BaseModel):
    status: str


@router.get("/health", response_model=Health)
@router.get("/api/health", response_model=Health)
async def health() -> Response:
    """Whether it is there."""
    return plain({"status": "ok"})
