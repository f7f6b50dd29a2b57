"""`sc check`: a mission's tests, lint or build, run in its worktree."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scopecraft.cli.changed_files import warn_of_host_files
from scopecraft.cli.choice import can_ask, choose
from scopecraft.cli.command import command
from scopecraft.cli.say import note, say, warn
from scopecraft.cli.settings_question import ask_about_settings
from scopecraft.cli.table import Column, print_json, print_table
from scopecraft.errors import Refused
from scopecraft.model import clock
from scopecraft.model.text import clean_line

if TYPE_CHECKING:
    from scopecraft.missions.check_record import Execution
    from scopecraft.model.mission import Mission
    from scopecraft.model.workflow import QuickCommand
    from scopecraft.sessions.context import Context


@command(
    "check",
    examples=(
        ("sc check fix-login", "all checks of the step that it stands at"),
        ("sc check fix-login test", "one of them"),
        ("sc check fix-login --list", "what there is, and how it came out last"),
        ("sc check fix-login lint --host", "on your machine, with what you have there"),
    ),
)
@click.argument("task")
@click.argument("names", metavar="[NAME] ...", nargs=-1)
@click.option("--host", is_flag=True, help="On your machine, not in a container: an agent wrote what runs there.")
@click.option("--list", "only_list", is_flag=True, help="Run nothing: list the checks and how each came out last.")
@click.option("--project", help="Of the project by this name, wherever you are.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; what the checks print goes to standard error.")
def check(task: str, names: tuple[str, ...], host: bool, only_list: bool, project: str | None, as_json: bool) -> int:
    """Run the checks of TASK by these names in its worktree; without a name, all of the step that it stands at.

    A check is a quick command of the task's workflow; where that has none, one of the setting checks.commands. It runs
    in a container with the agent's image and without its keys, or in that of the agent that is at work. Its output is
    shown, and kept in the task's folder, in checks/.

    Exit code: 0 when all passed, 1 when one did not.
    """
    from scopecraft.sessions.checking import checks_named, checks_of, executions
    from scopecraft.sessions.context import Context
    from scopecraft.sessions.places import mission_named, within_project_of
    from scopecraft.sessions.request import StartRequest

    outer = Context.of(os.environ)
    mission = mission_named(outer, task, Path.cwd(), project)
    request = StartRequest(mission.id, None, Path.cwd(), project=mission.project, on_settings=ask_about_settings)
    context = within_project_of(outer, request)
    checks = checks_named(context, mission, names)
    if only_list:
        _list(checks if names else checks_of(context, mission), executions(context, mission), as_json)
        return 0
    checks = [replace(each, where="host") for each in checks] if host else checks
    _confirm_host(context, mission, [each for each in checks if each.where == "host"], is_said=host)
    done = [_run_one(context, mission, each, as_json) for each in checks]
    if as_json:
        from scopecraft.missions.check_record import execution_dict

        print_json([execution_dict(each) for each in done])
    failed = [each for each in done if not each.is_passed]
    if len(done) > 1:
        say(f"{len(done) - len(failed)} of {len(done)} checks passed")
    return 1 if failed else 0


def _run_one(context: Context, mission: Mission, wanted: QuickCommand, as_json: bool) -> Execution:
    from scopecraft.missions.check_record import output_file
    from scopecraft.missions.folder import folder_of
    from scopecraft.sessions.checking import CheckRun, run_check

    where = "on your machine" if wanted.where == "host" else "in a container"
    note(f"{clean_line(wanted.name)}: in the worktree of {mission.slug}, {where}")
    execution = run_check(context, mission, wanted, CheckRun(lambda line: click.echo(line, err=as_json)))
    log = output_file(folder_of(context.home, mission), execution.id)
    if execution.is_passed:
        say(f"{clean_line(wanted.name)} passed")
    else:
        how = execution.error or f"failed with exit code {execution.exit_code}"
        warn(f"{clean_line(wanted.name)}: {how}", f"all of it: {log}")
    return execution


def _confirm_host(context: Context, mission: Mission, checks: Sequence[QuickCommand], *, is_said: bool) -> None:
    """What an agent wrote runs on the person's machine only if they said so, or say it now."""
    if not checks:
        return
    from scopecraft.sessions.host_changes import host_changes_if_known

    warn_of_host_files(host_changes_if_known(context, mission), f"look at it: sc diff {mission.slug}")
    if is_said:
        return
    named = ", ".join(clean_line(each.name) for each in checks)
    warn(f"{named} of {mission.slug} runs on your machine, in files that an agent wrote")
    for each in checks:
        note(f"  {clean_line(each.name)}: {clean_line(each.command)}")
    if not can_ask() or choose("run it here? (y)es or (n)o [no]", ("yes", "no"), default="no") == "no":
        raise Refused(f"{named} was not run", f"say so: sc check {mission.slug} --host")


def _list(checks: Sequence[QuickCommand], executions: Sequence[Execution], as_json: bool) -> None:
    from scopecraft.missions.check_record import execution_dict

    last = {each.name: each for each in executions}
    if as_json:
        print_json(
            [
                {
                    "name": each.name,
                    "command": each.command,
                    "where": each.where,
                    "last": execution_dict(last[each.name]) if each.name in last else None,
                }
                for each in checks
            ]
        )
        return
    columns = (Column("CHECK", least=8), Column("LAST"), Column("WHERE"), Column("COMMAND", least=10))
    print_table(columns, [(each.name, _last(last.get(each.name)), each.where, each.command) for each in checks])


def _last(execution: Execution | None) -> str:
    from scopecraft.missions.check_record import INTERRUPTED

    if execution is None:
        return "never run"
    if execution.status == "running":
        return "runs"
    word = "passed" if execution.is_passed else "interrupted" if execution.error == INTERRUPTED else "failed"
    return f"{word} {clock.from_text(execution.started_at).astimezone():%Y-%m-%d %H:%M}"
