"""The keys of a person on a mission or a session, wherever it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from scopecraft.errors import NotFound, Refused, ScopecraftError
from scopecraft.model.mission_words import Stage
from scopecraft.model.session import Queued, Session, is_live
from scopecraft.sessions.person import refuse_agents
from scopecraft.tui import moves, talk
from scopecraft.tui.dialogs import Sure, room_of
from scopecraft.tui.page import Key, Page

if TYPE_CHECKING:
    from scopecraft.sessions.gates import Uncommitted
    from scopecraft.sessions.missions_seen import MissionView
    from scopecraft.tui.overview import Overview

_KEYS_AT: dict[Stage, tuple[Key, ...]] = {
    "asks": (("A", "answer"), ("m", "message"), ("i", "interrupt"), ("t", "take over"), ("S", "stop")),
    "gate": (("a", "approve"), ("r", "reject"), ("e", "edit")),
    "failed": (("R", "retry"), ("t", "take over"), ("C", "complete")),
    "idle": (("m", "message"), ("c", "continue"), ("t", "take over"), ("S", "stop")),
    "ready": (("c", "continue"), ("e", "edit"), ("C", "complete")),
    "stuck": (("C", "complete"), ("R", "retry")),
    "working": (("m", "message"), ("i", "interrupt"), ("t", "take over"), ("S", "stop")),
    "starting": (("S", "stop"),),
    "queued": (("S", "stop"),),
    "complete": (("O", "reopen"),),
}
_UNCOMMITTED: dict[str, Uncommitted] = {"yes": "refuse", "commit": "commit", "leave": "leave"}
ALL_KEYS: tuple[Key, ...] = (
    ("a", "approve: what is approved is shown first"),
    ("r", "reject, with a reason for the agent"),
    ("c", "continue: begin, go on, or approve, whatever comes next"),
    ("R", "retry what failed"),
    ("e", "edit what waits for you, in your editor"),
    ("m", "message to its agent"),
    ("A", "answer what its agent asks"),
    ("i", "interrupt its agent's turn"),
    ("t", "take over: go on in a window"),
    ("w", "go to its window"),
    ("S", "stop its session"),
    ("C", "complete, whatever its workflow still has"),
    ("O", "reopen one that is complete"),
)


class PersonPage(Page):
    """A page with a mission or a session at hand."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "approve", show=False),
        Binding("r", "reject", show=False),
        Binding("c", "continue", show=False),
        Binding("R", "retry", show=False),
        Binding("e", "edit", show=False),
        Binding("S", "stop", show=False),
        Binding("C", "complete", show=False),
        Binding("O", "reopen", show=False),
        Binding("t", "take_over", show=False),
        Binding("m", "message", show=False),
        Binding("A", "answer", show=False),
        Binding("i", "interrupt", show=False),
        Binding("w", "window", show=False),
    ]

    def mission_at(self) -> MissionView | None:
        """The one that keys are about."""
        return None

    def gate_at(self) -> str | None:
        """The id of the gate that they are about, None: the first that waits."""
        return None

    def session_at(self) -> Session | None:
        """The one that keys are about: of the mission, whom it waits for or who is at work."""
        view = self.mission_at()
        return session_of(view, self.top.overview) if view is not None else None

    def all_keys(self) -> Iterable[Key]:
        return ALL_KEYS

    def action_approve(self) -> None:
        if (view := self._mission("to approve", is_decision=True)) is not None:
            gate, of = self.gate_at(), view.mission.id
            self.top.job(
                "looking at what waits", lambda context: moves.waiting_at(context, of, gate), self._ask_approval
            )

    def action_reject(self) -> None:
        if (view := self._mission("to reject", is_decision=True)) is not None:
            gate, of = self.gate_at(), view.mission.id
            self.top.job("looking at what waits", lambda context: moves.waiting_at(context, of, gate), self._ask_reason)

    def action_continue(self) -> None:
        if (view := self._mission("to go on")) is not None:
            of = view.mission.id
            self.top.job("going on", lambda context: moves.go_on(context, of, self.top.hearing), self._went_on)

    def action_retry(self) -> None:
        if (view := self._mission("to retry")) is not None:
            of = view.mission.id
            self.top.job("trying again", lambda context: moves.retry(context, of, self.top.hearing), self.top.told)

    def action_complete(self) -> None:
        if (view := self._mission("to complete", is_decision=True)) is not None:
            of = view.mission.id

            def sure(answer: str | None) -> None:
                if answer:
                    job = "completing"
                    self.top.job(job, lambda context: moves.complete(context, of, self.top.hearing), self.top.told)

            lines = ["What is left of its steps is skipped; O takes that back."]
            self.top.ask(Sure(view.mission.title, lines, "say that it is complete?"), sure)

    def action_reopen(self) -> None:
        if (view := self._mission("to reopen", is_decision=True)) is not None:
            of = view.mission.id
            self.top.job("reopening", lambda context: moves.reopen(context, of, self.top.hearing), self.top.told)

    def action_edit(self) -> None:
        if (view := self._mission("to edit", is_decision=True)) is not None:
            from scopecraft.tui.editing import edit_outside

            edit_outside(self.top, view.mission.id, None)

    def action_stop(self) -> None:
        if (session := self._session("to stop")) is None:
            return

        def sure(answer: str | None) -> None:
            if answer:
                self.top.job("stopping", lambda context: talk.stop(context, session), self.top.tell)

        leaves = isinstance(session.status, Queued)
        lines = [
            "It waits in line, and nothing of it has begun."
            if leaves
            else "Its work stays on the branch and in the worktree."
        ]
        self.top.ask(Sure(f"{session.task} · {session.id}", lines, "stop it?"), sure)

    def action_take_over(self) -> None:
        if (session := self._session("to take over")) is None:
            return

        def sure(answer: str | None) -> None:
            if answer:
                take = self.top.hearing
                self.top.job("taking over", lambda context: talk.take_over(context, session, take), self.top.attach)

        lines = ["Its agent is interrupted, its commits are taken, and the conversation goes on in a window."]
        self.top.ask(Sure(f"{session.task} · {session.id}", lines, "take it over?"), sure)

    def action_message(self) -> None:
        if (session := self._session("to send to")) is None:
            return

        from scopecraft.tui.writing import Write  # with an editor, which takes a while to load

        def send(text: str | None) -> None:
            if text and text.strip():
                self.top.job("sending", lambda context: talk.say(context, session, text), self.top.tell)

        self.top.ask(Write(f"Message to {session.agent} of {session.task}", [], "send"), send)

    def action_answer(self) -> None:
        if (session := self._session("to answer")) is not None:
            self.top.job("asking", lambda context: talk.question_of(context, session), self._ask_answer)

    def action_window(self) -> None:
        session = self.session_at()
        if session is None or not has_window(session):
            self.top.failed(Refused("nothing of it is in a window now", "t takes over what an agent does by itself"))
        else:
            self.top.attach(session)

    def action_interrupt(self) -> None:
        if (session := self._session("to interrupt")) is not None:
            self.top.job("interrupting", lambda context: talk.interrupt(context, session), self.top.tell)

    def _mission(self, what: str, *, is_decision: bool = False) -> MissionView | None:
        """The one at hand; where there is none, or an agent sits here, that is told."""
        view = self.mission_at()
        try:
            if view is None:
                raise NotFound(f"there is no mission here {what}", "n makes one")
            if is_decision:
                refuse_agents(self.top.environ, what)
        except ScopecraftError as error:
            self.top.failed(error)
            return None
        return view

    def _session(self, what: str) -> Session | None:
        session = self.session_at()
        if session is None:
            self.top.failed(Refused(f"there is no session here {what}", "c lets the mission go on"))
        return session

    def _ask_approval(self, waiting: moves.Waiting) -> None:
        from scopecraft.tui.approving import approval_dialog

        def answered(word: str | None) -> None:
            if word is not None:
                uncommitted = _UNCOMMITTED[word]
                hear = self.top.hearing
                self.top.job(
                    "approving",
                    lambda context: moves.approve(context, waiting.gate, uncommitted, hear),
                    self.top.told,
                )

        self.top.ask(approval_dialog(waiting, room_of(self.top.size.width) - 2), answered)

    def _ask_reason(self, waiting: moves.Waiting) -> None:
        from scopecraft.tui.writing import Write

        gate = waiting.gate

        def written(why: str | None) -> None:
            if why is not None and why.strip():
                hear = self.top.hearing
                self.top.job("rejecting", lambda context: moves.reject(context, gate, why, hear), self.top.told)

        title = f"Reject {gate.step.name} of {gate.mission.slug}"
        lines = ["What is not right yet? The agent gets it, and does the step again."]
        self.top.ask(Write(title, lines, "reject"), written)

    def _went_on(self, done: moves.Done | moves.Waiting) -> None:
        if isinstance(done, moves.Done):
            self.top.told(done)
            return
        try:
            refuse_agents(self.top.environ, "to approve")
        except ScopecraftError as error:
            self.top.failed(error)
        else:
            self._ask_approval(done)

    def _ask_answer(self, asked: talk.Asked) -> None:
        from scopecraft.tui.answering import AnswerDialog

        def answered(answers: tuple[str, ...] | None) -> None:
            if answers:
                self.top.job("answering", lambda context: talk.answer(context, asked, answers), self.top.tell)

        self.top.ask(AnswerDialog(asked.question), answered)


def keys_at(view: MissionView | None) -> tuple[Key, ...]:
    """What matters for a mission that stands so."""
    return _KEYS_AT[view.next.stage] if view is not None else ()


def session_of(view: MissionView, overview: Overview | None) -> Session | None:
    """Of a mission: the one that what happens next is about, else the one that lives, else the latest that ended."""
    named = next((session for session in view.live if session.id == view.next.session_id), None)
    if named is not None:
        return named
    if view.live:
        return view.live[-1]
    ended = [
        each.session for each in (overview.sessions if overview else ()) if each.session.mission_id == view.mission.id
    ]
    return max(ended, key=lambda session: session.created_at, default=None)


def has_window(session: Session | None) -> bool:
    return session is not None and is_live(session.status) and session.executor == "tmux"
