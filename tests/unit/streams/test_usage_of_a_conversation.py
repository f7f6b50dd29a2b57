"""What a resumed run used is not what its conversation used."""

from __future__ import annotations

from scopecraft.agents.base import dialect
from scopecraft.model.activity import Usage
from scopecraft.streams.activity import ActivityFold
from scopecraft.streams.lines import LineSplitter
from scopecraft.streams.tally import without

BEFORE = Usage(100, 20, 1000, 10, 0.5)
RESULT = b"""{"type":"result","is_error":false,"num_turns":1,"total_cost_usd":0.75,"usage":{},"modelUsage":{"m":\
{"inputTokens":130,"outputTokens":25,"cacheReadInputTokens":1500,"cacheCreationInputTokens":10}}}
"""


def test_what_was_used_before_is_taken_off_the_total() -> None:
    fold = ActivityFold(dialect("claude").entries, before=BEFORE)
    for line in LineSplitter().feed(RESULT):
        fold.feed(line)
    assert fold.activity.usage == Usage(30, 5, 500, 0, 0.25)


def test_a_half_line_at_the_end_is_counted_in_the_same_way() -> None:
    splitter, fold = LineSplitter(), ActivityFold(dialect("claude").entries, before=BEFORE)
    assert list(splitter.feed(RESULT.rstrip())) == []
    assert splitter.rest is not None
    fold.feed(splitter.rest)
    assert fold.activity.usage == Usage(30, 5, 500, 0, 0.25)


def test_an_agent_that_counts_anew_after_all_is_believed() -> None:
    assert without(Usage(30, 25, 0, 0, 0.1), BEFORE) == Usage(30, 25, 0, 0, 0.1)
    assert without(Usage(0, 0), BEFORE) == Usage(0, 0)
    assert without(Usage(1, 1, cost_usd=0.2), Usage()) == Usage(1, 1, cost_usd=0.2)
