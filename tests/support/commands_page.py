"""The page of all commands, made from the commands themselves: `python -m tests.support.commands_page`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from scopecraft.cli.command import Command
from scopecraft.cli.commands import COMMANDS
from scopecraft.cli.main import sc

PAGE = "docs/reference/commands.md"
_INTRODUCTION = """\
# Commands

Made from the commands themselves by `python -m tests.support.commands_page`; a test keeps it true. `sc COMMAND --help`
says the same in a terminal. Every command also takes `--help`, and `-v` or `--verbose`, which shows the traceback
of an error.

Data goes to standard output, talk to standard error. The exit code is 0 when it is done, 1 when it failed, 2 for wrong
usage, 3 when it is refused as things stand, 4 when a tool is missing, 130 when it was interrupted.
"""
_NOT_SHOWN = frozenset({"--help", "--verbose"})


def commands_page() -> str:
    """The whole page, as Markdown, in the sections of `sc --help`."""
    parts = [_INTRODUCTION]
    root: click.Context = click.Context(sc, info_name="sc")
    for section in dict.fromkeys(row.section for row in COMMANDS.values()):
        parts.append(f"## {section}\n")
        for name in (name for name, row in COMMANDS.items() if row.section == section):
            command = sc.get_command(root, name)
            assert command is not None
            parts += _described(command, click.Context(command, info_name=name, parent=root), 3)
    return "\n".join(parts)


def _described(command: click.Command, context: click.Context, depth: int) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"{'#' * depth} `{context.command_path}`\n"
    yield f"```text\n{context.command_path} {usage}\n```\n"
    yield f"{_text(command.help or '')}\n"
    options = [_option(each, context) for each in command.get_params(context) if _is_shown(each)]
    if options:
        yield "\n".join(["| option | meaning |", "|---|---|", *options, ""])
    examples = list(command.examples) if isinstance(command, Command) else []
    if examples:
        yield "\n".join(["| example | what it does |", "|---|---|", *(_row(f"`{a}`", b) for a, b in examples), ""])
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _described(inner, click.Context(inner, info_name=name, parent=context), depth + 1)


def _is_shown(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and not parameter.hidden and not _NOT_SHOWN & set(parameter.opts)


def _option(option: click.Parameter, context: click.Context) -> str:
    assert isinstance(option, click.Option)
    record = option.get_help_record(context)
    assert record is not None
    return _row(f"`{record[0]}`", record[1])


def _row(left: str, right: str) -> str:
    return f"| {left.replace('|', chr(92) + '|')} | {right.replace('|', chr(92) + '|')} |"


def _text(help_text: str) -> str:
    """Paragraphs as they are; what click is told to leave alone stays alone."""
    paragraphs = re.split(r"\n\s*\n", help_text.replace("\b", "").strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


if __name__ == "__main__":
    print(commands_page(), end="")
