"""The stream of a call says the same to Claude Code's own reader, and a price is one or none."""

from __future__ import annotations

import pytest

from scopecraft.agents import llm_stream
from scopecraft.agents.base import dialect_of_record
from scopecraft.agents.claude import Claude
from scopecraft.agents.llm_outcome import Answer, Failure, Retry
from scopecraft.agents.llm_prices import cost_of, own_price, price_of
from scopecraft.agents.llm_provider import PROVIDERS, model_named
from scopecraft.model.activity import Finished, Message, Quota, Usage

HOSTILE = "\x1b[2J\u202e\ud83d\n"
ANSWER = Answer("# Plan\n" + HOSTILE, Usage(100, 20, 5, 7), "claude-sonnet-5-5", "end_turn", "msg_1")
LINES = (
    llm_stream.begun_line("claude-sonnet-5-5"),
    llm_stream.retry_line(Retry(1, 4, 529)),
    llm_stream.piece_line("# Plan\n"),
    llm_stream.alive_line(),
    llm_stream.piece_line(HOSTILE),
    llm_stream.message_line(ANSWER),
    llm_stream.result_line(ANSWER, 0.25),
)


@pytest.mark.parametrize("reader", [dialect_of_record("llm").entries, Claude().entries], ids=["its own", "claude's"])
def test_every_line_is_known_and_the_end_tells_text_and_cost(reader: object) -> None:
    readings = [reader(line.removesuffix(b"\n")) for line in LINES]  # type: ignore[operator]
    assert {kind for _, kind, _ in readings} == {"known"}
    said = "".join(entry.text for entries, _, _ in readings for entry in entries if isinstance(entry, Message))
    assert said == "# Plan\n\x1b[2J\u202e?\n"
    (finished,) = [entry for entries, _, _ in readings for entry in entries if isinstance(entry, Finished)]
    assert (finished.claim.is_error, finished.claim.stop_reason) == (False, "end_turn")
    assert finished.usage == Usage(100, 20, 5, 7, 0.25)


def test_a_used_up_limit_is_known_for_one_with_its_end() -> None:
    said = "the limit of OpenAI is reached; it resets at 2026-11-21T20:00:00.000Z"
    line = llm_stream.failure_line(Failure(said, 429))
    entries, _, _ = dialect_of_record("llm").entries(line)
    (quota,) = [entry for entry in entries if isinstance(entry, Quota)]
    assert quota.until == "2026-11-21T20:00:00.000Z"


@pytest.mark.parametrize(
    ("model", "usage", "cost"),
    [
        ("claude-opus-5-5", Usage(1_000_000, 1_000_000), 24.0),
        ("claude-haiku-4-5-20251001", Usage(0, 0, 1_000_000, 1_000_000), 1.35),
        ("gpt-6.1-terra-2026-10-26", Usage(200_000, 0), 0.2),
        ("gpt-6.1-terra", Usage(200_000, 100_000, 100_000), 0.4 + 0.01 + 0.75),  # all of it is beyond the threshold
    ],
)
def test_a_call_costs_what_its_provider_says(model: str, usage: Usage, cost: float) -> None:
    price = price_of(model)
    assert price is not None
    assert cost_of(price, usage) == pytest.approx(cost)


def test_a_model_that_is_not_listed_has_no_price_and_a_persons_own_holds() -> None:
    assert price_of("gpt-6.1-terra-mini") is None
    own = own_price((3.0, 15.0))
    assert own is not None and cost_of(own, Usage(1_000_000, 0, 1_000_000)) == 6.0
    assert own_price(()) is None


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_model_that_is_asked_by_default_or_by_a_short_name_has_a_price(name: str) -> None:
    provider = PROVIDERS[name]
    models = [provider.default_model, *(model for _, model in provider.aliases)]
    assert [model for model in models if price_of(model) is None] == []
    assert model_named(PROVIDERS["anthropic"], "Opus[1m]") == "claude-opus-5-5"
