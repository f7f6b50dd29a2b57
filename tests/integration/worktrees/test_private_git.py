"""Inside its container an agent has ordinary git on its branch, whatever the project is like."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from docker import DockerClient

from tests.support.container_git import BRANCH, MISSION, Place, add_worktree, fill, host_git, make_place

pytestmark = pytest.mark.engine


def test_a_fresh_worktree_is_clean_and_on_its_branch(place: Place) -> None:
    ran = place.session().run(
        "git status --porcelain -b; git log --format=%s; git branch -a; git diff main; git remote"
    )
    assert ran.output.splitlines() == [f"## {BRANCH}", "first", f"* {BRANCH}", "  main"]


def test_staged_unstaged_and_untracked_work_looks_the_same_inside_and_after(place: Place) -> None:
    fill(place.worktree, {"README.md": "staged\n", "new.txt": "new\n"})
    place.git("add", ".")
    fill(place.worktree, {"README.md": "staged and more\n", "src/app.py": "unstaged\n", "untracked.txt": "u\n"})
    before = place.git("status", "--porcelain", "-b")
    assert len(before.splitlines()) == 5
    session = place.session()
    assert session.run("git status --porcelain -b").output.removesuffix("\n") == before
    taken = session.take_back()
    assert (taken.branch_tip, taken.commits, taken.moved, taken.alerts) == (place.tip(), 0, False, ())
    assert place.git("status", "--porcelain", "-b") == before
    assert place.git("show", ":README.md") == "staged"


def test_commit_amend_rebase_stash_log_diff_and_branch_work(place: Place) -> None:
    fill(place.main, {"main.txt": "from main\n"})
    place.main_git("add", ".")
    place.main_git("commit", "-q", "-m", "on main")
    ran = place.session().run(
        """set -e
        echo one >one.txt; git add one.txt; git commit -q -m one
        echo more >>one.txt; git commit -q -a --amend -m 'one, amended'
        echo two >two.txt; git add .; git commit -q -m two
        git rebase -q main
        git log --format=%s
        echo wip >>two.txt; git diff --stat; git stash -q; git stash pop -q; git checkout -q .
        git branch idea; git switch -q idea; git switch -q -
        git branch --format='%(refname:short)'
        git revert --no-edit HEAD >/dev/null; git cherry-pick HEAD~1 >/dev/null; git reset -q --hard HEAD~2
        git tag v1; git describe --tags; git reflog | grep -c .; git show --stat --format=%an HEAD | head -1
        git bisect start HEAD HEAD~2 >/dev/null; git bisect reset >/dev/null 2>&1
        git fsck --strict --no-dangling; git gc -q; git status --porcelain
        """
    )
    lines = ran.output.splitlines()
    assert lines[:4] == ["two", "one, amended", "on main", "first"]
    assert lines[4:6] == [" two.txt | 1 +", " 1 file changed, 1 insertion(+)"]
    assert lines[6:9] == [BRANCH, "idea", "main"]
    assert lines[9] == "v1"
    assert int(lines[10]) > 5  # reflog
    assert lines[11:] == ["Ada"]


def test_git_works_in_both_places_where_the_worktree_is_seen(place: Place) -> None:
    ran = place.session().run(
        "cd /workspace/src && git rev-parse --show-toplevel && cat /workspace/.git && git status -s"
    )
    assert ran.output == "/workspace\ngitdir: /session/git\n"


def test_the_pointer_cannot_be_removed_moved_or_written(place: Place) -> None:
    before = place.worktree.joinpath(".git").read_bytes()
    ran = place.session().run(
        f"""for git in .git {place.worktree}/.git /workspace/.git; do
            rm -f $git && echo removed; mv $git x && echo moved; echo x >$git && echo written
            mv other $git && echo replaced; ln -sf /tmp $git && echo linked
        done 2>/dev/null; true"""
    )
    assert ran.output == ""
    assert place.worktree.joinpath(".git").read_bytes() == before


def test_main_is_out_of_reach(place: Place) -> None:
    ran = place.session().run(
        f"ls -d {place.main} {place.main}/.git 2>/dev/null; touch /session/objects/x 2>/dev/null || echo read-only"
    )
    assert ran.output == "read-only\n"


def test_settings_that_shape_commits_go_along_and_those_that_run_programs_do_not(place: Place) -> None:
    for key, value in {
        "core.hooksPath": "/evil",
        "core.fsmonitor": "/evil",
        "alias.evil": "!touch /tmp/evil",
        "commit.gpgSign": "true",
        "include.path": "/evil",
        "remote.origin.url": "https://token@example.org/x",
        "credential.helper": "evil",
        "core.quotePath": "false",
        "diff.noprefix": "true",
        "user.name": 'Ada "the first" \\ Lovelace',
    }.items():
        place.main_git("config", key, value)
    ran = place.session().run(
        "git config --list; echo x >>README.md; git diff | head -1; git commit -qam x; git log -1 --format=%an"
    )
    assert "evil" not in ran.output
    assert "token" not in ran.output
    assert "diff --git README.md README.md" in ran.output
    assert ran.output.splitlines()[-1] == 'Ada "the first" \\ Lovelace'


def test_ignored_files_are_ignored_by_everybodys_rules(place: Place) -> None:
    home = Path(os.environ["HOME"])
    fill(home, {".config/git/ignore": "*.mine\n!keep.mine"})
    fill(place.main, {".git/info/exclude": "*.local\n"})
    fill(place.worktree, {"a.mine": "", "keep.mine": "", "b.local": "", "c.txt": ""})
    assert place.session().run("git status --porcelain").output == "?? c.txt\n?? keep.mine\n"


def test_info_attributes_hold_inside(place: Place) -> None:
    fill(place.main, {".git/info/attributes": "*.txt eol=crlf\n"})
    assert place.session().run("git check-attr eol x.txt").output == "x.txt: eol: crlf\n"


def test_tags_and_remote_branches_are_there(place: Place) -> None:
    place.main_git("tag", "-a", "v1.2", "-m", "one two")
    place.main_git("update-ref", "refs/remotes/origin/main", "main")
    place.main_git("pack-refs", "--all")
    ran = place.session().run("git describe; git rev-parse --abbrev-ref origin/main; git rebase origin/main")
    assert ran.output.splitlines()[:2] == ["v1.2", "origin/main"]


def test_a_container_user_without_a_name_owns_the_worktree(
    engine: DockerClient, agent_image: str, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    place = make_place(engine, tmp_path)
    for folder, folders, files in os.walk(tmp_path):
        for name in (*folders, *files):
            os.chown(Path(folder) / name, 1234, 1234, follow_symlinks=False)
    host_git(place.main, "config", "--global", "--add", "safe.directory", "*")
    session = place.session()
    assert session.owner == (1234, 1234)
    ran = session.run("id -u; git status --porcelain; echo x >x; git add x; git commit -q -m x; git log --format=%s -1")
    assert ran.output.splitlines() == ["1234", "x"]
    assert session.take_back().commits == 1
    assert (place.worktree / "x").stat().st_uid == 1234


def test_odd_paths_do_no_harm(engine: DockerClient, agent_image: str, tmp_path: Path) -> None:
    place = make_place(engine, tmp_path, main="präzise, 'main' \"x\"", worktree="wörk trée; $HOME #1")
    taken = place.session().work("echo x >x; git add x; git commit -q -m x")
    assert taken.commits == 1
    assert place.git("status", "--porcelain", "-b") == f"## {BRANCH}"


def test_sha256(engine: DockerClient, agent_image: str, tmp_path: Path) -> None:
    main = tmp_path / "main"
    main.mkdir()
    host_git(main, "init", "-q", "-b", "main", "--object-format=sha256")
    fill(main, {"a": "a\n"})
    host_git(main, "add", ".")
    host_git(main, "commit", "-q", "-m", "first")
    place = add_worktree(Place(engine, tmp_path, main, tmp_path / "tree"))
    taken = place.session().work("git status; echo b >>a; git commit -qam b; git stash list; echo c >>a; git stash -q")
    assert taken.commits == 1
    assert len(taken.branch_tip or "") == 64
    assert place.session("r-2").run("git stash list").output.startswith("stash@{0}: WIP on")


def test_a_bare_repository(engine: DockerClient, agent_image: str, tmp_path: Path) -> None:
    first = make_place(engine, tmp_path / "first")
    bare = tmp_path / "bare.git"
    host_git(tmp_path, "clone", "-q", "--bare", str(first.main), str(bare))
    host_git(bare, "branch", "-D", BRANCH)
    place = add_worktree(Place(engine, tmp_path, bare, tmp_path / "tree"))
    assert place.session().work("echo b >>README.md; git commit -qam b").commits == 1
    assert place.git("status", "--porcelain") == ""


def test_a_shallow_clone_and_objects_borrowed_twice_over(
    engine: DockerClient, agent_image: str, tmp_path: Path
) -> None:
    far = make_place(engine, tmp_path / "far")
    fill(far.main, {"more.txt": "more\n"})
    far.main_git("add", ".")
    far.main_git("commit", "-q", "-m", "second")
    host_git(tmp_path, "clone", "-q", "--shared", str(far.main), "near")
    host_git(tmp_path, "clone", "-q", "--shared", "near", "main")
    # a relative link in the chain
    alternates = tmp_path / "near/.git/objects/info/alternates"
    alternates.write_text("../../../far/main/.git/objects\n")
    place = add_worktree(Place(engine, tmp_path, tmp_path / "main", tmp_path / "tree"))
    ran = place.session().run("git log --format=%s; git status --porcelain; git fsck")
    assert ran.output.splitlines() == ["second", "first"]

    host_git(tmp_path, "clone", "-q", "--depth=1", f"file://{far.main}", "shallow")
    cut = add_worktree(Place(engine, tmp_path / "s", tmp_path / "shallow", tmp_path / "shallow-tree"))
    session = cut.session()
    assert session.run("git log --format=%s").output == "second\n"
    assert session.work("echo x >x; git add x; git commit -q -m x; git rebase -q origin/main").commits == 1


def test_sparse_checkout_split_index_and_untracked_cache(place: Place) -> None:
    fill(place.main, {"big/one/file": "1\n", "big/two/file": "2\n"})
    place.main_git("add", ".")
    place.main_git("commit", "-q", "-m", "big")
    place.git("merge", "-q", "--ff-only", "main")
    place.git("sparse-checkout", "set", "--cone", "--sparse-index", "src")
    place.git("config", "--worktree", "core.untrackedCache", "true")
    place.git("update-index", "--untracked-cache")
    session = place.session()
    taken = session.work("git status --porcelain; echo x >src/x; git add src/x; git commit -q -m x; test ! -e big")
    assert taken.commits == 1
    assert place.git("status", "--porcelain") == ""
    assert place.git("ls-tree", "-r", "--name-only", "HEAD", "big").splitlines() == ["big/one/file", "big/two/file"]
    place.git("sparse-checkout", "disable")
    place.git("update-index", "--split-index")
    fill(place.worktree, {"staged": "s\n"})
    place.git("add", "staged")
    assert place.session("r-2").run("git status --porcelain").output == "A  staged\n"


def test_crlf_files_are_not_seen_as_changed(place: Place) -> None:
    fill(place.main, {".gitattributes": "*.bat text eol=crlf\n", "run.bat": "echo\n"})
    place.main_git("config", "core.autocrlf", "input")
    place.main_git("add", ".")
    place.main_git("commit", "-q", "-m", "bat")
    place.git("merge", "-q", "--ff-only", "main")
    session = place.session()
    ran = session.run("git status --porcelain; touch run.bat; git status --porcelain; od -An -tx1 run.bat")
    assert ran.output.split() == ["65", "63", "68", "6f", "0d", "0a"]
    assert session.work("echo more >>run.bat; git commit -qam x").commits == 1


def test_a_repository_on_the_host_with_hooks_signing_and_fsmonitor_works_inside_without_them(place: Place) -> None:
    fill(place.main, {".husky/pre-commit": "#!/bin/sh\nexit 1\n"})
    (place.main / ".husky/pre-commit").chmod(0o755)
    place.main_git("add", ".")
    place.main_git("commit", "-q", "-m", "husky")
    place.git("merge", "-q", "--ff-only", "main")
    for key, value in {"core.hooksPath": ".husky", "commit.gpgSign": "true", "core.fsmonitor": "true"}.items():
        place.main_git("config", key, value)
    assert place.session().work("echo x >x; git add x; git commit -q -m x").commits == 1
    assert "gpgsig" not in host_git(place.main, "cat-file", "commit", BRANCH)


def test_prune_and_gc_of_main_during_the_session_break_nothing(place: Place) -> None:
    place.main_git("switch", "-q", "-c", "doomed")
    fill(place.main, {"doomed.txt": "d\n"})
    place.main_git("add", ".")
    place.main_git("commit", "-q", "-m", "doomed")
    place.main_git("switch", "-q", "main")
    place.main_git("update-ref", "refs/remotes/origin/gone", "doomed")
    session = place.session()
    place.main_git("branch", "-q", "-D", "doomed")
    place.main_git("update-ref", "-d", "refs/remotes/origin/gone")
    place.main_git("reflog", "expire", "--expire=now", "--all")
    place.main_git("gc", "-q", "--prune=now")
    taken = session.work("git fsck; git log --format=%s origin/gone; git merge -q --no-ff -m merged doomed")
    assert taken.commits == 2
    assert not [name for name in place.kept() if name.startswith("base/")]
    assert place.main_git("fsck", "--no-dangling") == ""


def test_a_broken_ref_of_the_project_holds_nobody_up(place: Place) -> None:
    fill(place.main, {".git/refs/heads/broken": "1234567890" * 4 + "\n", ".git/refs/heads/empty": ""})
    place.main_git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone")
    session = place.session()
    assert session.run("git branch --format='%(refname:short)'").output.splitlines() == [BRANCH, "main"]
    taken = session.work("echo x >x; git add x; git commit -q -m x; git tag t")
    assert (taken.commits, taken.alerts) == (1, ())
    assert "tags/t" in place.kept()


def test_the_next_session_finds_branches_tags_and_stashes_again(place: Place) -> None:
    first = place.session("r-1").work(
        """git switch -q -c idea; echo i >i; git add i; git commit -q -m idea; git switch -q -
        git tag -a mark -m mark; git notes add -m note
        echo one >>README.md; git stash -q -m 'stash one'; echo two >>README.md; git stash -q -m 'stash two'"""
    )
    own = f"refs/scopecraft/{MISSION}/"
    assert {name.removeprefix(own) for name in first.kept_refs} == {
        "heads/idea",
        "tags/mark",
        "notes/commits",
        "stash/0",
        "stash/1",
    }
    assert place.main_git("for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags").splitlines() == [
        BRANCH,
        "main",
    ]
    second = place.session("r-2")
    ran = second.run("git stash list; git log -1 --format=%s idea; git tag; git stash pop -q; git status --porcelain")
    assert ran.output.splitlines() == [
        f"stash@{{0}}: On {BRANCH}: stash two",
        f"stash@{{1}}: On {BRANCH}: stash one",
        "idea",
        "mark",
        " M README.md",
    ]
    second.run("git branch -q -D idea; git tag -d mark")
    second.take_back()
    kept = place.kept()
    assert kept["stash/0"] == host_git(place.main, "rev-parse", f"{own}stash/0")
    assert "stash/1" not in kept
    assert "heads/idea" not in kept
    assert "tags/mark" not in kept
    assert sum(name.startswith("old/") for name in kept) == 4  # the tip, a stash, a branch and a tag: nothing is lost


def test_making_it_takes_no_longer_for_more_files(place: Place) -> None:
    session = place.session()
    made = sorted(str(path.relative_to(session.folder)) for path in session.folder.rglob("*") if path.is_file())
    assert [name for name in made if "hooks" in name or name.startswith("git/objects/pack/")] == []
    assert len(made) < 20
    shutil.rmtree(session.folder)
