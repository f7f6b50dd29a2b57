"""`sc mission`: one mission, from its raw text to a reviewed branch."""

from __future__ import annotations

import click

from scopecraft.cli.part_group import Part, PartGroup

_PARTS: dict[str, Part] = {
    "new": Part("scopecraft.cli.mission_new:new", "Write one down; it begins when you say so."),
    "show": Part("scopecraft.cli.mission_show:show", "Show its steps, and what happens next."),
    "watch": Part("scopecraft.cli.mission_watch:watch", "Follow it until it needs you."),
    "continue": Part("scopecraft.cli.mission_continue:continue_", "Let it go on, whatever it waits for."),
    "approve": Part("scopecraft.cli.mission_approve:approve", "See what is under review, and approve it."),
    "reject": Part("scopecraft.cli.mission_reject:reject", "Send it back from a gate, with the reason."),
    "retry": Part("scopecraft.cli.mission_moves:retry", "Try again what failed."),
    "back": Part("scopecraft.cli.mission_moves:back", "Set it back to an earlier step."),
    "complete": Part("scopecraft.cli.mission_moves:complete", "Say that it is complete."),
    "reopen": Part("scopecraft.cli.mission_moves:reopen", "Take up again what is complete."),
    "ls": Part("scopecraft.cli.mission_ls:ls", "List its artifacts: whose they are, what was approved."),
    "cat": Part("scopecraft.cli.mission_cat:cat", "Print an artifact, as it is or as it was."),
    "edit": Part("scopecraft.cli.mission_edit:edit", "Edit an artifact in your editor."),
    "put": Part("scopecraft.cli.mission_put:put", "Put a text of yours in the place of an artifact."),
    "diff": Part("scopecraft.cli.mission_diff:diff", "Show what became of what an agent wrote."),
}


@click.group("mission", cls=PartGroup, parts=_PARTS)
def mission() -> None:
    """Make a mission, see how it stands, and move it through the steps of its workflow."""
