"""Merges computed in memory: what conflicts and how, and that nothing of a repository is run or changed for it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scopecraft.errors import GitFailed, RepositoryRefused
from scopecraft.worktrees.commit_made import NewCommit, make_commit, replay, require_identity
from scopecraft.worktrees.merge_tree import Conflict, merge_trees, merging_git
from scopecraft.worktrees.repository import Repository, open_repository
from tests.support.repos import commit, git, make_repository


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """On `main`; the branch `fix` begins at its first commit."""
    folder = make_repository(tmp_path / "shop")
    (folder / "long.txt").write_text("".join(f"{number}\n" for number in range(50)))
    git(folder, "add", "--all")
    git(folder, "commit", "-qm", "More")
    git(folder, "branch", "fix")
    return folder


def both(shop: Path, ours: Callable[[Path], object], theirs: Callable[[Path], object]) -> Repository:
    """One commit on main, another on fix; main is checked out."""
    for branch, change in (("fix", theirs), ("main", ours)):
        git(shop, "checkout", "-q", branch)
        change(shop)
        git(shop, "add", "--all")
        git(shop, "commit", "-q", "--allow-empty", "-m", f"Change on {branch}")
    return open_repository(shop)


def merged(repo: Repository) -> tuple[Conflict, ...]:
    with merging_git(repo, "main") as merging:
        return merge_trees(merging, "main", "fix").conflicts


def write(name: str, content: str | bytes) -> Callable[[Path], None]:
    data = content.encode() if isinstance(content, str) else content

    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)

    return change


def move(name: str, to: str) -> Callable[[Path], object]:
    return lambda folder: git(folder, "mv", name, to)


def remove(name: str) -> Callable[[Path], object]:
    return lambda folder: git(folder, "rm", "-q", name)


def gitlink(id_: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        git(folder, "update-index", "--add", "--cacheinfo", f"160000,{id_},lib")
        (folder / "lib").mkdir(exist_ok=True)  # as git leaves one that is not there

    return change


@pytest.mark.parametrize(
    ("ours", "theirs", "path", "kind"),
    [
        (write("file-0.txt", "a\n"), write("file-0.txt", "b\n"), "file-0.txt", "both changed the same lines"),
        (write("new.txt", "a\n"), write("new.txt", "b\n"), "new.txt", "both changed the same lines"),
        (write("x.bin", b"\0a"), write("x.bin", b"\0b"), "x.bin", "both changed it, and it is binary"),
        (remove("file-0.txt"), write("file-0.txt", "b\n"), "file-0.txt", "one changed it, the other deleted it"),
        (move("long.txt", "a.txt"), move("long.txt", "b.txt"), "long.txt", "both renamed it, differently"),
        (move("long.txt", "a.txt"), remove("long.txt"), "a.txt", "one renamed it, the other deleted it"),
        (write("place", "a\n"), write("place/in.txt", "b\n"), "place", "a file here, a folder there"),
    ],
    ids=["content", "add", "binary", "delete", "rename", "rename-delete", "folder"],
)
def test_a_conflict_is_told_by_file_and_kind(
    shop: Path, ours: Callable[[Path], object], theirs: Callable[[Path], object], path: str, kind: str
) -> None:
    repo = both(shop, ours, theirs)
    before = git(shop, "for-each-ref"), git(shop, "status", "--porcelain")
    told = {each.path.partition("~")[0]: each.kind for each in merged(repo)}
    assert told.get(path) == kind, told
    assert (git(shop, "for-each-ref"), git(shop, "status", "--porcelain")) == before


def test_a_submodule_that_both_moved_is_a_conflict_and_is_not_looked_into(shop: Path) -> None:
    git(shop, "commit", "-q", "--allow-empty", "-m", "x")
    ids = git(shop, "log", "--format=%H", "-2").split("\n")
    repo = both(shop, gitlink(ids[0]), gitlink(ids[1]))
    assert [each.path for each in merged(repo)] == ["lib"]


def test_a_mode_and_a_content_go_together(shop: Path) -> None:
    repo = both(shop, lambda folder: (folder / "file-0.txt").chmod(0o755), write("file-0.txt", "b\n"))
    with merging_git(repo, "main") as merging:
        found = merge_trees(merging, "main", "fix")
    assert found.conflicts == ()
    assert git(shop, "ls-tree", found.tree, "file-0.txt").startswith("100755")
    assert git(shop, "cat-file", "blob", f"{found.tree}:file-0.txt") == "b"


def test_programs_of_configuration_and_attributes_never_run(shop: Path, tmp_path: Path) -> None:
    """A driver counts as a conflict; a filter, a textconv and a hook are not asked."""
    touched = tmp_path / "ran"
    for key in ("merge.evil.driver", "filter.evil.clean", "filter.evil.smudge", "diff.evil.textconv", "diff.external"):
        git(shop, "config", key, f"touch {touched}; cat")
    git(shop, "config", "merge.renormalize", "true")
    git(shop, "config", "merge.default", "evil")
    attributes = "*.txt merge=evil filter=evil diff=evil\n"
    (shop / ".git" / "info").mkdir(exist_ok=True)

    def theirs(folder: Path) -> None:
        lines = [f"{number}\n" for number in range(50)]
        (folder / "long.txt").write_text("".join(["changed\n", *lines[1:]]))
        git(folder, "update-index", "--add", "--cacheinfo", f"100644,{blob(folder, attributes)},.gitattributes")

    def ours(folder: Path) -> None:
        lines = [f"{number}\n" for number in range(50)]
        (folder / "long.txt").write_text("".join([*lines[:-1], "changed\n"]))

    git(shop, "-c", "filter.evil.clean=cat", "checkout", "-q", "main")
    ours_commit, theirs_commit = made(shop, ours, "main"), made(shop, theirs, "fix")
    touched.unlink(missing_ok=True)
    repo = open_repository(shop)
    with merging_git(repo, ours_commit) as merging:
        assert merge_trees(merging, ours_commit, theirs_commit).conflicts == ()
    (shop / ".git" / "info" / "attributes").write_text(attributes)
    with merging_git(repo, ours_commit) as merging:
        assert [each.path for each in merge_trees(merging, ours_commit, theirs_commit).conflicts] == ["long.txt"]
    assert not touched.exists()


def blob(folder: Path, content: str) -> str:
    done = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], cwd=folder, input=content.encode(), capture_output=True
    )
    return done.stdout.decode().strip()


def made(shop: Path, change: Callable[[Path], None], branch: str) -> str:
    """A commit of one change on top of a branch, by plain objects: no filter sees it."""
    change(shop)
    id_ = blob(shop, (shop / "long.txt").read_text())
    git(shop, "update-index", "--cacheinfo", f"100644,{id_},long.txt")
    tree = git(shop, "write-tree")
    return git(shop, "commit-tree", "-p", branch, "-m", "change", tree)


def test_the_base_says_which_files_are_joined_and_the_mission_does_not(shop: Path) -> None:
    for who, expected in (("main", 0), ("fix", 1)):
        git(shop, "checkout", "-q", who)
        commit(shop, ".gitattributes", "log.txt merge=union\n")
        git(shop, "tag", f"start-{who}")
        repo = both(shop, write("log.txt", "ours\n"), write("log.txt", "theirs\n"))
        assert len(merged(repo)) == expected, who
        for branch in ("main", "fix"):
            git(shop, "update-ref", f"refs/heads/{branch}", f"start-main~{1}" if who == "main" else branch)
        git(shop, "reset", "-q", "--hard")


def test_histories_that_share_nothing_are_refused(shop: Path) -> None:
    git(shop, "checkout", "-q", "--orphan", "other")
    git(shop, "commit", "-qm", "Apart")
    repo = open_repository(shop)
    with merging_git(repo, "main") as merging, pytest.raises(RepositoryRefused, match="no commit in common"):
        merge_trees(merging, "main", "other")


def test_replayed_commits_keep_author_and_message_and_lose_what_is_there_already(shop: Path) -> None:
    git(shop, "checkout", "-q", "fix")
    for name in ("one", "two"):
        (shop / name).write_text(f"{name}\n")
        git(shop, "add", name)
        who = ("-c", "user.name=Ågent Ünd", "-c", "user.email=a@example.com")
        git(shop, *who, "commit", "-q", "-m", f"Add {name}\n\nWith a body – and more.", "--date=@1700000000 +0530")
    git(shop, "checkout", "-q", "main")
    git(shop, "cherry-pick", "fix~1")
    repo = open_repository(shop)
    own = git(shop, "rev-list", "--reverse", "fix", "^main").split("\n")
    with merging_git(repo, "main") as merging:
        tip = replay(merging, own, git(shop, "rev-parse", "main")).tip
    form = "--format=%an|%ae|%ad|%B"
    assert git(shop, "log", "-1", form, "--date=raw", tip) == git(shop, "log", "-1", form, "--date=raw", "fix")
    assert git(shop, "log", "-1", "--format=%cn", tip) == "Tester"
    assert git(shop, "rev-parse", f"{tip}~1") == git(shop, "rev-parse", "main")


def test_who_git_does_not_know_is_asked_for_a_name(shop: Path, clean_environment: Path) -> None:
    (clean_environment / "home" / ".gitconfig").unlink()
    with pytest.raises(RepositoryRefused, match="does not know your name"):
        require_identity(open_repository(shop).git)


def test_a_person_who_signs_gets_a_signed_commit_or_none(shop: Path, tmp_path: Path) -> None:
    signer = tmp_path / "signer"
    signer.write_text('#!/bin/sh\necho "[GNUPG:] SIG_CREATED " >&2\ncat >/dev/null\necho "signed by me"\n')
    signer.chmod(0o755)
    git(shop, "config", "gpg.program", str(signer))
    git(shop, "config", "commit.gpgSign", "true")
    repo = open_repository(shop)
    tree = git(shop, "rev-parse", "main^{tree}")
    made_one = make_commit(repo.git, NewCommit(tree, (), b"x\n"))
    assert "signed by me" in git(shop, "cat-file", "commit", made_one)
    signer.write_text("#!/bin/sh\necho 'no key' >&2; exit 1\n")
    with pytest.raises(GitFailed, match="cannot be signed"):
        make_commit(repo.git, NewCommit(tree, (), b"x\n"))


def test_attributes_that_lead_out_of_the_tree_are_not_followed(shop: Path, tmp_path: Path) -> None:
    """A tree that no git checks out; one that was fetched without a check may hold it."""

    def tree(mode: str, kind: str, inner: str, name: str) -> str:
        row = f"{mode} {kind} {inner}\t{name}\n".encode()
        return subprocess.run(["git", "mktree"], cwd=shop, input=row, capture_output=True, check=True).stdout.decode()[
            :-1
        ]

    at = tree("100644", "blob", git(shop, "hash-object", "-w", "long.txt"), ".gitattributes")
    for part in (*reversed(tmp_path.parts[1:]), *[".."] * 12, "a"):
        at = tree("040000", "tree", at, part)
    evil = git(shop, "commit-tree", "-m", "evil", at)
    with merging_git(open_repository(shop), evil):
        assert not (tmp_path / ".gitattributes").exists()
