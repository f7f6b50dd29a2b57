"""`sc workflow check`: all that is wrong with a workflow, each problem with its file, place and reason."""

from __future__ import annotations

from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import complain, say
from scopecraft.cli.table import print_lines
from scopecraft.cli.workflow_ground import Ground, ground_here, with_project
from scopecraft.config.workflow_reading import Entry
from scopecraft.errors import BadWorkflow, NotFound
from scopecraft.model.text import clean

_BAD = BadWorkflow.exit_code


@command(
    "check",
    examples=(
        ("sc workflow check", "all of them"),
        ("sc workflow check oneshot", "the one by this name"),
        ("sc workflow check workflows/quick.workflow.yaml", "a file, wherever it stands"),
    ),
)
@click.argument("what", metavar="[NAME|FILE]", required=False)
@with_project
def check(what: str | None, project: str | None) -> int:
    """Tell all that is wrong with a workflow, with a file of workflows or roles, or with all that stand here.

    One problem a line: file, line, place in it, reason. The exit code is 2 where there is any.
    """
    ground = ground_here(project)
    count, problems = _file(ground, Path(what)) if what and _is_file(what) else _named(ground, what)
    print_lines([clean(problem) for problem in problems])
    if problems:
        found = sum(problem.count("\n") + 1 for problem in problems)
        complain(f"{found} {'problem' if found == 1 else 'problems'}", "what may stand in a file: sc workflow schema")
        return _BAD
    say(
        f"{count} {'workflow is as it' if count == 1 else 'workflows are as they'} should be"
        if count
        else "the roles are fine"
    )
    return 0


def _is_file(what: str) -> bool:
    return "/" in what or what.endswith((".json", ".yaml", ".yml")) or Path(what).is_file()


def _named(ground: Ground, name: str | None) -> tuple[int, list[str]]:
    from scopecraft.config.workflows import find_workflows

    listing = find_workflows(ground.shelves, ground.default)
    entries = [entry for entry in listing.entries if name in (None, entry.id)]
    if name is not None and not entries and not listing.problems:
        raise NotFound(
            f"no workflow is called {name!r}", f"workflows: {', '.join(entry.id for entry in listing.entries)}"
        )
    bad_files = list(listing.problems) if name is None or not entries else []
    return len(entries), bad_files + _problems(ground, entries)


def _file(ground: Ground, file: Path) -> tuple[int, list[str]]:
    from scopecraft.config.workflow_reading import read_roles
    from scopecraft.config.workflow_shelves import ROLES, Folder
    from scopecraft.config.workflows import checked
    from scopecraft.config.yaml_file import MOST_BYTES

    where = str(file)
    text = Folder(file.parent, follows=True).read(file.name, MOST_BYTES)
    if text is None:
        raise NotFound(f"there is no file {where}", "see the workflows that there are: sc workflow ls")
    try:
        if file.name == ROLES:
            read_roles(text, where)
            return 0, []
        entries = checked(text, where, "project" if ground.place else "home", ground.shelves)
    except BadWorkflow as error:
        return 0, [error.message]
    return len(entries), _problems(ground, entries)


def _problems(ground: Ground, entries: list[Entry]) -> list[str]:
    from scopecraft.config.workflows import recipe_of
    from scopecraft.sessions.recipe_agents import agent_problems

    found = [problem for entry in entries for problem in entry.problems]
    for entry in entries:
        if entry.workflow is not None:
            recipe = recipe_of(entry.workflow, ground.shelves)
            found += [f"{entry.where}: {each}" for each in agent_problems(ground.context, ground.place, recipe)]
    return found
