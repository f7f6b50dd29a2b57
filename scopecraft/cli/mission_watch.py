"""`sc mission watch`: a mission through its steps, until it needs a person or is over."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from scopecraft.cli.border import INTERRUPTED
from scopecraft.cli.command import command
from scopecraft.cli.mission_following import MissionFollowing, Telling
from scopecraft.cli.mission_line import as_they_follow, mission_lines, told_of
from scopecraft.cli.mission_look import look_at_missions
from scopecraft.cli.say import note, say
from scopecraft.cli.terminal import has_colour, width_of
from scopecraft.missions.next_step import NextStep
from scopecraft.model.session import Session
from scopecraft.model.text import clean_json, clean_line
from scopecraft.model.workflow import Workflow
from scopecraft.sessions.context import Context
from scopecraft.sessions.journal import JournalEntry, entry_dict
from scopecraft.sessions.mission_page import mission_page
from scopecraft.sessions.places import mission_named


@command(
    "watch",
    examples=(
        ("sc mission watch fix-login", "until it needs you; Ctrl-C leaves it at work"),
        ("sc mission watch fix-login -q", "its steps only, not what agents say"),
        ("sc mission watch fix-login && sc mission approve fix-login", "in a script: 0 unless a step failed"),
    ),
)
@click.argument("task")
@click.option("-q", "--quiet", is_flag=True, help="Leave out what the agents say and do.")
@click.option("--project", help="Of the project by this name, wherever you are.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: each event as in sc events --json.")
def watch(task: str, quiet: bool, project: str | None, as_json: bool) -> int:
    """Follow TASK through its steps until it needs a person: at a gate, at a question of an agent, where a step failed
    or begins only with your word; or until it is complete.

    What agents say stands behind the name of their step. Without a supervisor this command starts what is due, for as
    long as it runs. It ends with 1 where a step failed, else with 0. The last line of --json says how TASK stands.
    """
    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    telling = _JsonLines() if as_json else _Lines()
    with MissionFollowing(context, mission.id, telling, with_streams=not (quiet or as_json)) as following:
        try:
            following.go_on()
        except KeyboardInterrupt:
            say("")
            _tell_left(mission.slug, following)
            return INTERRUPTED
    after = mission_page(context, mission.id, look_at_missions(context, mission.id)).view.next
    telling.end(after)
    return 1 if after.stage == "failed" else 0


def _tell_left(slug: str, following: MissionFollowing) -> None:
    if following.has_work:
        note(f"{slug} goes on; watch it: sc mission watch {slug}   end what runs: sc stop {slug}")
    if following.is_alone:
        note("no supervisor is up: no further step begins before one is: sc up")


class _Lines(Telling):
    """For a person."""

    def ordered(self, entries: list[JournalEntry]) -> list[JournalEntry]:
        return as_they_follow(entries)

    def event(self, entry: JournalEntry, workflow: Workflow, session: Session | None) -> None:
        text = told_of(entry, workflow, session)
        if text:
            self._write(
                mission_lines(
                    entry.event.at,
                    text,
                    entry.event.kind,
                    width=width_of(sys.stdout),
                    colour=has_colour(sys.stdout),
                )
            )

    def remark(self, text: str) -> None:
        note(text)

    def end(self, after: NextStep) -> None:
        commands = "   or: ".join(after.commands)
        say(f"{after.sentence}: {commands}" if commands else after.sentence)

    def _write(self, lines: Sequence[str]) -> None:
        click.echo("\n".join(lines), color=True)
        sys.stdout.flush()


class _JsonLines(Telling):
    """For a program."""

    def ordered(self, entries: list[JournalEntry]) -> list[JournalEntry]:
        return entries

    def event(self, entry: JournalEntry, workflow: Workflow, session: Session | None) -> None:  # noqa: ARG002
        self._write(entry_dict(entry))

    def remark(self, text: str) -> None:
        note(text)

    def end(self, after: NextStep) -> None:
        step = after.step.id if after.step else None
        self._write(
            {
                "kind": "watch_ended",
                "stage": after.stage,
                "needs_person": after.needs_person,
                "step": step,
                "session_id": after.session_id,
                "next": after.sentence,
                "commands": [clean_line(command) for command in after.commands],
            }
        )

    def _write(self, row: dict[str, object]) -> None:
        line = clean_json(json.dumps(row, ensure_ascii=False))
        sys.stdout.buffer.write(line.encode("utf-8") + b"\n")
        sys.stdout.flush()
