"""The page of `sc mission show` and the lines of `sc mission watch`, on every width and with text of strangers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scopecraft.cli.mission_line import as_they_follow, mission_lines, told_of
from scopecraft.cli.mission_timeline import page_lines
from scopecraft.missions.artifacts import Artifact
from scopecraft.missions.listing import Listed
from scopecraft.missions.next_step import Known
from scopecraft.missions.planner import told, with_steps
from scopecraft.model import clock
from scopecraft.model.event import Event, EventKind
from scopecraft.model.mission import Approval
from scopecraft.model.session import Completed, Failed, Session
from scopecraft.sessions.journal import JournalEntry
from scopecraft.sessions.mission_page import Kept, MissionPage, Run, gates_changed
from scopecraft.sessions.missions_seen import Seen, view_of
from tests.support.sessions import AT, a_session, ended
from tests.support.standing_missions import WORKFLOW, a_mission

NOW = clock.from_text("2026-03-01T12:00:00.000Z")
HOSTILE = "\x1b[2Jgone\u202e and a line that is much longer than a narrow terminal is wide, so that it goes on below"


def happened(kind: EventKind, **data: str) -> Event:
    return Event(1, AT, kind, "m-1", None, data)


def a_page(*events: Event, session: Session | None = None) -> MissionPage:
    """Researched, approved, and rejected in hostile words before."""
    mission = with_steps(replace(a_mission("fix-login"), title=HOSTILE), WORKFLOW)
    approval = Approval("ann", AT, "research.md", "ab" * 32, host_files=(".envrc",))
    states = (
        replace(mission.steps[0], phase="done", run_id="r-1"),
        replace(mission.steps[1], phase="done", approval=approval),
        *mission.steps[2:],
    )
    mission = told(replace(mission, steps=states), WORKFLOW, AT)
    run = session or a_session(step_id="research", status=ended(), agent=HOSTILE)
    return MissionPage(
        view=view_of(Listed(mission, WORKFLOW), Seen({}, {}, {}, is_supervised=True), 0.5, Known()),
        runs=(Run(run, {"input_tokens": 41_000, "output_tokens": 3_000, "cost_usd": 0.5}),),
        events=(happened("gate_rejected", step="review", by="ann", why=HOSTILE), *events),
        artifacts=(Kept(Artifact("research.md", 1200, 0.0), 2), Kept(Artifact(HOSTILE, 1, 0.0, "a link"), 0)),
        changed=frozenset(),
    )


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_page_fits_its_terminal_and_steers_nothing(width: int) -> None:
    lines = page_lines(a_page(), NOW, width=width, colour=False)
    assert all(len(line) <= width for line in lines)
    text = " ".join(" ".join(lines).split())
    assert "\x1b" not in text and "\u202e" not in text
    for part in ("approved by ann", "rejected by ann", "in 41k · out 3.0k", "sc mission continue fix-login"):
        assert part in text


def test_an_approval_is_told_though_the_journal_was_lost() -> None:
    lines = page_lines(a_page(), NOW, width=0, colour=False)
    approved = next(number for number, line in enumerate(lines) if "approved by ann" in line)
    assert lines[approved].endswith("research.md abababababab")
    assert lines[approved + 1].strip() == "would run on your machine: .envrc"


def test_checks_and_what_became_of_the_branch_are_told() -> None:
    page = a_page(happened("branch_merged", into="main"), happened("check_ran", name="tests"))
    text = "\n".join(page_lines(page, NOW, width=0, colour=False))
    assert "merged" in text
    assert "check " in text


def test_a_gate_waits_again_by_the_last_word_on_it() -> None:
    mission = with_steps(a_mission("fix-login"), WORKFLOW)
    waiting = replace(mission, steps=(replace(mission.steps[0], phase="done"), *mission.steps[1:]))
    again = happened("gate_opened", step="review", because="what was approved has changed")
    passed = happened("gate_approved", step="review")
    assert gates_changed(waiting, WORKFLOW, [passed, again]) == {"review"}
    assert gates_changed(waiting, WORKFLOW, [again, passed]) == frozenset()
    assert gates_changed(mission, WORKFLOW, [again]) == frozenset()


RUN = a_session(id="r-1", step_id="research", status=ended(), attempt=2)


@pytest.mark.parametrize(
    ("event", "session", "said"),
    [
        (happened("session_started"), RUN, "Research began: claude, attempt 2"),
        (happened("session_ended", outcome="completed"), RUN, "Research completed: 5m00s"),
        (happened("gate_opened", step="review", gate="Review research"), None, "Review research waits for you"),
        (
            happened("gate_rejected", step="review", by="ann", why="short"),
            None,
            "Review research rejected by ann: short",
        ),
        (happened("step_failed", step="research", reason="Research ended"), RUN, "Research ended"),
        (happened("step_failed", step="build", reason="no room"), None, "Build failed: no room"),
        (happened("commits_taken"), RUN, ""),
        (happened("session_created"), RUN, ""),
        (happened("session_created", status="queued"), RUN, "Research waits in the queue"),
    ],
)
def test_what_happens_is_told_by_the_name_of_the_step(event: Event, session: Session | None, said: str) -> None:
    outcome = Completed() if event.kind == "session_ended" else None
    assert told_of(JournalEntry(event, "fix-login", "shop", outcome), WORKFLOW, session) == said


def test_a_failure_is_told_once() -> None:
    failed = a_session(id="r-1", step_id="research", status=ended(Failed("boom")))
    event = happened("step_failed", step="research", reason="boom")
    assert told_of(JournalEntry(event, None, None), WORKFLOW, failed) == ""


def test_an_end_comes_before_what_it_means() -> None:
    def entry(kind: EventKind, session_id: str) -> JournalEntry:
        return JournalEntry(Event(1, AT, kind, "m-1", session_id), None, None)

    gate, end, other = entry("gate_opened", "r-1"), entry("session_ended", "r-1"), entry("session_ended", "r-2")
    assert as_they_follow([gate, end, other]) == [end, gate, other]
    assert as_they_follow([gate]) == [gate]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_line_of_what_happens_fits_and_steers_nothing(width: int) -> None:
    lines = mission_lines(AT, HOSTILE, "step_failed", width=width, colour=False)
    assert all(len(line) <= width for line in lines)
    assert "\x1b" not in "".join(lines)
