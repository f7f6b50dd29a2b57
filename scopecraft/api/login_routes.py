"""A browser comes in: the code of a one-time link is exchanged for a cookie."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from scopecraft.api.access import COOKIE_SECONDS
from scopecraft.api.answer import plain
from scopecraft.api.house import house_of
from scopecraft.errors import Refused

router = APIRouter(tags=["login"])


class Code(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: str


class Done(BaseModel):
    ok: bool


@router.post("/api/login", response_model=Done)
def login(request: Request, body: Code) -> Response:
    """Exchange a one-time code, as `sc open` makes it, for a cookie."""
    access = house_of(request).access
    cookie = access.redeem(body.code)
    if cookie is None:
        raise Refused("this link was used already, or is older than five minutes", "for a new one: sc open")
    answer = plain({"ok": True})
    answer.set_cookie(access.cookie_name, cookie, max_age=COOKIE_SECONDS, httponly=True, samesite="strict")
    return answer


@router.post("/api/logout", response_model=Done)
def logout(request: Request) -> Response:
    """This browser is out; others stay in."""
    answer = plain({"ok": True})
    answer.delete_cookie(house_of(request).access.cookie_name, httponly=True, samesite="strict")
    return answer
