"""`sc exec`, and the shell of `sc run --shell`: a person's own command in a mission's container."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from scopecraft.cli.carrying import Line, carry, has_terminal
from scopecraft.cli.command import command
from scopecraft.cli.say import note, warn
from scopecraft.cli.settings_question import ask_about_settings
from scopecraft.errors import BadInput
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import mission_named
from scopecraft.sessions.request import StartRequest

# bash where the image has it: nobody wants to live in a shell without a history
SHELL = ("/bin/sh", "-c", "if command -v bash >/dev/null 2>&1; then exec bash; fi; exec sh")


@command(
    "exec",
    examples=(
        ("sc exec fix-login make test", "one command, where the agent works"),
        ("sc exec fix-login -- sh -c 'cat >notes' <notes", "standard input goes in"),
    ),
    context_settings={"allow_interspersed_args": False},
)
@click.option("-T", "--no-terminal", is_flag=True, help="Bytes in and out, even where you sit at a terminal.")
@click.option("--project", help="Of the project by this name, wherever you are.")
@click.argument("task")
@click.argument("arguments", metavar="COMMAND ...", nargs=-1, type=click.UNPROCESSED)
def exec_(no_terminal: bool, project: str | None, task: str, arguments: tuple[str, ...]) -> int:
    """Run COMMAND in the container of TASK, as its agent would see it.

    A container of the task that lives is joined; else one is started for it, and what was committed there comes to the
    task's branch. Standard input, output and errors are yours, with a terminal where you sit at one.

    Exit code: the command's own.
    """
    argv = arguments[1:] if arguments[:1] == ("--",) else arguments
    if not argv:
        raise BadInput("there is no command to run", f"for a shell: sc run --shell {task}")
    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    request = StartRequest(
        task=mission.id,
        prompt=None,
        cwd=Path.cwd(),
        project=mission.project,
        should_set_up=False,
        on_settings=ask_about_settings,
    )
    return run_visit(context, "exec", request, argv, terminal=has_terminal() and not no_terminal)


def run_shell(context: Context, request: StartRequest) -> int:
    return run_visit(context, "shell", request, request.arguments or SHELL, terminal=has_terminal())


def run_visit(context: Context, name: str, request: StartRequest, argv: tuple[str, ...], *, terminal: bool) -> int:
    """The exit code of the command; of the visit itself only what went wrong is told, and what it committed."""
    from scopecraft.sessions.visit import leave, visit

    with visit(context, name, replace(request, arguments=())) as place:
        if name == "shell":
            where = "its agent works there" if not place.is_own else "a container of your own"
            note(f"{place.session.id}: you are in {place.session.worktree}, {where}")
        process = place.command(argv, terminal=terminal)
        try:
            code = carry(process, Line(terminal, place.recorder()))
        finally:
            process.close()
        if place.is_own:
            leave(place.context, place.session, code)
            _tell_end(place.context, place.session.id)
    return code


def _tell_end(context: Context, session_id: str) -> None:
    for event in context.store.events(session_id=session_id):
        if event.kind == "alert_raised":
            warn(str(event.data.get("text", "")))
        elif event.kind == "commits_taken" and event.data.get("commits"):
            note(f"commits taken to the branch: {event.data['commits']}")
