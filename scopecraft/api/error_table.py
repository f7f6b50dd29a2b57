"""The one table from our errors to what HTTP answers, and the two forms in which an error is told."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from scopecraft import errors
from scopecraft.errors import ScopecraftError

# The nearest class counts: a leaf that is not named is answered as what it is a kind of.
STATUS: dict[type[ScopecraftError], HTTPStatus] = {
    ScopecraftError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.UsageProblem: HTTPStatus.BAD_REQUEST,
    errors.Refused: HTTPStatus.CONFLICT,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.LockHeld: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.QueueFull: HTTPStatus.TOO_MANY_REQUESTS,
    errors.ToolMissing: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.OperationFailed: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.MergeConflict: HTTPStatus.CONFLICT,
    errors.NotDelivered: HTTPStatus.CONFLICT,
    errors.HostFailed: HTTPStatus.BAD_GATEWAY,
    errors.SupervisorFailed: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StorageFailed: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.StateUnreadable: HTTPStatus.INTERNAL_SERVER_ERROR,
}
# Clients of the earlier systems read these in an envelope; see the HTTP contract.
_ENVELOPED = ("/api/missions", "/api/workflows", "/api/system/", "/api/transcribe")


def status_of(error: ScopecraftError) -> HTTPStatus:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def is_enveloped(path: str) -> bool:
    return path.startswith(_ENVELOPED)


def error_body(path: str, status: int, message: str, hint: str = "") -> dict[str, Any]:
    """In the form that callers of this path read."""
    if is_enveloped(path):
        return {"success": False, "data": None, "error": message, "hint": hint}
    return {"message": message, "error": HTTPStatus(status).phrase, "statusCode": status, "hint": hint}


def unknown_path(method: str, path: str) -> str:
    return f"Cannot {method} {path}"
