"""`sc mission`: one mission, from its raw text to a reviewed branch."""

from __future__ import annotations

import click

from scopecraft.cli.part_group import Part, PartGroup

_PARTS: dict[str, Part] = {}


@click.group("mission", cls=PartGroup, parts=_PARTS)
def mission() -> None:
    """Make a mission, see how it stands, and move it through the steps of its workflow."""
