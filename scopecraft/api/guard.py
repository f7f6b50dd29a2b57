"""The first thing that a request meets: who may come in, how much they may send, and what every answer carries."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

import orjson
from starlette.exceptions import HTTPException

from scopecraft.api.access import Access
from scopecraft.api.bounds import Bounds
from scopecraft.api.door import Checks, Knock, Rules, judge
from scopecraft.api.error_table import error_body

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

AUDIO_PATH = "/api/transcribe"
_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
        b"img-src 'self' data:; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_ASKED_METHODS = b"GET, POST, PUT, PATCH, DELETE, OPTIONS"


class Guard:
    """ASGI, around the whole app."""

    def __init__(self, app: ASGIApp, rules: Rules, access: Access, bounds: Bounds) -> None:
        self._app = app
        self._rules = rules
        self._bounds = bounds
        self._checks = Checks(access.is_token, access.is_cookie)
        self._cookie_name = access.cookie_name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        knock = knock_of(scope, headers, self._cookie_name)
        refusal = judge(knock, self._rules, self._checks)
        if knock.is_socket:
            await (self._app(scope, receive, send) if refusal is None else _refuse_socket(receive, send))
            return
        answer = _Answer(send, knock, is_known_page=(knock.origin or "").lower() in self._rules.origins)
        if refusal is not None:
            await answer.refuse(refusal.status, refusal.message, refusal.hint)
        elif knock.method == "OPTIONS":
            await answer.give(204, b"", [(b"allow", _ASKED_METHODS)])
        elif (problem := _body_problem(knock, headers, self._most_bytes(knock.path))) is not None:
            await answer.refuse(*problem)
        else:
            body = _Body(receive, self._most_bytes(knock.path), self._bounds.body_seconds)
            await self._app(scope, body, answer.send)

    def _most_bytes(self, path: str) -> int:
        return self._bounds.audio_bytes if path == AUDIO_PATH else self._bounds.body_bytes


def knock_of(scope: Scope, headers: dict[bytes, bytes], cookie_name: str) -> Knock:
    def text(name: bytes) -> str | None:
        value = headers.get(name)
        return None if value is None else value.decode("latin-1")

    kind, _, bearer = (text(b"authorization") or "").partition(" ")
    server = scope.get("server")
    return Knock(
        method=scope.get("method", "GET"),
        path=scope["path"],
        host=text(b"host"),
        origin=text(b"origin"),
        bearer=bearer.strip() if kind.lower() == "bearer" else None,
        cookie=_cookie(text(b"cookie"), cookie_name),
        is_socket=scope["type"] == "websocket",
        is_unix=server is not None and server[1] is None,
        site=text(b"sec-fetch-site"),
        mode=text(b"sec-fetch-mode"),
    )


def _cookie(header: str | None, name: str) -> str | None:
    if not header or name not in header:
        return None
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return None
    return found.value if found else None


def _body_problem(knock: Knock, headers: dict[bytes, bytes], most: int) -> tuple[int, str, str] | None:
    """Before anything of it is read: how long it says that it is, and of what kind."""
    length = headers.get(b"content-length", b"0")
    if not length.isdigit():
        return 400, "the length of the body is no number", ""
    if int(length) > most:
        return 413, "the body is too long", f"at most {most // 1024**2} MiB"
    has_body = length != b"0" or b"transfer-encoding" in headers
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    # a form of another page can send other kinds without asking first
    wanted = b"multipart/form-data" if knock.path == AUDIO_PATH else b"application/json"
    if knock.changes and has_body and kind != wanted:
        return 415, f"the body must be {wanted.decode()}", f"send the header Content-Type: {wanted.decode()}"
    return None


class _Body:
    """What is received, as long as it comes in time and is not too much; the app answers for what is raised here."""

    def __init__(self, receive: Receive, most: int, seconds: float) -> None:
        self._receive = receive
        self._left = most
        self._deadline = time.monotonic() + seconds
        self._is_whole = False

    async def __call__(self) -> Message:
        if self._is_whole:  # what comes now is that the other side has gone
            return await self._receive()
        try:
            async with asyncio.timeout(max(0.0, self._deadline - time.monotonic())):
                message = await self._receive()
        except TimeoutError as error:
            raise HTTPException(408, "the body came too slowly") from error
        self._left -= len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        if self._left < 0:
            raise HTTPException(413, "the body is too long")
        return message


class _Answer:
    def __init__(self, send: Send, knock: Knock, *, is_known_page: bool) -> None:
        self._send = send
        self._knock = knock
        self._path = knock.path
        self._is_known_page = is_known_page

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *self._own_headers()]
        await self._send(message)

    async def refuse(self, status: int, message: str, hint: str) -> None:
        if status == 401 and self._is_page:
            await self.give(303, b"", [(b"location", b"/login"), (b"cache-control", b"no-store")])
            return
        more = [(b"www-authenticate", b"Bearer")] if status == 401 else []
        body = orjson.dumps(error_body(self._path, status, message, hint))
        await self.give(status, body, [(b"content-type", b"application/json"), *more])

    async def give(self, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> None:
        length = [] if status == 204 else [(b"content-length", str(len(body)).encode())]
        await self.send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
        await self._send({"type": "http.response.body", "body": body})

    @property
    def _is_page(self) -> bool:
        return self._knock.method == "GET" and not self._path.startswith(("/api/", "/openapi.json", "/ws/"))

    def _own_headers(self) -> list[tuple[bytes, bytes]]:
        origin = self._knock.origin
        if origin is None or not self._is_known_page:
            return list(_HEADERS)
        return [
            *_HEADERS,
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-methods", _ASKED_METHODS),
            (b"access-control-allow-headers", b"authorization, content-type, if-none-match"),
            (b"access-control-expose-headers", b"etag, link, x-total-count"),
            (b"access-control-max-age", b"600"),
            (b"vary", b"Origin"),
        ]


async def _refuse_socket(receive: Receive, send: Send) -> None:
    """Before it is accepted: the client sees 403."""
    await receive()
    await send({"type": "websocket.close", "code": 1008, "reason": ""})
