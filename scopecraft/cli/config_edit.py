"""`sc config set`, `unset` and `edit`: changes that are checked before anything is written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scopecraft.cli.command import command
from scopecraft.cli.editor import edited
from scopecraft.cli.say import note, say
from scopecraft.errors import Ambiguous, BadInput, BadSettings, NotFound, Refused

if TYPE_CHECKING:
    from scopecraft.sessions.context import Context
    from scopecraft.sessions.settings_files import SettingsFile

IN_REPOSITORY = click.option(
    "--project", "in_project", is_flag=True, help="In .scopecraft.toml of the repository that you are in."
)


def chosen_file(in_project: bool) -> tuple[Context, SettingsFile]:
    from scopecraft.sessions.context import Context
    from scopecraft.sessions.places import project_here
    from scopecraft.sessions.settings_files import home_file, project_file

    context = Context.of(os.environ)
    if not in_project:
        return context, home_file(context)
    try:
        return context, project_file(project_here(context, Path.cwd(), None))
    except Ambiguous as error:
        raise Ambiguous(error.message, "go into the repository first, and say it there") from error


@command(
    "set",
    examples=(
        ("sc config set container.memory 8g", "for you, in every project"),
        ("sc config set --project setup.commands '[\"npm ci\"]'", "for all who work on this repository"),
        ("sc config set agents.reviewer.model opus", "makes the agent, if there is none by that name"),
    ),
    # a value may look like an option
    context_settings={"ignore_unknown_options": True},
)
@click.argument("key")
@click.argument("value")
@IN_REPOSITORY
def set_(key: str, value: str, in_project: bool) -> None:
    """Set KEY to VALUE. Comments and order of the file stay; a value that is none changes nothing.

    A list is written as in TOML: '["one", "two"]'. Any other text is a list of that one.
    """
    from scopecraft.config.editing import with_value
    from scopecraft.config.keys import key_of, key_text
    from scopecraft.config.spoken import checked, document_value
    from scopecraft.sessions.settings_files import change

    context, file = chosen_file(in_project)
    wanted = key_of(key)
    made = document_value(wanted, value)
    if made is None:
        raise BadInput(
            f"an empty value is none for {key_text(wanted)}", f"unset it: sc config unset {key_text(wanted)}"
        )
    checked(wanted, value, "sc config set")
    change(context, file, lambda text: with_value(text, wanted, made))
    say(f"{key_text(wanted)} is set in {file.path}")
    _tell_stronger(key_text(wanted), in_project)


def _tell_stronger(key: str, in_project: bool) -> None:
    """Whoever changes a value and sees no change should know why."""
    from scopecraft.cli.config_shown import view_here
    from scopecraft.config.keys import key_of

    view = view_here(None, Path.cwd(), os.environ)
    wanted = key_of(key, view.effective.settings.agents)
    if len(wanted) == 3 and wanted[2] == "env":
        return
    layer, value = view.effective.origin(wanted)
    if layer != ("project" if in_project else "home"):
        note(f"what holds here is another place's word: {layer} {value.where}; see sc config explain {key}")


@command("unset", examples=(("sc config unset container.memory", "back to what holds without it"),))
@click.argument("key")
@IN_REPOSITORY
def unset(key: str, in_project: bool) -> None:
    """Take KEY, or a whole table such as agents.reviewer, out of the file."""
    from scopecraft.config.editing import without
    from scopecraft.config.keys import key_text, parts_of
    from scopecraft.sessions.settings_files import change

    context, file = chosen_file(in_project)
    wanted = parts_of(key)
    if not wanted or not change(context, file, lambda text: without(text, wanted)):
        raise NotFound(f"{key!r} is not set in {file.path}", "see what is: sc config")
    say(f"{key_text(wanted)} is not set any more in {file.path}")


@command("edit", examples=(("sc config edit", "in $VISUAL or $EDITOR"),))
@IN_REPOSITORY
def edit(in_project: bool) -> None:
    """Open the settings in your editor. The file is replaced only by what can be used; else your text is kept aside."""
    from scopecraft.sessions.settings_files import replace_text, text_of

    context, file = chosen_file(in_project)
    before = text_of(file)
    after = edited(before, context.home.config, "settings.toml", "say it: sc config set KEY VALUE")
    if after == before:
        note("nothing was changed")
        return
    try:
        replace_text(context, file, before, after)
    except (BadSettings, Refused) as error:
        kept = _kept(context.home.config, after)
        raise type(error)(error.message, f"your text is kept in {kept}; the settings are as they were") from error
    say(f"{file.path} is changed")


def _kept(folder: Path, text: bytes) -> Path:
    from scopecraft.atomic import replace_file
    from scopecraft.model import clock

    kept = folder / f"settings.toml.rejected-{clock.now():%Y%m%dT%H%M%S}-{os.urandom(2).hex()}"
    replace_file(kept, text)
    return kept
