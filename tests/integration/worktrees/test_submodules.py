"""Submodules: an agent commits in them as in the project, and afterwards what the project names is there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from docker import DockerClient

from scopecraft.errors import GitFailed, RepositoryRefused, UnsafeTree
from scopecraft.worktrees.harvest import read_harvest
from scopecraft.worktrees.pointer import read_pointer
from scopecraft.worktrees.refusal import refuse_unsupported
from scopecraft.worktrees.snapshot import making_reason
from scopecraft.worktrees.submodules import find_submodules, put_on_branch
from scopecraft.worktrees.takeback import TakeBack, take_back
from scopecraft.worktrees.worktree import CreateRequest, create, take_down
from tests.support.container_git import BRANCH, MISSION, AgentSession, Place, fill, host_git, make_repository

PART, INNER = "lib/part", "lib/part/in/ner"
OWN = f"refs/scopecraft/{MISSION}"


def make_main(root: Path) -> Path:
    """A project with a submodule, which has one too, all checked out; and one that is not."""
    inner = make_repository(root / "far/inner")
    part, other = make_repository(root / "far/part"), make_repository(root / "far/other")
    allow = ("-c", "protocol.file.allow=always")
    host_git(part, *allow, "submodule", "--quiet", "add", str(inner), "in/ner")
    host_git(part, "commit", "-q", "-m", "inner")
    main = make_repository(root / "main")
    host_git(main, *allow, "submodule", "--quiet", "add", str(part), PART)
    host_git(main, *allow, "submodule", "--quiet", "add", str(other), "other")
    host_git(main, "commit", "-q", "-m", "parts")
    host_git(main, *allow, "submodule", "--quiet", "update", "--init", "--recursive", PART)
    host_git(main, "submodule", "--quiet", "deinit", "-f", "other")
    shutil.rmtree(main / ".git/modules/other")
    for folder in (main / PART, main / INNER):
        host_git(folder, "config", "user.name", "Ada")
        host_git(folder, "config", "user.email", "ada@example.org")
    shutil.rmtree(root / "far")  # nothing is asked of where they came from
    return main


def make_tree(place: Place) -> tuple[str, ...]:
    request = CreateRequest(place.worktree, BRANCH, place.main_git("rev-parse", "main"), "scopecraft: a test")
    return create(place.repo, request).empty_submodules


@pytest.fixture
def plain(tmp_path: Path) -> Place:
    return Place(None, tmp_path, make_main(tmp_path), tmp_path / "tree")


@pytest.fixture
def place(engine: DockerClient, agent_image: str, tmp_path: Path) -> Place:
    place = Place(engine, tmp_path, make_main(tmp_path), tmp_path / "tree")
    make_tree(place)
    return place


def inside(place: Place, path: str, *arguments: str) -> str:
    return host_git(place.worktree / path, *arguments)


def work(session: AgentSession, script: str) -> TakeBack:
    session.run(f"set -e\n{script}\n/bin/sh /session/harvest/harvest.sh")
    return take_back(session.place.repo, session.private.facts, read_harvest(session.private.facts.harvest_folder))


def test_a_new_worktree_has_the_submodules_of_the_main_checkout_without_a_network(plain: Place) -> None:
    assert make_tree(plain) == ("other",)
    assert (plain.worktree / PART / "README.md").read_text() == "hello\n"
    assert (plain.worktree / INNER / "README.md").read_text() == "hello\n"
    assert not list((plain.worktree / "other").iterdir())
    assert plain.git("status", "--porcelain") == ""
    assert plain.git("submodule", "status", "--recursive").splitlines()[0].startswith(" ")
    far = plain.main_git("-C", PART, "config", "remote.origin.url")
    assert inside(plain, PART, "config", "remote.origin.url") == far
    admin = plain.main / ".git/worktrees/tree/modules"
    assert inside(plain, INNER, "rev-parse", "--absolute-git-dir") == f"{admin}/{PART}/modules/in/ner"
    assert inside(plain, INNER, "rev-parse", "--show-toplevel") == str(plain.worktree / INNER)


def test_a_submodule_with_a_commit_that_the_main_checkout_lacks_stays_empty(plain: Place) -> None:
    gone = "1234567890" * 4
    plain.main_git("update-index", "--cacheinfo", f"160000,{gone},{PART}")
    plain.main_git("commit", "-q", "-m", "from afar")
    assert make_tree(plain) == (PART, "other")
    assert refuse_unsupported(plain.repo, plain.worktree, read_pointer(plain.worktree)).submodules == ()


def test_a_failed_create_and_a_removal_leave_nothing_of_submodules(plain: Place) -> None:
    blob = plain.main_git("-C", PART, "rev-parse", "HEAD:README.md")
    for kind in ("", "/modules/in/ner"):
        (plain.main / f".git/modules/{PART}{kind}/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(GitFailed, match="a submodule could not be checked out"):
        make_tree(plain)
    assert not plain.worktree.exists()
    assert not (plain.main / ".git/worktrees/tree").exists()


def test_a_create_that_was_killed_among_submodules_is_done_anew(plain: Place) -> None:
    make_tree(plain)
    admin = plain.main / ".git/worktrees/tree"
    (admin / "locked").write_text(making_reason(plain.tip()) + "\n")
    (plain.worktree / INNER / ".git").unlink()
    shutil.rmtree(admin / "modules" / PART / "modules/in/ner/objects")
    assert make_tree(plain) == ("other",)
    assert plain.git("status", "--porcelain") == ""
    assert (plain.worktree / INNER / "README.md").is_file()


def test_take_down_takes_submodules_along(plain: Place) -> None:
    request = CreateRequest(plain.worktree, BRANCH, plain.main_git("rev-parse", "main"), "scopecraft: a test")
    take_down(plain.repo, create(plain.repo, request))
    assert not plain.worktree.exists()
    assert not (plain.main / ".git/worktrees/tree").exists()
    assert plain.main_git("-C", PART, "fsck") == ""


def test_names_and_paths_that_lead_elsewhere_are_not_followed(plain: Place) -> None:
    evil = '[submodule "../../../evil"]\n\tpath = evil\n\turl = x\n[submodule "x"]\n\tpath = ../y\n\turl = x\n'
    fill(plain.main, {".gitmodules": evil})
    plain.main_git("update-index", "--add", "--cacheinfo", f"160000,{plain.main_git('rev-parse', 'main')},evil")
    plain.main_git("add", ".gitmodules")
    plain.main_git("commit", "-q", "-m", "evil")
    make_tree(plain)
    assert not list((plain.worktree / "evil").iterdir())
    assert not (plain.root / "y").exists()


def test_no_url_that_a_commit_names_is_asked(plain: Place) -> None:
    canary = plain.root / "canary"
    evil = f'[submodule "new"]\n\tpath = new\n\turl = "ext::touch {canary}"\n\tupdate = !touch {canary}\n'
    with (plain.main / ".gitmodules").open("a") as file:
        file.write(evil)
    plain.main_git("update-index", "--add", "--cacheinfo", f"160000,{plain.main_git('rev-parse', 'main')},new")
    plain.main_git("add", ".gitmodules")
    plain.main_git("commit", "-q", "-m", "evil")
    assert "new" in make_tree(plain)
    assert not canary.exists()


def test_a_pointer_that_a_person_moved_is_not_trusted(plain: Place) -> None:
    make_tree(plain)
    other = make_repository(plain.root / "elsewhere")
    (plain.worktree / PART / ".git").write_text(f"gitdir: {other}/.git\n")
    with pytest.raises(UnsafeTree, match="lib/part"):
        refuse_unsupported(plain.repo, plain.worktree, read_pointer(plain.worktree))


def test_a_merge_under_way_in_a_submodule_is_named(plain: Place) -> None:
    make_tree(plain)
    git_dir = Path(inside(plain, PART, "rev-parse", "--absolute-git-dir"))
    (git_dir / "MERGE_HEAD").write_text(inside(plain, PART, "rev-parse", "HEAD") + "\n")
    with pytest.raises(RepositoryRefused, match=r"a merge is under way in .*lib/part"):
        refuse_unsupported(plain.repo, plain.worktree, read_pointer(plain.worktree))


@pytest.mark.engine
def test_git_inside_sees_submodules_as_git_outside(place: Place) -> None:
    ran = place.session().run(
        f"""git status --porcelain -b; git submodule status --recursive | sed 's/^\\(.\\)[0-9a-f]* /\\1/'
        git -C {PART} log --format=%s; git -C /workspace/{INNER} rev-parse --show-toplevel; git -C {PART} status -sb
        for each in {PART} {INNER}; do
            rm -f $each/.git /workspace/$each/.git; mv $each/.git x; echo x >$each/.git
        done 2>&1 | grep -c -i 'busy\\|read-only'; git diff --submodule=log; ls -A other"""
    )
    lines = ran.output.splitlines()
    assert lines[0] == f"## {BRANCH}"
    assert [line.split()[0] for line in lines[1:3]] == [PART, INNER]
    assert f"/workspace/{INNER}" in lines
    assert f"## {BRANCH}" in lines[1:]
    assert lines[-1] == "8"


@pytest.mark.engine
def test_commits_in_submodules_are_there_when_the_project_names_them(place: Place) -> None:
    before = {path: inside(place, path, "rev-parse", "HEAD") for path in (PART, INNER)}
    taken = work(
        place.session(),
        f"""cd {INNER}; echo deep >deep; git add deep; git commit -q -m deep; cd ../..
        echo part >part; git add part in/ner; git commit -q -m part; git tag mark; cd ../..
        git add {PART}; echo top >top; git add top; git commit -q -m top; git submodule status --recursive | grep '^ '
        echo unfinished >>{PART}/README.md; echo staged >{PART}/staged; git -C {PART} add staged""",
    )
    assert (taken.refused, taken.commits, taken.alerts) == (None, 1, ())
    part = place.main_git("rev-parse", f"{BRANCH}:{PART}")
    assert inside(place, PART, "rev-parse", "HEAD") == part != before[PART]
    assert inside(place, PART, "branch", "--show-current") == BRANCH
    assert inside(place, INNER, "rev-parse", "HEAD") == inside(place, PART, "rev-parse", "HEAD:in/ner") != before[INNER]
    assert sorted(inside(place, PART, "status", "--porcelain").splitlines()) == [" M README.md", "A  staged"]
    assert inside(place, PART, "for-each-ref", "--format=%(refname)", OWN).splitlines() == [
        f"{OWN}/old/{before[PART]}",
        f"{OWN}/tags/mark",
    ]
    assert place.git("status", "--porcelain").splitlines() == [f" M {PART}"]
    # the main checkout can merge it: what it names is there too
    place.main_git("merge", "-q", BRANCH)
    place.main_git("submodule", "--quiet", "update", "--recursive", PART)
    assert (place.main / INNER / "deep").read_text() == "deep\n"
    second = work(
        place.session("r-2"), f"cd {PART}; git log -1 --format=%s; git commit -q -m staged; cd ../..; git add {PART}"
    )
    assert (second.refused, second.alerts) == (None, ())
    assert inside(place, PART, "log", "-1", "--format=%s") == "staged"


def test_a_detached_head_gets_the_missions_branch_and_what_that_was_is_kept(plain: Place) -> None:
    make_tree(plain)
    (part, *_) = find_submodules(plain.worktree, read_pointer(plain.worktree))
    assert put_on_branch(part, BRANCH, MISSION) == BRANCH == inside(plain, PART, "branch", "--show-current")
    fill(plain.worktree / PART, {"x": "x\n"})
    inside(plain, PART, "add", "x")
    inside(plain, PART, "commit", "-q", "-m", "x")
    old = inside(plain, PART, "rev-parse", "HEAD")
    inside(plain, PART, "checkout", "-q", "--detach", "HEAD~1")
    assert put_on_branch(part, BRANCH, MISSION) == BRANCH
    assert inside(plain, PART, "rev-parse", BRANCH) == inside(plain, PART, "rev-parse", "main")
    assert inside(plain, PART, "for-each-ref", "--format=%(objectname)", OWN) == old
    inside(plain, PART, "switch", "-q", "-c", "mine")
    assert put_on_branch(part, BRANCH, MISSION) == "mine"


def test_a_branch_of_the_submodules_own_in_the_way_of_the_missions_is_no_trouble(plain: Place) -> None:
    make_tree(plain)
    inside(plain, PART, "branch", BRANCH.partition("/")[0])
    (part, *_) = find_submodules(plain.worktree, read_pointer(plain.worktree))
    assert (
        put_on_branch(part, BRANCH, MISSION)
        == f"scopecraft-{MISSION}"
        == inside(plain, PART, "branch", "--show-current")
    )


@pytest.mark.engine
def test_either_harvest_takes_submodules(place: Place) -> None:
    session = place.session()
    session.run(f"cd {PART}; echo x >x; git add x; git commit -q -m x; cd ../..; git add {PART}; git commit -q -m top")
    taken = session.take_back()
    assert (taken.refused, taken.commits, taken.alerts) == (None, 1, ())
    assert inside(place, PART, "rev-parse", "HEAD") == place.main_git("rev-parse", f"{BRANCH}:{PART}")
    again = take_back(place.repo, session.private.facts, read_harvest(session.private.facts.harvest_folder))
    assert again.refused is None


@pytest.mark.engine
def test_a_rewritten_submodule_is_told_with_its_name_and_what_it_was_is_kept(place: Place) -> None:
    before = inside(place, PART, "rev-parse", "HEAD")
    taken = work(place.session(), f"cd {PART}; git commit -q --amend -m amended")
    assert [alert.code for alert in taken.alerts] == ["history_rewritten"]
    assert taken.alerts[0].text.startswith("in the submodule lib/part: ")
    assert inside(place, PART, "log", "-1", "--format=%s") == "amended"
    assert f"{OWN}/old/{before}" in inside(place, PART, "for-each-ref", "--format=%(refname)", OWN)


@pytest.mark.engine
def test_a_half_done_merge_in_a_submodule_is_told_and_nothing_of_it_is_dropped(place: Place) -> None:
    taken = work(
        place.session(),
        f"""cd {PART}; git switch -q -c side; echo a >README.md; git commit -qam a; git switch -q -; echo b >README.md
        git commit -qam b; git merge side >/dev/null || true""",
    )
    assert taken.refused == "in the submodule lib/part: a merge is half done"
    assert taken.is_private_needed
    assert inside(place, PART, "log", "-1", "--format=%s") == "b"


@pytest.mark.engine
def test_a_submodule_that_was_moved_aside_runs_nothing_on_the_host(place: Place) -> None:
    """Its folder can be renamed around the pointer: then the old one, and what stands in its place, are moved away."""
    canary = place.root / "canary"
    session = place.session()
    session.run(
        f"""cd lib; mkdir -p deep/er/still; mv part deep/er/still/part; mkdir part; cd part; git init -q .
        git config core.fsmonitor 'touch {canary};'; git commit -q --allow-empty -m evil; cd ../..
        git add -A lib 2>/dev/null; git commit -q -m evil; ls -A lib/part"""
    )
    taken = session.take_back()
    host_git(place.worktree, "status", check=False)
    host_git(place.worktree, "diff", check=False)
    host_git(place.worktree, "add", "-A", check=False)
    assert not canary.exists()
    assert not (place.worktree / PART / ".git").exists()
    assert not (place.worktree / "lib/deep/er/still/part/.git").exists()
    assert "nested_repository" in {alert.code for alert in taken.alerts}


@pytest.mark.engine
def test_a_link_in_the_place_of_a_submodule_leads_the_host_nowhere(place: Place) -> None:
    other = make_repository(place.root / "others/part")
    before = (other / ".git/index").read_bytes()
    session = place.session()
    session.run(f"echo x >{PART}/x; git -C {PART} add x; mv lib aside; ln -s {place.root}/others lib")
    taken = session.take_back()
    assert (other / ".git/index").read_bytes() == before
    assert (other / ".git").is_dir()
    assert taken.refused is None


@pytest.mark.engine
def test_what_was_deleted_from_a_submodules_history_cannot_be_read(place: Place) -> None:
    fill(place.worktree / PART, {"key": "secret\n"})
    inside(place, PART, "add", "key")
    inside(place, PART, "commit", "-q", "-m", "key")
    secret = inside(place, PART, "rev-parse", "HEAD:key")
    inside(place, PART, "reset", "-q", "--hard", "HEAD~1")
    ran = place.session().run(f"git -C {PART} cat-file -p {secret}", check=False)
    assert ran.exit_code != 0
    assert "secret" not in ran.output
