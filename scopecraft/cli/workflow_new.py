"""`sc workflow new`: a file to begin with. `sc workflow schema`: what may stand in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say
from scopecraft.cli.table import print_json
from scopecraft.cli.workflow_ground import Ground, ground_here, with_project
from scopecraft.errors import BadInput, BadName, Refused

if TYPE_CHECKING:
    from scopecraft.config.workflow_shelves import Folder


@command(
    "new",
    examples=(
        ("sc workflow new quick", "in this repository; outside any, in your home"),
        ("sc workflow new quick --home", "in your home, for all repositories"),
        ("sc workflow new mine --from standard-feature", "one that there is, to change it"),
    ),
)
@click.argument("name")
@click.option("--home", "in_home", is_flag=True, help="In your home.")
@click.option("--from", "origin", metavar="WORKFLOW", help="The steps of this one.")
@with_project
def new(name: str, in_home: bool, origin: str | None, project: str | None) -> None:
    """Write NAME.workflow.yaml, with comments that say what may stand there. Its path is printed.

    A workflow of a repository is asked about when a mission first follows it, and again when it has changed.
    """
    from scopecraft.config.workflow_shelves import PROJECT_FOLDER

    if in_home and project is not None:
        raise BadInput("--home and --project exclude each other", "leave one of them out")
    ground = ground_here(project)
    folder = None if in_home else _of_repository(ground)
    text = _text(ground, name, origin)
    if folder is None:
        where = _home(ground).write_new("", f"{name}.workflow.yaml", text)
    else:
        where = folder.write_new(PROJECT_FOLDER, f"{name}.workflow.yaml", text)
    click.echo(where)
    say(f"{name} is there: change it, then sc workflow check {name}")
    note(f"follow it: sc mission new --workflow {name}")


@command("schema", examples=(("sc workflow schema > workflow.schema.json", "for your editor"),))
def schema() -> None:
    """Print the JSON Schema of workflow files, with what each field means."""
    from scopecraft.config.workflow_schema import schema as made

    print_json(made())


def _of_repository(ground: Ground) -> Folder | None:
    """Where the project's workflows stand; None outside any."""
    from scopecraft.config.workflow_shelves import Folder

    if ground.place is None:
        return None
    checkout = ground.place[1].main_worktree
    if checkout is None:
        raise Refused(
            f"the repository of {ground.place[0].name} has no checkout to write to",
            "put the workflow into your home: --home",
        )
    return Folder(checkout)


def _home(ground: Ground) -> Folder:
    from scopecraft.config.workflow_shelves import Folder, home_folder

    folder = home_folder(ground.context.home)
    folder.mkdir(mode=0o700, exist_ok=True)
    return Folder(folder, follows=True)


def _text(ground: Ground, name: str, origin: str | None) -> bytes:
    """As it will be read. Raises BadName for a name that no workflow can have, NotFound and BadWorkflow."""
    from scopecraft.config.workflow_template import WORKFLOW_ID, copy_of, template
    from scopecraft.config.workflows import checked, load_recipe
    from scopecraft.missions.recipe import workflow_dict

    if not WORKFLOW_ID.fullmatch(name):
        raise _no_name(name)
    if origin is None:
        text = template(name)
    else:
        text = copy_of(workflow_dict(load_recipe(ground.shelves, origin).recipe.workflow), name)
    [entry] = checked(text, name, "home", ground.shelves)
    if entry.workflow is None or entry.id != name:  # what YAML takes for a number, say
        raise _no_name(name)
    return text


def _no_name(name: str) -> BadName:
    return BadName(f"{name!r} cannot be the name of a workflow", "letters, digits, '-', '_' and '.': quick-fix")
