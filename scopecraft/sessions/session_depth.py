"""One session as a screen of its own shows it: how it is, what it used, its alerts and commits, what it asks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from scopecraft.agents.talk import Question
from scopecraft.errors import ScopecraftError
from scopecraft.model.activity import Usage
from scopecraft.model.session import Session
from scopecraft.sessions.context import Context
from scopecraft.sessions.details import Recorded, recorded_of
from scopecraft.sessions.look import View, look_at_all
from scopecraft.sessions.question_json import question_dict
from scopecraft.sessions.sessions_seen import usages_of


@dataclass(frozen=True, slots=True)
class Depth:
    """`activity` is what the supervisor says of its stream, None where nobody follows it."""

    view: View
    known: Recorded
    usage: Usage | None
    activity: dict[str, Any] | None
    question: dict[str, Any] | None


def depth_of(
    context: Context, session: Session, activities: Mapping[str, Mapping[str, Any]], *, asks: bool = True
) -> Depth:
    """Without its stream, which takes seconds for a long one. With `asks`, what a waiting agent wants to know."""
    view = look_at_all(context, [session])[0]
    activity = activities.get(session.id)
    question = question_now(context, view) if asks else None
    return Depth(
        view=view,
        known=recorded_of(context, view.session),
        usage=usages_of(context, [view.session], activities).get(session.id),
        activity=dict(activity) if activity else None,
        question=question_dict(view.session, question) if question else None,
    )


def question_now(context: Context, view: View) -> Question | None:
    """What it asks; None where it asks nothing, or nothing that can be told from here."""
    if view.word != "waiting":
        return None
    from scopecraft.sessions.answering import open_question

    with suppress(ScopecraftError):
        return open_question(context, view.session)
    return None
