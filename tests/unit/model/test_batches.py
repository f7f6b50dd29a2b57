"""Which missions of a batch may begin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scopecraft.model.batch import Batch, BatchItem, BatchTask, cycle_of, next_items, unmet


def task(name: str, *needs: str, **changes: Any) -> BatchTask:
    return replace(BatchTask(name, name, "text", needs=needs), **changes)


def batch(*tasks: BatchTask) -> Batch:
    items = tuple(BatchItem(each, f"m-{number}") for number, each in enumerate(tasks))
    return Batch("b", "b.yaml", "2026-03-01T10:00:00.000Z", items)


def names(found: tuple[BatchItem, ...]) -> list[str]:
    return [item.task.name for item in found]


def test_in_the_order_of_the_file_and_no_more_than_there_is_room_for() -> None:
    three = batch(task("a"), task("b", "a"), task("c"), task("d"))
    assert names(next_items(three, {}, 2)) == ["a", "c"]
    assert names(next_items(three, {}, 0)) == names(next_items(three, {}, -3)) == []
    begun = three.with_item(replace(three.items[0], is_begun=True))
    assert names(next_items(begun, {"a": "running_code_agent"}, 9)) == ["c", "d"]
    assert names(next_items(begun, {"a": "completed"}, 9)) == ["b", "c", "d"]


def test_what_a_mission_waits_for() -> None:
    strict, eager = task("b", "a"), task("b", "a", ready_when="work")
    assert unmet(strict, {}) == unmet(eager, {}) == ("a",)
    assert unmet(strict, {"a": "waiting_code_review"}) == ("a",)
    assert unmet(eager, {"a": "waiting_code_review"}) == ()
    assert unmet(eager, {"a": "waiting_human"}) == unmet(eager, {"a": "failed"}) == ("a",)


def test_fed_when_each_has_begun_or_never_can() -> None:
    two = batch(task("a"), task("b"))
    assert not two.is_fed
    two = two.with_item(replace(two.items[0], is_begun=True))
    assert not two.is_fed
    assert two.with_item(replace(two.items[1], refusal="no")).is_fed


def test_circles_are_found_however_long_the_way_to_them_is() -> None:
    chain = [task(str(number), str(number + 1)) for number in range(1000)]
    assert cycle_of(chain) == ()
    assert cycle_of([*chain[:-1], task("999", "997")]) == ("997", "998", "999", "997")
    assert cycle_of([task("a", "a")]) == ("a", "a")
    assert cycle_of([task("a", "b", "c"), task("b", "c"), task("c", "unknown")]) == ()
