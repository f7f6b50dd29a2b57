"""Documents of settings, checked by pydantic: the only place that imports it for them."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scopecraft.config.keys import field_at, key_text, nearest
from scopecraft.config.settings import Settings
from scopecraft.errors import BadSettings
from scopecraft.model.text import clean_line

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")


def validated(where: str, document: Mapping[str, Any]) -> Settings:
    """What a document of TOML says, the rest at its defaults. BadSettings names `where`, the key and the reason."""
    adapter = _adapter()
    from pydantic import ValidationError

    try:
        return adapter.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _bad(where, tuple(str(part) for part in first["loc"]), first["type"], first["msg"]) from error


@functools.cache
def _adapter() -> TypeAdapter[Settings]:
    # looking for plugins of pydantic reads the metadata of every installed package
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from pydantic import TypeAdapter

    return TypeAdapter(Settings)


def _bad(where: str, place: tuple[str, ...], kind: str, reason: str) -> BadSettings:
    told = f"{where}: {key_text(place)}: "
    if kind in _UNKNOWN:
        near = nearest(".".join(place))
        hint = f"did you mean: {', '.join(near)}?" if near else "see all settings: sc config --all"
        return BadSettings(clean_line(f"{told}is not a setting"), hint)
    # the place leads into a list, too
    key = next((place[:end] for end in range(len(place), 0, -1) if field_at(place[:end])), None)
    hint = f"what it takes: sc config explain {key_text(key)}" if key else "every setting has a default"
    return BadSettings(clean_line(told + reason.removeprefix("Value error, ")), hint)
