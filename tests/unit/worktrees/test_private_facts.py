"""The facts of a session survive a crash as plain data."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from scopecraft.worktrees.facts import PrivateFacts, clock_at, trusted_since_ns

FACTS = PrivateFacts(
    mission_id="m-1",
    branch="feature/ü",
    tip="a" * 40,
    worktree="/w/\udcff",
    pointer="gitdir: /x/\udcff\n",
    session_folder="/s",
    clock=clock_at(5_000_000_000),
)


def test_they_are_the_same_after_json() -> None:
    assert PrivateFacts.from_dict(json.loads(json.dumps(FACTS.to_dict()))) == FACTS


@pytest.mark.parametrize("missing", ["tip", "clock"])
def test_half_of_them_are_none(missing: str) -> None:
    data = FACTS.to_dict()
    del data[missing]
    with pytest.raises(KeyError):
        PrivateFacts.from_dict(data)


def test_file_times_are_trusted_while_nobody_turns_the_clock_back() -> None:
    hour = 3_600_000_000_000
    ahead = replace(FACTS, clock=replace(FACTS.clock, offset_ns=FACTS.clock.offset_ns - hour))
    back = replace(FACTS, clock=replace(FACTS.clock, offset_ns=FACTS.clock.offset_ns + hour))
    rebooted = replace(back, clock=replace(back.clock, boot_id="another"))
    assert trusted_since_ns(FACTS) == trusted_since_ns(ahead) == trusted_since_ns(rebooted)
    assert trusted_since_ns(FACTS) is not None
    assert trusted_since_ns(back) is None
