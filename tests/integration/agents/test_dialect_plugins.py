"""A dialect of another package: found by its entry point, and harmless where it is broken."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from scopecraft.agents.base import BUILT_IN, dialect, dialect_of_record
from scopecraft.agents.claude import Claude
from scopecraft.agents.plugins import GROUP
from scopecraft.errors import AgentMissing, BadInput
from scopecraft.model.activity import Text
from scopecraft.model.launch import AgentRequest
from scopecraft.model.window import UNKNOWN_STATE, WindowView
from scopecraft.streams.activity import ActivityFold
from scopecraft.streams.lines import LineSplitter
from tests.support.documents import ROOT, blocks

ROBOT = """
    from scopecraft.agents.plain import Plain
    from scopecraft.model.launch import AgentCommand

    class Robot(Plain):
        program = "robot"

        def headless(self, request):
            return AgentCommand(("robot", request.prompt))

    class Raising(Robot):
        def entries(self, line):
            raise RuntimeError("boom")

        def window_state(self, view):
            raise RuntimeError("boom")

        def turn_started(self, view, since):
            raise RuntimeError("boom")

    class Half:
        program = "half"

    def dies():
        raise RuntimeError("no licence found\\nin three places")
"""
REQUEST = AgentRequest("hello", None, "", False, "/", None, None)
VIEW = WindowView(Path("/nowhere"), "", "/", "2026-11-21T08:00:00.000Z")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages, the package `robot-dialect` among them."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "robot_dialect.py").write_text(textwrap.dedent(ROBOT))
    install(
        tmp_path,
        "robot-dialect",
        robot="robot_dialect:Robot",
        raising="robot_dialect:Raising",
        half="robot_dialect:Half",
        dies="robot_dialect:dies",
        lost="robot_dialect_that_is_gone:Robot",
        claude="robot_dialect:Robot",
    )
    return tmp_path


def install(site: Path, package: str, **dialects: str) -> None:
    folder = site / f"{package.replace('-', '_')}-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [f"[{GROUP}]", *(f"{name} = {value}" for name, value in dialects.items())]
    (folder / "entry_points.txt").write_text("\n".join(lines) + "\n")


@pytest.mark.usefixtures("site")
def test_a_dialect_of_another_package_is_there_by_its_name() -> None:
    robot = dialect("robot")
    assert (robot.name, robot.program) == ("robot", "robot")
    assert robot.headless(REQUEST).argv == ("robot", "hello")
    assert robot.entries(b"beep") == ([Text("beep")], "known", None)


@pytest.mark.usefixtures("site")
def test_no_package_takes_the_place_of_a_built_in_dialect() -> None:
    assert isinstance(dialect("claude"), Claude)


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("dies", "RuntimeError: no licence found"),
        ("lost", "ModuleNotFoundError: No module named 'robot_dialect_that_is_gone'"),
        ("half", "it has no credential_names, entries, environment_names, has_result, headless"),
    ],
)
def test_a_broken_package_is_one_sentence_that_names_it(name: str, why: str) -> None:
    with pytest.raises(AgentMissing) as caught:
        dialect(name)
    assert caught.value.message.startswith(f"the dialect '{name}' of robot-dialect (robot_dialect")
    assert why in caught.value.message and "\n" not in caught.value.message


@pytest.mark.usefixtures("site")
def test_a_package_that_raises_where_it_must_not_ends_nothing() -> None:
    raising = dialect("raising")
    assert raising.entries(b"x") == ([], "damaged", None)
    assert raising.window_state(VIEW) == UNKNOWN_STATE
    assert raising.turn_started(VIEW, "2026-11-21T08:00:00.000Z") is None


def test_two_packages_that_bring_the_same_name_are_both_named(site: Path) -> None:
    install(site, "other-robot", robot="other_robot:Robot")
    with pytest.raises(AgentMissing, match=r"2 packages bring .*other-robot .*robot-dialect "):
        dialect("robot")


@pytest.mark.usefixtures("site")
def test_an_unknown_name_is_answered_with_all_that_there_are() -> None:
    with pytest.raises(BadInput) as caught:
        dialect("robt")
    assert set(caught.value.hint.removeprefix("dialects: ").split(", ")) >= {*BUILT_IN, "robot"}


def test_a_session_of_a_package_that_is_gone_can_still_be_read() -> None:
    assert dialect_of_record("robot").entries(b"beep") == ([Text("beep")], "known", None)
    assert dialect_of_record("claude").name == "claude"


def test_every_built_in_dialect_goes_by_its_own_name() -> None:
    assert [dialect(name).name for name in BUILT_IN] == list(BUILT_IN)


def test_the_example_of_the_manual_is_a_dialect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs/how-to/agents.md").read_text(encoding="utf-8")
    [example] = [block.text for block in blocks(page) if block.language == "python"]
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "robot_of_the_manual.py").write_text(example)
    install(tmp_path, "robot-of-the-manual", example="robot_of_the_manual:Robot")
    robot = dialect("example")
    command = robot.headless(REQUEST)
    assert (command.argv, command.stdin) == (("robot", "--json"), b"hello")
    assert robot.interactive(REQUEST).argv == ("robot",)
    said = [b'{"type":"begin","id":"c1"}', b'{"type":"says","text":"hi"}', b'{"type":"done","ok":true}']
    fold = ActivityFold(robot.entries)
    for line in LineSplitter().feed(b"\n".join([*said, b"oops", b'{"type":"new"}', b""])):
        fold.feed(line)
    activity = fold.activity
    assert (activity.conversation_id, activity.last_message, activity.turns) == ("c1", "hi", 1)
    assert activity.claim is not None and not activity.claim.is_error
    assert (activity.damaged_count, activity.unknown_count) == (1, 1)
    assert all(mark.encode() in said[-1] for mark in command.done_marks)
