"""What was deleted from a project's history cannot be read by an agent, nor brought back by one who knows its id."""

from __future__ import annotations

import pytest

from scopecraft.worktrees.harvest import read_harvest
from scopecraft.worktrees.takeback import take_back
from tests.support.container_git import BRANCH, Place, fill, host_git

pytestmark = pytest.mark.engine


def commit(place: Place, name: str, text: str) -> str:
    fill(place.main, {name: text})
    place.main_git("add", name)
    place.main_git("commit", "-q", "-m", name)
    return place.main_git("rev-parse", "HEAD")


@pytest.fixture
def secrets(place: Place) -> dict[str, str]:
    """Ids of all that a repository keeps although no ref of the project reaches it."""
    removed = commit(place, "key", "secret 1\n")
    blob = place.main_git("rev-parse", "HEAD:key")
    place.main_git("reset", "-q", "--hard", "HEAD~1")
    fill(place.main, {"README.md": "secret 2\n"})
    place.main_git("stash", "-q")
    fill(place.main, {"loose": "secret 3\n"})
    loose = place.main_git("hash-object", "-w", "loose")
    place.main_git("update-ref", "refs/notes/private", removed)
    place.main_git("update-ref", "refs/scopecraft/m-other/stash/0", place.main_git("rev-parse", "stash"))
    return {
        "a commit that was reset away": removed,
        "its file": blob,
        "a person's stash": place.main_git("rev-parse", "stash"),
        "a loose object": loose,
    }


def test_nothing_that_no_branch_or_tag_reaches_can_be_read(place: Place, secrets: dict[str, str]) -> None:
    place.main_git("gc", "-q")
    session = place.session()
    for what, id_ in secrets.items():
        assert place.main_git("cat-file", "-t", id_), what
        ran = session.run(f"git cat-file -p {id_} || git show {id_} || git log {id_}", check=False)
        assert ran.exit_code != 0, what
        assert "secret" not in ran.output
    ran = session.run(
        """git cat-file --batch-all-objects --batch-check='%(objectname)'
        git cat-file --batch-all-objects --batch; git fsck --full; git stash list; git reflog --all"""
    )
    assert "secret" not in ran.output
    assert not [what for what, id_ in secrets.items() if id_ in ran.output]


def test_all_history_that_is_there_can_be_worked_with(place: Place) -> None:
    for number in range(3):
        commit(place, "README.md", f"hello\nline {number}\n")
    place.main_git("tag", "-a", "-m", "mark", "v1")
    place.main_git("switch", "-q", "-c", "side", "HEAD~2")
    commit(place, "side.txt", "side\n")
    place.main_git("update-ref", "refs/remotes/origin/theirs", "side")
    place.main_git("switch", "-q", "main")
    place.main_git("gc", "-q")
    ran = place.session().run(
        """set -e
        git log --oneline --all | wc -l; git blame -s main -- README.md | wc -l; git diff --stat v1 side | tail -1
        git show v1:README.md | tail -1; git merge-base main origin/theirs; git fsck --full --strict
        git merge -q -m merged side main; git log --format=%s -1; git rev-list --objects --all >/dev/null"""
    )
    lines = ran.output.splitlines()
    assert lines[:4] == ["5", "2", " 2 files changed, 2 insertions(+), 1 deletion(-)", "line 2"]
    assert lines[4] == place.main_git("merge-base", "main", "side")
    assert lines[-1] == "merged"


def test_work_that_uses_old_objects_is_taken_back_as_any_other(place: Place) -> None:
    old = commit(place, "old.txt", "old\n" * 200)
    place.main_git("rm", "-q", "old.txt")
    place.main_git("commit", "-q", "-m", "removed")
    place.main_git("gc", "-q")
    taken = place.session().work(
        f"""git merge -q --ff-only main
        git checkout {old} -- old.txt; echo more >>old.txt; git add old.txt; git commit -q -m 'again, and more'
        git revert --no-edit HEAD; git cherry-pick HEAD~1; git branch side {old}; git tag t {old}"""
    )
    assert (taken.refused, taken.commits) == (None, 5)
    assert host_git(place.worktree, "status", "--porcelain") == ""
    assert place.main_git("fsck", "--no-dangling") == ""


def test_staged_work_is_there_though_no_commit_has_it(place: Place) -> None:
    fill(place.worktree, {"new.txt": "new\n", "src/app.py": "staged\n", "later.txt": "later\n"})
    place.git("add", "new.txt", "src/app.py")
    place.git("add", "-N", "later.txt")
    fill(place.worktree, {"new.txt": "unstaged\n"})
    session = place.session()
    ran = session.run("git show :new.txt; git diff --cached --stat | tail -1; git checkout -q -- new.txt; cat new.txt")
    assert ran.output == "new\n 2 files changed, 2 insertions(+), 1 deletion(-)\nnew\n"
    assert session.work("git commit -q -m staged").commits == 1
    assert place.git("show", f"{BRANCH}:new.txt") == "new"


def test_a_conflict_without_a_merge_is_there_whole(place: Place) -> None:
    fill(place.worktree, {"README.md": "mine\n"})
    place.git("stash", "-q")
    fill(place.worktree, {"README.md": "theirs\n"})
    place.git("commit", "-q", "-a", "-m", "theirs")
    place.git("stash", "pop", check=False)
    place.git("stash", "drop", "-q", check=False)
    place.main_git("gc", "-q", "--prune=now")
    ran = place.session().run("git show :1:README.md :2:README.md :3:README.md")
    assert ran.output == "hello\ntheirs\nmine\n"


def test_who_knows_the_id_of_a_deleted_file_cannot_bring_it_back(place: Place, secrets: dict[str, str]) -> None:
    """The commit that names it is packed by hand: git inside would not. The main repository has the file still."""
    session = place.session()
    session.run(
        f"""set -e; tree=$(printf '100644 blob {secrets["its file"]}\\tkey\\n' | git mktree --missing)
        commit=$(git commit-tree -p HEAD -m steal $tree)
        /bin/sh /session/harvest/harvest.sh; cd /session/out/harvest
        printf '%s\\n' $commit $tree | git --git-dir=/session/git pack-objects -q --stdout >pack; cp pack tip.pack
        sed -i "s/^head .*/head $commit/; s/^tree .*/tree $tree/" report"""
    )
    taken = take_back(place.repo, session.private.facts, read_harvest(session.private.facts.harvest_folder))
    assert taken.refused is not None
    assert place.tip() == session.private.tip
    assert not [name for name, id_ in place.kept().items() if not name.startswith("base/")]


def test_a_ref_to_a_deleted_commit_is_refused_too(place: Place, secrets: dict[str, str]) -> None:
    session = place.session()
    removed = secrets["a commit that was reset away"]
    session.run(
        f"""set -e; /bin/sh /session/harvest/harvest.sh; cd /session/out/harvest
        sed -i 's#^end#ref {removed} refs/heads/back\\nend#' report; cp pack tip.pack"""
    )
    taken = take_back(place.repo, session.private.facts, read_harvest(session.private.facts.harvest_folder))
    assert taken.refused is not None
    assert removed not in place.kept().values()
