"""What a stream adds up to: tokens, and errors by severity."""

from __future__ import annotations

from collections import deque

from scopecraft.model.activity import Activity, Severity, Spent, StreamError, Usage

KEPT_ERRORS = 50  # of each severity, so that many small ones do not push out the one that matters
ERROR_CHARACTERS = 2_000


class RunningUsage:
    """A total and what single model calls told since; most name no cost."""

    def __init__(self, total: Usage) -> None:
        self._total = total
        self._input = self._output = self._read = self._written = 0
        self._cost = total.cost_usd

    def add(self, spent: Spent) -> None:
        _, input_tokens, output_tokens, read, written, cost = spent
        self._input += input_tokens
        self._output += output_tokens
        self._read += read
        self._written += written
        if cost is not None:
            self._cost = (self._cost or 0.0) + cost

    def sum(self) -> Usage:
        total = self._total
        return Usage(
            total.input_tokens + self._input,
            total.output_tokens + self._output,
            total.cache_read_tokens + self._read,
            total.cache_write_tokens + self._written,
            self._cost,
        )


def at_least(one: Usage, other: Usage) -> Usage:
    """The greater of each count: a total never goes back, though a turn that failed at once may report zeros."""
    costs = [usage.cost_usd for usage in (one, other) if usage.cost_usd is not None]
    return Usage(
        max(one.input_tokens, other.input_tokens),
        max(one.output_tokens, other.output_tokens),
        max(one.cache_read_tokens, other.cache_read_tokens),
        max(one.cache_write_tokens, other.cache_write_tokens),
        max(costs) if costs else None,
    )


def without(total: Usage, before: Usage) -> Usage:
    """What was used since; all of it where a count is smaller than before: such an agent counts anew."""
    cost, cost_before = total.cost_usd, before.cost_usd or 0.0
    fresh = (
        total.input_tokens - before.input_tokens,
        total.output_tokens - before.output_tokens,
        total.cache_read_tokens - before.cache_read_tokens,
        total.cache_write_tokens - before.cache_write_tokens,
    )
    if min(fresh) < 0 or (cost is not None and cost < cost_before):
        return total
    return Usage(*fresh, cost - cost_before if cost is not None else None)


class ErrorTally:
    """Counts every error and keeps the last ones of each severity."""

    def __init__(self, seen: Activity) -> None:
        self.count = seen.error_count
        self.critical_count = seen.critical_count
        self.warning_count = seen.warning_count
        self._kept: dict[Severity, deque[StreamError]] = {
            severity: deque((error for error in seen.errors if error.severity == severity), KEPT_ERRORS)
            for severity in ("critical", "warning", "info")
        }

    def add(self, severity: Severity, text: str, line: int) -> None:
        self.count += 1
        self.critical_count += severity == "critical"
        self.warning_count += severity == "warning"
        self._kept[severity].append(StreamError(severity, text[:ERROR_CHARACTERS], line))

    def kept(self) -> tuple[StreamError, ...]:
        """In the order of the stream."""
        return tuple(sorted((error for errors in self._kept.values() for error in errors), key=_line_of))


def _line_of(error: StreamError) -> int:
    return error.line or 0
