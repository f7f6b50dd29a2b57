"""Claude Code's result line: how the run went by its own account, and what it cost.

Only `is_error` decides: `subtype` says success when the API failed, and the exit code is 0 after an interrupt.
"""

from __future__ import annotations

from scopecraft.agents.claude_notices import denials
from scopecraft.agents.quota import quota_of
from scopecraft.agents.records import Record, amount, count, items, record, text
from scopecraft.model.activity import Claim, Entry, Finished, StreamError, Trouble, Usage

CLAIM_CHARACTERS = 20_000
CUT_OFF = "the turn was cut off"

_STOP_REASONS = {
    "completed": "end_turn",
    "max_turns": "max_turn_requests",
    "budget_exhausted": "budget",
    "error_max_turns": "max_turn_requests",
    "error_max_budget_usd": "budget",
}


def result(line: Record) -> list[Entry]:
    """The claim and the totals, after what went wrong."""
    claim = claim_of(line)
    # what was asked when the turn was cut off counts as denied there
    denied = [] if claim.aborted else denials(line)
    failed = claim.is_error and not claim.aborted
    used_up = quota_of(claim.text, count(line.get("api_error_status"))) if failed else []
    return [*denied, *(used_up or _errors(line, claim)), Finished(claim, total_usage(line))]


def claim_of(line: Record) -> Claim:
    is_error = line.get("is_error") is not False
    aborted = text(line.get("terminal_reason")).startswith("aborted")
    # what an aborted run has to say is about Claude's own insides
    said = CUT_OFF if aborted else text(line.get("result")) or "; ".join(_error_texts(line))
    return Claim(is_error, _stop_reason(line, is_error), said[:CLAIM_CHARACTERS], aborted)


def _stop_reason(line: Record, is_error: bool) -> str:
    """In the words of the Agent Client Protocol, with `budget` and `error` of our own."""
    reason = text(line.get("terminal_reason"))
    if reason.startswith("aborted"):
        return "cancelled"
    known = _STOP_REASONS.get(reason) or _STOP_REASONS.get(text(line.get("subtype")))
    if known:
        return known
    if not is_error:
        return "end_turn"
    last = text(line.get("stop_reason"))
    return last if last in ("refusal", "max_tokens") else "error"


def total_usage(line: Record) -> Usage:
    """The whole process with its subagents, cumulative over turns: `modelUsage` where it is there, else `usage`."""
    cost = amount(line.get("total_cost_usd"))
    models = [record(each) for each in record(line.get("modelUsage")).values()]
    if models:
        return Usage(
            sum(count(model.get("inputTokens")) for model in models),
            sum(count(model.get("outputTokens")) for model in models),
            sum(count(model.get("cacheReadInputTokens")) for model in models),
            sum(count(model.get("cacheCreationInputTokens")) for model in models),
            cost,
        )
    usage = record(line.get("usage"))
    return Usage(
        count(usage.get("input_tokens")),
        count(usage.get("output_tokens")),
        count(usage.get("cache_read_input_tokens")),
        count(usage.get("cache_creation_input_tokens")),
        cost,
    )


def _errors(line: Record, claim: Claim) -> list[Entry]:
    if claim.aborted:
        return [Trouble(StreamError("warning", CUT_OFF))]
    return [Trouble(StreamError("critical", each)) for each in _error_texts(line)]


def _error_texts(line: Record) -> list[str]:
    """Claude has `errors`; those who speak like it have `error`, a text or an object with a message."""
    error = line.get("error")
    found = [*items(line.get("errors")), record(error).get("message"), error]
    return [each for each in found if isinstance(each, str) and each]
