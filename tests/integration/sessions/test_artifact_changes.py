"""A person's change of an artifact: kept whatever happens next to it, and never under an agent's hands."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from scopecraft.errors import AlreadyRunning, Overtaken, Refused, ScopecraftError
from scopecraft.missions.artifacts import open_artifact
from scopecraft.missions.folder import read_mission, save_mission
from scopecraft.missions.versions import keep_version, read_version, versions_of
from scopecraft.model.mission import StepState
from scopecraft.model.workflow import Recipe, Step, Workflow
from scopecraft.sessions.artifact_changes import UNKNOWN, Expected, put_artifact
from tests.support.artifacts import DOORWAYS, SECRET, TRAPS, Prey, killed_at, make_prey, meanwhile
from tests.support.sessions import AT, a_session, ended

WORKFLOW = Workflow(
    id="planned",
    name="Planned",
    steps=(
        Step("plan", "Plan", "agent", inputs=("raw-input.md",), outputs=("plan.md", "notes/why.md")),
        Step("review", "Review the plan", "human-gate", review="plan.md"),
    ),
)


@pytest.fixture
def prey(clean_environment: Path) -> Iterator[Prey]:
    made = make_prey(clean_environment, Recipe(WORKFLOW), status="draft", workflow_id="planned")
    yield made
    assert made.key.read_text() == SECRET
    assert list(made.key.parent.iterdir()) == [made.key]


def put(prey: Prey, name: str, content: bytes, expected: Expected | None = None) -> bool:
    return put_artifact(prey.context, prey.mission, name, content, "ann", expected).is_new


def there(prey: Prey, name: str) -> bytes:
    with open_artifact(prey.home, prey.mission, name) as pieces:
        return b"".join(pieces)


def kept(prey: Prey, name: str) -> list[tuple[str, bytes]]:
    found = []
    for version in versions_of(prey.home, prey.mission, name):
        with read_version(prey.home, prey.mission, version) as pieces:
            found.append((version.by, b"".join(pieces)))
    return found


def told(prey: Prey) -> list[object]:
    return [dict(event.data) for event in prey.context.store.events(mission_id=prey.mission.id)]


def test_what_was_there_and_what_the_person_made_of_it_are_kept(prey: Prey) -> None:
    (prey.artifacts / "plan.md").write_bytes(b"agent's")
    keep_version(prey.home, prey.mission, "plan.md", by="planner", at=AT, run_id="r-1")
    (prey.artifacts / "plan.md").write_bytes(b"somebody's")
    assert put(prey, "plan.md", b"ann's")
    assert there(prey, "plan.md") == b"ann's"
    assert kept(prey, "plan.md") == [("planner", b"agent's"), (UNKNOWN, b"somebody's"), ("ann", b"ann's")]
    assert told(prey) == [{"artifact": "plan.md", "version": 3, "by": "ann"}]


def test_the_same_content_again_is_no_change(prey: Prey) -> None:
    (prey.artifacts / "plan.md").write_bytes(b"agent's")
    keep_version(prey.home, prey.mission, "plan.md", by="planner", at=AT, run_id="r-1")
    assert not put(prey, "plan.md", b"agent's")
    assert kept(prey, "plan.md") == [("planner", b"agent's")]
    assert told(prey) == []


def test_a_draft_is_ready_when_it_says_what_it_is_about(prey: Prey) -> None:
    assert put(prey, "plan.md", b"no request")
    assert put(prey, "raw-input.md", b" \n")
    assert read_mission(prey.folder).status == "draft"
    assert put(prey, "raw-input.md", b"a shop\n")
    mission = read_mission(prey.folder)
    assert (mission.status, [state.step_id for state in mission.steps]) == ("ready", ["plan", "review"])


def test_what_a_step_at_work_writes_is_left_to_it(prey: Prey) -> None:
    steps = (StepState("plan", "running", run_id="r-1"), StepState("review"))
    save_mission(prey.home, replace(prey.mission, steps=steps, status="running_code_agent"))
    for name in ("plan.md", "notes/why.md"):
        with pytest.raises(AlreadyRunning, match="Plan of x is at work, and writes"):
            put(prey, name, b"ann's")
        assert kept(prey, name) == []
    assert put(prey, "other.md", b"ann's")


def test_what_an_agent_was_given_stays_while_it_works(prey: Prey) -> None:
    """The request, and what finished steps wrote: mounts of their own, which go when the file is replaced."""
    save_mission(prey.home, replace(prey.mission, steps=(StepState("plan", "done"), StepState("review"))))
    session = a_session(mission_id=prey.mission.id, task="x")
    with prey.context.store as store:
        store.create(session, AT)
    for name in ("raw-input.md", "plan.md"):
        with pytest.raises(AlreadyRunning, match=f"{name} is what {session.id} was given to work with"):
            put(prey, name, b"something else")
    assert put(prey, "notes.md", b"ann's")
    with prey.context.store as store:
        store.move(session.id, ended(), "session_ended", AT)
    assert put(prey, "raw-input.md", b"something else")


def test_a_complete_mission_stays_as_it_is(prey: Prey) -> None:
    target = prey.home.missions_completed / prey.folder.name
    prey.home.missions_completed.mkdir(exist_ok=True)
    prey.folder.rename(target)
    with pytest.raises(Refused, match="x is complete") as raised:
        put(prey, "plan.md", b"ann's")
    assert raised.value.hint == "take it up again: sc mission reopen x"
    assert not (target / "artifacts" / "plan.md").exists()


def test_a_change_of_what_is_not_there_any_more_is_refused(prey: Prey) -> None:
    assert put(prey, "plan.md", b"one", Expected(None))
    first = versions_of(prey.home, prey.mission, "plan.md")[0]
    (prey.artifacts / "plan.md").write_bytes(b"two")
    for expected in (Expected(None), Expected(first.sha256)):
        with pytest.raises(Overtaken, match=r"plan\.md of x was changed at the same time"):
            put(prey, "plan.md", b"three", expected)
    assert there(prey, "plan.md") == b"two"
    assert kept(prey, "plan.md") == [("ann", b"one"), (UNKNOWN, b"two")]


@pytest.mark.parametrize("make", TRAPS.values(), ids=TRAPS)
def test_a_trap_gives_way_to_the_persons_text(prey: Prey, make: object) -> None:
    assert callable(make)
    try:
        make(prey.artifacts / "plan.md", prey.key)
    except PermissionError:
        pytest.skip("making a device needs root")
    assert put(prey, "plan.md", b"ann's")
    assert there(prey, "plan.md") == b"ann's"
    assert kept(prey, "plan.md") == [("ann", b"ann's")]


@pytest.mark.parametrize("make", DOORWAYS.values(), ids=DOORWAYS)
def test_a_place_that_cannot_be_had_leaves_nothing_half_done(prey: Prey, make: object) -> None:
    assert callable(make)
    make(prey.artifacts / "notes", prey.key)
    (prey.artifacts / "plan.md").mkdir()
    with (prey.artifacts / "huge.md").open("wb") as file:
        file.truncate(10 * 1024**3)
    for name in ("notes/id_rsa", "plan.md", "huge.md"):
        with pytest.raises(Refused):
            put(prey, name, b"ann's")
        assert kept(prey, name) == []
    assert told(prey) == []


def test_nobody_can_pass_their_text_off_as_the_persons(prey: Prey) -> None:
    """An agent that writes at the same moment: what is kept as the person's is what the person gave."""
    place, evil = prey.artifacts / "plan.md", prey.artifacts / "evil"

    def write() -> None:
        with suppress(OSError):
            evil.write_bytes(b"evil")
            evil.rename(place)

    given: list[bytes] = []
    overtaken = 0
    with meanwhile(write):
        while len(given) < 40 or not overtaken:
            text = b"ann's %d" % len(given)
            given.append(text)
            try:
                put(prey, "plan.md", text)
            except Overtaken:
                overtaken += 1
            assert len(given) < 2000, "the attack never met us"
    assert [text for by, text in kept(prey, "plan.md") if by == "ann"] == given
    assert {text for by, text in kept(prey, "plan.md") if by != "ann"} <= {b"evil", b""}


def test_of_many_who_change_it_at_once_each_is_kept(prey: Prey) -> None:
    children = []
    for number in range(6):
        child = os.fork()
        if child == 0:
            try:
                put(prey, "plan.md", b"text %d" % number)
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 6
    texts = [text for _, text in kept(prey, "plan.md")]
    assert sorted(texts) == [b"text %d" % number for number in range(6)]
    assert there(prey, "plan.md") == texts[-1]


def test_one_who_is_killed_at_any_moment_loses_nothing(prey: Prey) -> None:
    prey.context.store.close()
    seen = set()
    for moment in range(150):
        name = f"{moment}.md"
        (prey.artifacts / name).write_bytes(b"old")
        was_killed = killed_at(moment, lambda name=name: put(prey, name, b"new"))  # type: ignore[misc]
        now, versions = there(prey, name), [text for _, text in kept(prey, name)]
        assert (now, versions) in (
            (b"old", []), (b"old", [b"old"]), (b"old", [b"old", b"new"]), (b"new", [b"old", b"new"]),
        )  # fmt: skip
        seen.add((now, len(versions)))
        with suppress(ScopecraftError):
            put(prey, name, b"new")
        assert (there(prey, name), [text for _, text in kept(prey, name)]) == (b"new", [b"old", b"new"])
        assert not list(prey.folder.glob(".artifact-*"))
        if not was_killed:
            break
    else:
        raise AssertionError("it never got to its end")
    assert len(seen) >= 4
