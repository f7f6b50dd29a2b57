"""An artifact in the person's own editor, in place of the dashboard meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scopecraft.errors import ScopecraftError
from scopecraft.sessions.context import Context

if TYPE_CHECKING:
    from scopecraft.tui.app import Top


def edit_outside(top: Top, mission_id: str, name: str | None) -> None:
    """Without a name what waits for the person, else the request."""
    from scopecraft.cli.border import translated
    from scopecraft.cli.mission_edit import edited_artifact, what_waits
    from scopecraft.missions.finding import require_mission

    context = Context(top.home, top.environ)
    try:
        mission = require_mission(context.home, mission_id, None)
        artifact = name or what_waits(context, mission)
        with top.suspend():
            change = edited_artifact(context, mission, artifact)
    except (ScopecraftError, OSError) as error:
        top.failed(translated(error))
        return
    finally:
        if "store" in context.__dict__:
            context.store.close()
    top.tell(f"{artifact}: nothing was changed" if change is None else f"{artifact} is as you left it")
