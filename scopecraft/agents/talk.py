"""Speaking to an agent in its window: what is typed for a message, what it asks, and which keys answer.

Nothing here touches a window. A dialect that knows its program's keys carries a `talk`; for any other the text is
typed as it is, and its questions are answered by going there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from scopecraft.errors import Refused
from scopecraft.model.window import DispatchState, WindowView


class Press(NamedTuple):
    """A key by tmux's name."""

    key: str


class Paste(NamedTuple):
    text: str


Step = Press | Paste


@dataclass(frozen=True, slots=True)
class Typed:
    """What goes into the window for a message, before Enter."""

    text: str
    starts_turn: bool = True  # False for a command of the program's own


@dataclass(frozen=True, slots=True)
class Choice:
    label: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One of the questions that an agent asks at a time."""

    text: str
    choices: tuple[Choice, ...] = ()
    is_many: bool = False  # several choices may be taken


@dataclass(frozen=True, slots=True)
class Question:
    """What a waiting agent wants to know. `text` and all else in it are the agent's own words: clean before showing."""

    kind: Literal["permission", "question"]
    text: str
    since: str  # ISO 8601; with the text it tells one question from the next, where there is no `id`
    inquiries: tuple[Inquiry, ...] = ()  # none for a permission
    is_cut: bool = False  # `text` is not all of the command that it wants to run
    id: str = ""  # by which a headless agent knows the answer


@dataclass(frozen=True, slots=True)
class Answer:
    """Keys for a question. One that may be repeated is pressed again while the screen stays as it was."""

    steps: tuple[Step, ...]
    may_repeat: bool = False
    message: str | None = None  # to be sent when the turn is over


class Talk(Protocol):
    def typed(self, message: str) -> Typed:
        """Raises BadInput for what the program would take for something else."""
        ...

    def question(self, view: WindowView, state: DispatchState) -> Question | None:
        """What it asks, in full; None while nobody can tell (yet). Never raises because of a file."""
        ...

    def answer(self, question: Question, answers: tuple[str, ...]) -> Answer:
        """Raises BadInput, naming the choices, and Refused where only a person at the window can answer."""
        ...


class PlainTalk:
    """For a program whose keys nobody told us."""

    def typed(self, message: str) -> Typed:
        return Typed(message)

    def question(self, view: WindowView, state: DispatchState) -> Question | None:  # noqa: ARG002 - nothing to look at
        return None

    def answer(self, question: Question, answers: tuple[str, ...]) -> Answer:  # noqa: ARG002 - it has no keys
        raise Refused("nobody knows this agent's keys", "answer it in its window: sc attach")


def interrupt_key_of(talk: Talk) -> str | None:
    """The key that ends a turn in its window, by tmux's name, where the talk has an `interrupt_key`."""
    key: str | None = getattr(talk, "interrupt_key", None)
    return key


def talk_of(dialect: object) -> Talk:
    """The dialect's own way of being spoken to, else the plain one."""
    own: Talk | None = getattr(dialect, "talk", None)
    return own or PlainTalk()
