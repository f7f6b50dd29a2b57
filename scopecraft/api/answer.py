"""How an answer is written: JSON by orjson, in the envelope of the contract or without, and 304 for what is known."""

from __future__ import annotations

import json
import zlib
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from scopecraft.model.text import clean_json

JSON = "application/json"


def encoded(data: Any) -> bytes:
    """Names of files may be no text: what of them is none is told in escapes."""
    try:
        return orjson.dumps(data)
    except TypeError:
        return clean_json(json.dumps(data, ensure_ascii=False)).encode()


def plain(data: Any, status: int = 200) -> Response:
    return Response(encoded(data), status, media_type=JSON)


def enveloped(data: Any, status: int = 200) -> Response:
    return plain({"success": True, "data": data, "error": None}, status)


def tag_of(body: bytes) -> str:
    return f'"{len(body):x}-{zlib.crc32(body):08x}{zlib.adler32(body):08x}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the client has that very answer already."""
    asked = request.headers.get("if-none-match", "")
    return asked == "*" or tag in (part.strip().removeprefix("W/") for part in asked.split(","))


def cached(request: Request, body: bytes) -> Response:
    """The body with its tag, or 304 without it."""
    headers = {"etag": tag_of(body), "cache-control": "private, no-cache"}
    if is_known(request, headers["etag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=JSON, headers=headers)
