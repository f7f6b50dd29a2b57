"""`sc config`: the settings that hold, where each comes from, and what it means."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.config_edit import IN_REPOSITORY, chosen_file, edit, set_, unset
from scopecraft.cli.config_trust import trust, untrust

_PROJECT = click.option("--project", metavar="NAME", help="As they hold for the project by this name.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("config", invoke_without_command=True)
@click.option("--all", "show_all", is_flag=True, help="Those at their default too.")
@_PROJECT
@_JSON
@click.pass_context
def config(ctx: click.Context, show_all: bool, project: str | None, as_json: bool) -> None:
    """Show the settings that differ from their default, and where each comes from.

    What holds is the last of: the default, config/settings.toml of the home, .scopecraft.toml of the project's
    repository once you confirmed it, the environment (SCOPECRAFT_SET_CONTAINER__MEMORY=8g), an option
    (sc run --set container.memory=8g).
    """
    if ctx.invoked_subcommand is None:
        _list(show_all=show_all, project=project, as_json=as_json)


def _list(*, show_all: bool, project: str | None, as_json: bool) -> None:
    from scopecraft.cli.config_shown import is_changed, tell_waiting, view_here
    from scopecraft.cli.say import note
    from scopecraft.cli.table import Cell, Column, print_json, print_table
    from scopecraft.config.keys import is_entry, key_text, kind_of, known_keys
    from scopecraft.config.settings import BUILT_IN

    view = view_here(project, Path.cwd(), os.environ)
    agents = dict.fromkeys((*BUILT_IN, *view.effective.settings.agents))
    known = known_keys(agents)
    keys = [key for key in known if show_all or is_changed(view, key) or key in view.effective.set_keys()]
    keys = [key for key in keys if not kind_of(key).startswith("dict[") or (show_all and not view.effective.value(key))]
    keys += [key for key in view.effective.set_keys() if is_entry(key)]
    if as_json:
        print_json([view.json(key, view.effective.origin(key)) for key in keys])
    elif keys:
        columns = (Column("SETTING", least=24), Column("VALUE", least=20), Column("FROM"), Column("WHERE", least=10))
        rows = []
        for key in keys:
            layer, value = view.effective.origin(key)
            shown = view.text(key, value.value)
            rows.append((Cell(key_text(key), ("bold",)), shown, layer, Cell(value.where, ("dim",))))
        print_table(columns, rows)
    else:
        note("every setting is at its default; see them: sc config --all")
    tell_waiting(view)


@command(
    "get",
    examples=(
        ("sc config get container.memory", "the value that holds"),
        ("sc config get container.memory --json", "with where it comes from"),
    ),
)
@click.argument("key")
@_PROJECT
@_JSON
def get(key: str, project: str | None, as_json: bool) -> None:
    """Print the value of KEY as it holds here: nothing for one that is unset, one line each for a list."""
    from scopecraft.cli.config_shown import HIDDEN, tell_waiting, view_here
    from scopecraft.cli.table import print_json
    from scopecraft.config.keys import key_of
    from scopecraft.model.text import clean

    view = view_here(project, Path.cwd(), os.environ)
    wanted = key_of(key, view.effective.settings.agents)
    tell_waiting(view)
    said = view.effective.origin(wanted)
    if as_json:
        print_json(view.json(wanted, said))
        return
    value, text = view.effective.value(wanted), view.text(wanted, view.effective.value(wanted))
    if isinstance(value, tuple):
        click.echo("".join(f"{view.secrets.redact(clean(each))}\n" for each in value), nl=False)
    elif isinstance(value, str) and text != HIDDEN:
        click.echo(view.secrets.redact(clean(value)))
    elif value is not None:
        click.echo(clean(text).strip('"'))


@command("explain", examples=(("sc config explain container.memory", "what it means, and why it is what it is"),))
@click.argument("key")
@_PROJECT
@_JSON
def explain(key: str, project: str | None, as_json: bool) -> None:
    """Say what KEY means, what it takes, what each place says about it and which of them wins."""
    from scopecraft.cli.config_shown import tell_waiting, view_here
    from scopecraft.cli.table import print_json
    from scopecraft.config.keys import default_of, key_of, key_text
    from scopecraft.config.meaning import kind_sentence, meaning_of
    from scopecraft.config.spoken import variable_of
    from scopecraft.model.text import clean

    view = view_here(project, Path.cwd(), os.environ)
    wanted = key_of(key, view.effective.settings.agents)
    said = view.effective.said(wanted)
    if as_json:
        rows = [view.json(wanted, each) for each in said]
        words = {"key": key_text(wanted), "meaning": meaning_of(wanted), "kind": kind_sentence(wanted)}
        print_json({**words, "default": default_of(wanted), "says": rows, "wins": said[-1][0]})
        return
    lines = [key_text(wanted), f"  {meaning_of(wanted)}", f"  kind: {kind_sentence(wanted)}", ""]
    for number, (layer, value) in enumerate(said, 1):
        mark = "*" if number == len(said) else " "
        lines.append(f"{mark} {layer:<11} {view.text(wanted, value.value)}   {value.where}".rstrip())
    lines += ["", f"* holds. For one command: {variable_of(wanted)}=…"]
    click.echo("\n".join(clean(line) for line in lines))
    tell_waiting(view)


@command("path", examples=(('"$EDITOR" "$(sc config path)"', "by hand"),))
@IN_REPOSITORY
def path(in_project: bool) -> None:
    """Print the path of the settings file, whether it is there or not."""
    click.echo(os.fsencode(chosen_file(in_project)[1].path))


for _each in (get, set_, unset, edit, path, explain, trust, untrust):
    config.add_command(_each)
