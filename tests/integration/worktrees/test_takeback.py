"""What comes back to the host after a session: the branch, and everything else where nothing is lost."""

from __future__ import annotations

import subprocess
import threading
from dataclasses import replace

import pytest

from scopecraft.errors import CommitsRefused
from scopecraft.worktrees.facts import PrivateFacts
from scopecraft.worktrees.harvest import read_harvest
from scopecraft.worktrees.takeback import TakeBack, take_back
from tests.support.container_git import BRANCH, MISSION, AgentSession, Place, fill
from tests.support.wait import until

pytestmark = pytest.mark.engine

OWN = f"refs/scopecraft/{MISSION}/"
COMMIT = "echo {0} >{0}; git add {0}; git commit -q -m {0}"


def commit(*names: str) -> str:
    return "\n".join(COMMIT.format(name) for name in names)


def codes(taken: TakeBack) -> list[str]:
    return [alert.code for alert in taken.alerts]


def subjects(place: Place, of: str = BRANCH) -> list[str]:
    return place.main_git("log", "--format=%s", of).splitlines()


def again(session: AgentSession) -> TakeBack:
    return take_back(session.place.repo, session.private.facts, read_harvest(session.private.facts.harvest_folder))


def test_commits_are_on_the_branch_and_the_worktree_is_as_the_agent_left_it(place: Place) -> None:
    session = place.session()
    taken = session.work(
        commit("a", "b") + "\necho s >staged; git add staged; echo c >>a; echo u >untracked; rm README.md"
    )
    assert (taken.commits, taken.moved, taken.alerts, taken.kept_refs) == (2, True, (), ())
    assert taken.branch_tip == place.tip() == place.git("rev-parse", "HEAD")
    assert subjects(place) == ["b", "a", "first"]
    assert place.git("status", "--porcelain").splitlines() == [" D README.md", " M a", "A  staged", "?? untracked"]
    assert place.kept() == {f"old/{session.private.tip}": session.private.tip}
    assert "taken back from r-1" in place.git("reflog", "-1")
    assert place.main_git("fsck", "--no-dangling") == ""
    leftovers = [path.name for path in (place.main / ".git/objects").rglob("*") if path.name.endswith((".keep", "tmp"))]
    assert leftovers == []


@pytest.mark.parametrize("apart", [False, True], ids=["by the launcher", "in a fresh container"])
def test_either_harvest_gives_the_same(place: Place, apart: bool) -> None:
    session = place.session()
    if apart:
        session.run(commit("a"))
        taken = session.take_back()
    else:
        taken = session.work(commit("a"))
    assert (taken.commits, subjects(place)) == (1, ["a", "first"])


def test_a_session_without_commits_changes_nothing(place: Place) -> None:
    before = place.main_git("for-each-ref", "refs/heads")
    taken = place.session().work("true")
    assert (taken.commits, taken.moved, taken.refused, taken.alerts) == (0, False, None, ())
    assert taken.branch_tip == place.tip()
    assert place.main_git("for-each-ref", "refs/heads") == before


def test_the_facts_are_enough_for_another_process(place: Place) -> None:
    session = place.session()
    session.run(commit("a"))
    harvest = session.harvest()
    taken = take_back(place.repo, PrivateFacts.from_dict(session.private.facts.to_dict()), harvest)
    assert taken.commits == 1


def test_taking_back_twice_does_no_harm(place: Place) -> None:
    session = place.session()
    first = session.work(commit("a") + "\necho s >staged; git add staged; git tag t; git stash list")
    status = place.git("status", "--porcelain")
    assert again(session) == first
    assert place.git("status", "--porcelain") == status
    assert len(list((place.main / ".git/objects/pack").glob("*.pack"))) == 1


def test_a_take_back_that_was_killed_half_way_is_finished_by_the_next(place: Place) -> None:
    session = place.session()
    session.run(commit("a") + "\ngit tag t")
    harvest = session.harvest()
    facts = session.private.facts
    # killed after the branch moved: the pack is there with its .keep, the index is old, the bases stand
    first = take_back(place.repo, facts, harvest)
    pack = next((place.main / ".git/objects/pack").glob("*.pack"))
    pack.with_suffix(".keep").touch()
    place.main_git("update-ref", f"{OWN}base/{facts.tip}", facts.tip)
    place.git("read-tree", facts.tip)
    assert again(session) == first
    assert not pack.with_suffix(".keep").exists()
    assert place.git("status", "--porcelain") == ""
    assert not [name for name in place.kept() if name.startswith("base/")]
    # and after that someone worked on
    fill(place.worktree, {"later": "l\n"})
    place.git("add", ".")
    place.git("commit", "-q", "-m", "later")
    assert again(session).branch_tip == place.tip()
    assert subjects(place) == ["later", "a", "first"]


@pytest.mark.parametrize(
    ("script", "after", "commits"),
    [
        ("echo x >>README.md; git commit -q -a --amend -m amended", ["amended"], 1),
        (commit("a", "b") + "\ngit reset -q --soft HEAD~2; git commit -q --amend -m squashed", ["squashed"], 1),
        ("git reset -q --hard HEAD~1", [], 0),
    ],
    ids=["amend", "squash", "reset"],
)
def test_rewritten_history_moves_the_branch_and_keeps_what_it_was(
    place: Place, script: str, after: list[str], commits: int
) -> None:
    fill(place.worktree, {"second": "2\n"})
    place.git("add", ".")
    place.git("commit", "-q", "-m", "second")
    session = place.session()
    taken = session.work(script)
    assert subjects(place) == [*after, "first"]
    assert (taken.moved, taken.commits, codes(taken)) == (True, commits, ["history_rewritten"])
    assert taken.kept_refs == (f"{OWN}old/{session.private.tip}",)
    assert place.git("status", "--porcelain") == ""


def test_a_rebase_onto_main_is_taken(place: Place) -> None:
    place.session("r-1").work(commit("a"))
    fill(place.main, {"m": "m\n"})
    place.main_git("add", ".")
    place.main_git("commit", "-q", "-m", "m")
    taken = place.session("r-2").work("git rebase -q main")
    assert subjects(place) == ["a", "m", "first"]
    assert codes(taken) == ["history_rewritten"]


@pytest.mark.parametrize(
    ("script", "adopted"),
    [
        ("git switch -q --detach; " + commit("a"), "a detached HEAD"),
        ("git branch -m better; " + commit("a"), "better"),
        ("git switch -q -c other; git branch -q -D " + BRANCH + "; " + commit("a"), "other"),
        (commit("z") + "; git switch -q -c other; " + commit("a"), "other"),
    ],
    ids=["detached", "renamed", "deleted", "another branch on top"],
)
def test_a_head_that_continues_the_branch_is_adopted(place: Place, script: str, adopted: str) -> None:
    taken = place.session().work(script)
    assert subjects(place)[0] == "a"
    assert codes(taken) == ["head_adopted"]
    assert adopted in taken.alerts[0].text
    assert place.git("status", "--porcelain", "-b") == f"## {BRANCH}"


@pytest.mark.parametrize(
    ("script", "branch", "code", "ref"),
    [
        ("git switch -q --detach HEAD~1; " + commit("a"), ["second", "first"], "head_elsewhere", "head"),
        (commit("b") + "; git switch -q main; " + commit("a"), ["b", "second", "first"], "head_elsewhere", "head"),
        (
            f"git checkout -q --orphan x; git commit -q -m a; git branch -M {BRANCH}",
            ["second", "first"],
            "branch_kept",
            "tip",
        ),
    ],
    ids=["diverged", "on main", "orphan"],
)
def test_a_head_elsewhere_leaves_the_branch_and_loses_nothing(
    place: Place, script: str, branch: list[str], code: str, ref: str
) -> None:
    fill(place.worktree, {"second": "2\n"})
    place.git("add", ".")
    place.git("commit", "-q", "-m", "second")
    taken = place.session().work(script)
    assert subjects(place) == branch
    assert codes(taken) == [code]
    assert subjects(place, OWN + ref)[0] == "a"
    assert OWN + ref in taken.kept_refs
    assert subjects(place, "main") == ["first"]
    # what the agent has in its files that the branch has not shows as uncommitted
    assert place.git("diff", "--cached", "--stat", OWN + ref) == ""


def test_commits_on_the_base_tags_and_notes_stay_with_the_mission(place: Place) -> None:
    taken = place.session().work(
        f"{commit('a')}; git tag v1; git notes add -m n; git switch -q main; {commit('m')}; git switch -q -"
        "; git update-ref refs/x/y HEAD; git update-ref refs/remotes/origin/main main"
    )
    assert {ref.removeprefix(OWN) for ref in taken.kept_refs} == {
        "heads/main",
        "notes/commits",
        "other/x/y",
        "remotes/origin/main",
        "tags/v1",
    }
    assert place.main_git(
        "for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags", "refs/notes"
    ).splitlines() == [
        f"refs/heads/{BRANCH}",
        "refs/heads/main",
    ]
    assert subjects(place, "main") == ["first"]
    assert codes(taken) == ["refs_kept"]
    assert f"{OWN}heads/main;" in taken.alerts[0].text


def test_a_person_who_committed_meanwhile_keeps_branch_and_index(place: Place) -> None:
    session = place.session()
    session.run(commit("a"))
    fill(place.worktree, {"mine": "m\n", "staged": "s\n"})
    place.git("add", "mine")
    place.git("commit", "-q", "-m", "mine")
    place.git("add", "staged")
    status = place.git("status", "--porcelain")
    taken = session.take_back()
    assert (taken.moved, taken.branch_tip, codes(taken)) == (False, place.tip(), ["branch_changed"])
    assert subjects(place) == ["mine", "first"]
    assert subjects(place, f"{OWN}tip") == ["a", "first"]
    assert place.git("status", "--porcelain") == status


def test_a_branch_that_a_person_deleted_stays_deleted_and_the_commits_are_kept(place: Place) -> None:
    session = place.session()
    session.run(commit("a"))
    place.main_git("update-ref", "-d", f"refs/heads/{BRANCH}")
    taken = session.take_back()
    assert (taken.branch_tip, taken.moved, codes(taken)) == (None, False, ["branch_changed"])
    assert subjects(place, f"{OWN}tip") == ["a", "first"]


def test_a_worktree_that_is_gone_or_elsewhere_still_gives_its_commits(place: Place) -> None:
    session = place.session("r-1")
    session.run(commit("a"))
    place.git("switch", "-q", "-c", "persons")
    taken = session.take_back()
    assert (subjects(place)[0], codes(taken)) == ("a", ["index_left"])
    (place.worktree / "a").unlink()
    place.git("switch", "-q", BRANCH)
    session = place.session("r-2")
    session.run(commit("b"))
    harvest = session.harvest()
    subprocess.run(["rm", "-rf", str(place.worktree)], check=True)
    taken = take_back(place.repo, session.private.facts, harvest)
    assert (subjects(place)[0], codes(taken)) == ("b", ["index_left"])


def test_a_held_index_is_waited_for(place: Place) -> None:
    session = place.session()
    session.run(commit("a") + "\necho s >s; git add s")
    harvest = session.harvest()
    lock = place.main / ".git/worktrees" / place.worktree.name / "index.lock"
    lock.touch()
    results: list[TakeBack] = []
    thread = threading.Thread(target=lambda: results.append(take_back(place.repo, session.private.facts, harvest)))
    thread.start()
    until(lambda: place.tip() != session.private.tip, what="the branch moves although the index is held")
    lock.unlink()
    thread.join(20)
    assert codes(results[0]) == []
    assert place.git("status", "--porcelain") == "A  s"


@pytest.mark.parametrize(
    ("script", "state"),
    [
        ("git merge -q side || true", "merge"),
        ("git rebase -q side || true", "rebase"),
        ("git cherry-pick side >/dev/null 2>&1 || true", "cherry-pick"),
    ],
)
def test_a_half_done_merge_or_rebase_is_flagged_and_continued_by_the_next_session(
    place: Place, script: str, state: str
) -> None:
    session = place.session("r-1")
    begin = f"git switch -q -c side; echo s >README.md; git commit -q -a -m side; git switch -q {BRANCH}"
    first = session.work(f"{begin}; echo t >README.md; git commit -q -a -m mine; {script}")
    assert (first.in_progress, first.is_private_needed, first.refused) == (state, True, None)
    assert "unfinished" in codes(first)
    assert subjects(place) == ["mine", "first"]
    assert place.git("status", "--porcelain") == " M README.md"
    assert [name for name in place.kept() if name.startswith("base/")]

    second = place.session("r-2", resume_from=session.private.folder)
    verb = "git rebase --continue" if state == "rebase" else "git commit -q --no-edit"
    taken = second.work(
        f"git status | grep -q -i {state.replace('-', '.')}; echo both >README.md; git add README.md;"
        f" GIT_EDITOR=true {verb} >/dev/null"
    )
    assert (taken.in_progress, taken.refused) == (None, None)
    assert place.git("status", "--porcelain", "-b") == f"## {BRANCH}"
    assert place.git("show", "HEAD:README.md") == "both"
    assert not [name for name in place.kept() if name.startswith("base/")]


def test_half_done_work_from_before_a_persons_commit_leaves_that_commit_on_the_branch(place: Place) -> None:
    session = place.session("r-1")
    begin = f"git switch -q -c side; echo s >README.md; git commit -q -a -m side; git switch -q {BRANCH}"
    session.work(f"{begin}; echo t >README.md; git commit -q -a -m mine; git merge -q side || true")
    before = place.tip()
    place.git("commit", "-q", "-a", "-m", "of a person")
    second = place.session("r-2", resume_from=session.private.folder)
    taken = second.work("git merge --abort")
    assert subjects(place) == ["of a person", "mine", "first"]
    assert (taken.moved, codes(taken)) == (False, ["branch_kept"])
    assert place.kept()["tip"] == before
    assert place.git("status", "--porcelain") == " M README.md"


def test_commits_on_another_branch_are_pointed_out(place: Place) -> None:
    session = place.session()
    taken = session.work(
        f"""git branch same; git switch -q -c other; {COMMIT.format("o")}; git switch -q {BRANCH}
        {commit("a")}
        git tag here; git switch -q --detach; {commit("loose")}; git tag -a -m t apart; git switch -q {BRANCH}"""
    )
    assert (subjects(place), codes(taken)) == (["a", "first"], ["refs_kept"])
    assert f"{OWN}heads/other, {OWN}tags/apart;" in taken.alerts[0].text
    assert again(session) == taken
    # the next session finds them, and nobody needs to hear of it twice
    assert codes(place.session("r-2").work("git log -1 other")) == []


def test_a_new_session_after_a_half_done_rebase_begins_on_the_branch(place: Place) -> None:
    begin = f"git switch -q -c side; echo s >README.md; git commit -q -a -m side; git switch -q {BRANCH}"
    place.session("r-1").work(f"{begin}; echo t >README.md; git commit -q -a -m mine; git rebase -q side || true")
    ran = place.session("r-2").run("git status --porcelain -b; git log -1 --format=%s")
    assert ran.output.splitlines() == [f"## {BRANCH}", " M README.md", "mine"]


def test_new_links_to_other_repositories_are_pointed_out(place: Place) -> None:
    taken = place.session().work(
        """git init -q sub; cd sub; git config user.email a@b; git config user.name n
        git commit -q --allow-empty -m sub; cd ..; git add sub 2>/dev/null; git commit -q -m sub
        git init -q other; git -C other -c user.email=a@b -c user.name=n commit -q --allow-empty -m o
        git add other 2>/dev/null"""
    )
    assert sorted(codes(taken)) == ["gitlink_added", "nested_repository"]
    text = next(alert.text for alert in taken.alerts if alert.code == "gitlink_added")
    assert "sub" in text
    assert "other" in text


def test_without_a_head_nothing_is_taken_and_nothing_is_lost(place: Place) -> None:
    session = place.session()
    session.run("git update-ref -d HEAD; git switch -q --orphan void")
    with pytest.raises(CommitsRefused):
        session.harvest()
    taken = take_back(place.repo, session.private.facts, None)
    assert (taken.moved, taken.branch_tip, codes(taken)) == (False, session.private.tip, ["commits_refused"])
    assert taken.is_private_needed
    assert place.tip() == session.private.tip
    assert [name for name in place.kept() if name.startswith("base/")]


def test_when_one_branch_is_damaged_the_missions_own_commits_still_come(place: Place) -> None:
    session = place.session()
    taken = session.work(
        f"""{commit("a")}
        bad=$(printf 'tree %s\\nauthor nobody\\ncommitter nobody\\n\\nbad\\n' $(git rev-parse HEAD^{{tree}}) |
            git hash-object -t commit -w --stdin --literally)
        git update-ref refs/heads/bad $bad"""
    )
    assert subjects(place) == ["a", "first"]
    assert codes(taken) == ["commits_refused"]
    assert taken.refused is not None
    assert "heads/bad" not in place.kept()
    assert taken.is_private_needed


def test_names_in_each_others_way_lose_nothing(place: Place) -> None:
    place.session("r-1").work("git branch a")
    place.main_git("update-ref", f"{OWN}heads/a/b", "main", check=False)
    second = place.session("r-2").work("git branch -q -D a; git switch -q -c a/b; " + commit("x") + "; git switch -q -")
    assert f"{OWN}heads/a/b" in second.kept_refs
    assert subjects(place, f"{OWN}heads/a/b")[0] == "x"


def test_many_missions_of_one_repository_at_once(place: Place) -> None:
    sessions = []
    for number in range(6):
        tree = place.root / f"tree-{number}"
        branch = f"feature/many-{number}"
        place.main_git("worktree", "add", "-q", "--no-track", "-b", branch, str(tree))
        other = replace(place, worktree=tree)
        sessions.append(other.session(f"r-{number}", mission=f"m-{number:016x}", branch=branch))
    for number, session in enumerate(sessions):
        session.run(commit(f"f{number}") + "\n/bin/sh /session/harvest/harvest.sh")
    results: list[TakeBack] = []
    threads = [threading.Thread(target=lambda s=session: results.append(again(s))) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [(taken.commits, taken.refused, codes(taken)) for taken in results] == [(1, None, [])] * 6
    assert place.main_git("fsck", "--no-dangling") == ""
