"""A model of Anthropic, asked through its own library. The Messages API, streamed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scopecraft.agents.llm_failure import Problem, failure_of, seconds_of, server_words, unreachable
from scopecraft.agents.llm_http import client_arguments
from scopecraft.agents.llm_outcome import Answer, Failure, Hearing, Question
from scopecraft.agents.llm_provider import MOST_ANSWER_CHARACTERS, PROVIDERS, endless, formless, judged
from scopecraft.agents.records import count
from scopecraft.model.activity import Usage

if TYPE_CHECKING:
    import anthropic

TITLE = PROVIDERS["anthropic"].title
EFFORTS = frozenset({"low", "medium", "high", "xhigh", "max"})
_WITHOUT_EFFORT = ("claude-haiku-4", "claude-sonnet-4-5")


@dataclass
class _Heard:
    """What has come so far. Fields of what comes may be anything: the library does not check them."""

    model: str
    pieces: list[str] = field(default_factory=list)
    characters: int = 0
    used: dict[str, int] = field(default_factory=dict)
    message_id: str = "msg"
    stop_reason: str = ""
    explanation: str = ""
    is_whole: bool = False

    def take(self, event: Any, hearing: Hearing) -> None:
        match event.type:
            case "message_start":
                self.message_id = str(event.message.id)
                self.model = str(event.message.model or self.model)
                self._spend(event.message.usage)
            case "content_block_delta" if event.delta.type == "text_delta":
                self._say(str(event.delta.text), hearing)
                return
            case "message_delta":
                self.stop_reason = str(event.delta.stop_reason or "")
                self.explanation = str(getattr(getattr(event.delta, "stop_details", None), "explanation", None) or "")
                self._spend(event.usage)
            case "message_stop":
                self.is_whole = True
        hearing.alive()

    def answer(self) -> Answer:
        usage = Usage(
            self.used.get("input_tokens", 0),
            self.used.get("output_tokens", 0),
            self.used.get("cache_read_input_tokens", 0),
            self.used.get("cache_creation_input_tokens", 0),
        )
        reason = "end_turn" if self.stop_reason == "stop_sequence" else self.stop_reason
        return Answer("".join(self.pieces), usage, self.model, reason, self.message_id, self.explanation)

    def _say(self, piece: str, hearing: Hearing) -> None:
        self.pieces.append(piece)
        self.characters += len(piece)
        hearing.piece(piece)

    def _spend(self, usage: Any) -> None:
        """Totals so far; what is not named stays as it was."""
        for name in ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"):
            if isinstance(value := getattr(usage, name, None), int):
                self.used[name] = count(value)


def ask(question: Question, hearing: Hearing) -> Answer | Failure:
    """One answer, whole, or why there is none."""
    import anthropic
    import httpx2

    heard = _Heard(question.model)
    try:
        with _client(question, hearing) as client, client.messages.create(**_arguments(question)) as stream:
            for event in stream:
                heard.take(event, hearing)
                if heard.characters > MOST_ANSWER_CHARACTERS:
                    return endless(question)
    except anthropic.APIStatusError as error:
        return _refused(question, error, is_broken=bool(heard.used))
    except anthropic.APIConnectionError as error:
        return unreachable(Problem(TITLE, question, words=str(error.__cause__ or error)))
    except (anthropic.AnthropicError, httpx2.HTTPError, ValueError) as error:
        return failure_of(Problem(TITLE, question, words=str(error)), time.time())
    if not heard.used:
        return formless(question, TITLE)
    if not heard.is_whole:
        return failure_of(Problem(TITLE, question, words="the stream ended before the message did"), time.time())
    return judged(heard.answer(), TITLE)


def _client(question: Question, hearing: Hearing) -> anthropic.Anthropic:
    import anthropic

    return anthropic.Anthropic(
        api_key=question.key,
        auth_token=question.token,
        base_url=question.base_url,  # None: the provider's own
        max_retries=question.max_retries,
        http_client=anthropic.DefaultHttpxClient(**client_arguments(question, hearing)),
    )


def _arguments(question: Question) -> dict[str, Any]:
    given: dict[str, Any] = {
        "model": question.model,
        "max_tokens": question.max_output_tokens,
        "messages": [{"role": "user", "content": question.prompt}],
        "stream": True,
    }
    if question.effort in EFFORTS and not question.model.startswith(_WITHOUT_EFFORT):
        given["output_config"] = {"effort": question.effort}
    return given


def _refused(question: Question, error: anthropic.APIStatusError, *, is_broken: bool) -> Failure:
    """An error in the middle of a stream comes with the status of its beginning, which was well."""
    status = error.status_code
    if status < 300:
        status = _STATUS_OF.get(str(error.type), 500)
    wait = seconds_of(error.response.headers.get("retry-after"))
    words = server_words(error.body, error.message)
    return failure_of(Problem(TITLE, question, status, words, wait, is_broken), time.time())


_STATUS_OF = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "overloaded_error": 529,
}
