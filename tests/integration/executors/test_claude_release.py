"""The agent's program is fetched once, and only the pinned bytes are taken."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from scopecraft.errors import AgentMissing
from scopecraft.executors import claude_release


def sha512(data: bytes) -> str:
    return base64.b64encode(hashlib.sha512(data).digest()).decode()


def test_a_file_other_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    packed = tmp_path / "claude.tgz"
    packed.write_bytes(b"anything else")
    claude_release.verify(packed, sha512(b"anything else"))
    with pytest.raises(AgentMissing, match="not the file that was pinned"):
        claude_release.verify(packed, sha512(b"the pinned one"))


def test_a_program_that_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    program = tmp_path / "claude"
    program.write_bytes(b"as fetched before")
    (tmp_path / "claude.sha512").write_text(claude_release.PACKAGES["amd64"].sha512)
    said: list[str] = []
    assert claude_release.fetch(tmp_path, said.append, "amd64") == program
    assert said == []


def test_a_machine_without_a_release_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(AgentMissing, match="no Claude Code for riscv64"):
        claude_release.fetch(tmp_path, print, "riscv64")


def test_without_npm_the_hint_names_the_other_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AgentMissing, match="npm is not there") as caught:
        claude_release.fetch(tmp_path, lambda _: None, "amd64")
    assert "--claude-binary" in caught.value.hint
