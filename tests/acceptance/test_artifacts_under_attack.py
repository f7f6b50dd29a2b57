"""A person reads and changes artifacts while the agent in its container sets traps in their folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scopecraft.config.paths import Home
from scopecraft.errors import Refused
from scopecraft.missions.artifacts import open_artifact
from scopecraft.missions.finding import find_mission
from scopecraft.missions.versions import read_version, versions_of
from scopecraft.model.mission import Mission
from scopecraft.sessions.artifact_changes import put_artifact
from scopecraft.sessions.context import Context
from tests.support.command_line import sc
from tests.support.wait import until

pytestmark = [pytest.mark.engine]

SECRET = "the person's own key"
ROUNDS = 60
# Folders, links and pipes take turns, as fast as it goes; the request is written over where that is possible.
ATTACK = """
cd /mission/artifacts
ln raw-input.md other-name 2>/dev/null
ln /workspace/README other-file 2>/dev/null
while :; do
  rm -rf notes plan.md; ln -s {keys} notes; ln -s {keys}/id_rsa plan.md; : >>up
  rm -f notes plan.md; mkdir notes; ln -s {keys}/id_rsa notes/id_rsa; mkfifo plan.md
  rm -rf notes plan.md; ln -s ../../.. notes; echo evil >plan.md
  echo evil >raw-input.md; mv raw-input.md gone.md; rm -f raw-input.md
done 2>/dev/null
"""


@pytest.fixture
def keys(clean_environment: Path) -> Iterator[Path]:
    folder = clean_environment / "home" / ".ssh"
    folder.mkdir(mode=0o700)
    (folder / "id_rsa").write_text(SECRET)
    yield folder
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("id_rsa", SECRET)]


def attacked(workplace: Path, keys: Path) -> tuple[Context, Mission]:
    script = ATTACK.format(keys=keys)
    said = sc("run", "fine", "--agent", "plain", "--detach", "-m", "do it", "--", "sh", "-c", script, cwd=workplace)
    assert said.code == 0, said.err
    home = Home(Path(os.environ["SCOPECRAFT_HOME"]).resolve())
    until(lambda: list(home.missions_active.glob("*/artifacts/up")), 30)
    mission = find_mission(home, "fine", None, partial=False)
    assert mission is not None
    return Context(home, dict(os.environ)), mission


def test_nothing_of_the_persons_is_read_or_written_and_their_text_is_never_lost(workplace: Path, keys: Path) -> None:
    context, mission = attacked(workplace, keys)
    done = refused = 0
    for number in range(100 * ROUNDS):
        for name in ("notes/id_rsa", "plan.md"):
            try:
                put_artifact(context, mission, name, b"text %d" % number, "ann")
                done += 1
            except Refused:
                refused += 1
            try:
                with open_artifact(context.home, mission, name) as pieces:
                    assert b"".join(pieces) in (b"", b"evil\n", b"text %d" % number)
            except Refused:
                refused += 1
        if done >= ROUNDS and refused >= ROUNDS:
            break
    else:
        raise AssertionError(f"{done} were put and {refused} refused: the attack never met us")
    there = {path.name for path in context.home.missions_active.glob("*/artifacts/*")}
    assert not {"other-name", "other-file"} & there, "no second name for a file of another mount"
    for name in ("notes/id_rsa", "plan.md"):
        for version in versions_of(context.home, mission, name):
            with read_version(context.home, mission, version) as pieces:
                assert version.by != "ann" or b"".join(pieces).startswith(b"text ")


def test_the_request_is_what_the_person_wrote_while_its_agent_lives(workplace: Path, keys: Path) -> None:
    attacked(workplace, keys)
    refused = sc("mission", "put", "fine", "raw-input.md", cwd=workplace, stdin=b"something else")
    assert (refused.code, "was given to work with" in refused.err) == (3, True)
    assert sc("mission", "cat", "fine", "raw-input.md", cwd=workplace).out == "do it"
    assert sc("stop", "fine", "--now", cwd=workplace).code == 0
    assert sc("mission", "put", "fine", "raw-input.md", cwd=workplace, stdin=b"something else").code == 0
    assert sc("mission", "cat", "fine", "raw-input.md", cwd=workplace).out == "something else"
    listed = sc("mission", "ls", "fine", cwd=workplace)
    assert listed.code == 0 and SECRET not in listed.out + listed.err
