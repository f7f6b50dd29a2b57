"""A mission's branch merged into its base, and the base brought into it: what is refused, and what comes of it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scopecraft.errors import AlreadyRunning, MergeConflict, NotFound, Overtaken, Refused, RepositoryRefused
from scopecraft.missions.folder import create_mission, folder_of, save_mission
from scopecraft.missions.recipe import save_recipe
from scopecraft.model.mission import Approval, Mission, StepPhase, StepState
from scopecraft.model.session import Queued
from scopecraft.model.workflow import Recipe, Step, Workflow
from scopecraft.sessions.branch_moves import branches_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.doctor_checks import checks
from scopecraft.sessions.merging import MergeAs, merge_mission
from scopecraft.sessions.syncing import SyncAs, sync_mission
from scopecraft.worktrees.moving import INTENT
from scopecraft.worktrees.pointer import read_pointer
from scopecraft.worktrees.refusal import refuse_unsupported
from scopecraft.worktrees.repository import open_repository
from scopecraft.worktrees.worktree import CreateRequest, create
from tests.support.command_line import PROGRAM, environment
from tests.support.killed_at import killed_at
from tests.support.missions import Desk, make_desk
from tests.support.repos import bare_copy, commit, git
from tests.support.sessions import AT, a_session

REVIEWED = Workflow(
    "reviewed", "Reviewed", (Step("code", "Code", "agent"), Step("look", "Look at the code", "code-review"))
)
TAKEN = MergeAs(unreviewed=True)


@pytest.fixture
def desk(clean_environment: Path) -> Desk:
    return make_desk(clean_environment)


@pytest.fixture
def context(desk: Desk) -> Context:
    return Context.of(os.environ)


@pytest.fixture
def mission(desk: Desk) -> Mission:
    """Two commits on its branch."""
    mission = desk.mission("fix-login")
    commit(Path(mission.worktree), "login.txt")
    commit(Path(mission.worktree), "file-0.txt", "mended\n")
    return mission


def tip(desk: Desk, branch: str = "main") -> str:
    return git(desk.folder, "rev-parse", branch)


def kinds(context: Context, mission: Mission) -> list[str]:
    return [event.kind for event in context.store.events(mission_id=mission.id)]


def reviewed(desk: Desk, mission: Mission, at: str | None, phase: StepPhase = "done") -> Mission:
    """With a workflow whose code review was passed for that commit."""
    approval = Approval("me", AT, commit=at) if at else None
    steps = (StepState("code", "done"), StepState("look", phase, approval=approval))
    changed = replace(mission, workflow_id="reviewed", steps=steps)
    save_recipe(folder_of(desk.home, changed), Recipe(REVIEWED))
    save_mission(desk.home, changed)
    return changed


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_the_work_lands_and_the_checkout_has_it(desk: Desk, context: Context, mission: Mission, how: str) -> None:
    commit(desk.folder, "meanwhile.txt")
    before = tip(desk)
    (desk.folder / "file-2.txt").write_text("mine\n")
    merged = merge_mission(context, mission, replace(TAKEN, how=how))  # type: ignore[arg-type]
    assert (merged.into, merged.commit, merged.checkout) == ("main", tip(desk), desk.folder)
    assert (desk.folder / "file-0.txt").read_text() == "mended\n"
    assert git(desk.folder, "status", "--porcelain") == " M file-2.txt"
    line = git(desk.folder, "log", "--first-parent", "--format=%s", f"{before}..main").split("\n")
    assert (
        line
        == {
            "merge": ["Merge branch 'feature/fix-login'"],
            "squash": ["fix-login"],
            "rebase": ["write file-0.txt", "write login.txt"],
        }[how]
    )
    assert git(desk.folder, "log", "-1", "--format=%cn") == "Tester"
    assert kinds(context, mission) == ["branch_merged"]
    # as `sc prune` sees it, and a second time nothing is left to do
    assert "merged" in desk.done("prune", "--dry-run").out
    assert not merge_mission(context, mission, replace(TAKEN, how=how)).is_news  # type: ignore[arg-type]
    assert kinds(context, mission) == ["branch_merged"]


def test_a_conflict_changes_nothing_and_names_the_files(desk: Desk, context: Context, mission: Mission) -> None:
    commit(desk.folder, "file-0.txt", "otherwise\n")
    before = tip(desk)
    for how in ("merge", "squash", "rebase"):
        with pytest.raises(MergeConflict, match=r"(?s)one file.*file-0\.txt: both changed the same lines") as raised:
            merge_mission(context, mission, replace(TAKEN, how=how))
        assert "sc run fix-login -m" in raised.value.hint
    assert (tip(desk), git(desk.folder, "status", "--porcelain")) == (before, "")
    assert kinds(context, mission) == []


@pytest.mark.parametrize(
    ("at", "phase", "said"),
    [
        (lambda _: None, "pending", "not reviewed: Look at the code has not been passed"),
        (lambda _: None, "skipped", "not reviewed"),
        (lambda desk: tip(desk), "done", "was reviewed at [0-9a-f]{12}, and its branch is at"),
    ],
    ids=["open", "skipped", "other commit"],
)
def test_what_its_workflow_wants_reviewed_is_not_merged_before(
    desk: Desk, context: Context, mission: Mission, at: Callable[[Desk], str | None], phase: StepPhase, said: str
) -> None:
    mission = reviewed(desk, mission, at(desk), phase)
    with pytest.raises(Refused, match=said):
        merge_mission(context, mission, MergeAs())
    assert merge_mission(context, mission, TAKEN).is_news


def test_what_was_approved_is_merged_without_a_question(desk: Desk, mission: Mission) -> None:
    reviewed(desk, mission, tip(desk, mission.branch))
    found = json.loads(desk.done("merge", "fix-login", "--json").out)
    assert (found["merged"], found["commit"]) == (True, tip(desk))


def test_the_work_of_a_run_is_asked_about_and_what_runs_here_is_named(desk: Desk, mission: Mission) -> None:
    commit(Path(mission.worktree), ".vscode/tasks.json", "{}\n")
    said = desk.sc("merge", "fix-login")
    assert (said.code, "nobody has reviewed fix-login" in said.err) == (2, True)
    assert ".vscode/tasks.json: editors run it" in said.err
    desk.done("merge", "fix-login", "--yes")


def test_uncommitted_work_is_named_or_left_out(desk: Desk, context: Context, mission: Mission) -> None:
    (Path(mission.worktree) / "half.txt").write_text("half\n")
    with pytest.raises(Refused, match=r"not committed: half\.txt"):
        merge_mission(context, mission, TAKEN)
    merged = merge_mission(context, mission, replace(TAKEN, only_committed=True))
    assert merged.left_out == ("half.txt",)
    assert not (desk.folder / "half.txt").exists()


def test_nothing_is_merged_while_a_session_waits_or_works(context: Context, mission: Mission) -> None:
    session = a_session(mission_id=mission.id, task=mission.slug, project="shop", status=Queued(AT))
    context.store.create(session, AT)
    for act in (lambda: merge_mission(context, mission, TAKEN), lambda: sync_mission(context, mission, SyncAs())):
        with pytest.raises(AlreadyRunning):
            act()
    assert kinds(context, mission) == ["session_created"]


def test_a_branch_that_moved_since_it_was_shown_is_not_merged(desk: Desk, context: Context, mission: Mission) -> None:
    shown = tip(desk, mission.branch)
    commit(Path(mission.worktree), "later.txt")
    with pytest.raises(Overtaken, match="since you were shown it"):
        merge_mission(context, mission, replace(TAKEN, tip=shown))


def test_who_git_does_not_know_cannot_merge(
    desk: Desk, context: Context, mission: Mission, clean_environment: Path
) -> None:
    (clean_environment / "home" / ".gitconfig").unlink()
    with pytest.raises(RepositoryRefused, match="does not know your name"):
        merge_mission(context, mission, TAKEN)
    assert merge_mission(context, mission, replace(TAKEN, how="rebase")).is_news  # nothing is written in their name


def test_the_base_is_what_the_project_calls_so_or_what_is_said(desk: Desk, context: Context, mission: Mission) -> None:
    assert branches_of(context, mission, None).base == "main"
    git(desk.folder, "branch", "trunk")
    git(desk.folder, "update-ref", "refs/remotes/origin/trunk", "HEAD")
    git(desk.folder, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert branches_of(context, mission, None).base == "trunk"
    before = tip(desk)
    assert merge_mission(context, mission, replace(TAKEN, into="trunk")).checkout is None
    assert (tip(desk), git(desk.folder, "status", "--porcelain")) == (before, "")
    with pytest.raises(NotFound, match="no branch 'nowhere'"):
        merge_mission(context, mission, replace(TAKEN, into="nowhere"))


def test_merges_of_its_own_are_not_lost_by_a_rebase(desk: Desk, context: Context, mission: Mission) -> None:
    commit(desk.folder, "file-1.txt", "main\n")
    sync_mission(context, mission, SyncAs())
    worktree = Path(mission.worktree)
    (worktree / "by-hand.txt").write_text("in the merge itself\n")
    git(worktree, "add", "by-hand.txt")
    git(worktree, "commit", "-q", "--amend", "--no-edit")
    commit(desk.folder, "file-2.txt", "main\n")
    with pytest.raises(Refused, match="merges whose work would be lost"):
        merge_mission(context, mission, replace(TAKEN, how="rebase"))
    merge_mission(context, mission, replace(TAKEN, how="squash"))
    assert (desk.folder / "by-hand.txt").exists()


def test_two_at_once_both_land(desk: Desk) -> None:
    names = ("one", "two", "three")
    for name in names:
        commit(Path(desk.mission(name).worktree), f"{name}.txt")
    running_now = [
        subprocess.Popen([*PROGRAM, "merge", name, "--yes"], cwd=desk.folder, env=environment(), stderr=subprocess.PIPE)
        for name in names
    ]
    said = [process.communicate(timeout=60)[1].decode() for process in running_now]
    assert [process.returncode for process in running_now] == [0, 0, 0], said
    assert {f"{name}.txt" for name in names} <= {path.name for path in desk.folder.iterdir()}
    assert git(desk.folder, "status", "--porcelain") == ""
    assert git(desk.folder, "rev-list", "--count", "--merges", "main") == "3"


def test_attributes_of_the_branch_do_not_decide_about_the_base(desk: Desk, context: Context, mission: Mission) -> None:
    """`merge=union` joins what contradicts itself; the base has not asked for it."""
    commit(Path(mission.worktree), ".gitattributes", "* merge=union\n")
    commit(desk.folder, "file-0.txt", "otherwise\n")
    with pytest.raises(MergeConflict):
        merge_mission(context, mission, TAKEN)


def test_killed_anywhere_the_next_merge_brings_it_to_an_end(desk: Desk, mission: Mission) -> None:
    """The journal says it once; nothing is ever half merged then."""
    outcomes = set()
    number = 0

    def merge() -> None:
        merge_mission(Context.of(os.environ), mission, TAKEN)

    while killed_at(number, desk.folder / ".git", merge):
        merged_now = tip(desk) != git(desk.folder, "rev-parse", f"{mission.branch}~2")
        outcomes.add(merged_now)
        merge()
        context = Context.of(os.environ)
        assert git(desk.folder, "status", "--porcelain") == ""
        assert kinds(context, mission).count("branch_merged") == number + 1
        assert (desk.folder / "login.txt").exists()
        git(desk.folder, "reset", "-q", "--hard", mission.base)
        git(
            Path(mission.worktree),
            "commit",
            "-q",
            "--amend",
            "--no-edit",
            "--date=now",
            "--reset-author",
            "-m",
            f"{number}",
        )
        number += 1
    assert outcomes == {True, False}


def test_what_was_interrupted_is_told_by_the_doctor(desk: Desk, mission: Mission) -> None:
    (desk.folder / ".git" / INTENT).write_text("{}")
    told = [finding.text for finding in checks(os.environ)["home"]()]
    assert [text for text in told if f"{desk.folder} was interrupted" in text]


def test_a_bare_project_has_its_branch_moved(clean_environment: Path) -> None:
    desk = make_desk(clean_environment)
    bare = bare_copy(desk.folder, clean_environment / "bare.git")
    desk.done("link", str(bare))
    repo = open_repository(bare)
    place = desk.home.worktrees / "bare" / "fix-login"
    mission = replace(desk.mission("fix-login"), id="m-0000000000000001", project="bare", worktree=str(place))
    create_mission(desk.home, mission, "what to do\n")
    create(repo, CreateRequest(place, mission.branch, mission.base, "scopecraft: fix-login"))
    commit(place, "login.txt")
    merged = merge_mission(Context.of(os.environ), mission, TAKEN)
    assert (merged.checkout, git(bare, "rev-parse", "main")) == (None, merged.commit)
    assert "login.txt" in git(bare, "ls-tree", "--name-only", "main")


def test_the_base_comes_into_the_worktree_beside_what_is_not_committed(
    desk: Desk, context: Context, mission: Mission
) -> None:
    commit(desk.folder, "news.txt")
    worktree = Path(mission.worktree)
    (worktree / "half.txt").write_text("half\n")
    (worktree / "file-1.txt").write_text("half\n")
    synced = sync_mission(context, mission, SyncAs())
    assert (synced.base, synced.commits, synced.worktree) == ("main", 1, worktree)
    assert (worktree / "news.txt").exists()
    assert git(worktree, "status", "--porcelain") == " M file-1.txt\n?? half.txt"
    assert git(worktree, "log", "-1", "--format=%s") == "Merge branch 'main' into feature/fix-login"
    assert kinds(context, mission) == ["branch_synced"]
    assert not sync_mission(context, mission, SyncAs()).is_news
    commit(desk.folder, "file-1.txt", "in the way\n")
    with pytest.raises(Refused, match=r"file-1\.txt"):
        sync_mission(context, mission, SyncAs())


def test_no_agent_begins_on_files_that_are_half_way(desk: Desk, context: Context, mission: Mission) -> None:
    commit(desk.folder, "news.txt")
    worktree = Path(mission.worktree)
    admin = Path(git(worktree, "rev-parse", "--absolute-git-dir"))
    number = 0
    while not (admin / "index.lock").exists():
        sync_mission(context, mission, SyncAs())  # whatever was begun before
        git(worktree, "reset", "-q", "--hard", "HEAD~1")
        assert killed_at(number, admin, lambda: sync_mission(Context.of(os.environ), mission, SyncAs()))
        number += 1
    repo = open_repository(desk.folder)
    with pytest.raises(RepositoryRefused, match="was interrupted"):
        refuse_unsupported(repo, worktree, read_pointer(worktree))
    sync_mission(context, mission, SyncAs())
    assert git(worktree, "status", "--porcelain") == ""
    refuse_unsupported(repo, worktree, read_pointer(worktree))


def test_a_rebase_keeps_the_commits_that_it_replaces(desk: Desk, context: Context, mission: Mission) -> None:
    commit(desk.folder, "news.txt")
    old = tip(desk, mission.branch)
    sync_mission(context, mission, SyncAs("rebase"))
    worktree = Path(mission.worktree)
    assert git(worktree, "status", "--porcelain") == ""
    assert git(worktree, "log", "--format=%s", "-3").split("\n") == [
        "write file-0.txt",
        "write login.txt",
        "write news.txt",
    ]
    assert git(desk.folder, "for-each-ref", "--format=%(objectname)", f"refs/scopecraft/{mission.id}") == old
    mission = reviewed(desk, mission, tip(desk, mission.branch))
    commit(desk.folder, "more.txt")
    with pytest.raises(Refused, match="were reviewed"):
        sync_mission(context, mission, SyncAs("rebase"))


def test_a_review_that_was_passed_is_open_again(desk: Desk, context: Context, mission: Mission) -> None:
    mission = reviewed(desk, mission, tip(desk, mission.branch))
    commit(desk.folder, "news.txt")
    sync_mission(context, mission, SyncAs())
    document = json.loads((folder_of(desk.home, mission) / "mission.json").read_text())
    assert [step["phase"] for step in document["steps"]] == ["done", "pending"]
    assert "gate_opened" in kinds(context, mission)


def test_a_conflict_with_the_base_says_how_it_is_resolved(desk: Desk, mission: Mission) -> None:
    commit(desk.folder, "file-0.txt", "otherwise\n")
    said = desk.sc("sync", "fix-login")
    assert said.code == 1
    assert "file-0.txt: both changed the same lines" in said.err
    assert "sc run fix-login -m 'merge main and resolve the conflicts'" in said.err
    assert git(Path(mission.worktree), "status", "--porcelain") == ""
