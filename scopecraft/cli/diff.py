"""`sc diff`: what a mission has changed, on its branch and in its worktree."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scopecraft.cli.changed_files import (
    file_json,
    host_file_lines,
    quoted,
    stat_lines,
    totals,
    warn_of_host_files,
)
from scopecraft.cli.command import command
from scopecraft.cli.patch_output import lines_of_part, show_lines, write_part
from scopecraft.cli.say import say, warn
from scopecraft.cli.table import print_json, print_lines
from scopecraft.cli.terminal import has_colour, is_terminal, paint
from scopecraft.config.projects import load_projects
from scopecraft.errors import BadInput
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import mission_named

if TYPE_CHECKING:
    from scopecraft.model.mission import Mission
    from scopecraft.sessions.mission_diff import MissionDiff, Part

UNCOMMITTED_MARK = b"# not committed:\n"  # between two patches of a file; git apply passes over it


@command(
    "diff",
    examples=(
        ("sc diff fix-login", "the whole change, what is not committed apart"),
        ("sc diff fix-login --stat", "the files, and how many lines of each"),
        ("sc diff fix-login src/", "only what is below a folder"),
        ("sc diff fix-login --committed > fix.patch", "a patch for git apply"),
    ),
)
@click.argument("task")
@click.argument("files", metavar="[FILE]...", nargs=-1)
@click.option("--stat", is_flag=True, help="The files, with how many lines were added and deleted.")
@click.option("--name-only", is_flag=True, help="The paths of the files, and nothing else.")
@click.option("--committed", is_flag=True, help="Only what is on the branch.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def diff(
    task: str, files: tuple[str, ...], stat: bool, name_only: bool, committed: bool, as_json: bool, project: str | None
) -> None:
    """Show what TASK has changed since its branch left the main branch, and what is not committed apart from it.

    FILE is a path, or a pattern as git takes them: from where you are in the repository, else from its top. Files that
    would run on your machine later, such as an agent's settings, editor tasks or CI workflows, are named first.

    At a terminal control characters are written out, and long output goes through $PAGER or less. Into a file or a
    pipe goes a patch that git apply takes, byte for byte. Nothing that the repository or the worktree names is run.
    """
    from scopecraft.sessions.mission_diff import mission_diff

    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    paths = _from_top(context, mission, files)
    with mission_diff(context, mission, paths, with_uncommitted=not committed) as found:
        if as_json:
            print_json(_json(found))
            return
        _tell(found, is_patch=not (stat or name_only), is_narrowed=bool(files))
        if name_only:
            print_lines(list(dict.fromkeys(quoted(file.path) for file in found.files)))
        elif stat:
            print_lines(_stat(found, colour=has_colour(sys.stdout)))
        elif is_terminal(sys.stdout):
            _show(found)
        else:
            _write(found)


def _from_top(context: Context, mission: Mission, files: tuple[str, ...]) -> tuple[str, ...]:
    """What was typed in a folder of the project's checkout, or of the worktree, as paths from the top."""
    places = [project.path for project in load_projects(context.home) if project.name == mission.project]
    tops = [Path(place).resolve() for place in (mission.worktree, *places)]
    return tuple(file if file.startswith(":") else _below(tops, file, mission) for file in files)


def _below(tops: list[Path], file: str, mission: Mission) -> str:
    """Raises BadInput for what is outside of all of them."""
    here = Path.cwd()
    if not any(here.is_relative_to(top) for top in tops):
        here = tops[0]
    place = Path(os.path.normpath(here / file))
    top = next((top for top in tops if place.is_relative_to(top)), None)
    if top is None:
        raise BadInput(
            f"{file!r} is outside of the repository", f"see what there is: sc diff {clean_line(mission.slug)} --stat"
        )
    return os.path.relpath(place, top)


def _tell(found: MissionDiff, *, is_patch: bool, is_narrowed: bool) -> None:
    """What is no part of the change, on stderr."""
    if not (is_patch and is_terminal(sys.stdout)):
        warn_of_host_files(found.host_files)
    for line in found.notes:
        warn(line)
    if found.at_work is not None:
        count = found.commits_to_come
        coming = "its commits come" if count is None else f"{count} commit{'' if count == 1 else 's'} come"
        say(f"session {found.at_work.id} is still at work; {coming} when it ends, and show as not committed until then")
    if not found.files:
        where = " there" if is_narrowed else ""
        say(f"{clean_line(found.mission.slug)} has changed nothing{where} since {found.base[:12]}")


def _stat(found: MissionDiff, *, colour: bool) -> list[str]:
    lines = [*stat_lines(found.committed.files, colour=colour)]
    if found.uncommitted is not None and found.uncommitted.files:
        lines += [_section("not committed", found.uncommitted, colour)]
        lines += stat_lines(found.uncommitted.files, colour=colour)
    return lines


def _section(title: str, part: Part, colour: bool) -> str:
    text = f"{title}: {totals(part.files)}"
    return paint(text, "bold", "yellow") if colour else text


def _show(found: MissionDiff) -> None:
    """At a terminal: with headings, capped."""
    if found.files:
        show_lines(_lines(found, colour=has_colour(sys.stdout)), f"sc diff {clean_line(found.mission.slug)}")
    else:
        warn_of_host_files(found.host_files)


def _lines(found: MissionDiff, *, colour: bool) -> Generator[str, None, None]:
    heading = f"{clean_line(found.mission.branch)} since {found.base[:12]}"
    yield _section(heading, found.committed, colour)
    if found.host_files:
        title = "what runs on your machine was changed:"
        yield paint(title, "bold", "red") if colour else title
        yield from (f"  {line}" for line in host_file_lines(found.host_files))
    for name, part in (("", found.committed), ("not committed", found.uncommitted)):
        if part is None or not part.files:
            continue
        yield ""
        if name:
            yield from (_section(name, part, colour), "")
        yield from lines_of_part(part, colour=colour)


def _write(found: MissionDiff) -> None:
    for part, mark in ((found.committed, b""), (found.uncommitted, UNCOMMITTED_MARK)):
        if part is not None and part.files:
            sys.stdout.buffer.write(mark)
            write_part(part)


def _json(found: MissionDiff) -> dict[str, object]:
    rows = [file_json(file, is_uncommitted=False) for file in found.committed.files]
    if found.uncommitted is not None:
        rows += [file_json(file, is_uncommitted=True) for file in found.uncommitted.files]
    return {
        "mission_id": found.mission.id,
        "task": found.mission.slug,
        "project": found.mission.project,
        "branch": found.mission.branch,
        "base": found.base,
        "tip": found.tip,
        "files": rows,
        "runs_on_host": [{"path": file.path, "why": file.why} for file in found.host_files],
        "notes": list(found.notes),
        "session_at_work": found.at_work.id if found.at_work else None,
        "commits_to_come": found.commits_to_come,
    }
