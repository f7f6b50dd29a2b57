"""Every JSON body holds text that can be written down: half of a character is refused before any handler sees it."""

from __future__ import annotations

import json
import re

from starlette.requests import HTTPConnection, Request

from scopecraft.errors import BadInput

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # two of these may be one whole character


async def whole_text(connection: HTTPConnection) -> None:
    """For all routes. JSON may name half of a surrogate pair, which no file and no other program takes."""
    if not isinstance(connection, Request) or not connection.headers.get("content-type", "").startswith("application/"):
        return
    body = await connection.body()
    if not _HALF.search(body):
        return
    try:
        json.dumps(json.loads(body), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise BadInput("a text of the body holds half of a character", r"\ud83d without what follows it") from error
    except (ValueError, RecursionError):
        return  # no JSON: who reads the body says so
