"""`/api/settings`: what holds, where it comes from, what it means; and changes of the home's own file."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema
from starlette.responses import Response

from scopecraft.api.answer import cached, encoded, plain
from scopecraft.api.house import context_of
from scopecraft.api.problem import refusals
from scopecraft.api.session_shapes import Body
from scopecraft.api.terminal_settings import require_not_terminal
from scopecraft.config.keys import field_at, key_of, key_text, parts_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.setting_changes import set_setting, unset_setting
from scopecraft.sessions.settings_seen import Setting, setting_seen, settings_seen, view_of
from scopecraft.supervisor.client import poke

router = APIRouter(prefix="/api/settings", tags=["settings"])
MOST_CHARACTERS = 100_000
MOST_VALUES = 1000
LARGEST = 2**53  # what every reader of JSON can count to
KeyText = Annotated[str, Path(max_length=300, description="such as container.memory, as in TOML")]


class SettingShape(BaseModel):
    """`value` is null where it is unset, `(hidden)` for a key or token; `text` is as it would stand in a file."""

    key: str
    value: Any
    text: str
    layer: str = Field(description="who says so: default, home, project, environment or flag")
    where: str | None
    kind: str
    choices: list[str] = Field(description="all that it takes, where they are few")
    meaning: str
    is_changed: bool


class Settings(BaseModel):
    """`unconfirmed` names what the project's repository brings and nobody has confirmed; it does not count."""

    file: str
    project: str | None
    settings: list[SettingShape]
    unconfirmed: str | None


def _sayable(value: object) -> object:
    """What a file of settings can hold in one place."""
    each = value if isinstance(value, list) else [value]
    if len(each) > MOST_VALUES or not all(_is_plain(one) for one in each):
        raise ValueError("give a text, a number, or a list of these")
    return value


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= MOST_CHARACTERS and "\0" not in value
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST


_PLAIN = [{"type": "string", "maxLength": MOST_CHARACTERS}, {"type": "number"}]


class NewValue(Body):
    value: Annotated[
        Any,
        AfterValidator(_sayable),
        WithJsonSchema({"anyOf": [*_PLAIN, {"type": "array", "items": {"anyOf": _PLAIN}, "maxItems": MOST_VALUES}]}),
    ] = Field(description='a text is taken as `sc config set` takes it: 8g, 30m, ["one", "two"]')


@router.get("", response_model=Settings, responses=refusals(400, 404, 409))
def settings(request: Request, project: Annotated[str | None, Query(max_length=200)] = None) -> Response:
    """Every setting as it holds, for the home or within a project. Keys and tokens are not shown."""
    context = context_of(request)
    view = view_of(context, project)
    rows = [setting_dict(each) for each in settings_seen(view)]
    unconfirmed = view.waiting.file.where if view.waiting else None
    file = str(context.home.settings_file)
    shown = {"file": file, "project": project, "settings": rows, "unconfirmed": unconfirmed}
    return cached(request, encoded(shown))


@router.put("/{key:path}", response_model=SettingShape, responses=refusals(400, 409, 503))
def put(request: Request, key: KeyText, body: NewValue) -> Response:
    """Into the home's file. What is no value of it is refused, and nothing is written.

    The answer is what holds then: another place, such as a variable of the environment, may be stronger. What says
    who may come in, or what runs on this machine, is changed at a terminal, and answers 409 here.
    """
    context = context_of(request)
    require_not_terminal(key_of(key, context.effective.settings.agents))
    changed = set_setting(context, key, body.value)
    poke(context)
    return plain(_now(request, changed))


@router.delete("/{key:path}", response_model=SettingShape | None, responses=refusals(400, 404, 409, 503))
def delete(request: Request, key: KeyText) -> Response:
    """Out of the home's file; what holds then is answered, or null where a whole table went."""
    context = context_of(request)
    unset_setting(context, key)
    poke(context)
    return plain(_now(request, parts_of(key)) if field_at(parts_of(key)) else None)


def setting_dict(setting: Setting) -> dict[str, Any]:
    return {
        "key": key_text(setting.key),
        "value": setting.value,
        "text": setting.text,
        "layer": setting.layer,
        "where": setting.where or None,
        "kind": setting.kind,
        "choices": list(setting.choices),
        "meaning": setting.meaning,
        "is_changed": setting.is_changed,
    }


def _now(request: Request, key: tuple[str, ...]) -> dict[str, Any]:
    context: Context = context_of(request)  # one that has not read the file before the change
    return setting_dict(setting_seen(view_of(context, None), key))
