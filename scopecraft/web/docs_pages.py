"""`/docs`: what programs can ask for, made from the description that they read themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse

from scopecraft.web.page import render

router = APIRouter()
_REF = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Input:
    """What an operation takes: in its path, its query or its body."""

    name: str
    where: str
    type: str
    is_needed: bool
    about: str


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    about: str
    inputs: tuple[Input, ...]
    answers: tuple[tuple[str, str], ...]  # a status that is no refusal, and the form of its answer


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    document = cast(FastAPI, request.app).openapi()
    return render(request, "docs.html", groups=groups_of(document), about=document["info"]["description"])


def groups_of(document: Mapping[str, Any]) -> dict[str, list[Operation]]:
    """By what they are about, in the order of the routes."""
    found: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, row in methods.items():
            tag = (row.get("tags") or ["others"])[0]
            found.setdefault(tag, []).append(_operation(document, method, path, row))
    return found


def _operation(document: Mapping[str, Any], method: str, path: str, row: Mapping[str, Any]) -> Operation:
    answers = {code: _form(answer) for code, answer in row["responses"].items() if code[0] in "123"}
    return Operation(
        method=method.upper(),
        path=path,
        about=row.get("description") or row.get("summary", ""),
        inputs=(*_parameters(row), *_body(document, row)),
        answers=tuple(answers.items()),
    )


def _parameters(row: Mapping[str, Any]) -> Iterator[Input]:
    for each in row.get("parameters", ()):
        about = each.get("description", "")
        yield Input(each["name"], each["in"], type_text(each["schema"]), each.get("required", False), about)


def _body(document: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[Input]:
    for content in row.get("requestBody", {}).get("content", {}).values():
        schema = _resolved(document, content["schema"])
        needed = schema.get("required", ())
        for name, field in schema.get("properties", {}).items():
            yield Input(name, "body", type_text(field), name in needed, field.get("description", ""))


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a body that may be left out, that what it is when it is not."""
    for each in (schema, *schema.get("anyOf", ())):
        if "$ref" in each:
            return cast(Mapping[str, Any], document["components"]["schemas"][each["$ref"].removeprefix(_REF)])
    return schema


def _form(answer: Mapping[str, Any]) -> str:
    content = answer.get("content", {})
    return next((type_text(each.get("schema", {})) or kind for kind, each in content.items()), "nothing")


def type_text(schema: Mapping[str, Any]) -> str:
    """In few words: `string or null`, `list of MissionListItem`."""
    if "$ref" in schema:
        return _plain_name(schema["$ref"].removeprefix(_REF))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return " or ".join(type_text(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {type_text(schema.get('items', {}))}"
    return str(schema.get("type", ""))


def _plain_name(name: str) -> str:
    """`Enveloped_list_MissionListItem__` as a person says it."""
    if not name.startswith("Enveloped_"):
        return name
    inner = name.removeprefix("Enveloped_").rstrip("_")
    return f"list of {inner.removeprefix('list_')}, enveloped" if inner.startswith("list_") else f"{inner}, enveloped"
