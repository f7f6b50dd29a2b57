"""`sc prune`: merged missions and orphans are proposed with their reasons, and go on yes; work never does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scopecraft.missions.folder import save_mission
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.ids import new_mission_id, new_session_id
from scopecraft.model.mission import PullRequest
from scopecraft.model.session import Running
from scopecraft.sessions.folder import SessionFolder
from scopecraft.state.store import Store
from tests.support.command_line import on_a_terminal, sc
from tests.support.made_missions import add_mission, home_here, linked_repository
from tests.support.repos import commit, git
from tests.support.screen import screen
from tests.support.sessions import CONTAINER, LATER, a_session, ended

NO_ENGINE = "unix:///nowhere/docker.sock"
LONG_AGO = time.time() - 3 * 86400


@pytest.fixture
def shop(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_HOST", NO_ENGINE)  # those tests that need one are elsewhere
    return linked_repository(clean_environment / "shop")


def proposal(shop: Path, *options: str) -> dict[str, Any]:
    said = sc("prune", "--json", *options, cwd=shop)
    assert said.code == 0, said.err
    found: dict[str, Any] = json.loads(said.out)
    return found


def work(shop: Path, task: str, *names: str) -> Path:
    """A mission with one commit for each file."""
    there = Path(add_mission(shop, task).worktree)
    for name in names or (f"{task}.txt",):
        commit(there, name)
    return there


def squash(shop: Path, task: str) -> None:
    git(shop, "merge", "-q", "--squash", f"feature/{task}")
    git(shop, "commit", "-qm", f"{task} (#1)")


def row(found: dict[str, Any], task: str) -> dict[str, Any]:
    return next(each for each in found["missions"] if each["task"] == task)


def orphans(found: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each for each in found["orphans"] if each["kind"] == kind]


def aged(path: Path) -> Path:
    os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=False)
    return path


def test_merged_missions_are_proposed_and_go_to_the_trash_on_yes(shop: Path) -> None:
    squashed, open_one = work(shop, "squashed", "a.txt", "b.txt"), work(shop, "open")
    work(shop, "merged")
    squash(shop, "squashed")
    git(shop, "merge", "-q", "--no-ff", "-m", "m", "feature/merged")
    found = proposal(shop)
    assert {each["task"]: each["merged"] for each in found["missions"]} == {
        "squashed": "squash",
        "open": None,
        "merged": "ancestor",
    }
    done = sc("prune", "--yes", cwd=shop)
    assert done.code == 0, done.err
    assert "squashed (shop)  squash-merged as" in done.out
    assert not squashed.exists() and open_one.exists()
    assert git(shop, "branch", "--list", "feature/*", "--format=%(refname:short)") == "feature/open"
    assert sc("restore", "squashed", cwd=shop).code == 0
    assert (squashed / "a.txt").exists()


def test_without_yes_nothing_happens_and_the_exit_code_is_good(shop: Path) -> None:
    there = work(shop, "merged")
    git(shop, "merge", "-q", "feature/merged")
    said = sc("prune", cwd=shop)
    assert said.code == 0
    assert "merged (shop)  merged: main has all its commits" in said.out
    assert "do it with: sc prune --yes" in said.err
    assert there.exists()
    assert sc("prune", "--yes", "--dry-run", cwd=shop).code == 2


def test_a_mission_on_which_nothing_was_done_is_never_proposed(shop: Path) -> None:
    add_mission(shop, "young")
    commit(shop, "of-main.txt")
    followed = Path(add_mission(shop, "followed", base="HEAD~1").worktree)
    git(followed, "merge", "-q", "--ff-only", "main")
    found = proposal(shop)
    assert {each["task"]: (each["why"], each["proposed"]) for each in found["missions"]} == {
        "young": ("no commits yet", False),
        "followed": ("no commits yet", False),
    }
    assert "nothing to prune" in sc("prune", cwd=shop).out


def test_uncommitted_work_a_session_or_later_commits_keep_a_merged_mission_and_say_so(shop: Path) -> None:
    dirty, busy, later = work(shop, "dirty"), work(shop, "busy"), work(shop, "later", "l.txt", "m.txt")
    for task in ("dirty", "busy"):
        git(shop, "merge", "-q", "--no-ff", "-m", task, f"feature/{task}")
    squash(shop, "later")
    commit(later, "after.txt")
    (dirty / "new.txt").write_text("not committed\n")
    home = home_here()
    mission = json.loads(next(home.missions_active.glob("*--busy/mission.json")).read_text())
    with Store.open(home.root) as store:
        session = a_session(mission_id=mission["mission_id"], task="busy", worktree=str(busy))
        store.create(session, session.created_at)
        at = clock.to_text(clock.now())
        store.move(session.id, Running(at, replace(CONTAINER, engine=NO_ENGINE)), "session_started", at)
    found = proposal(shop)
    assert row(found, "dirty")["obstacle"] == "1 uncommitted file in its worktree"
    assert row(found, "busy")["obstacle"] == f"session {session.id} is at work"
    assert "1 commit came after that" in row(found, "later")["why"]
    assert not [each for each in found["missions"] if each["proposed"]]
    shown = sc("prune", cwd=shop).out
    assert "stays:" in shown and "1 uncommitted file" in shown and "1 commit came after that" in shown
    assert sc("prune", "--yes", cwd=shop).code == 0
    assert all(there.exists() for there in (dirty, busy, later))


def test_a_merged_pull_request_is_enough_where_nothing_else_tells(shop: Path) -> None:
    mission = add_mission(shop, "asked")
    commit(Path(mission.worktree), "a.txt", "one\n")
    commit(shop, "a.txt", "one, otherwise\n")
    head = git(shop, "rev-parse", "feature/asked")
    save_mission(home_here(), replace(mission, pull_request=PullRequest(12, head, is_merged=True)))
    assert row(proposal(shop), "asked")["why"] == "pull request #12 was merged with all its commits"


def test_what_was_merged_elsewhere_is_seen_after_a_fetch_and_not_before(shop: Path, clean_environment: Path) -> None:
    work(shop, "there")
    hub = clean_environment / "hub.git"
    git(shop, "clone", "-q", "--bare", ".", str(hub))
    git(shop, "remote", "add", "origin", str(hub))
    git(hub, "update-ref", "refs/heads/main", "refs/heads/feature/there")
    assert row(proposal(shop), "there")["merged"] is None
    found = proposal(shop, "--fetch")
    assert "origin/main has all its commits" in row(found, "there")["why"]


def test_at_a_terminal_one_question_covers_all_and_no_is_the_default(shop: Path, clean_environment: Path) -> None:
    first, second = work(shop, "first"), work(shop, "second")
    for task in ("first", "second"):
        git(shop, "merge", "-q", "--no-ff", "-m", task, f"feature/{task}")
    with screen(clean_environment, shop, columns=60) as person:
        person.type("sc prune")
        shown = person.until(r"do all of this\?")
        assert max(map(len, shown.splitlines())) <= 60
        person.press("Enter")
        person.until(r"\[no\]\s*^\$")
        assert first.exists() and second.exists()
        person.type("sc prune")
        person.until(r"(?s)do all of this\?.*do all of this\?")
        person.type("y")
        person.until(r"second \(shop\): gone")
    assert not first.exists() and not second.exists()


def test_names_cannot_steer_the_terminal(shop: Path) -> None:
    folder = home_here().worktrees / "shop" / "evil\x1b]0;x\x07"
    folder.mkdir(parents=True)
    (folder / "x").write_text("x")
    shown = on_a_terminal("prune", "--dry-run", NO_COLOR="1")
    assert "\x1b" not in shown and "\\x1b]0;x" in shown


# Orphans.


def test_a_worktree_without_a_mission_goes_when_it_is_clean_and_stays_when_it_holds_work(shop: Path) -> None:
    clean, dirty, detached = (add_mission(shop, task) for task in ("clean", "dirty", "detached"))
    (Path(dirty.worktree) / "new.txt").write_text("work\n")
    git(Path(detached.worktree), "checkout", "-q", "--detach")
    for mission in (clean, dirty, detached):
        forget_mission(mission.id)
    found = {Path(each["name"]).name: each for each in orphans(proposal(shop), "worktree")}
    assert found["clean"]["proposed"] and found["clean"]["why"] == "no mission has it"
    assert not found["dirty"]["proposed"] and "uncommitted work" in found["dirty"]["will"]
    assert not found["detached"]["proposed"]
    assert sc("prune", "--yes", cwd=shop).code == 0
    assert not Path(clean.worktree).exists()
    assert (Path(dirty.worktree) / "new.txt").exists() and Path(detached.worktree).exists()
    assert str(clean.worktree) not in git(shop, "worktree", "list")
    # its branch, on which nothing was done, is nobody's now and goes next
    assert [each["name"] for each in orphans(proposal(shop), "branch")] == ["feature/clean"]


def forget_mission(mission_id: str) -> None:
    (folder,) = home_here().missions_active.glob(f"{mission_id}--*")
    subprocess.run(["rm", "-r", str(folder)], check=True)


def test_of_branches_only_those_that_scopecraft_made_and_that_hold_nothing_are_deleted(shop: Path) -> None:
    for task in ("empty", "merged", "full"):
        mission = add_mission(shop, task)
        if task != "empty":
            commit(Path(mission.worktree), f"{task}.txt")
        git(shop, "worktree", "remove", "-f", "-f", mission.worktree)
        forget_mission(mission.id)
    git(shop, "branch", "feature/of-a-person")
    git(shop, "merge", "-q", "--no-ff", "-m", "m", "feature/merged")
    found = {each["name"]: each for each in orphans(proposal(shop), "branch")}
    assert {name: each["proposed"] for name, each in found.items()} == {
        "feature/empty": True,
        "feature/merged": True,
        "feature/full": False,
    }
    assert "git branch -D feature/full" in found["feature/full"]["will"]
    assert sc("prune", "--yes", cwd=shop).code == 0
    left = git(shop, "branch", "--format=%(refname:short)").split()
    assert left == ["feature/full", "feature/of-a-person", "main"]


def test_a_mission_that_cannot_be_read_never_makes_its_worktree_an_orphan(shop: Path) -> None:
    mission = add_mission(shop, "broken")
    (file,) = home_here().missions_active.glob("*--broken/mission.json")
    file.write_text("{")
    found = proposal(shop)
    assert found["orphans"] == []
    assert {each["kind"] for each in found["unknown"]} >= {"worktree", "branch"}
    assert sc("prune", "--yes", cwd=shop).code == 0
    assert Path(mission.worktree).exists()


def test_refs_of_a_mission_that_is_gone_go_only_when_its_commits_are_on_a_branch(shop: Path) -> None:
    head = git(shop, "rev-parse", "HEAD")
    git(shop, "checkout", "-q", "--detach")
    alone = commit(shop, "alone.txt")
    git(shop, "switch", "-q", "main")
    kept, gone, foreign = (new_mission_id(clock.now()) for _ in range(3))
    git(shop, "update-ref", f"refs/scopecraft/{gone}/base/{head}", head)
    git(shop, "update-ref", f"refs/scopecraft/{kept}/tip", alone)
    git(shop, "update-ref", f"refs/scopecraft/{foreign}/base/{head}", head)  # of another home
    with Store.open(home_here().root) as store:
        store.append(*(Event(0, clock.to_text(clock.now()), "mission_created", id_) for id_ in (kept, gone)))
    assert sc("prune", "--yes", cwd=shop).code == 0
    left = git(shop, "for-each-ref", "--format=%(refname)", "refs/scopecraft").split()
    assert left == sorted([f"refs/scopecraft/{kept}/tip", f"refs/scopecraft/{foreign}/base/{head}"])


def test_folders_of_killed_starts_go_and_those_with_an_agents_work_stay(shop: Path) -> None:
    home = home_here()
    empty, printed, young = (new_session_id(clock.now()) for _ in range(3))
    for session_id in (empty, printed, young):
        SessionFolder(home.sessions / session_id).make()
    (home.sessions / printed / "stream.jsonl").write_text("{}\n")
    making = home.missions_active / f".making-{new_mission_id(clock.now())}"
    making.mkdir()
    lock = home.worktrees / ".locks" / "0123456789abcdef"
    lock.parent.mkdir(exist_ok=True)
    lock.touch()
    for path in (home.sessions / empty, home.sessions / printed, making, lock):
        aged(path)
    found = proposal(shop)
    assert {each["name"]: each["proposed"] for each in orphans(found, "session folder")} == {
        empty: True,
        printed: False,
    }
    assert sc("prune", "--yes", cwd=shop).code == 0
    assert sorted(path.name for path in home.sessions.iterdir()) == sorted([printed, young])
    assert not making.exists() and not lock.exists()


def test_an_engine_that_is_away_leaves_its_rows_unknown_and_the_rest_works(shop: Path) -> None:
    work(shop, "merged")
    git(shop, "merge", "-q", "feature/merged")
    said = sc("prune", cwd=shop)
    assert said.code == 0
    assert "merged (shop)" in said.out
    assert "not looked for: containers without an owner: there is no engine socket" in said.err


@pytest.fixture
def sockets() -> Iterator[None]:
    yield
    for socket in Path(os.environ["XDG_RUNTIME_DIR"]).glob("scopecraft/*/tmux"):
        subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=False, capture_output=True)


@pytest.mark.tmux
def test_windows_whose_session_is_not_known_are_closed_and_a_persons_own_stay(shop: Path, sockets: None) -> None:
    assert sc("dispatch", "lives", "--agent", "plain", "--", "sleep", "600", cwd=shop).code == 0
    (socket,) = Path(os.environ["XDG_RUNTIME_DIR"]).glob("scopecraft/*/tmux")

    def tmux(*words: str) -> str:
        return subprocess.run(
            ["tmux", "-S", str(socket), *words], capture_output=True, text=True, check=True
        ).stdout.strip()

    mine = tmux("new-window", "-d", "-P", "-F", "#{window_id}", "sleep", "600")
    lost = tmux("new-window", "-d", "-P", "-F", "#{window_id} #{pane_id}", "sleep", "600").split()
    tmux("set-option", "-p", "-t", lost[1], "@scopecraft_session", new_session_id(clock.now()))
    (found,) = orphans(proposal(shop), "window")
    assert found["name"].startswith(lost[0]) and "is recorded here" in found["why"]
    done = sc("prune", "--yes", cwd=shop)
    assert done.code == 0, done.err
    windows = tmux("list-windows", "-a", "-F", "#{window_id}").split()
    assert lost[0] not in windows and mine in windows and len(windows) == 2
    assert sc("stop", "lives", "--now", cwd=shop).code == 0


def test_a_worktree_on_another_branch_or_commits_that_were_not_taken_keep_a_merged_mission(shop: Path) -> None:
    elsewhere, waiting = work(shop, "elsewhere"), add_mission(shop, "waiting")
    commit(Path(waiting.worktree), "waiting.txt")
    for task in ("elsewhere", "waiting"):
        git(shop, "merge", "-q", "--no-ff", "-m", task, f"feature/{task}")
    git(elsewhere, "switch", "-q", "-c", "other")
    session = a_session(mission_id=waiting.id, task="waiting")
    home = home_here()
    SessionFolder(home.sessions / session.id).make()
    (home.sessions / session.id / "git").mkdir()
    with Store.open(home.root) as store:
        store.create(session, session.created_at)
        store.move(session.id, ended(), "session_ended", LATER)
    found = proposal(shop)
    assert "another branch" in row(found, "elsewhere")["obstacle"]
    assert f"session {session.id} has commits or a merge that were not taken" in row(found, "waiting")["obstacle"]


def test_a_pipe_for_which_git_would_wait_for_ever_keeps_a_merged_mission(shop: Path) -> None:
    there = work(shop, "piped")
    git(shop, "merge", "-q", "feature/piped")
    (there / "sub").mkdir()
    os.mkfifo(there / "sub" / ".gitignore")
    assert "it is a pipe" in row(proposal(shop), "piped")["obstacle"]
    said = sc("diff", "piped", "--name-only", cwd=shop)
    assert said.out.split() == ["piped.txt"] and "it is a pipe" in said.err


def test_missions_of_a_project_that_is_not_linked_any_more_are_named(shop: Path) -> None:
    add_mission(shop, "alone")
    home = home_here()
    (home.config / "projects.json").write_text('{"projects": []}')
    assert "the project shop is not linked" in sc("prune", cwd=shop).err


def test_what_killed_starts_and_deleted_folders_leave_of_worktrees_is_cleared_away(shop: Path) -> None:
    root, head = home_here().worktrees / "shop", git(shop, "rev-parse", "HEAD")
    gone = add_mission(shop, "gone")
    subprocess.run(["rm", "-r", gone.worktree], check=True)
    forget_mission(gone.id)
    half = root / "half"
    reason = f"scopecraft: being made, its branch at {head}"
    git(shop, "worktree", "add", "-q", "--lock", "--reason", reason, "-b", "feature/half", str(half))
    (root / "empty").mkdir()
    (root / "files").mkdir()
    (root / "files" / "x").write_text("a person's\n")
    (root.parent / ".pruned-0123").mkdir()
    found = {Path(each["name"]).name: each for each in orphans(proposal(shop), "worktree")}
    assert {name: each["proposed"] for name, each in found.items()} == {
        "gone": True,
        "half": True,
        "empty": True,
        "files": False,
        ".pruned-0123": True,
    }
    assert found["gone"]["will"] == "forgotten by git"
    done = sc("prune", "--yes", cwd=shop)
    assert done.code == 0, done.err
    assert [path.name for path in sorted(root.iterdir())] == ["files"]
    assert len(git(shop, "worktree", "list").splitlines()) == 1
    assert "feature/half" not in git(shop, "branch", "--list")
    assert not (root.parent / ".pruned-0123").exists()


def test_a_worktree_that_somebody_stands_in_is_not_pulled_away(shop: Path) -> None:
    mission = add_mission(shop, "held")
    forget_mission(mission.id)
    there = subprocess.Popen(["sleep", "600"], cwd=mission.worktree)
    try:
        done = sc("prune", "--yes", cwd=shop)
    finally:
        there.kill()
        there.wait()
    assert done.code == 1
    assert f"sleep 600 ({there.pid}) is at work" in done.err
    assert Path(mission.worktree).is_dir()


def test_a_worktree_of_another_home_in_the_same_repository_is_left_alone(shop: Path, clean_environment: Path) -> None:
    other = clean_environment / "other-home" / "worktrees" / "shop" / "theirs"
    reason = ("--lock", "--reason", "scopecraft mission theirs")
    git(shop, "worktree", "add", "-q", *reason, "-b", "feature/theirs", str(other))
    assert proposal(shop)["orphans"] == []


def test_without_tmux_windows_are_not_looked_for_and_the_rest_is(shop: Path, clean_environment: Path) -> None:
    work(shop, "merged")
    git(shop, "merge", "-q", "feature/merged")
    programs = clean_environment / "programs"
    programs.mkdir()
    git_program = shutil.which("git")
    assert git_program is not None
    (programs / "git").symlink_to(git_program)
    said = sc("prune", cwd=shop, PATH=str(programs))
    assert said.code == 0
    assert "merged (shop)" in said.out
    assert "not looked for: windows without an owner: tmux is not installed" in said.err
