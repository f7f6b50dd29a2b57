"""Many start at once: one session of a task, and as many tasks as one likes."""

from __future__ import annotations

import pytest

from tests.support.played import HANG, STARTED, WORK, Shop, all_settled, check_invariants
from tests.support.repos import git

pytestmark = [pytest.mark.engine, pytest.mark.image]


@pytest.mark.parametrize("count", [2, 6])
@pytest.mark.parametrize("is_known", [False, True], ids=["new task", "known task"])
def test_of_several_starts_of_a_task_one_runs_and_the_others_are_told(shop: Shop, count: int, is_known: bool) -> None:
    if is_known:
        assert shop.run("fix-05A", STARTED, "--follow").code == 0
    before = len(shop.sessions())
    # different names of the same task, by the suffix convention
    names = ["fix-05A", "review-05A"]
    starting = [
        shop.begin_run(names[number % 2], f"{STARTED}; {HANG}", "--detach", heard=True) for number in range(count)
    ]
    said = [process.communicate(timeout=100) for process in starting]
    codes = [process.returncode for process in starting]
    assert sorted(codes) == [0] + [3] * (count - 1), said
    for code, (_, complaint) in zip(codes, said, strict=True):
        if code == 3:
            assert b"a session of " in complaint and b"hint: " in complaint
            assert complaint.count(b"\n") == 2
    assert len(shop.sessions()) == before + 1
    check_invariants(shop)
    assert shop.sc("stop", shop.sessions()[0].id, "--now").code == 0
    check_invariants(shop)


def test_twenty_tasks_start_at_once_in_one_repository(shop: Shop) -> None:
    tasks = [f"task-{number}" for number in range(20)]
    assert shop.sc("queue", "limit", "--running", "20").code == 0
    starting = [shop.begin_run(task, WORK, "--detach", heard=True) for task in tasks]
    said = [process.communicate(timeout=110) for process in starting]
    assert [process.returncode for process in starting] == [0] * 20, said
    rows = all_settled(shop)
    assert [row["status"]["outcome"]["kind"] for row in rows] == ["completed"] * 20
    for task in tasks:
        assert shop.commits(f"feature/{task}") == [shop.session(task).id]
    assert git(shop.folder, "fsck", "--no-dangling") == ""
    check_invariants(shop)
