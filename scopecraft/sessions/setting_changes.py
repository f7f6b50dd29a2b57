"""One setting of the home's own file is set or taken out. What is no value of it changes nothing."""

from __future__ import annotations

from scopecraft.config.checking import validated
from scopecraft.config.editing import with_value, without
from scopecraft.config.keys import Key, key_of, key_text, parts_of
from scopecraft.config.spoken import document_value, nested
from scopecraft.errors import BadInput, NotFound
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.settings_files import change, home_file

Said = str | int | float | list[str | int | float]


def set_setting(context: Context, name: str, value: Said) -> Key:
    """A text is taken as `sc config set` takes it, anything else as it is. Raises BadInput and BadSettings."""
    key = key_of(name, context.effective.settings.agents)
    made = document_value(key, value) if isinstance(value, str) else value
    if made is None:
        raise BadInput(f"an empty value is none for {key_text(key)}", "reset it instead")
    file = home_file(context)
    validated(str(file.path), nested(key, made))
    change(context, file, lambda text: with_value(text, key, made))
    return key


def unset_setting(context: Context, name: str) -> Key:
    """Raises NotFound for what the file does not set."""
    key = parts_of(name)
    file = home_file(context)
    if not key or not change(context, file, lambda text: without(text, key)):
        raise NotFound(f"{clean_line(name, 80)!r} is not set in {file.path}", "what holds comes from another place")
    return key
