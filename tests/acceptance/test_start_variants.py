"""`sc run` and `sc dispatch` on what is there already: a branch, a pull request, a person's own worktree."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import PROGRAM, Said, environment, sc
from tests.support.hub import GITHUB, GITLAB, Hub, make_hub
from tests.support.repos import commit, git
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.tmux]

WORK = "echo did >>work.txt; git add work.txt; git commit -qm work"


def run(workplace: Path, *options: str, script: str = WORK) -> Said:
    return sc("run", *options, "--agent", "plain", "--", "sh", "-c", script, cwd=workplace)


def mission(task: str) -> dict[str, Any]:
    (folder,) = Path(os.environ["SCOPECRAFT_HOME"]).glob(f"missions/active/m-*--{task}")
    found: dict[str, Any] = json.loads((folder / "mission.json").read_text())
    return found


def missions() -> list[str]:
    return sorted(
        folder.name.partition("--")[2] for folder in Path(os.environ["SCOPECRAFT_HOME"]).glob("missions/active/*")
    )


def refused(said: Said, code: int = 3) -> str:
    errors = [line for line in said.err.splitlines() if line.startswith("error: ")]
    assert (said.code, len(errors)) == (code, 1), said.err
    assert "Traceback" not in said.err
    assert "hint: " in said.err
    return said.err


@pytest.fixture
def hub(workplace: Path) -> Hub:
    commit(workplace, "shop.txt")
    return make_hub(workplace, workplace.parent)


# --branch


def test_an_existing_branch_is_worked_on_where_it_stands(workplace: Path) -> None:
    base = git(workplace, "rev-parse", "main")
    git(workplace, "switch", "--quiet", "--create", "fix/login")
    tip = commit(workplace, "begun.txt")
    git(workplace, "switch", "--quiet", "main")
    said = run(workplace, "--branch", "fix/login")
    assert said.code == 0, said.err
    made = mission("login")
    assert (made["branch"], made["base"], made["type"]) == ("fix/login", base, "fix")
    assert git(workplace, "rev-parse", "fix/login~1") == tip
    again = run(workplace, "--branch", "fix/login")
    assert again.code == 0, again.err
    assert "the branch fix/login belongs to login: going on there" in again.err
    assert missions() == ["login"]
    assert git(workplace, "rev-parse", "fix/login~2") == tip
    assert "belongs to the mission login" in refused(run(workplace, "other", "--branch", "fix/login"))


def test_a_branch_of_the_remote_is_made_here_and_tracks_nothing(workplace: Path, hub: Hub) -> None:
    git(hub.work, "switch", "--quiet", "--create", "far")
    tip = commit(hub.work, "far.txt")
    git(hub.work, "push", "--quiet", "origin", "far")
    git(workplace, "fetch", "--quiet")
    said = run(workplace, "go-far", "--branch", "origin/far")
    assert said.code == 0, said.err
    assert git(workplace, "rev-parse", "far~1") == tip
    assert mission("go-far")["base"] == git(workplace, "rev-parse", "main")
    assert git(workplace, "config", "--get-regexp", r"branch\.far", check=False) == ""


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--branch", "main"), "main is a main branch"),
        (("--branch", "nowhere"), "there is no branch 'nowhere'"),
        (("--branch", "busy"), "the branch busy is checked out in"),
        (("--pr", "7"), "has no remote"),
        (("--pr", "7", "--remote", "up"), "there is no remote 'up'"),
        (("--worktree", "nowhere"), "there is no folder nowhere"),
        (("--worktree", "."), "is the main checkout"),
    ],
)
def test_what_cannot_be_taken_up_leaves_nothing(workplace: Path, options: tuple[str, ...], says: str) -> None:
    git(workplace, "worktree", "add", "--quiet", "-b", "busy", str(workplace.parent / "busy"))
    before = git(workplace, "for-each-ref")
    assert says in refused(run(workplace, "fine", *options))
    assert missions() == []
    assert git(workplace, "for-each-ref") == before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--pr", "7", "--branch", "x"), "--branch and --pr cannot be given together"),
        (("--worktree", ".", "--branch", "x"), "--branch and --worktree cannot be given together"),
        (("--pr", "7", "--agents", "plain,plain"), "--pr and --agents cannot be given together"),
        (("--pr", "7", "--base", "main"), "--base and --pr cannot be given together"),
        (("--branch", "x", "--base", "main"), "--base and --branch cannot be given together"),
        (("--agents", "plain,claude"), "--agent and --agents cannot be given together"),
        (("--remote", "x"), "there is no --pr"),
        (("--pr", "0"), "there is no pull request 0"),
        (("--pr", "-7"), "there is no pull request -7"),
        (("--pr", "9" * 30), "there is no pull request 999"),
        (("--pr", "x"), "'x' is not a valid integer"),
    ],
)
def test_options_that_exclude_each_other_are_named(workplace: Path, options: tuple[str, ...], says: str) -> None:
    assert says in refused(run(workplace, "fine", *options), 2)
    assert missions() == []


def test_a_task_is_left_out_only_where_something_names_it(workplace: Path) -> None:
    assert "missing argument 'TASK'" in refused(sc("run", "-m", "x", cwd=workplace), 2)
    nameless = refused(sc("dispatch", cwd=workplace), 2)
    assert "missing argument 'TASK'" in nameless and "sc dispatch fix-login" in nameless
    assert refused(run(workplace, "--project", "nowhere", script="exit 0"))  # the command's first word is the task


# --pr


@pytest.mark.parametrize("pattern", [GITHUB, GITLAB])
def test_a_pull_request_is_worked_on_and_found_again(workplace: Path, pattern: str) -> None:
    base = commit(workplace, "shop.txt")
    hub = make_hub(workplace, workplace.parent, pattern)
    head = hub.push(7, "theirs.txt", onto="main")
    said = run(workplace, "--pr", "7", script="git log -1 --format=%s; ls")
    assert said.code == 0, said.err
    assert "write theirs.txt" in said.out
    made = mission("pr-7")
    assert (made["branch"], made["base"]) == ("feature/pr-7", base)
    assert made["pull_request"] == {"number": 7, "head": head, "is_merged": False}
    assert git(workplace, "rev-parse", f"refs/scopecraft/{made['mission_id']}/pr") == head
    moved = hub.push(7, "more.txt")
    again = run(workplace, "--pr", "7", script="ls")
    assert again.code == 0, again.err
    assert "pull request 7 belongs to pr-7: going on there" in again.err
    assert f"pull request 7 has moved, and feature/pr-7 with it, to {moved[:12]}" in again.err
    assert "more.txt" in again.out
    assert mission("pr-7")["pull_request"]["head"] == moved
    assert missions() == ["pr-7"]


def test_a_pull_request_that_moved_on_leaves_work_of_ones_own_alone(workplace: Path, hub: Hub) -> None:
    hub.push(7, "theirs.txt", onto="main")
    assert run(workplace, "review-it", "--pr", "7").code == 0
    assert mission("review-it")["branch"] == "feature/pr-7-review-it"
    mine = git(workplace, "rev-parse", "feature/pr-7-review-it")
    head = hub.push(7, "more.txt")
    said = run(workplace, "--pr", "7", script="true")
    assert said.code == 0, said.err
    assert "has work of its own, so it stays" in said.err
    assert git(workplace, "rev-parse", "feature/pr-7-review-it") == mine
    told = next(line for line in said.err.splitlines() if "bring them together: " in line).partition("together: ")[2]
    subprocess.run(["sh", "-c", told], check=True, capture_output=True)
    git(workplace, "merge-base", "--is-ancestor", head, "feature/pr-7-review-it")


def test_a_pull_request_that_is_not_there_leaves_nothing(workplace: Path, hub: Hub) -> None:
    before = git(workplace, "for-each-ref")
    assert "origin has no pull request 8" in refused(run(workplace, "--pr", "8"))
    hub.push(7, "theirs.txt", onto="main")
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    settings.write_text('[worktrees]\nbranch_template = "a..b/{slug}"\n')
    refused(run(workplace, "--pr", "7"), 2)
    assert git(workplace, "for-each-ref") == before
    assert missions() == []


@pytest.mark.parametrize("options", [("--pr", "7"), ("--branch", "origin/far")])
def test_what_was_made_for_a_start_that_is_refused_is_gone_again(
    workplace: Path, hub: Hub, options: tuple[str, ...]
) -> None:
    hub.push(7, "theirs.txt", onto="main")
    git(hub.work, "push", "--quiet", "origin", "HEAD:far")
    git(workplace, "fetch", "--quiet")
    git(workplace, "config", "filter.secret.required", "true")
    git(workplace, "config", "filter.secret.clean", "cat")
    git(workplace, "config", "filter.secret.smudge", "cat")
    (workplace / ".git" / "info" / "attributes").write_text("* filter=secret\n")
    before = git(workplace, "for-each-ref"), git(workplace, "worktree", "list")
    assert "must run on every file" in refused(run(workplace, *options))
    assert (git(workplace, "for-each-ref"), git(workplace, "worktree", "list")) == before
    assert missions() == []


def test_a_task_that_is_there_takes_no_pull_request(workplace: Path, hub: Hub) -> None:
    hub.push(7, "theirs.txt", onto="main")
    assert run(workplace, "fine", script="true").code == 0
    assert "fine is there already" in refused(run(workplace, "fine", "--pr", "7"))
    assert mission("fine")["pull_request"] is None


def test_a_pull_request_in_a_window(workplace: Path, hub: Hub) -> None:
    hub.push(7, "theirs.txt", onto="main")
    said = sc("dispatch", "--pr", "7", "--agent", "plain", "--", "sh", "-c", "ls >seen; sleep 600", cwd=workplace)
    assert said.code == 0, said.err
    worktree = Path(sc("path", "pr-7", cwd=workplace).out.strip())
    until(lambda: (worktree / "seen").is_file() and "theirs.txt" in (worktree / "seen").read_text())


def begin(workplace: Path, *options: str, **env: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*PROGRAM, "run", *options, "--agent", "plain", "--detach", "--", "true"],
        cwd=workplace,
        env=environment(**env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


@pytest.fixture
def hanging_ssh(workplace: Path, hub: Hub) -> str:
    """A remote that never answers; it tells that somebody asks."""
    git(workplace, "remote", "set-url", "origin", "ssh://host.example.com/shop.git")
    program = workplace.parent / "ssh"
    program.write_text(f"#!/bin/sh\necho $$ >{workplace.parent}/asked\nexec sleep 600\n")
    program.chmod(0o755)
    return str(program)


def is_running(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_ctrl_c_gives_up_a_remote_that_hangs_and_leaves_nothing(workplace: Path, hanging_ssh: str) -> None:
    before = git(workplace, "for-each-ref")
    process = begin(workplace, "--pr", "7", GIT_SSH_COMMAND=hanging_ssh, GIT_SSH_VARIANT="simple")
    asked = workplace.parent / "asked"
    until(lambda: asked.is_file() and asked.read_text().strip(), 30)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    until(lambda: not is_running(asked.read_text().strip()), what="the person's ssh to end")
    assert (git(workplace, "for-each-ref"), missions()) == (before, [])


def test_one_pull_request_gets_one_mission_however_many_start_it_at_once(workplace: Path, hub: Hub) -> None:
    hub.push(7, "theirs.txt", onto="main")
    started = [begin(workplace, *task, "--pr", "7") for task in ([], [], ["one"], ["two"])]
    told = [process.communicate(timeout=120)[1].decode() for process in started]
    codes = sorted(process.returncode for process in started)
    assert codes[0] == 0 and set(codes) <= {0, 3}, told
    assert len(missions()) == 1
    assert len(git(workplace, "branch", "--list", "feature/*").split()) <= 2


@pytest.mark.parametrize("moment", ["refs/heads/feature/pr-7", "refs/scopecraft/*/pr", "mission", "worktree"])
def test_a_start_that_was_killed_is_done_again(workplace: Path, hub: Hub, moment: str) -> None:
    hub.push(7, "theirs.txt", onto="main")
    home = Path(os.environ["SCOPECRAFT_HOME"])
    patterns = {"mission": home / "missions/active", "worktree": home / "worktrees/shop"}
    process = begin(workplace, "--pr", "7")
    while process.poll() is None:
        folder = patterns.get(moment)
        if any(folder.glob("[!.]*")) if folder else any((workplace / ".git").glob(moment)):
            process.kill()
            break
    process.communicate(timeout=60)
    said = run(workplace, "--pr", "7", script="ls")
    assert said.code == 0, said.err
    assert "theirs.txt" in said.out
    assert missions() == ["pr-7"]


def test_a_window_on_a_strangers_pull_request_names_first_what_of_it_would_run_here(workplace: Path, hub: Hub) -> None:
    hub.push(7, ".claude/settings.json", onto="main")
    said = sc("dispatch", "--pr", "7", "--agent", "plain", "--", "sleep", "600", cwd=workplace)
    assert said.code == 0, said.err
    assert ".claude/settings.json" in said.err


# --worktree


@pytest.fixture
def tree(workplace: Path) -> Path:
    path = workplace.parent / "tree"
    git(workplace, "worktree", "add", "--quiet", "-b", "mine", str(path))
    commit(path, "mine.txt")
    return path


def test_a_persons_own_worktree_is_worked_in(workplace: Path, tree: Path) -> None:
    (tree / "notes.txt").write_text("not committed")
    said = sc("run", "--worktree", str(tree), "--agent", "plain", "--", "sh", "-c", WORK, cwd=workplace.parent)
    assert said.code == 0, said.err
    made = mission("tree")
    assert (made["worktree"], made["branch"]) == (str(tree), "mine")
    assert made["base"] == git(workplace, "rev-parse", "main")
    assert (tree / "work.txt").is_file()
    assert (tree / "notes.txt").read_text() == "not committed"
    assert git(tree, "log", "--format=%s", "main..mine").splitlines() == ["work", "write mine.txt"]
    assert "locked scopecraft" in git(workplace, "worktree", "list", "--porcelain")
    again = sc("run", "--worktree", str(tree), "--agent", "plain", "--", "true", cwd=workplace)
    assert (again.code, missions()) == (0, ["tree"]), again.err


def test_a_start_that_is_refused_gives_the_worktree_back_as_it_was(workplace: Path, tree: Path) -> None:
    (tree / ".gitattributes").write_text("* filter=secret\n")
    git(workplace, "config", "filter.secret.required", "true")
    git(workplace, "config", "filter.secret.clean", "cat")
    before = git(workplace, "worktree", "list", "--porcelain"), git(workplace, "for-each-ref")
    refused(run(workplace, "fine", "--worktree", str(tree)))
    assert (git(workplace, "worktree", "list", "--porcelain"), git(workplace, "for-each-ref")) == before
    assert (tree / "mine.txt").is_file()
    assert missions() == []


def test_a_worktree_that_went_to_another_branch_is_not_taken_along(workplace: Path, tree: Path) -> None:
    assert run(workplace, "--worktree", str(tree), script="true").code == 0
    git(tree, "switch", "--quiet", "--create", "elsewhere")
    said = run(workplace, "tree", script="true")
    assert f"{tree} has elsewhere checked out, and the mission works on mine" in refused(said)
    hint = next(line for line in said.err.splitlines() if line.startswith("hint: "))
    subprocess.run(["sh", "-c", hint.removeprefix("hint: ")], check=True, capture_output=True)
    assert run(workplace, "tree", script="true").code == 0


def test_two_missions_never_share_a_branch(workplace: Path, tree: Path) -> None:
    git(tree, "branch", "--move", "mine", "feature/other")
    assert run(workplace, "first", "--worktree", str(tree), script="true").code == 0
    assert "belongs to the mission first" in refused(run(workplace, "other"))
    assert missions() == ["first"]


def test_a_folder_without_git_is_no_worktree(workplace: Path, tmp_path: Path) -> None:
    said = sc("run", "--worktree", str(tmp_path), "--agent", "plain", "--", "true", cwd=workplace)
    assert (said.code, f"{tmp_path} is in no worktree" in said.err) == (3, True), said.err


def test_a_worktree_of_a_repository_that_is_not_linked(workplace: Path) -> None:
    other = workplace.parent / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    commit(other, "x")
    git(other, "worktree", "add", "--quiet", "-b", "mine", str(workplace.parent / "tree"))
    assert "sc link" in refused(run(workplace, "--worktree", str(workplace.parent / "tree")))
