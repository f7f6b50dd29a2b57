"""When an agent says that its provider's limit is used up, and when it only says that something went wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scopecraft.agents.base import dialect
from scopecraft.agents.quota import is_used_up, reset_in
from scopecraft.model.activity import Entry, Finished, Quota, Trouble

RESET = 1795284000  # 2026-11-21T18:00:00Z


def say(agent: str, **line: Any) -> list[Entry]:
    entries, how, _ = dialect(agent).entries(json.dumps(line).encode())
    assert how == "known"
    return entries


def quotas(entries: list[Entry]) -> list[Quota]:
    return [entry for entry in entries if isinstance(entry, Quota)]


def claude_result(text: str, **fields: Any) -> list[Entry]:
    return say("claude", **{"type": "result", "is_error": True, "num_turns": 1, "result": text} | fields)


def synthetic(error: str, text: str) -> list[Entry]:
    message = {"id": "m1", "model": "<synthetic>", "content": [{"type": "text", "text": text}]}
    return say("claude", type="assistant", error=error, message=message)


def gemini_error(message: str, kind: str = "Error") -> list[Entry]:
    return say("gemini", type="result", status="error", error={"type": kind, "message": message}, stats={})


def opencode_error(name: str, **data: Any) -> list[Entry]:
    return say("opencode", type="error", timestamp=1, sessionID="ses_1", error={"name": name, "data": data})


def codex_failed(message: str) -> list[Entry]:
    return say("codex", type="turn.failed", error={"message": message})


def test_claude_tells_by_a_notice_with_its_reset() -> None:
    info = {"status": "rejected", "rateLimitType": "five_hour", "resetsAt": RESET}
    words = "the five hour limit is reached; it resets at 2026-11-21 18:00 UTC"
    told = say("claude", type="rate_limit_event", rate_limit_info=info)
    assert told == [Quota(words, "2026-11-21T18:00:00.000Z")]


@pytest.mark.parametrize("changed", [{"status": "allowed"}, {"status": "allowed_warning"}, {"isUsingOverage": True}])
def test_a_limit_that_lets_claude_go_on_is_not_used_up(changed: dict[str, Any]) -> None:
    info = {"status": "rejected", "rateLimitType": "five_hour", "resetsAt": RESET} | changed
    told = say("claude", type="rate_limit_event", rate_limit_info=info)
    assert quotas(told) == []
    assert all(isinstance(entry, Trouble) and entry.error.severity == "warning" for entry in told)


@pytest.mark.parametrize(
    "entries",
    [
        claude_result("API Error: 429 rate_limit_error", api_error_status=429),
        claude_result("You've hit your session limit · resets 6pm (UTC)"),
        claude_result("Credit balance is too low", api_error_status=400),
        synthetic("rate_limit", "Claude AI usage limit reached|1795284000"),
        say("qwen", type="result", subtype="error", is_error=True, error={"message": "429 insufficient_quota"}),
        say("amp", type="result", subtype="error", is_error=True, error="Out of credits"),
        codex_failed("You've hit your usage limit. Upgrade to Pro or try again at Nov 21st, 2026 6:00 PM."),
        codex_failed("Quota exceeded. Check your plan and billing details."),
        gemini_error('[API Error: {"error":{"code":429,"message":"slow down"}}]'),
        gemini_error("[API Error: You have exhausted your daily quota on this model.]"),
        opencode_error("APIError", message="Too Many Requests", statusCode=429, isRetryable=True),
        opencode_error("APIError", message="You exceeded your current quota", statusCode=400),
    ],
    ids=str,
)
def test_a_turn_that_ends_by_a_used_up_limit_says_so_once(entries: list[Entry]) -> None:
    assert len(quotas(entries)) == 1
    assert [entry for entry in entries if isinstance(entry, Trouble)] == []


@pytest.mark.parametrize(
    "entries",
    [
        claude_result("API Error: 500", api_error_status=500),
        claude_result("you asked me about the usage limit", is_error=False),
        claude_result("", terminal_reason="aborted_streaming", api_error_status=429),
        say(
            "claude",
            type="system",
            subtype="api_retry",
            attempt=1,
            max_retries=10,
            error_status=429,
            error="rate_limit",
        ),
        synthetic("authentication_failed", "Not logged in · Please run /login"),
        codex_failed("stream disconnected before completion"),
        say("codex", type="error", message="Reconnecting... 1/5 (429 Too Many Requests)"),
        gemini_error('[API Error: {"error":{"code":400,"message":"bad"}}]'),
        gemini_error("Reached max session turns", "FatalTurnLimitedError"),
        opencode_error("MessageAbortedError", message="aborted", statusCode=429),
        opencode_error("APIError", message="overloaded", statusCode=529),
    ],
    ids=str,
)
def test_what_is_tried_again_cut_off_or_of_another_kind_uses_nothing_up(entries: list[Entry]) -> None:
    assert quotas(entries) == []


def test_how_the_turn_ended_is_still_told() -> None:
    assert isinstance(codex_failed("You've hit your usage limit.")[-1], Finished)
    assert isinstance(claude_result("x", api_error_status=429)[-1], Finished)


@pytest.mark.parametrize(
    ("words", "until"),
    [
        ("Claude AI usage limit reached|1795284000", "2026-11-21T18:00:00.000Z"),
        ("usage limit; try again at Nov 21st, 2026 6:00 PM.", "2026-11-21T18:00:00.000Z"),
        ("quota exceeded until 2026-11-21T19:00:00+01:00", "2026-11-21T18:00:00.000Z"),
        ("it resets at 6pm", None),
        ("try again at Nov 41st, 2026 6:00 PM", None),
        ("2026-13-41T19:00:00Z", None),
        ("|9999999999", None),
    ],
)
def test_when_it_resets_is_told_where_a_day_is_named(words: str, until: str | None) -> None:
    assert reset_in(words) == until


def test_ordinary_words_use_nothing_up() -> None:
    for words in ("rate limit middleware added", "the limit of turns is reached", "max session turns", "timeout"):
        assert not is_used_up(words)
