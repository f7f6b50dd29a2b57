"""A model of OpenAI, or of a server that speaks like it, asked through its own library. The Responses API, streamed."""

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
    import openai

TITLE = PROVIDERS["openai"].title
EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})
_WITH_EFFORT = ("gpt-5", "gpt-6", "o1", "o3", "o4")
_STATUS_OF = {"rate_limit_exceeded": 429, "server_error": 500, "invalid_prompt": 400, "context_length_exceeded": 413}
_STOPPED = {"max_output_tokens": "max_tokens", "content_filter": "refusal"}


@dataclass
class _Heard:
    """What has come so far. Fields of what comes may be anything: the library does not check them."""

    model: str
    pieces: list[str] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)  # messages as they were at their end
    refusals: list[str] = field(default_factory=list)
    characters: int = 0
    is_begun: bool = False
    response: Any = None  # the last word of the server
    error: Any = None

    def take(self, event: Any, hearing: Hearing) -> None:
        self.is_begun = True
        match event.type:
            case "response.output_text.delta":
                self._say(str(event.delta), hearing)
                return
            case "response.output_item.done" if event.item.type == "message":
                self._take_message(event.item, hearing)
            case "response.refusal.delta":
                self.refusals.append(str(event.delta))
            case "response.completed" | "response.incomplete":
                self.response = event.response
            case "response.failed":
                self.error = event.response.error
            case "error":
                self.error = event
        hearing.alive()

    def answer(self) -> Answer:
        details = getattr(self.response, "incomplete_details", None)
        cut = str(getattr(details, "reason", None) or "incomplete") if details is not None else ""
        reason = _STOPPED.get(cut, cut) or ("refusal" if self.refusals else "end_turn")
        return Answer(
            "".join(self.whole) or "".join(self.pieces),
            _usage(getattr(self.response, "usage", None)),
            str(getattr(self.response, "model", None) or self.model),
            reason,
            str(getattr(self.response, "id", None) or "resp"),
            "".join(self.refusals),
        )

    def _say(self, piece: str, hearing: Hearing) -> None:
        self.pieces.append(piece)
        self.characters += len(piece)
        hearing.piece(piece)

    def _take_message(self, item: Any, hearing: Hearing) -> None:
        """Some servers send a message at its end only."""
        said = "".join(str(part.text) for part in item.content if part.type == "output_text")
        if not self.pieces:
            self._say(said, hearing)
        self.whole.append(said)


def ask(question: Question, hearing: Hearing) -> Answer | Failure:
    """One answer, whole, or why there is none."""
    import httpx2
    import openai

    heard = _Heard(question.model)
    try:
        with _client(question, hearing) as client, client.responses.create(**_arguments(question)) as stream:
            for event in stream:
                heard.take(event, hearing)
                if heard.characters > MOST_ANSWER_CHARACTERS:
                    return endless(question)
    except openai.APIStatusError as error:
        wait = seconds_of(error.response.headers.get("retry-after"))
        words = server_words(error.body, error.message)
        return failure_of(Problem(TITLE, question, error.status_code, words, wait), time.time())
    except openai.APIConnectionError as error:
        problem = Problem(TITLE, question, words=str(error.__cause__ or error))
        return failure_of(problem, time.time()) if heard.pieces else unreachable(problem)
    except openai.APIError as error:
        return _failed(question, error)
    except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
        return failure_of(Problem(TITLE, question, words=str(error)), time.time())
    if heard.error is not None:
        return _failed(question, heard.error)
    if not heard.is_begun:
        return formless(question, TITLE)
    if heard.response is None:
        return failure_of(Problem(TITLE, question, words="the stream ended before the response did"), time.time())
    return judged(heard.answer(), TITLE)


def _client(question: Question, hearing: Hearing) -> openai.OpenAI:
    import openai

    return openai.OpenAI(
        api_key=question.key,
        base_url=question.base_url,  # None: the provider's own
        max_retries=question.max_retries,
        http_client=openai.DefaultHttpxClient(**client_arguments(question, hearing)),
    )


def _arguments(question: Question) -> dict[str, Any]:
    given: dict[str, Any] = {
        "model": question.model,
        "max_output_tokens": question.max_output_tokens,
        "input": question.prompt,
        "store": False,
        "stream": True,
    }
    if question.effort in EFFORTS and question.model.startswith(_WITH_EFFORT):
        given["reasoning"] = {"effort": question.effort}
    return given


def _failed(question: Question, error: Any) -> Failure:
    """An error that the server tells in the middle of its stream."""
    status = _STATUS_OF.get(str(getattr(error, "code", None)), 500)
    words = str(getattr(error, "message", None) or "")
    return failure_of(Problem(TITLE, question, status, words, is_broken=True), time.time())


def _usage(usage: Any) -> Usage:
    """What came from a cache, or went into one, is counted in the input too."""
    details = getattr(usage, "input_tokens_details", None)
    read = count(getattr(details, "cached_tokens", None))
    written = count(getattr(details, "cache_write_tokens", None))
    whole = count(getattr(usage, "input_tokens", None))
    return Usage(max(0, whole - read - written), count(getattr(usage, "output_tokens", None)), read, written)
