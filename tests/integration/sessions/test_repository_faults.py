"""What a person does to the repository while an agent works: nothing is lost, and every end says what happened."""

from __future__ import annotations

import shutil

import pytest

from tests.support.played import COMMIT, STARTED, WORK, Shop, check_invariants
from tests.support.repos import commit, git

pytestmark = [pytest.mark.engine, pytest.mark.image]

TASK, BRANCH = "fix-login", "feature/fix-login"
# works until the test says that it may end
WORK_AND_WAIT = f"{COMMIT}; {STARTED}; until [ -e /mission/artifacts/end ]; do sleep 0.1; done"


def begun(shop: Shop) -> str:
    said = shop.run(TASK, WORK_AND_WAIT)
    assert said.code == 0, said.err
    return shop.wait_started(TASK).id


def end(shop: Shop, session_id: str) -> None:
    (artifacts,) = shop.home.missions_active.glob(f"m-*--{TASK}/artifacts")
    (artifacts / "end").touch()
    shop.wait_over(session_id)
    (artifacts / "end").unlink()


def kept(shop: Shop, name: str) -> str:
    """The commit of a ref by which the mission's work is kept beside the branch."""
    return git(shop.folder, "rev-parse", f"refs/scopecraft/{shop.mission(TASK)['mission_id']}/{name}")


def subject(shop: Shop, commit_id: str) -> str:
    return git(shop.folder, "log", "-1", "--format=%s", commit_id)


def test_a_worktree_deleted_during_a_run_costs_no_commit_and_comes_back(shop: Shop) -> None:
    session_id = begun(shop)
    shutil.rmtree(shop.worktree(TASK))
    end(shop, session_id)
    assert shop.outcome(TASK) == {"kind": "completed"}
    assert shop.commits(BRANCH) == [session_id]
    again = shop.run(TASK, WORK, "--follow")
    assert again.code == 0, again.err
    assert len((shop.worktree(TASK) / "work.txt").read_text().split()) == 2
    check_invariants(shop)


def test_a_worktree_deleted_and_a_container_killed_cost_no_commit(shop: Shop) -> None:
    session_id = begun(shop)
    shutil.rmtree(shop.worktree(TASK))
    shop.container(session_id).kill()
    assert shop.outcome(TASK)["kind"] == "interrupted"
    assert shop.commits(BRANCH) == [session_id]
    check_invariants(shop)


def test_a_branch_deleted_during_a_run_is_told_and_the_commits_are_kept(shop: Shop) -> None:
    session_id = begun(shop)
    git(shop.folder, "update-ref", "-d", f"refs/heads/{BRANCH}")
    end(shop, session_id)
    shop.row(TASK)
    assert "branch_changed" in shop.alerts(session_id)
    assert subject(shop, kept(shop, "tip")) == session_id
    again = shop.run(TASK, WORK)
    assert again.code == 3
    # what it advises brings the work back
    (advice,) = [line for line in again.err.splitlines() if "git branch " in line]
    git(shop.folder, *advice.partition("git ")[2].split())
    assert shop.run(TASK, WORK, "--follow").code == 0
    assert shop.commits(BRANCH)[1:] == [session_id]
    check_invariants(shop)


def test_a_branch_that_a_person_moved_during_a_run_stays_theirs(shop: Shop) -> None:
    session_id = begun(shop)
    git(shop.folder, "update-ref", f"refs/heads/{BRANCH}", git(shop.folder, "commit-tree", "-m", "mine", "main^{tree}"))
    end(shop, session_id)
    assert shop.row(TASK)["state"] == "ended"
    assert subject(shop, BRANCH) == "mine"
    assert subject(shop, kept(shop, "tip")) == session_id
    assert shop.alerts(session_id) == ["branch_changed"]
    check_invariants(shop)


def test_a_persons_commit_in_the_worktree_during_a_run_stays(shop: Shop) -> None:
    session_id = begun(shop)
    theirs = commit(shop.worktree(TASK), "theirs.txt")
    end(shop, session_id)
    assert shop.row(TASK)["state"] == "ended"
    assert git(shop.folder, "rev-parse", BRANCH) == theirs
    assert subject(shop, kept(shop, "tip")) == session_id
    check_invariants(shop)


def test_a_stale_index_lock_is_told_and_costs_no_commit(shop: Shop) -> None:
    session_id = begun(shop)
    lock = shop.folder / ".git" / "worktrees" / TASK / "index.lock"
    lock.touch()
    end(shop, session_id)
    assert shop.outcome(TASK) == {"kind": "completed"}
    assert shop.commits(BRANCH) == [session_id]
    assert shop.alerts(session_id) == ["index_left"]
    lock.unlink()
    git(shop.worktree(TASK), "reset", "--quiet")
    assert git(shop.worktree(TASK), "status", "--porcelain") == ""
    check_invariants(shop)


def test_a_repository_that_was_away_when_its_session_ended_gets_the_commits_when_it_is_back(shop: Shop) -> None:
    session_id = begun(shop)
    elsewhere = shop.folder.with_name("elsewhere")
    shop.folder.rename(elsewhere)
    end(shop, session_id)
    shop.folder.mkdir()
    outcome = shop.outcome(TASK)
    assert outcome["kind"] == "failed"
    assert "is not at" in outcome["reason"]
    assert (shop.path(session_id) / "git").is_dir()
    assert "its commits are not taken yet" in shop.sc("show", TASK).out
    shop.folder.rmdir()
    elsewhere.rename(shop.folder)
    shown = shop.sc("show", TASK).out
    assert "not taken yet" not in shown
    assert f"1 on {BRANCH}" in shown
    assert shop.commits(BRANCH) == [session_id]
    assert git(shop.worktree(TASK), "status", "--porcelain") == ""
    assert not (shop.path(session_id) / "git").exists()
    check_invariants(shop)


def test_the_next_session_builds_on_commits_that_could_not_be_taken_before(shop: Shop) -> None:
    first = begun(shop)
    facts = shop.path(first) / "facts.json"
    whole = facts.read_bytes()
    facts.write_bytes(whole[:100])
    end(shop, first)
    outcome = shop.outcome(TASK)
    assert outcome["kind"] == "failed"
    assert str(facts) in outcome["reason"]
    assert facts.read_bytes() == whole[:100]
    facts.write_bytes(whole)
    assert shop.run(TASK, WORK, "--follow").code == 0
    second = shop.session(TASK).id
    assert shop.commits(BRANCH) == [second, first]
    check_invariants(shop)


def test_late_commits_are_taken_once_by_however_many(shop: Shop) -> None:
    session_id = begun(shop)
    projects = shop.home.config / "projects.json"
    whole = projects.read_bytes()
    projects.write_bytes(b'{"projects": []}')
    end(shop, session_id)
    assert shop.sc("ls").code == 0
    assert shop.alerts(session_id) == ["commits_postponed"]
    projects.write_bytes(whole)
    showing = [shop.begin("show", TASK) for _ in range(6)]
    showing[0].kill()
    assert [process.wait(100) for process in showing][1:] == [0] * 5
    assert shop.sc("show", TASK).code == 0
    (taken,) = shop.events(session_id, "commits_taken")
    assert taken.data["commits"] == 1
    check_invariants(shop)
