"""`sc prune`: proposes what can go, merged missions and what nobody owns, and does it on yes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from scopecraft.cli.choice import can_ask, choose
from scopecraft.cli.command import command
from scopecraft.cli.say import complain, note, say, warn
from scopecraft.cli.table import print_json, print_lines
from scopecraft.cli.terminal import has_colour, paint, width_of, wrap
from scopecraft.errors import BadInput
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context

if TYPE_CHECKING:
    from scopecraft.sessions.finished import Finished
    from scopecraft.sessions.orphans import Orphan
    from scopecraft.sessions.prune import Done, Proposal
    from scopecraft.sessions.removal import Wish


@command(
    "prune",
    examples=(
        ("sc prune", "what could go, and why; asks before it does anything"),
        ("sc prune --fetch", "ask the remotes first what was merged there"),
        ("sc prune --yes", "do it without a question"),
        ("sc prune --dry-run --json", "the proposal, for programs"),
    ),
)
@click.option("-y", "--yes", is_flag=True, help="Do it without asking.")
@click.option("--dry-run", is_flag=True, help="Only the proposal.")
@click.option("--fetch", is_flag=True, help="First ask the remotes for what was merged there.")
@click.option("--keep-ignored", is_flag=True, help="Keep large ignored files of missions in the trash.")
@click.option("--drop-ignored", is_flag=True, help="Lose large ignored files of missions, such as node_modules.")
@click.option("--no-teardown", is_flag=True, help="Do not run the teardown commands of missions first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--project", help="Only missions of this project, and no orphans.")
def prune(yes: bool, dry_run: bool, fetch: bool, as_json: bool, project: str | None, **how: bool) -> int | None:
    """Propose what can go, with the reason for each: missions that are merged, and what nobody owns any more.

    A mission is merged when a main branch holds its commits, the same files, or the same changes: squash and rebase
    merges count, and so does a pull request that is known to be merged. One with uncommitted work, with a session, or
    with commits after the merge stays. What goes is moved to the trash, and sc restore brings it back.

    Orphans are what killed commands, removed records or deleted folders left behind: worktrees, branches, refs,
    containers, windows, folders and locks. Where somebody's work could be in one, it is only named.

    At a terminal one question is asked for all of it. Elsewhere nothing is done without --yes.
    """
    from scopecraft.sessions.prune import propose
    from scopecraft.sessions.removal import Wish

    if yes and dry_run:
        raise BadInput("--yes does it and --dry-run does not", "choose one of them")
    if how["keep_ignored"] and how["drop_ignored"]:
        raise BadInput("--keep-ignored and --drop-ignored exclude each other", "choose one of them")
    context = Context.of(os.environ)
    if project is not None:
        _require_project(context, project)
    if fetch:
        _fetch(context, project)
    if can_ask():
        note("looking at missions and at what is left over …")
    found = propose(context, project)
    if not as_json:
        _show(found)
    is_meant = not found.is_empty and not dry_run and (yes or (not as_json and _is_agreed()))
    wish = Wish(how["keep_ignored"], how["drop_ignored"], skip_teardown=how["no_teardown"], tell=note)
    done = _carry_out(context, found, wish) if is_meant else None
    if as_json:
        print_json(_json(found, done))
    return 1 if any(each.error for each in done or ()) else None


def _carry_out(context: Context, found: Proposal, wish: Wish) -> list[Done]:
    from scopecraft.sessions.prune import carry_out

    done = []
    for each in carry_out(context, found, wish):
        _tell(each)
        done.append(each)
    return done


def _require_project(context: Context, name: str) -> None:
    from scopecraft.config.projects import load_projects, project_named

    project_named(load_projects(context.home), name)


def _fetch(context: Context, project: str | None) -> None:
    from scopecraft.missions.finding import all_missions
    from scopecraft.sessions.prune import fetch_mains

    note("asking the remotes …")
    missions = [mission for mission in all_missions(context.home)[0] if project in (None, mission.project)]
    for asked, error in fetch_mains(context, missions):
        if error is not None:
            warn(f"{asked.name}: {error.message}", error.hint)


def _is_agreed() -> bool:
    if not can_ask():
        note("nothing was done; do it with: sc prune --yes")
        return False
    return choose("do all of this? (y)es or (n)o [no]", ("yes", "no"), default="no") == "yes"


def _show(found: Proposal) -> None:
    colour, width = has_colour(sys.stdout), width_of(sys.stdout)
    lines = [line for section in _sections(found) for line in _section_lines(section, colour, width)]
    if found.is_empty:
        lines += ["nothing to prune"]
    print_lines(lines)
    for problem in found.problems:
        warn(problem)
    for unknown in found.unknown:
        warn(f"not looked for: {_PLURALS[unknown.kind]} without an owner: {unknown.why}")
    waiting = [each for each in found.finished if each.how is None and not each.is_partly]
    if waiting:
        note(f"{_count(len(waiting), 'mission')} not merged; why not, one by one: sc prune --dry-run --json")


_PLURALS = {
    "worktree": "worktrees",
    "branch": "branches",
    "refs": "refs",
    "container": "containers",
    "window": "windows",
    "session folder": "session folders",
    "mission folder": "mission folders",
    "locks": "locks",
}
_Section = tuple[str, list[tuple[str, str]]]


def _sections(found: Proposal) -> Iterator[_Section]:
    """Headings, each with names and reasons."""
    yield (
        "merged, to go to the trash, from where sc restore brings it back:",
        [(_name(m), m.why) for m in found.missions],
    )
    yield "nobody's, to be cleared away:", [(f"{o.kind} {o.name}", f"{o.why}: {o.will}") for o in found.clearable]
    staying = [each for each in found.finished if not each.is_proposed and (each.how is not None or each.is_partly)]
    yield (
        "stays:",
        [(_name(each), f"{each.why}; {each.obstacle}" if each.obstacle else each.why) for each in staying],
    )
    left = [orphan for orphan in found.orphans if orphan.clear is None]
    yield "nobody's, and left for you to look at:", [(f"{o.kind} {o.name}", f"{o.why}: {o.will}") for o in left]


def _section_lines(section: _Section, colour: bool, width: int) -> list[str]:
    title, rows = section
    if not rows:
        return []
    lines = [paint(title, "bold") if colour else title]
    for name, why in rows:
        lines += wrap(f"  {clean_line(name)}  {clean_line(why)}", width)
    return [*lines, ""]


def _name(finished: Finished) -> str:
    return f"{finished.mission.slug} ({finished.mission.project})"


def _tell(done: Done) -> None:
    name = _named(done.what)
    if done.error is not None:
        complain(f"{name}: {done.error.message}", done.error.hint)
    else:
        say(f"{name}: gone")


def _named(what: Finished | Orphan) -> str:
    from scopecraft.sessions.finished import Finished

    return clean_line(_name(what) if isinstance(what, Finished) else f"{what.kind} {what.name}")


def _json(found: Proposal, done: Iterable[Done] | None) -> dict[str, Any]:
    results = None if done is None else [_result(each) for each in done]
    return {
        "missions": [
            {
                "id": each.mission.id,
                "task": each.mission.slug,
                "project": each.mission.project,
                "branch": each.mission.branch,
                "merged": each.how,
                "why": each.why,
                "obstacle": each.obstacle or None,
                "proposed": each.is_proposed,
            }
            for each in found.finished
        ],
        "orphans": [
            {"kind": each.kind, "name": each.name, "why": each.why, "will": each.will, "proposed": bool(each.clear)}
            for each in found.orphans
        ],
        "unknown": [{"kind": each.kind, "why": each.why} for each in found.unknown],
        "problems": list(found.problems),
        "done": results,
    }


def _result(done: Done) -> dict[str, str | None]:
    return {"name": _named(done.what), "error": done.error.message if done.error else None}


def _count(count: int, thing: str) -> str:
    return f"{count} {thing} is" if count == 1 else f"{count} {thing}s are"
