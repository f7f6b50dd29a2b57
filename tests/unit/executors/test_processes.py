"""Who belongs to an agent's session, decided from a list of processes."""

from __future__ import annotations

from scopecraft.executors.processes import Process, family, parse_stat


def process(pid: int, parent: int, session: int, *, started: int = 0) -> Process:
    return Process(pid=pid, started=started or pid, parent=parent, group=session, session=session)


def test_a_program_whose_name_looks_like_fields_is_read_right() -> None:
    fields = " ".join(str(n) for n in range(5, 23))
    found = parse_stat(7, f"7 (a) Z 1 (b) S 1 2 3 {fields}".encode())
    assert found == Process(pid=7, started=20, parent=1, group=2, session=3)
    assert (found.parent, found.group, found.session) == (1, 2, 3)


def test_a_zombie_is_over() -> None:
    fields = " ".join(str(n) for n in range(5, 23))
    assert parse_stat(7, f"7 (sh) Z 1 2 3 {fields}".encode()) is None


def test_the_family_is_the_session_and_all_descendants() -> None:
    leader, child, detached, grandchild = (
        process(10, 1, 10),
        process(11, 10, 10),
        process(12, 11, 12),
        process(13, 12, 12),
    )
    tmux, neighbour = process(5, 1, 5), process(20, 5, 20)
    everybody = {leader, child, detached, grandchild, tmux, neighbour}
    assert family(10, (), everybody) == {leader, child, detached, grandchild}


def test_an_orphan_is_known_again_though_its_parent_changed() -> None:
    before, now = process(12, 10, 12), process(12, 1, 12)
    assert family(10, {before}, {now}) == {now}


def test_a_reused_pid_is_nobody_we_know() -> None:
    assert family(10, {process(12, 10, 12)}, {process(12, 1, 12, started=99)}) == set()
