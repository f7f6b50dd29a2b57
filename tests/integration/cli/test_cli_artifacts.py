"""`sc mission ls`, `cat`, `put`, `edit` and `diff`: artifacts through the doors that people use."""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scopecraft.config.paths import Home
from scopecraft.missions.folder import folder_of, read_mission, save_mission
from scopecraft.missions.versions import artifact_hash, keep_version
from scopecraft.model.mission import Approval, Mission
from tests.support.artifacts import SECRET
from tests.support.command_line import Said, on_a_terminal, sc
from tests.support.sessions import AT
from tests.support.standing_missions import stand

EVIL = "\x1b]52;c;ZXZpbA==\x07"


@pytest.fixture
def home() -> Home:
    assert sc("init").code == 0
    return Home(Path(os.environ["SCOPECRAFT_HOME"]).resolve())


@pytest.fixture
def mission(home: Home) -> Mission:
    """It waits for a review of `research.md`, which an agent wrote."""
    mission = stand(home, "fix-login", "research")
    (artifacts(home, mission) / "research.md").write_text("one\ntwo\nthree\n")
    keep_version(home, mission, "research.md", by="researcher", at=AT, run_id="r-1")
    return mission


def artifacts(home: Home, mission: Mission) -> Path:
    return folder_of(home, mission) / "artifacts"


def mission_sc(*words: str, stdin: bytes = b"", **env: str) -> Said:
    return sc("mission", *words, cwd=None, stdin=stdin, **env)


def approve(home: Home, mission: Mission, name: str) -> None:
    approval = Approval("ann", AT, name, artifact_hash(home, mission, name))
    gate = mission.state("review")
    assert gate is not None
    states = (replace(gate, phase="done", approval=approval) if state == gate else state for state in mission.steps)
    save_mission(home, replace(mission, steps=tuple(states)))


def editor(folder: Path, script: str) -> str:
    """An editor that does that to the file, `$1`."""
    program = folder / "editor.sh"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


def rows() -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(mission_sc("ls", "fix-login", "--json").out)}


def test_a_person_sees_what_became_of_what_an_agent_wrote(home: Home, mission: Mission) -> None:
    said = mission_sc("put", "fix-login", "research.md", stdin=b"one\n2\nthree\n")
    assert (said.code, said.out) == (0, "")
    assert "research.md of fix-login is changed: 12 bytes, version 2" in said.err
    assert "sc mission approve fix-login" in said.err, "and what comes next"
    assert mission_sc("cat", "fix-login", "research.md").out == "one\n2\nthree\n"
    assert mission_sc("cat", "fix-login", "research.md", "--agent").out == "one\ntwo\nthree\n"
    assert mission_sc("cat", "fix-login", "research.md", "--version", "2").out == "one\n2\nthree\n"
    head, *hunk = mission_sc("diff", "fix-login", "research.md").out.split("\n@@ -1,3 +1,3 @@\n")
    assert hunk == [" one\n-two\n+2\n three\n"]
    assert head == f"--- a/research.md\tversion 1 of {AT} by researcher\n+++ b/research.md\tas it is now"
    between = mission_sc("diff", "fix-login", "research.md", "--versions", "2", "1").out
    assert between.endswith(" one\n-2\n+two\n three\n")


def test_the_list_says_whose_each_is_and_what_was_approved(home: Home, mission: Mission) -> None:
    keep_version(home, mission, "raw-input.md", by="ann", at=AT)
    (artifacts(home, mission) / "key.md").symlink_to("/etc/passwd")
    (artifacts(home, mission) / "gone.md").write_text("x")
    keep_version(home, mission, "gone.md", by="researcher", at=AT, run_id="r-1")
    (artifacts(home, mission) / "gone.md").unlink()
    found = rows()
    assert found["research.md"]["by"] == "researcher"
    assert found["research.md"]["written_by"] == ["research"] and found["research.md"]["reviewed_at"] == ["review"]
    assert found["research.md"]["approved"] is None
    assert found["raw-input.md"]["by"] == "ann"
    assert found["key.md"]["refusal"].startswith("a link")
    assert found["gone.md"]["refusal"] == "not there any more; its versions are"
    approve(home, mission, "research.md")
    assert rows()["research.md"]["approved"]["holds"] is True
    listed = mission_sc("ls", "fix-login")
    assert "written by research; reviewed at review" in listed.out
    assert "key.md cannot be read: a link, and those of agents are not followed" in listed.err
    (artifacts(home, mission) / "research.md").write_text("something else")
    changed = rows()["research.md"]
    assert (changed["by"], changed["approved"]["holds"]) == (None, False)


def test_a_change_of_what_was_approved_opens_the_gate_again(home: Home, mission: Mission) -> None:
    approve(home, mission, "research.md")
    said = mission_sc("put", "fix-login", "research.md", stdin=b"something else\n")
    assert said.code == 0, said.err
    assert "Review research waits for you" in said.err
    review = read_mission(folder_of(home, mission)).state("review")
    assert review is not None
    assert (review.phase, review.approval) == ("pending", None)


def test_the_artifacts_of_a_complete_mission_are_read_and_not_changed(home: Home, mission: Mission) -> None:
    folder = folder_of(home, mission)
    folder.rename(home.missions_completed / folder.name)
    assert mission_sc("cat", "fix-login", "research.md").out == "one\ntwo\nthree\n"
    assert rows()["research.md"]["by"] == "researcher"
    assert "research.md is the same" in mission_sc("diff", "fix-login", "research.md").err
    for command in ("put", "edit"):
        said = mission_sc(command, "fix-login", "research.md", stdin=b"x", EDITOR="touch")
        assert (said.code, "its artifacts stay as they are" in said.err) == (3, True)


def test_a_draft_goes_on_once_it_has_a_text(home: Home) -> None:
    mission = stand(home, "idea", status="draft")
    assert mission_sc("put", "idea", "raw-input.md", stdin=b"a shop\n").code == 0
    assert json.loads((folder_of(home, mission) / "mission.json").read_text())["status"] == "ready"


def test_an_editor_gets_a_copy_and_what_it_leaves_is_put(home: Home, mission: Mission, tmp_path: Path) -> None:
    change = editor(tmp_path, 'sed -i s/two/zwei/ "$1"; echo "$1" >"$0.seen"')
    said = mission_sc("edit", "fix-login", EDITOR=change)
    assert said.code == 0, said.err
    assert mission_sc("cat", "fix-login", "research.md").out == "one\nzwei\nthree\n"
    place = Path((tmp_path / "editor.sh.seen").read_text().strip())
    assert place.name == "research.md" and not place.is_relative_to(artifacts(home, mission))
    assert not place.exists()
    assert "nothing was changed" in mission_sc("edit", "fix-login", EDITOR="true").err
    assert mission_sc("edit", "fix-login", "new/notes.md", EDITOR=editor(tmp_path, 'echo mine >"$1"')).code == 0
    assert mission_sc("cat", "fix-login", "new/notes.md").out == "mine\n"
    failed = mission_sc("edit", "fix-login", EDITOR="false")
    assert (failed.code, "false ended with exit code 1; nothing was changed" in failed.err) == (1, True)


@pytest.mark.parametrize(
    "meanwhile", ["echo theirs >{place}/research.md", "rm {place}/research.md; ln -s {key} {place}/research.md"]
)
def test_what_changed_while_a_person_edited_stays_and_their_text_is_kept(
    home: Home, mission: Mission, tmp_path: Path, meanwhile: str
) -> None:
    (tmp_path / "key").write_text(SECRET)
    act = meanwhile.format(place=artifacts(home, mission), key=tmp_path / "key")
    said = mission_sc("edit", "fix-login", EDITOR=editor(tmp_path, f'echo mine >"$1"; {act}'))
    assert said.code == 3
    assert "research.md of fix-login was changed at the same time; your text is in " in said.err
    hint = next(line for line in said.err.splitlines() if line.startswith("hint: "))
    assert "mine" not in (artifacts(home, mission) / "research.md").read_text()
    words = hint.removeprefix("hint: sc ").split()
    assert sc(*words).code == 0, "what the hint says works"
    assert mission_sc("cat", "fix-login", "research.md").out == "mine\n"
    assert (tmp_path / "key").read_text() == SECRET


def test_what_stands_in_the_way_of_a_change_is_said_before_the_editor_opens(home: Home, mission: Mission) -> None:
    for marked in ({"SCOPECRAFT_SESSION": "r-1"}, {"SC_MISSION": "m-1"}):
        for command in (("put", "fix-login", "x.md"), ("edit", "fix-login", "x.md")):
            said = mission_sc(*command, stdin=b"approved", EDITOR="touch", **marked)
            assert (said.code, "is for a person" in said.err) == (3, True)
    assert "standard input is empty" in mission_sc("put", "fix-login", "x.md").err
    assert "cannot be read: no such file" in mission_sc("put", "fix-login", "x.md", "-f", "nowhere").err
    assert "x.md" not in rows()


def test_too_much_is_refused_and_nothing_is_left_of_it(home: Home, mission: Mission, tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(10 * 1024**3)
    said = mission_sc("put", "fix-login", "research.md", "-f", str(tmp_path / "huge"))
    assert (said.code, "would have more than 64 MiB" in said.err) == (2, True)
    assert len(rows()["research.md"]["versions"]) == 1


def test_traps_are_told_of_through_every_door(home: Home, mission: Mission, tmp_path: Path) -> None:
    place = artifacts(home, mission)
    (tmp_path / "key").write_text(SECRET)
    (place / "key.md").symlink_to(tmp_path / "key")
    (place / "keys").symlink_to(tmp_path)
    os.mkfifo(place / "pipe.md")
    with (place / "huge.md").open("wb") as file:
        file.truncate(10 * 1024**3)
    (place / "research.md").unlink()
    (place / "research.md").symlink_to(tmp_path / "key")
    for name in ("key.md", "keys/key", "pipe.md", "huge.md"):
        for command in (("cat",), ("edit",)):
            said = mission_sc(*command, "fix-login", name, EDITOR="cat")
            assert (said.code, said.out) == (3, ""), name
            assert SECRET not in said.err and len(said.err) < 1000
    assert (mission_sc("diff", "fix-login", "research.md").code, (tmp_path / "key").read_text()) == (3, SECRET)
    assert mission_sc("put", "fix-login", "keys/key", stdin=b"x").code == 3
    assert mission_sc("put", "fix-login", "key.md", stdin=b"mine").code == 0
    assert ((place / "key.md").read_text(), (tmp_path / "key").read_text()) == ("mine", SECRET)


@pytest.mark.parametrize("command", ["cat", "put", "edit", "diff"])
def test_names_that_lead_elsewhere_open_no_door(mission: Mission, command: str) -> None:
    for name in ("../mission.json", EVIL, "x" * 100_000):
        said = mission_sc(command, "fix-login", name, stdin=b"x", EDITOR="cat")
        assert (said.code, said.out) == (2, ""), name
        assert "is no name of an artifact" in said.err and "\x1b" not in said.err and len(said.err) < 1000


def test_nothing_that_an_agent_wrote_steers_a_terminal(home: Home, mission: Mission) -> None:
    place = artifacts(home, mission)
    (place / "research.md").write_text(f"one\n{EVIL}\nthree\n")
    (place / EVIL).touch()
    (place / "two\nlines").touch()
    assert mission_sc("cat", "fix-login", "research.md").out == f"one\n{EVIL}\nthree\n"
    for words in (("cat", "fix-login", "research.md"), ("diff", "fix-login", "research.md"), ("ls", "fix-login")):
        shown = on_a_terminal("mission", *words, PAGER="cat", NO_COLOR="1")
        assert "\x1b" not in shown and "\x07" not in shown
        assert "\\x1b]52" in shown
    assert "\n+\\x1b]52" in on_a_terminal("mission", "diff", "fix-login", "research.md", NO_COLOR="1").replace("\r", "")


def test_what_is_no_text_is_not_shown_at_a_terminal(home: Home, mission: Mission) -> None:
    (artifacts(home, mission) / "research.md").write_bytes(b"one\0two")
    assert mission_sc("cat", "fix-login", "research.md").out == "one\0two"
    shown = on_a_terminal("mission", "cat", "fix-login", "research.md")
    assert "this is no text" in shown and "two" not in shown


def test_what_cannot_be_compared_is_said_and_what_is_odd_ends_soon(home: Home, mission: Mission) -> None:
    place = artifacts(home, mission)
    assert "research.md is the same" in mission_sc("diff", "fix-login", "research.md").err
    assert "nothing of raw-input.md was kept yet" in mission_sc("diff", "fix-login", "raw-input.md").err
    assert "no version 7" in mission_sc("diff", "fix-login", "research.md", "--versions", "1", "7").err
    (place / "research.md").write_bytes(b"one\0two")
    assert "is no text, and differs" in mission_sc("diff", "fix-login", "research.md").out
    with (place / "research.md").open("wb") as file:
        file.truncate(9 * 1024**2)
    assert "too much to compare" in mission_sc("diff", "fix-login", "research.md").err
    # lines that fit in many places are what naive comparisons never get done with
    rng = random.Random(5)
    for by in ("researcher", "somebody"):
        (place / "research.md").write_text("\n".join(rng.choices("abcdef", k=100_000)))
        keep_version(home, mission, "research.md", by=by, at=AT, run_id="r-1" if by == "researcher" else None)
    assert mission_sc("diff", "fix-login", "research.md").out.count("\n") > 10_000
