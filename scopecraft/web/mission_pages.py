"""`/m/{id}`: one mission."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
