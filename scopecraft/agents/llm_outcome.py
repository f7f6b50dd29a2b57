"""What is asked of a model, and what comes of it: values that both providers share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from scopecraft.model.activity import Usage

MAX_RETRIES = 4  # by the libraries, with ever longer pauses, or those that the server asks for
MOST_OUTPUT_TOKENS = 64_000  # what a model spends on thinking counts too


@dataclass(frozen=True, slots=True)
class Question:
    """One call. `provider` is a name of `llm_provider.PROVIDERS`; a token is sent in the place of a key."""

    provider: str
    model: str
    prompt: str = field(repr=False)
    base_url: str | None = None  # None: the provider's own
    effort: str | None = None
    key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    max_output_tokens: int = MOST_OUTPUT_TOKENS
    max_retries: int = MAX_RETRIES


@dataclass(frozen=True, slots=True)
class Answer:
    """`stop_reason` is in the words of Anthropic's API: end_turn, max_tokens, refusal, …"""

    text: str
    usage: Usage  # without its cost
    model: str
    stop_reason: str
    message_id: str = "msg"
    explanation: str = ""  # why it stopped, where the provider says more


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer: one sentence. `is_broken`: it broke off in its middle, and may be asked again.

    `answer` is one that is of no use, and has to be paid all the same.
    """

    text: str
    status: int = 0  # what the server answered; 0: nothing
    stop_reason: str = "error"
    is_broken: bool = False
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    attempt: int  # from 1
    at_most: int
    status: int = 0
    why: str = ""
    delay_seconds: float = 0.0


class Hearing(Protocol):
    """Who hears of a call while it runs."""

    def piece(self, text: str) -> None:
        """A piece of the answer."""

    def alive(self) -> None:
        """Something came that is no text."""

    def retried(self, retry: Retry) -> None:
        """It is asked again, from the beginning."""
