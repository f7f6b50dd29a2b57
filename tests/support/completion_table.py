"""What `sc` can be asked, for Tab: `python -m tests.support.completion_table >scopecraft/cli/completion_table.py`.

Loading a command to learn its options would take longer than a person waits for Tab, so they are written down.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from scopecraft.cli.commands import COMMANDS
from scopecraft.cli.main import sc
from scopecraft.config import workflows
from scopecraft.config.keys import key_text, known_keys
from scopecraft.config.meaning import meaning_of
from scopecraft.config.settings import BUILT_IN

TABLE = "scopecraft/cli/completion_table.py"
# what stands at a place, told by the name that the place has in every command
KINDS = {
    "task": "task",
    "tasks": "task",
    "session": "session",
    "name": "session",
    "project": "project",
    "agent": "agent",
    "agents": "agents",
    "key": "key",
    "set_": "set",
    "artifact": "artifact",
    "workflow": "workflow",
    "files": "file",
    "arguments": "file",
}
# of single commands, where the name alone does not tell
OWN_KINDS = {
    ("retry", "session"): "ended session",
    ("resume", "session"): "ended session",
    ("takeover", "session"): "autonomous session",
    ("handback", "session"): "dispatch session",
    ("restore", "task"): "removed",
    ("restore", "name"): "text",
    ("image build", "agent"): "",
    ("workflow show", "name"): "workflow",
    ("workflow check", "what"): "workflow",
    ("workflow new", "name"): "text",
    ("workflow new", "origin"): "workflow",
    ("pr", "body"): "file",
    ("run", "task"): "new task",
    ("dispatch", "task"): "new task",
    ("queue add", "tasks"): "new task",
    ("queue remove", "tasks"): "queued",
    ("queue move", "task"): "queued",
}
# nobody can know what a person will write there
FREE = frozenset({"text", "answers", "value", "place", "title", "step", "names"})


def commands() -> Iterator[tuple[str, click.Command, str]]:
    """Each command by its whole name, groups before theirs, with the line that says what it does."""
    context = click.Context(sc)
    for name, row in COMMANDS.items():
        found = sc.get_command(context, name)
        assert found is not None
        yield name, found, row.help
        if isinstance(found, click.Group):
            for inner in sorted(found.list_commands(context)):
                below = found.get_command(context, inner)
                assert below is not None
                yield f"{name} {inner}", below, below.get_short_help_str(90)


def kind_of(command: str, parameter: click.Parameter) -> str:
    """What may stand there; `text` where only a person knows, empty for a name that nobody has judged."""
    match parameter.type:
        case click.Choice(choices=choices):
            return "choice:" + "|".join(str(choice) for choice in choices)
        case click.Path(file_okay=has_files):
            return "file" if has_files else "folder"
    own = OWN_KINDS.get((command, parameter.name or "")) or KINDS.get(parameter.name or "")
    if own:
        return own
    return "text" if isinstance(parameter, click.Option) or parameter.name in FREE else ""


def _shipped() -> tuple[str, ...]:
    rows = json.loads((Path(workflows.__file__).parent / "defaults" / "workflows.json").read_bytes())["workflows"]
    return tuple(row["workflow_id"] for row in rows)


def table() -> str:
    lines = [
        '"""What `sc` can be asked, without loading any of it. Made by `python -m tests.support.completion_table`."""',
        "",
        "# fmt: off",
        "# ruff: noqa: E501",
        "",
        "from __future__ import annotations",
        "",
        f"WORKFLOWS: tuple[str, ...] = {_shipped()!r}",
        "",
        f"AGENTS: tuple[str, ...] = {tuple(sorted(BUILT_IN))!r}",
        "",
        "SETTINGS: dict[str, str] = {",
        *(f"    {key_text(key)!r}: {_sentence(meaning_of(key))!r}," for key in known_keys()),
        *(
            f"    {'agents.*.' + key[2]!r}: {_sentence(meaning_of(key))!r},"
            for key in known_keys(["x"])
            if len(key) == 3
        ),
        "}",
        "",
        "# what it does; its options: names, kind of value, help, whether it repeats; the kinds of its arguments",
        "COMMANDS: dict[str, tuple[str, tuple[tuple[tuple[str, ...], str, str, bool], ...], tuple[str, ...]]] = {",
        *_entry("", sc, ""),
    ]
    for name, command, text in commands():
        lines += _entry(name, command, text)
    return "\n".join([*lines, "}", ""])


def _entry(name: str, command: click.Command, text: str) -> Iterator[str]:
    yield f"    {name!r}: ({text!r}, ("
    # not click's own help option: a command keeps the one of the first context that asked it
    asks = click.Option(["-h", "--help"], is_flag=True, help="Show this message and exit.")
    for option in (*command.params, asks):
        if isinstance(option, click.Option) and not option.hidden:
            names = tuple(sorted((*option.opts, *option.secondary_opts), key=len))
            kind = "" if option.is_flag or option.count else kind_of(name, option)
            help_text = _sentence(option.help or "")
            yield f"        ({names!r}, {kind!r}, {help_text!r}, {option.multiple}),"
    kinds = [
        kind_of(name, each) + ("*" if each.nargs == -1 else "")
        for each in command.params
        if isinstance(each, click.Argument)
    ]
    yield f"    ), {tuple(kinds)!r}),"


def _sentence(text: str) -> str:
    """The beginning, without what would break a line of the answer."""
    return " ".join(text.split()).partition(". ")[0].rstrip(".")[:100]


if __name__ == "__main__":
    print(table(), end="")
