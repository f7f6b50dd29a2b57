"""Scripts, styles and vendored bundles. What is asked for by its version is kept by the browser."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
_KEPT = "private, max-age=31536000, immutable"
_PRESSED = (".js", ".css", ".svg")


class StaticFolder(StaticFiles):
    """No folder is listed, and no link is followed out of it. Texts go over the wire compressed."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse) and _may_be_pressed(response, scope):
            response = _pressed(response)
        is_versioned = scope.get("query_string", b"").startswith(b"v=")
        response.headers["cache-control"] = _KEPT if is_versioned else "private, no-cache"
        return response


def _may_be_pressed(response: FileResponse, scope: Scope) -> bool:
    asked = Headers(scope=scope)
    is_text = str(response.path).endswith(_PRESSED)
    return is_text and "range" not in asked and "gzip" in asked.get("accept-encoding", "")


def _pressed(response: FileResponse) -> Response:
    path = Path(response.path)
    found = path.stat()
    body = _gzipped(path, found.st_mtime_ns, found.st_size)
    headers = {"content-encoding": "gzip", "vary": "accept-encoding", "etag": response.headers["etag"]}
    return Response(body, media_type=response.media_type, headers=headers)


@lru_cache(maxsize=128)
def _gzipped(path: Path, _mtime_ns: int, _size: int) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)
