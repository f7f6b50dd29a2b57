"""What an agent does to its own folders must not stand in the way of the person."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.command_line import Said, sc

pytestmark = [pytest.mark.engine]


def run(workplace: Path, script: str, *more: str) -> Said:
    return sc("run", "fine", "--agent", "plain", *more, "--", "sh", "-c", script, cwd=workplace)


def session_folder(workplace: Path) -> Path:
    latest = json.loads(sc("ls", "--json", cwd=workplace).out)[0]
    return Path(os.environ["SCOPECRAFT_HOME"]) / "sessions" / str(latest["id"])


def test_folders_too_deep_to_walk_are_removed_all_the_same(workplace: Path) -> None:
    deep = "cd /session/git; i=0; while [ $i -lt 1500 ]; do mkdir a && cd -P a || exit 1; i=$((i+1)); done"
    said = run(workplace, deep)
    assert said.code == 0, said.err
    assert not (session_folder(workplace) / "git").exists()
    assert run(workplace, "true").code == 0


def test_locked_folders_are_removed_all_the_same(workplace: Path) -> None:
    said = run(workplace, "mkdir -p /session/git/x/y; chmod 0 /session/git/x/y /session/git/x")
    assert said.code == 0, said.err
    assert not (session_folder(workplace) / "git").exists()


def test_what_the_person_asked_for_cannot_be_rewritten(workplace: Path) -> None:
    said = run(
        workplace,
        "cd /mission/artifacts; echo evil >raw-input.md; rm -f raw-input.md; echo fine >mine.md",
        "-m",
        "do it",
    )
    assert said.code == 0, said.err
    (artifacts,) = Path(os.environ["SCOPECRAFT_HOME"]).glob("missions/active/*/artifacts")
    assert (artifacts / "raw-input.md").read_text() == "do it"
    assert (artifacts / "mine.md").read_text() == "fine\n"
