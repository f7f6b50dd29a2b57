"""Scripts, styles and vendored bundles. What is asked for by its version is kept by the browser."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
_KEPT = "private, max-age=31536000, immutable"


class StaticFolder(StaticFiles):
    """No folder is listed, and no link is followed out of it."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        is_versioned = scope.get("query_string", b"").startswith(b"v=")
        response.headers["cache-control"] = _KEPT if is_versioned else "private, no-cache"
        return response
