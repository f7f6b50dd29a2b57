"""The page that says what went wrong, and what to do."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse

from scopecraft.web.page import is_part, render


def failure_page(request: Request, status: int, message: str, hint: str) -> HTMLResponse:
    template = "parts/failure.html" if is_part(request) else "failure.html"
    return render(request, template, status=status, message=message, hint=hint, code=status)
