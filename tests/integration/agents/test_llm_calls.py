"""A model is asked through its provider's own library: the answer in pieces, or one sentence that says why not."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from scopecraft.agents.llm_outcome import Answer, Failure, Question, Retry
from scopecraft.agents.llm_prices import cost_of, price_of
from scopecraft.agents.llm_provider import PROVIDERS, ask, question_of
from tests.support.llm_servers import CallServer

BOTH = pytest.mark.parametrize("provider", ["anthropic", "openai"])
AT_ONCE = {"retry-after-ms": "1"}


@dataclass
class Heard:
    pieces: list[str] = field(default_factory=list)
    retries: list[Retry] = field(default_factory=list)

    def piece(self, text: str) -> None:
        self.pieces.append(text)

    def alive(self) -> None:
        pass

    def retried(self, retry: Retry) -> None:
        self.retries.append(retry)


def asked(server: CallServer, **changes: Any) -> tuple[Answer | Failure, Heard]:
    question = question_of(PROVIDERS[server.provider], "what is it?", None, None, server.environment)
    heard = Heard()
    return ask(replace(question, **changes), heard, pause_seconds=0.001), heard


def sentence(server: CallServer) -> str:
    outcome, _ = asked(server)
    assert isinstance(outcome, Failure)
    return outcome.text


@BOTH
def test_an_answer_comes_in_pieces_with_what_it_spent(provider: str) -> None:
    with CallServer({"pieces": ["It is ", "a lamp.\n"], "usage": {"input_tokens": 1000}}, provider=provider) as server:
        outcome, heard = asked(server)
    assert isinstance(outcome, Answer)
    assert heard.pieces == ["It is ", "a lamp.\n"]
    assert (outcome.text, outcome.stop_reason) == ("It is a lamp.\n", "end_turn")
    assert (outcome.usage.input_tokens, outcome.usage.output_tokens) == (1000, 20)
    price = price_of(outcome.model)
    assert price is not None and cost_of(price, outcome.usage) == pytest.approx(0.0022)  # 1,000 at $2, 20 at $10
    assert "test-key-0123456789" in " ".join(server.headers[0].values())


@BOTH
@pytest.mark.parametrize("status", [500, 529])
def test_a_busy_server_is_asked_again_and_that_is_heard_of(provider: str, status: int) -> None:
    busy = {"error": status, "message": "busy", "headers": AT_ONCE}
    with CallServer(busy, busy, {"pieces": ["yes"]}, provider=provider) as server:
        outcome, heard = asked(server)
    assert isinstance(outcome, Answer) and outcome.text == "yes"
    assert [(retry.attempt, retry.status) for retry in heard.retries] == [(1, status), (2, status)]


@BOTH
@pytest.mark.parametrize("broken", [{"breaks": True}, {"stream_error": "overloaded_error"}])
def test_an_answer_that_breaks_off_is_asked_for_anew(provider: str, broken: dict[str, Any]) -> None:
    with CallServer({"pieces": ["hal"], **broken}, {"pieces": ["whole"]}, provider=provider) as server:
        outcome, heard = asked(server)
    assert isinstance(outcome, Answer) and outcome.text == "whole"
    assert len(heard.retries) == 1


@BOTH
def test_one_that_always_breaks_off_is_given_up(provider: str) -> None:
    with CallServer({"pieces": ["hal"], "breaks": True}, provider=provider) as server:
        assert "broke off its answer" in sentence(server)
        assert len(server.requests) == 3


@BOTH
@pytest.mark.parametrize(
    ("status", "message", "said"),
    [
        (401, "invalid x-api-key", "does not take the key: invalid x-api-key"),
        (404, "model: nothing", "knows no model"),
        (400, "prompt is too long: 300000 tokens", "the input is too long for"),
        (400, "that\x1b[2J is\nwrong", "refused the request with status 400: that\x1b[2J is wrong"),
    ],
)
def test_a_refusal_is_one_sentence(provider: str, status: int, message: str, said: str) -> None:
    with CallServer({"error": status, "message": message}, provider=provider) as server:
        assert said in sentence(server)
        assert len(server.requests) == 1


@BOTH
def test_a_limit_that_lasts_is_told_at_once_with_its_end(provider: str) -> None:
    busy = {"error": 429, "message": "too many requests", "headers": {"retry-after": "3600"}}
    with CallServer(busy, provider=provider) as server:
        outcome, heard = asked(server)
    assert isinstance(outcome, Failure)
    assert outcome.status == 429
    assert "; it resets at 20" in outcome.text
    assert heard.retries == []


@BOTH
def test_nobody_there_is_told_with_the_address(provider: str) -> None:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))  # taken, and nobody listens
        port = place.getsockname()[1]
        question = Question(
            provider, "any", "what?", base_url=f"http://me:secret@127.0.0.1:{port}/v1", key="k" * 20, max_retries=0
        )
        outcome = ask(question, Heard())
    assert isinstance(outcome, Failure)
    assert f"cannot be reached at http://127.0.0.1:{port}/v1: " in outcome.text
    assert "secret" not in outcome.text


@BOTH
def test_a_server_of_another_kind_is_told_for_one(provider: str) -> None:
    with CallServer({"body": "<html>a page</html>"}, provider=provider) as server:
        assert f"what answered at {server.url} does not speak like" in sentence(server)
        assert len(server.requests) == 1


@BOTH
def test_a_redirect_is_not_followed_with_the_key(provider: str) -> None:
    with CallServer({"pieces": ["taken"]}, provider=provider) as other:
        moved = {"error": 307, "message": "moved", "headers": {"location": f"{other.url}/v1/messages"}}
        with CallServer(moved, provider=provider) as server:
            assert "refused the request with status 307" in sentence(server)
        assert other.requests == []


@BOTH
def test_half_an_answer_is_none(provider: str) -> None:
    stop = "max_tokens" if provider == "anthropic" else "max_output_tokens"
    with CallServer({"pieces": ["half a pl"], "stop": stop}, provider=provider) as server:
        outcome, _ = asked(server)
    assert isinstance(outcome, Failure)
    assert "was cut off after 20 tokens" in outcome.text
    assert outcome.answer is not None and outcome.answer.usage.output_tokens == 20  # and is paid


@BOTH
def test_how_much_to_think_is_told_to_models_that_take_it(provider: str) -> None:
    with CallServer({"pieces": ["x"]}, provider=provider) as server:
        asked(server, effort="high")
        asked(server, effort="enormous")
        asked(server, effort="high", model="claude-haiku-4-5" if provider == "anthropic" else "gpt-4.1")
    told = [request.get("output_config") or request.get("reasoning") for request in server.requests]
    assert told == [{"effort": "high"}, None, None]
