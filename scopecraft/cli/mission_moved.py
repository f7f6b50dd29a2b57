"""After every move of a mission: what it lets begin begins, and what comes next is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scopecraft.cli.going_on import spoken
from scopecraft.cli.say import complain, note, say
from scopecraft.cli.table import print_json
from scopecraft.missions.folder import folder_of
from scopecraft.missions.next_step import Known, NextStep, next_step
from scopecraft.missions.recipe import load_workflow
from scopecraft.model.mission import Mission
from scopecraft.model.session import Queued, Session, is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_json import meta_dict
from scopecraft.supervisor.asking import ask_to_carry_on  # here, since a person waits between a move and what it begins

if TYPE_CHECKING:
    from scopecraft.sessions.carrying_on import Carried


def moved(
    context: Context, mission: Mission, done: str, *, as_json: bool, told: dict[str, Any] | None = None
) -> int | None:
    """`done` says what the command did; `told` is the same for programs. The command's exit code: not 0 where a step
    could not begin.
    """
    if not as_json:
        say(done)
    carried = ask_to_carry_on(context, mission.id, spoken)
    after = whats_next(context, carried.mission)
    if as_json:
        begun = [session.id for session in carried.begun]
        refusals = [error.message for error in carried.refusals]
        print_json(
            meta_dict(carried.mission)
            | {"next": after.sentence, "commands": list(after.commands), "begun": begun, "refusals": refusals}
            | (told or {})
        )
    else:
        for session in carried.begun:
            say(_begun(session))
    for error in carried.refusals:
        complain(error.message, error.hint)
    if as_json:
        return _code(carried)
    if carried.refusals and after.commands:
        note(f"when that is mended: {after.commands[0]}")
    else:
        tell_next(after)
    return _code(carried)


def whats_next(context: Context, mission: Mission) -> NextStep:
    from scopecraft.supervisor.client import is_up

    live = [session for session in context.store.sessions(mission_id=mission.id) if is_live(session.status)]
    places = {item.session.id: item.place for item in context.store.line()} if live else {}
    known = Known(live, places, is_supervised=is_up(context))
    return next_step(mission, load_workflow(folder_of(context.home, mission)), known)


def tell_next(after: NextStep) -> None:
    note(f"{after.sentence}: {'   or: '.join(after.commands)}" if after.commands else after.sentence)


def _code(carried: Carried) -> int | None:
    return carried.refusals[0].exit_code if carried.refusals else None


def _begun(session: Session) -> str:
    how = "stands in line" if isinstance(session.status, Queued) else "has begun"
    return f"{session.id}: {session.step_id} {how}, with {session.agent}"
