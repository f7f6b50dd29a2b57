"""`sc workflow`: the recipes that missions follow; files of a repository, of the home, and shipped ones."""

from __future__ import annotations

import click

from scopecraft.cli.part_group import Part, PartGroup

_PARTS = {
    "ls": Part("scopecraft.cli.workflow_ls:ls", "List them: of this repository, of your home, shipped."),
    "show": Part("scopecraft.cli.workflow_show:show", "Show the steps of one, and what each reads and writes."),
    "check": Part("scopecraft.cli.workflow_check:check", "Tell all that is wrong with one, or with all."),
    "new": Part("scopecraft.cli.workflow_new:new", "Write a file to begin with."),
    "schema": Part("scopecraft.cli.workflow_new:schema", "Print the JSON Schema of workflow files."),
}


@click.group("workflow", cls=PartGroup, parts=_PARTS)
def workflow() -> None:
    """See, check and make workflows: which agents do what for a mission, and where they wait for you.

    A repository has its own in workflows/, your home in config/workflows/; of two by one name the repository's counts,
    then the home's. A mission keeps the workflow that it began with.
    """
