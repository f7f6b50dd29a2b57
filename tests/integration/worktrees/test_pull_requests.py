"""Pull requests of a real remote: fetched into one ref of ours, with a person's own access; no other ref moves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scopecraft.errors import Ambiguous, GitFailed, NotFound, StorageFailed
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.pull_request import Fetched, choose_remote, fetch_pull_request, take_in
from scopecraft.worktrees.repository import Repository, open_repository
from tests.support.hub import GITHUB, GITLAB, Hub, make_hub
from tests.support.repos import bare_copy, commit, git, make_repository

REF = "refs/scopecraft/m-1/pr"


@pytest.fixture
def shop(clean_environment: Path) -> Path:
    return make_repository(clean_environment / "shop")


@pytest.fixture
def repo(shop: Path) -> Repository:
    return open_repository(shop)


def fetch(repo: Repository, number: int, remote: str = "origin") -> Fetched:
    return fetch_pull_request(repo, remote, number, into=REF, waiting=lambda _: None)


@pytest.mark.parametrize("pattern", [GITHUB, GITLAB])
def test_it_comes_into_one_ref_and_nothing_else_moves(
    shop: Path, repo: Repository, clean_environment: Path, pattern: str
) -> None:
    hub = make_hub(shop, clean_environment, pattern)
    head = hub.push(7, "theirs.txt", onto="main")
    git(hub.work, "push", "--quiet", "origin", "HEAD:main", "HEAD:refs/tags/v1")  # what an ordinary fetch would bring
    git(shop, "config", "fetch.prune", "true")
    before = git(shop, "for-each-ref")
    (repo.common_dir / "FETCH_HEAD").unlink()
    assert fetch(repo, 7) == Fetched(pattern.format(7), head, REF)
    assert git(shop, "rev-parse", REF) == head
    git(shop, "update-ref", "-d", REF)
    assert git(shop, "for-each-ref") == before
    assert not (repo.common_dir / "FETCH_HEAD").exists()


def test_the_address_may_be_a_relative_path(shop: Path, repo: Repository, clean_environment: Path) -> None:
    hub = make_hub(shop, clean_environment)
    head = hub.push(7, "theirs.txt", onto="main")
    git(shop, "remote", "set-url", "origin", "../hub.git")
    assert fetch(repo, 7).head == head


def test_a_bare_repository_fetches_too(shop: Path, clean_environment: Path) -> None:
    hub = make_hub(shop, clean_environment)
    head = hub.push(7, "theirs.txt", onto="main")
    bare = bare_copy(shop, clean_environment / "project.git")
    git(bare, "remote", "set-url", "origin", str(hub.folder))
    assert fetch(open_repository(bare), 7).head == head


def test_one_that_was_rewritten_is_fetched_again(shop: Path, repo: Repository, clean_environment: Path) -> None:
    hub = make_hub(shop, clean_environment)
    hub.push(7, "theirs.txt", onto="main")
    fetch(repo, 7)
    head = hub.push(7, "others.txt", onto="main", force=True)
    assert fetch(repo, 7).head == head


def test_no_such_pull_request(shop: Path, repo: Repository, clean_environment: Path) -> None:
    hub = make_hub(shop, clean_environment)
    # git takes what it is asked for as the end of a name
    git(hub.work, "push", "--quiet", "origin", "HEAD:refs/odd/refs/pull/8/head")
    with pytest.raises(NotFound, match="origin has no pull request 8"):
        fetch(repo, 8)
    assert git(shop, "for-each-ref", "refs/scopecraft") == ""


def test_hooks_of_the_repository_do_not_run(shop: Path, repo: Repository, clean_environment: Path) -> None:
    hub = make_hub(shop, clean_environment)
    hub.push(7, "theirs.txt", onto="main")
    hook = repo.common_dir / "hooks" / "reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {clean_environment}/ran\n")
    hook.chmod(0o755)
    fetch(repo, 7)
    assert not (clean_environment / "ran").exists()


def test_a_remote_that_is_away_is_told_in_gits_words(shop: Path, repo: Repository, clean_environment: Path) -> None:
    git(shop, "remote", "add", "origin", str(clean_environment / "nowhere"))
    with pytest.raises(
        GitFailed, match=r"cannot be fetched from origin: .*nowhere.* does not appear to be a git"
    ) as error:
        fetch(repo, 7)
    assert error.value.hint == "does it work by hand? git ls-remote origin"


def test_a_password_in_an_address_is_not_told(shop: Path, repo: Repository) -> None:
    git(shop, "remote", "add", "origin", "http://ann:hunter2@127.0.0.1:9/shop.git")
    with pytest.raises(GitFailed) as error:
        fetch(repo, 7)
    assert "127.0.0.1" in error.value.message
    assert "hunter2" not in error.value.message


def test_it_is_reached_by_the_persons_own_ssh(
    shop: Path, repo: Repository, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub(shop, clean_environment)
    head = hub.push(7, "theirs.txt", onto="main")
    program = clean_environment / "my-ssh"
    # as ssh would: the last word is the command for the other side; without a terminal there is nobody to ask
    program.write_text(f'#!/bin/sh\n[ -t 0 ] && exit 1\necho "$SSH_AUTH_SOCK" >{clean_environment}/agent\n'
                       'for last; do :; done\nexec sh -c "$last"\n')  # fmt: skip
    program.chmod(0o755)
    monkeypatch.setenv("SSH_AUTH_SOCK", "/my/agent")
    git(shop, "remote", "set-url", "origin", f"ssh://host.example.com{hub.folder}")
    git(shop, "config", "core.sshCommand", "false")
    monkeypatch.setenv("GIT_SSH_COMMAND", str(program))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    assert fetch(repo, 7).head == head
    assert (clean_environment / "agent").read_text() == "/my/agent\n"


def test_a_password_in_what_a_helper_says_is_not_told(shop: Path, repo: Repository, clean_environment: Path) -> None:
    program = clean_environment / "my-ssh"
    program.write_text("#!/bin/sh\necho 'no way to https://ann:hunter2@host.example.com/x' >&2\nexit 255\n")
    program.chmod(0o755)
    git(shop, "remote", "add", "origin", "ssh://host.example.com/shop.git")
    git(shop, "config", "core.sshCommand", str(program))
    with pytest.raises(GitFailed, match=r"no way to https://host\.example\.com/x") as error:
        fetch(repo, 7)
    assert "hunter2" not in error.value.message


def test_what_ssh_said_is_told_too(shop: Path, repo: Repository, clean_environment: Path) -> None:
    program = clean_environment / "my-ssh"
    program.write_text("#!/bin/sh\necho 'ann@host: Permission denied (publickey).' >&2\nexit 255\n")
    program.chmod(0o755)
    git(shop, "remote", "add", "origin", "ssh://host.example.com/shop.git")
    git(shop, "config", "core.sshCommand", str(program))
    with pytest.raises(GitFailed, match=r"Permission denied \(publickey\)"):
        fetch(repo, 7)


def test_a_full_disk_is_told_as_that(shop: Path, repo: Repository, clean_environment: Path) -> None:
    program = clean_environment / "my-ssh"
    program.write_text("#!/bin/sh\necho 'fatal: write error: No space left on device' >&2\nexit 128\n")
    program.chmod(0o755)
    git(shop, "remote", "add", "origin", "ssh://host.example.com/shop.git")
    git(shop, "config", "core.sshCommand", str(program))
    with pytest.raises(StorageFailed, match="No space left"):
        fetch(repo, 7)


def test_whoever_waits_is_told_how_long(shop: Path) -> None:
    heard: list[int] = []
    git_ = Git(shop, waiting=heard.append, waiting_seconds=0.05)
    done = git_.run("-c", "alias.slow=!sleep 0.3; cat", "slow", input=b"said")
    assert done.stdout == b"said"
    assert len(heard) >= 2


def test_which_remote(shop: Path, repo: Repository, clean_environment: Path) -> None:
    with pytest.raises(NotFound, match="has no remote"):
        choose_remote(repo, None)
    git(shop, "remote", "add", "up", "x")
    assert choose_remote(repo, None) == "up"
    git(shop, "remote", "add", "down", "x")
    with pytest.raises(Ambiguous, match="several remotes: down, up"):
        choose_remote(repo, None)
    git(shop, "remote", "add", "origin", "x")
    assert choose_remote(repo, None) == "origin"
    assert choose_remote(repo, "up") == "up"
    with pytest.raises(NotFound, match=r"no remote .--upload-pack=x."):
        choose_remote(repo, "--upload-pack=x")


@pytest.fixture
def tree(shop: Path, clean_environment: Path) -> Path:
    git(shop, "worktree", "add", "--quiet", "-b", "pr-7", str(clean_environment / "tree"))
    return clean_environment / "tree"


def moved(hub: Hub, repo: Repository, tree: Path) -> tuple[str, str]:
    """The pull request's head when the worktree was made, and now."""
    before = hub.push(7, "theirs.txt", onto="main")
    fetch(repo, 7)
    git(tree, "reset", "--quiet", "--hard", before)
    hub.push(7, "more.txt")
    return before, fetch(repo, 7).head


def test_a_branch_without_work_of_its_own_goes_with_the_pull_request(
    shop: Path, repo: Repository, tree: Path, clean_environment: Path
) -> None:
    before, after = moved(make_hub(shop, clean_environment), repo, tree)
    (tree / "notes.txt").write_text("mine, not committed")
    git(shop, "config", "merge.autoStash", "true")
    assert take_in(repo, tree, "pr-7", before=before, after=after) == "forwarded"
    assert git(tree, "rev-parse", "HEAD") == after
    assert (tree / "more.txt").is_file()
    assert (tree / "notes.txt").read_text() == "mine, not committed"
    assert take_in(repo, tree, "pr-7", before=before, after=after) == "there"


def test_a_branch_with_work_of_its_own_stays(shop: Path, repo: Repository, tree: Path, clean_environment: Path) -> None:
    before, after = moved(make_hub(shop, clean_environment), repo, tree)
    mine = commit(tree, "mine.txt")
    assert take_in(repo, tree, "pr-7", before=before, after=after) == "own work"
    assert git(tree, "rev-parse", "HEAD") == mine


def test_changes_that_would_be_lost_keep_the_branch_where_it_is(
    shop: Path, repo: Repository, tree: Path, clean_environment: Path
) -> None:
    before, after = moved(make_hub(shop, clean_environment), repo, tree)
    (tree / "more.txt").write_text("mine")
    assert take_in(repo, tree, "pr-7", before=before, after=after) == "in the way"
    assert git(tree, "rev-parse", "HEAD") == before
    assert (tree / "more.txt").read_text() == "mine"


def test_a_changed_file_is_not_stashed_away_for_it(
    shop: Path, repo: Repository, tree: Path, clean_environment: Path
) -> None:
    hub = make_hub(shop, clean_environment)
    before, _ = moved(hub, repo, tree)
    git(shop, "config", "merge.autoStash", "true")
    hub.push(7, "file-0.txt")
    (tree / "file-0.txt").write_text("mine")
    assert take_in(repo, tree, "pr-7", before=before, after=fetch(repo, 7).head) == "in the way"
    assert (tree / "file-0.txt").read_text() == "mine"
    assert git(tree, "stash", "list") == ""


def test_a_pull_request_that_was_rewritten_moves_nothing(
    shop: Path, repo: Repository, tree: Path, clean_environment: Path
) -> None:
    hub = make_hub(shop, clean_environment)
    before, _ = moved(hub, repo, tree)
    hub.push(7, "anew.txt", onto="main", force=True)
    assert take_in(repo, tree, "pr-7", before=before, after=fetch(repo, 7).head) == "rewritten"
    assert git(tree, "rev-parse", "HEAD") == before


def test_without_a_terminal_nobody_is_asked_for_a_password(repo: Repository) -> None:
    assert "GIT_TERMINAL_PROMPT" not in os.environ
    assert repo.git.run("-c", "alias.env=!env", "env").stdout.count(b"GIT_TERMINAL_PROMPT=0") == 1
