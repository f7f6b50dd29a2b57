"""A task that agents worked on is removed, comes back, and goes on as if nothing had been."""

from __future__ import annotations

import pytest

from tests.support.played import COMMIT, STARTED, Shop, check_invariants
from tests.support.repos import git

pytestmark = [pytest.mark.engine, pytest.mark.image]

DIRTY = "echo dirty >dirty.txt; echo staged >staged.txt; git add staged.txt; git switch -qc side; git switch -q -"


def test_a_restored_task_goes_on_where_it_was(shop: Shop) -> None:
    first = shop.run("fix-login", f"{STARTED}; {COMMIT}; {DIRTY}", "--follow")
    assert first.code == 0, first.err
    session = shop.session("fix-login")
    kept = git(shop.folder, "for-each-ref", f"refs/scopecraft/{session.mission_id}")
    assert "heads/side" in kept
    tip = git(shop.folder, "rev-parse", "feature/fix-login")

    said = shop.sc("rm", "fix-login", "--yes")
    assert said.code == 0, said.err
    assert git(shop.folder, "for-each-ref", f"refs/scopecraft/{session.mission_id}") == kept
    assert shop.sc("ls").out == ""
    assert shop.sc("logs", session.id).code == 0

    said = shop.sc("restore", "fix-login")
    assert said.code == 0, said.err
    tree = shop.worktree("fix-login")
    assert git(tree, "status", "--porcelain").splitlines() == ["A  staged.txt", "?? dirty.txt"]
    assert git(shop.folder, "rev-parse", "feature/fix-login") == tip

    second = shop.run(
        "fix-login", f"{STARTED}; test -f dirty.txt && git switch -q side && git switch -q - && {COMMIT}", "--follow"
    )
    assert second.code == 0, second.err
    assert len(shop.commits("feature/fix-login")) == 2
    check_invariants(shop)


def test_the_name_of_a_removed_task_begins_anew(shop: Shop) -> None:
    assert shop.run("fix-login", f"{STARTED}; {COMMIT}", "--follow").code == 0
    old = shop.session("fix-login")
    assert shop.sc("rm", "fix-login", "--yes").code == 0
    assert shop.run("fix-login", f"{STARTED}; {COMMIT}", "--follow").code == 0
    new = shop.session("fix-login")
    assert new.mission_id != old.mission_id
    assert len(shop.commits("feature/fix-login")) == 1
    rows = {row["id"] for row in shop.rows()}
    assert {old.id, new.id} <= rows
    assert old.id not in shop.sc("ls").out
