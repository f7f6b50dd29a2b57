"""How a refusal is told outside the contract's envelope, declared for OpenAPI."""

from __future__ import annotations

from typing import Any

from scopecraft.api.answer_models import PlainError

_SENTENCES = {
    400: "The request makes no sense; nothing was changed.",
    404: "There is nothing by that name.",
    409: "Right request, wrong moment; nothing was changed.",
    429: "The queue is full; the message names the limits.",
    500: "It was tried, and did not work.",
    502: "Another host refused, or did not answer.",
    503: "A tool, the engine or the supervisor is not there.",
    507: "No room is left on the disk, or too little memory.",
}


def refusals(*codes: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer beside what it is for."""
    return {code: {"model": PlainError, "description": _SENTENCES[code]} for code in codes}


STARTING = refusals(400, 404, 409, 429, 500, 503, 507)  # of whatever begins a session
TALKING = refusals(400, 404, 409, 500, 503)  # of whatever reaches a session that lives
