"""Settings that go along into a container, and those that never do."""

from __future__ import annotations

import pytest

from scopecraft.worktrees.config_copy import is_allowed, is_true, private_config


@pytest.mark.parametrize(
    "key",
    [
        "core.hookspath",
        "core.fsmonitor",
        "core.sshcommand",
        "core.editor",
        "core.pager",
        "core.askpass",
        "core.worktree",
        "core.excludesfile",
        "core.attributesfile",
        "core.gitproxy",
        "core.alternaterefscommand",
        "core.untrackedcache",
        "core.splitindex",
        "include.path",
        "includeif.gitdir:/x/.path",
        "alias.st",
        "credential.helper",
        "url.https://token@host/.insteadof",
        "http.extraheader",
        "remote.origin.url",
        "remote.origin.uploadpack",
        "gpg.program",
        "commit.gpgsign",
        "commit.template",
        "user.signingkey",
        "filter.lfs.clean",
        "diff.external",
        "diff.x.textconv",
        "merge.x.driver",
        "merge.tool",
        "mergetool.x.cmd",
        "extensions.worktreeconfig",
        "uploadpack.packobjectshook",
        "i18n.x.commitencoding",
        "sequence.editor",
        "pager.log",
    ],
)
def test_nothing_that_runs_or_tells_secrets_is_copied(key: str) -> None:
    assert not is_allowed(key)
    assert b"evil" not in private_config({key: "evil"}, "sha1")


@pytest.mark.parametrize("key", ["core.autocrlf", "user.email", "i18n.commitencoding", "diff.algorithm", "pull.rebase"])
def test_what_shapes_commits_is_copied(key: str) -> None:
    assert b'= "value"' in private_config({key: "value"}, "sha1")


def test_values_cannot_break_out_of_their_line() -> None:
    text = private_config(
        {"user.name": 'A "B" \\ C\n[core]\n\thooksPath = /evil', "core.filemode": None}, "sha1"
    ).decode()
    assert '\tname = "A \\"B\\" \\\\ C\\n[core]\\n\\thooksPath = /evil"\n' in text
    assert "[core]\n\tfilemode\n" in text
    assert text.count("[core]\n") == 4  # bare, filemode, logallrefupdates, repositoryformatversion


def test_what_must_hold_outranks_the_persons_settings() -> None:
    text = private_config({"core.bare": "true", "gc.auto": "6700"}, "sha256").decode()
    assert 'bare = "false"' in text
    assert 'auto = "0"' in text
    assert 'repositoryformatversion = "1"' in text
    assert 'objectformat = "sha256"' in text


def test_an_agent_has_a_name_even_where_the_person_has_none() -> None:
    assert b'name = "scopecraft"' in private_config({}, "sha1")
    assert b'name = "Ada"' in private_config({"user.name": "Ada"}, "sha1")


@pytest.mark.parametrize(
    ("value", "expected"), [("true", True), ("YES", True), (None, True), ("false", False), ("", False)]
)
def test_git_has_several_words_for_true(value: str | None, expected: bool) -> None:
    assert is_true({"a.b": value}, "a.b") is expected
    assert is_true({}, "a.b") is False
