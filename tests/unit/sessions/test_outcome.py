"""How a session ended is decided from evidence alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scopecraft.model.activity import Activity, Claim
from scopecraft.model.handle import Exited, Gone
from scopecraft.model.session import Completed, Failed, Interrupted, Killed, Outcome, TimedOut
from scopecraft.sessions.outcome import Evidence, believed, decide_outcome, with_refusal

GOOD = Claim(is_error=False, stop_reason="end_turn")
BAD = Claim(is_error=True, stop_reason="error", text="API Error: 400 bad request")
ABORTED = Claim(is_error=True, stop_reason="cancelled", aborted=True)
TURNS = Claim(is_error=True, stop_reason="max_turn_requests")

EVIDENCE = Evidence(
    look=Exited(0),
    activity=Activity(),
    has_protocol=True,
    executor="container",
    exit_code=0,
    launcher_reason="exit",
    stop_requested_by=None,
    timeout_seconds=60,
    output_bytes=1000,
    last_words="",
)


def decide(claim: Claim | None = None, **changes: object) -> Outcome:
    return decide_outcome(replace(EVIDENCE, activity=Activity(claim=claim), **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("code", [0, 1, 137])
def test_a_good_result_counts_whatever_the_exit_code(code: int) -> None:
    assert decide(GOOD, exit_code=code) == Completed()


def test_a_result_with_is_error_fails_even_with_exit_code_0() -> None:
    assert decide(BAD) == Failed("API Error: 400 bad request", 0)


def test_a_good_result_counts_even_if_we_stopped_it_afterwards() -> None:
    assert decide(GOOD, stop_requested_by="sc stop", launcher_reason="stopped") == Completed()


@pytest.mark.parametrize("claim", [None, ABORTED, TURNS])
def test_stopped_by_us_is_killed(claim: Claim | None) -> None:
    assert decide(claim, stop_requested_by="sc stop", launcher_reason="stopped") == Killed("sc stop")


@pytest.mark.parametrize("claim", [None, ABORTED, TURNS])
def test_our_time_limit_is_timed_out(claim: Claim | None) -> None:
    assert decide(claim, launcher_reason="timeout", exit_code=143) == TimedOut(60)


@pytest.mark.parametrize("claim", [None, ABORTED, TURNS])
def test_a_container_that_went_away_is_interrupted(claim: Claim | None) -> None:
    assert decide(claim, look=Gone("removed"), launcher_reason=None) == Interrupted("engine", "removed")


def test_a_window_that_went_away_is_interrupted() -> None:
    assert decide(look=Gone("closed"), executor="tmux") == Interrupted("tmux", "closed")


def test_the_launchers_word_counts_where_the_engine_saw_the_same() -> None:
    assert believed(Exited(7), 7, "timeout") == (7, "timeout")
    assert believed(Gone("removed"), 143, "timeout") == (143, "timeout")
    assert believed(Exited(1), None, "full") == (None, "full")


@pytest.mark.parametrize("code", [None, 137, 1])
def test_a_success_that_the_engine_does_not_confirm_is_none(code: int | None) -> None:
    exit_code, reason = believed(Exited(code), 0, "exit")
    assert (exit_code, reason) == (None, None)
    outcome = decide(has_protocol=False, look=Exited(code), exit_code=code, launcher_reason=reason)
    assert not isinstance(outcome, Completed)


def test_success_without_a_result_line_is_a_failure() -> None:
    outcome = decide(None)
    assert isinstance(outcome, Failed)
    assert "without a result" in outcome.reason


def test_the_agents_own_turn_limit_is_a_failure_that_says_so() -> None:
    outcome = decide(TURNS, exit_code=1)
    assert isinstance(outcome, Failed)
    assert "turns" in outcome.reason


def test_an_aborted_result_that_nobody_asked_for_is_a_failure() -> None:
    assert isinstance(decide(ABORTED), Failed)


def test_a_program_without_protocol_is_judged_by_its_exit_code() -> None:
    assert decide(has_protocol=False) == Completed()
    assert decide(has_protocol=False, exit_code=3, last_words="no such file") == Failed(
        "Agent exited with code 3: no such file", 3
    )


def test_an_interactive_agent_that_was_left_in_peace_completed() -> None:
    assert decide(executor="tmux") == Completed()


def test_out_of_memory_is_named_from_the_launchers_word_where_the_engine_has_no_flag() -> None:
    outcome = decide(look=Exited(137), exit_code=137, launcher_reason="memory")
    assert isinstance(outcome, Failed)
    assert "memory" in outcome.reason


def test_out_of_memory_is_named_from_the_engines_flag() -> None:
    outcome = decide(look=Exited(0, out_of_memory=True), exit_code=0)
    assert isinstance(outcome, Failed)
    assert "memory" in outcome.reason


def test_too_much_output_is_named() -> None:
    outcome = decide(launcher_reason="output", exit_code=143)
    assert isinstance(outcome, Failed)
    assert "1000 bytes" in outcome.reason


def test_taking_all_processes_is_named() -> None:
    outcome = decide(launcher_reason="processes", exit_code=137)
    assert isinstance(outcome, Failed)
    assert "container.pids" in outcome.reason


def test_a_restarted_machine_is_named_unless_the_launcher_said_how_it_ended() -> None:
    for look in (Gone("removed"), Exited(255)):
        assert decide(look=look, launcher_reason=None, was_rebooted=True) == Interrupted("machine", "it was restarted")
    assert decide(has_protocol=False, was_rebooted=True) == Completed()


def test_the_last_words_are_those_at_the_end() -> None:
    outcome = decide(has_protocol=False, exit_code=1, last_words="x" * 1000 + " the reason")
    assert isinstance(outcome, Failed)
    assert outcome.reason.endswith(" the reason")
    assert len(outcome.reason) < 400


def test_no_success_while_commits_are_left_behind() -> None:
    assert with_refusal(Completed(), "") == Completed()
    said = "not all that it did could be taken: no space"
    assert with_refusal(Completed(), "no space") == Failed(said)
    assert with_refusal(Failed("exit 3", 3), "no space") == Failed(f"exit 3; {said}", 3)
    assert with_refusal(Interrupted("engine"), "no space") == Interrupted("engine", said)
    assert with_refusal(Killed("sc stop"), "no space") == Killed("sc stop")


@pytest.mark.parametrize("has_protocol", [True, False])
def test_a_program_that_ends_well_because_others_stopped_it_did_not_complete(has_protocol: bool) -> None:
    outcome = decide(has_protocol=has_protocol, launcher_reason="stopped")
    assert outcome == Interrupted("engine", "its container was stopped from outside")


@pytest.mark.parametrize(("code", "reason"), [(137, None), (143, None), (143, "stopped")])
def test_a_container_that_others_stopped_is_interrupted(code: int, reason: str | None) -> None:
    outcome = decide(look=Exited(code), exit_code=code, launcher_reason=reason)
    assert outcome == Interrupted("engine", "its container was stopped from outside")


def test_control_characters_of_an_agent_do_not_reach_the_reason() -> None:
    outcome = decide(has_protocol=False, exit_code=1, last_words="\x1b]52;c;evil\x07")
    assert isinstance(outcome, Failed)
    assert "\x1b" not in outcome.reason


def test_what_the_agent_means_by_its_exit_code_is_told() -> None:
    said = decide(exit_code=41, code_meaning="it is not logged in", last_words="Please set an Auth method")
    assert said == Failed("Agent exited with code 41 (it is not logged in): Please set an Auth method", 41)


@pytest.mark.parametrize(
    "words",
    [
        "/session/launch/agent.sh: 4: exec: opencode: not found\n",
        "/session/launch/agent.sh: exec: line 4: opencode: not found",
        "warning: x\nsh: line 4: exec: opencode: not found",
    ],
)
def test_an_image_without_the_agents_program_is_named_with_what_mends_it(words: str) -> None:
    mend = "sc image build --agent opencode"
    assert decide(exit_code=127, last_words=words, program_mend=mend) == Failed(
        f"its image has no opencode: {mend}", 127
    )
    assert decide(exit_code=127, last_words=words) == Failed("its image has no opencode", 127)


def test_a_command_that_the_agent_did_not_find_is_not_its_program() -> None:
    said = decide(exit_code=127, last_words="sh: 1: make: not found", program_mend="sc image build")
    assert said == Failed("Agent exited with code 127: sh: 1: make: not found", 127)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"launcher_reason": None}, Interrupted("process")),
        ({"launcher_reason": None, "stop_requested_by": "sc stop --now"}, Killed("sc stop --now")),
        ({"launcher_reason": None, "was_rebooted": True}, Interrupted("machine", "it was restarted")),
        ({"look": Gone("the machine was restarted")}, Interrupted("machine", "the machine was restarted")),
        ({"exit_code": 1, "last_words": "ValueError: x"}, Failed("Agent exited with code 1: ValueError: x", 1)),
        ({"launcher_reason": "full"}, Failed("the disk was full when it ended (No space left on device)", 0)),
    ],
)
def test_a_call_without_a_result_ended_as_its_process_did(changes: dict[str, object], outcome: Outcome) -> None:
    look = changes.pop("look", Exited(None))
    assert decide(None, executor="process", look=look, **changes) == outcome
