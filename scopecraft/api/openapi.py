"""/openapi.json, true for every route: which errors may come, in which form, and who is let in.

A route says what it answers when all goes well; what may go wrong is the same for all of them, and is said here once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from scopecraft.api.answer_models import EnvelopedError, PlainError
from scopecraft.api.door import OPEN_PATHS
from scopecraft.api.error_table import is_enveloped

_ABOUT = """\
What scopecraft does, for programs. Every request says who asks: `Authorization: Bearer TOKEN`, with the token of
`config/http.token` in the home.

Missions, workflows, transcription and the machine answer in an envelope: `{"success", "data", "error"}`. Everything
else answers plain JSON. Errors have a `hint` beside the sentence, which says what to do.
"""
_REFUSED = {
    "4XX": "Refused, and nothing was changed. 400 makes no sense, 401 and 403 may not ask, 404 is not there, 409 comes"
    " at the wrong moment; 408, 413 and 415 are about the body, 421 about the Host; with 429 too many wait.",
    "5XX": "It did not work. 500 is a fault, 502 another host's; with 503 a tool is missing or busy, with 507 no room.",
}
_SCHEMAS: tuple[type[BaseModel], ...] = (EnvelopedError, PlainError)
_UNUSED = ("HTTPValidationError", "ValidationError")  # FastAPI's own form, which nobody is answered in
_REF = "#/components/schemas/"


class DescribedApp(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Made once."""
        if self.openapi_schema is None:
            self.openapi_schema = completed(
                get_openapi(title=self.title, version=self.version, description=_ABOUT, routes=self.routes)
            )
        return self.openapi_schema


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document of the routes, with what holds for all of them."""
    for path, operation in operations_of(document):
        responses = operation["responses"]
        responses.pop("422", None)
        form = EnvelopedError if is_enveloped(path) else PlainError
        content = {"application/json": {"schema": {"$ref": f"{_REF}{form.__name__}"}}}
        responses |= {code: {"description": said, "content": content} for code, said in _REFUSED.items()}
        if path in OPEN_PATHS:
            operation["security"] = []
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _UNUSED:
        schemas.pop(name, None)
    schemas |= {model.__name__: model.model_json_schema(ref_template=f"{_REF}{{model}}") for model in _SCHEMAS}
    document["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "for programs"},
    }
    document["security"] = [{"token": []}]
    return document


def operations_of(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation
