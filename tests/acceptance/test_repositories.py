"""Repositories of all kinds, with real containers: what the agent commits is on the host's branch afterwards."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.support.command_line import Said, sc
from tests.support.repos import bare_copy, commit, git, make_repository, traces

pytestmark = [pytest.mark.engine, pytest.mark.tmux, pytest.mark.usefixtures("agent_image")]

COMMIT = 'echo "$1" >"$1" && git add -A && git commit -qm "Write $1"'


def run(task: str, script: str = COMMIT, *, cwd: Path, more: tuple[str, ...] = (), word: str = "work.txt") -> Said:
    """A session that carries out the script, which may use `word` as `$1`."""
    return sc("run", task, "--agent", "plain", *more, "--", "/bin/sh", "-ec", script, "agent", word, cwd=cwd)


def works(task: str, script: str = COMMIT, *, cwd: Path, more: tuple[str, ...] = (), word: str = "work.txt") -> Said:
    said = run(task, script, cwd=cwd, more=more, word=word)
    assert said.code == 0, said.err + said.out
    return said


def worktree_of(task: str, cwd: Path) -> Path:
    return Path(sc("path", task, cwd=cwd).out.removesuffix("\n"))


def subjects(folder: Path, branch: str) -> list[str]:
    return git(folder, "log", "--format=%s", branch).splitlines()


def link(folder: Path) -> Path:
    linked = sc("link", cwd=folder)
    assert linked.code == 0, linked.err
    return folder


@pytest.fixture
def home() -> Path:
    assert sc("init").code == 0
    return Path(os.environ["SCOPECRAFT_HOME"])


@pytest.mark.parametrize(
    ("words", "branch"),
    [
        ("two  words", "feature/two-words"),
        ("修复 登录", "feature/修复-登录"),
        ("почини вход 05A", "feature/почини-вход-05A"),
        ("إصلاح الدخول", "feature/إصلاح-الدخول"),
        ("🚀 lift 'off' $HOME", "feature/lift-off-home"),
        ("🚀", ""),
    ],
)
def test_names_in_any_script(clean_environment: Path, words: str, branch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOPECRAFT_HOME", str(clean_environment / words / "home"))
    assert sc("init").code == 0
    shop = link(make_repository(clean_environment / words / "shop"))
    works(words, cwd=shop, word=words)
    [row] = json.loads(sc("ls", "--json", cwd=shop).out)
    assert row["branch"] == branch or (not branch and row["branch"].startswith("feature/m-"))
    assert subjects(shop, row["branch"]) == [f"Write {words}", "start"]
    worktree = worktree_of(words, shop)
    assert str(worktree) == row["worktree"]
    assert (worktree / words).read_text() == f"{words}\n"
    assert git(worktree, "status", "--porcelain") == ""
    shown = sc("show", words, cwd=shop)
    assert (shown.code, " ".join(words.split()) in shown.out) == (0, True)
    opened = sc("dispatch", words, "--agent", "plain", "--", "/bin/sh", "-c", "exec cat", cwd=worktree)
    assert opened.code == 0, opened.err
    assert sc("stop", words, "--now", cwd=worktree).code == 0


def test_a_bare_repository(home: Path, clean_environment: Path) -> None:
    bare = link(bare_copy(make_repository(clean_environment / "source"), clean_environment / "shop.git"))
    works("fine", cwd=bare)
    assert subjects(bare, "feature/fine") == ["Write work.txt", "start"]
    assert git(worktree_of("fine", bare), "status", "--porcelain") == ""


def test_a_detached_head_is_where_a_mission_begins(home: Path, clean_environment: Path) -> None:
    shop = link(make_repository(clean_environment / "shop"))
    commit(shop, "later.txt")
    git(shop, "checkout", "-q", "--detach", "HEAD~1")
    works("fine", cwd=shop)
    assert subjects(shop, "feature/fine") == ["Write work.txt", "start"]
    assert git(shop, "status", "--porcelain", "--branch") == "## HEAD (no branch)"


def test_another_object_format(home: Path, clean_environment: Path) -> None:
    shop = link(make_repository(clean_environment / "shop", "--object-format=sha256"))
    works("fine", cwd=shop)
    assert subjects(shop, "feature/fine") == ["Write work.txt", "start"]
    assert len(git(shop, "rev-parse", "feature/fine")) == 64


def test_a_branch_without_a_worktree_is_gone_on_with(home: Path, clean_environment: Path) -> None:
    shop = link(make_repository(clean_environment / "shop"))
    git(shop, "branch", "topic/begun-05A")
    commit(shop, "later.txt")
    works("review-05A", cwd=shop)
    assert subjects(shop, "topic/begun-05A") == ["Write work.txt", "start"]
    assert git(shop, "branch", "--list", "feature/*") == ""
    assert worktree_of("begun-05A", shop) == worktree_of("review-05A", shop)


def test_a_persons_own_worktree_is_found_by_its_suffix_and_worked_in(home: Path, clean_environment: Path) -> None:
    shop = link(make_repository(clean_environment / "shop"))
    theirs = clean_environment / "implement auth-05A"
    git(shop, "worktree", "add", "-q", "-b", "auth-work", str(theirs))
    (theirs / "notes.txt").write_text("half done\n")
    works("review-auth-05A", cwd=shop, word="review.txt")
    assert worktree_of("05A", shop) == theirs
    assert subjects(shop, "auth-work") == ["Write review.txt", "start"]
    assert git(theirs, "status", "--porcelain") == ""
    assert (theirs / "notes.txt").read_text() == "half done\n", "git add -A took it along"


def test_a_missions_branch_that_is_checked_out_elsewhere_is_named(home: Path, clean_environment: Path) -> None:
    shop = link(make_repository(clean_environment / "shop"))
    works("fine", cwd=shop)
    worktree = worktree_of("fine", shop)
    git(shop, "worktree", "remove", "--force", "--force", str(worktree))
    elsewhere = clean_environment / "elsewhere"
    git(shop, "worktree", "add", "-q", str(elsewhere), "feature/fine")
    said = run("fine", cwd=shop)
    assert said.code == 3
    assert f"the branch feature/fine is checked out in {elsewhere}" in said.err
    git(shop, "worktree", "remove", str(elsewhere))
    works("fine", cwd=shop, word="more.txt")
    assert subjects(shop, "feature/fine") == ["Write more.txt", "Write work.txt", "start"]


@pytest.mark.parametrize("command", ["run", "dispatch"])
def test_what_worktreeinclude_left_behind_is_told(home: Path, clean_environment: Path, command: str) -> None:
    shop = link(make_repository(clean_environment / "shop"))
    commit(shop, ".gitignore", ".env\nkeys\n")
    commit(shop, ".worktreeinclude", ".env\nkeys\n")
    (shop / ".env").write_text("TOKEN=x\n")
    (shop / "keys").symlink_to("/etc/hostname")
    said = sc(command, "fine", "--agent", "plain", "--", "/bin/sh", "-c", "cat .env; exec cat", cwd=shop)
    assert said.code == 0, said.err
    assert "copied as .worktreeinclude says: .env" in said.err
    assert "warning: .worktreeinclude: keys was not copied: keys is a symbolic link" in said.err
    assert (worktree_of("fine", shop) / ".env").read_text() == "TOKEN=x\n"
    sc("stop", "fine", "--now", cwd=shop)
    again = sc(command, "fine", "--agent", "plain", "--", "/bin/sh", "-c", "exec cat", cwd=shop)
    assert (again.code, "worktreeinclude" in again.err) == (0, False), "once is enough"
    sc("stop", "fine", "--now", cwd=shop)


def test_submodules_are_worked_in_like_the_project(home: Path, clean_environment: Path) -> None:
    part = make_repository(clean_environment / "part")
    other = make_repository(clean_environment / "other")
    shop = link(make_repository(clean_environment / "shop"))
    for source in (part, other):
        git(shop, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(source), source.name)
    git(shop, "commit", "-qm", "Take the parts in")
    git(shop, "submodule", "--quiet", "deinit", "-f", "other")
    shutil.rmtree(shop / ".git/modules/other")
    said = works(
        "fine", f"cd part; {COMMIT}; cd ..; git add part; git commit -qm parts; test ! -e other/.git", cwd=shop
    )
    assert "submodules that the main checkout does not have are left empty: other" in said.err
    tree = worktree_of("fine", shop)
    assert git(tree / "part", "rev-parse", "HEAD") == git(shop, "rev-parse", "feature/fine:part")
    assert subjects(tree / "part", "HEAD")[0] == "Write work.txt"
    assert git(tree, "status", "--porcelain") == ""
    works("fine", f"cd part; {COMMIT}", cwd=shop, word="more.txt")
    assert git(tree, "status", "--porcelain") == " M part"
    git(shop, "merge", "-q", "feature/fine")
    git(shop, "submodule", "--quiet", "update", "part")
    assert (shop / "part/work.txt").read_text() == "work.txt\n"


def test_a_removed_task_comes_back_with_the_work_in_its_submodules(home: Path, clean_environment: Path) -> None:
    part = make_repository(clean_environment / "part")
    shop = link(make_repository(clean_environment / "shop"))
    git(shop, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(part), "part")
    git(shop, "commit", "-qm", "Take the part in")
    works("fine", f"cd part; {COMMIT}; echo more >>work.txt; echo new >new.txt", cwd=shop)
    tree = worktree_of("fine", shop)
    before = git(tree / "part", "rev-parse", "HEAD")
    assert sc("rm", "fine", "--yes", cwd=shop).code == 0
    assert not tree.exists()
    restored = sc("restore", "fine", cwd=shop)
    assert restored.code == 0
    assert "warning" not in restored.err
    assert git(tree / "part", "rev-parse", "HEAD") == before
    assert git(tree / "part", "status", "--porcelain").splitlines() == [" M work.txt", "?? new.txt"]
    works("fine", "cd part; git commit -qam again", cwd=shop)
    assert subjects(tree / "part", "HEAD")[:2] == ["again", "Write work.txt"]


def test_a_submodule_with_its_own_git_folder_is_refused_in_a_container_and_nothing_is_left(
    home: Path, clean_environment: Path
) -> None:
    shop = link(make_repository(clean_environment / "shop"))
    tree = clean_environment / "tree"
    git(shop, "worktree", "add", "-q", "-b", "feature/fine", str(tree))
    part = make_repository(tree / "part")
    modules = '[submodule "part"]\n\tpath = part\n\turl = ../part\n'
    git(tree, "update-index", "--add", "--cacheinfo", f"160000,{git(part, 'rev-parse', 'HEAD')},part")
    commit(tree, ".gitmodules", modules)
    said = run("fine", cwd=shop, more=("--worktree", str(tree)))
    assert said.code == 3
    assert "error: the submodule part has a .git folder of its own" in said.err
    assert "git submodule absorbgitdirs" in said.err
    assert not list((home / "missions" / "active").iterdir())


def test_a_persons_worktree_is_as_it_was_after_a_refusal(home: Path, clean_environment: Path) -> None:
    shop = link(make_repository(clean_environment / "shop"))
    theirs = clean_environment / "mine-05A"
    git(shop, "worktree", "add", "-q", "-b", "mine-05A", str(theirs))
    commit(theirs, ".gitattributes", "secret filter=git-crypt\n")
    git(shop, "config", "filter.git-crypt.required", "true")
    before = traces(shop)
    assert run("look-05A", cwd=shop).code == 3
    assert traces(shop) == before
    assert (theirs / ".gitattributes").exists()


def test_inside_a_worktree_its_own_project_is_found(home: Path, clean_environment: Path) -> None:
    shop = link(make_repository(clean_environment / "shop"))
    outside = clean_environment / "outside"
    outside.mkdir()
    works("fine", cwd=outside)  # the only project there is
    other = link(make_repository(clean_environment / "other"))
    works("fine", cwd=other, word="other.txt")
    inside = worktree_of("fine", shop) / "deep"
    inside.mkdir()
    assert worktree_of("fine", inside) == inside.parent
    works("further", cwd=inside)
    assert "feature/further" in git(shop, "branch", "--list", "feature/further")
    assert git(other, "branch", "--list", "feature/further") == ""
    assert '"project": "other"' in sc("show", "fine", "--json", cwd=worktree_of("fine", other)).out

    for words in (("path", "fine"), ("run", "third", "--agent", "plain", "--", "true")):
        said = sc(*words, cwd=outside)
        assert said.code == 3, said.out
        assert "shop" in said.err and "other" in said.err
    works("third", cwd=outside, more=("--project", "other"))
    assert subjects(other, "feature/third") == ["Write work.txt", "start"]


AS_AN_AGENT_DOES = r"""
exec 2>&1
echo "on $(git branch --show-current), $(git status --porcelain | wc -l) changed"
echo 1 >one; git add one; git commit -qm one
echo 2 >two; git add two; git commit -qm two
echo 2b >two; git commit -qa --amend -m 'two, amended'
echo 3 >three; git add three; git commit -qm three
GIT_SEQUENCE_EDITOR="sed -i '/two, amended/d'" git rebase -qi HEAD~3
git log --format='log %s' main..
git switch -qc side HEAD~1; echo s >side; git add side; git commit -qm side; git switch -q -
git merge -q --no-edit side
git stash list
echo changed >>file-0.txt; echo new >untracked
git diff --stat
git stash push -qum 'for later'
echo "stashed, $(git status --porcelain | wc -l) changed"
echo staged >staged; git add staged; echo loose >loose; git rm -q --cached file-1.txt
git fsck --no-dangling && git gc -q && git tag done
git branch --list
"""


def test_git_inside_works_as_anyone_expects_and_the_host_sees_it(home: Path, clean_environment: Path) -> None:
    shop = link(make_repository(clean_environment / "shop"))
    works("fine", AS_AN_AGENT_DOES, cwd=shop)
    log = sc("logs", "fine", cwd=shop).out
    assert "on feature/fine, 0 changed" in log
    assert "log three\nlog one\n" in log
    assert "file-0.txt | 1 +" in log
    assert "stashed, 0 changed" in log
    assert "* feature/fine" in log and "side" in log

    worktree = worktree_of("fine", shop)
    assert sorted(subjects(shop, "feature/fine")) == [
        "Merge branch 'side' into feature/fine",
        "one",
        "side",
        "start",
        "three",
    ]
    assert git(worktree, "branch", "--show-current") == "feature/fine"
    assert sorted(git(worktree, "status", "--porcelain").splitlines()) == [
        "?? file-1.txt",
        "?? loose",
        "A  staged",
        "D  file-1.txt",
    ]
    assert git(worktree, "fsck") == ""
    assert git(shop, "status", "--porcelain", "--branch") == "## main"
    assert "side" not in git(shop, "branch", "--list"), "other branches stay beside"

    said = works("fine", "git stash list; git stash pop -q; git status --porcelain; cat untracked", cwd=shop)
    assert "for later" in said.out
    assert " M file-0.txt" in said.out
    assert (worktree / "untracked").read_text() == "new\n"


def test_work_that_is_not_committed_is_there_for_the_next_session(home: Path, clean_environment: Path) -> None:
    shop = link(make_repository(clean_environment / "shop"))
    works("fine", "echo half >half; git add half; echo loose >loose", cwd=shop)
    said = works("fine", "git status --porcelain", cwd=shop)
    assert "A  half" in said.out and "?? loose" in said.out
    assert subjects(shop, "feature/fine") == ["start"]


def test_a_mission_begins_where_it_is_told(home: Path, clean_environment: Path) -> None:
    shop = link(make_repository(clean_environment / "shop"))
    commit(shop, "later.txt")
    works("fine", cwd=shop, more=("--base", "main~1"))
    assert subjects(shop, "feature/fine") == ["Write work.txt", "start"]


def test_partial_ids_are_for_looking_not_for_starting(home: Path, clean_environment: Path) -> None:
    shop = link(make_repository(clean_environment / "shop"))
    works("fine", cwd=shop)
    [row] = json.loads(sc("ls", "--json", cwd=shop).out)
    for name in (row["id"], row["id"][2:], row["id"][-8:], row["mission_id"][-8:]):
        assert sc("show", name, cwd=shop).code == 0, name
        assert sc("stop", name, cwd=shop).code == 0, name
    works(row["mission_id"][-8:], cwd=shop)
    assert len({row["mission_id"] for row in json.loads(sc("ls", "--json", cwd=shop).out)}) == 2
    works(row["mission_id"], cwd=shop, word="again.txt")
    assert subjects(shop, "feature/fine") == ["Write again.txt", "Write work.txt", "start"]
