"""How a dispatch session stands, by hook lines and registry: the lines are as Claude Code 2.1.329 sends them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from scopecraft.agents.claude_hook_lines import HookLine, parse
from scopecraft.agents.claude_state import HookFold, RegistryEntry, combine, find_entry
from scopecraft.model.window import DispatchState

ID = "11111111-1111-4111-8111-111111111111"
SUBAGENT = "a54da0cb2f15130f4"
ASKS = {"tool_name": "Bash", "tool_input": {"command": "touch made"}}
QUESTION = {"tool_name": "AskUserQuestion", "tool_input": {"questions": [{"question": "Which colour?"}]}}


def hook(second: float, event: str, **payload: Any) -> HookLine:
    fields = {"session_id": ID, "hook_event_name": event, **payload}
    line = parse(orjson.dumps({"at": time_of(second), "event": event, "payload": fields}))
    assert line is not None
    return line


def time_of(second: float) -> str:
    return f"2026-11-21T08:00:{second:06.3f}Z"


def registry(second: float, status: str, waiting_for: str = "", *, pid: int = 7, ticks: str = "500") -> RegistryEntry:
    return RegistryEntry(pid, ticks, ID, status, waiting_for, time_of(second))


def stands(*lines: HookLine, entry: RegistryEntry | None = None) -> DispatchState:
    fold = HookFold()
    for line in lines:
        fold.feed(line)
    return combine(fold.state, fold.decided_at, entry)


STARTED = hook(1, "SessionStart", source="startup")
PROMPTED = hook(2, "UserPromptSubmit", prompt="go")
CALLED = hook(3, "PreToolUse", tool_use_id="t1", **ASKS)
ASKED = hook(3.1, "PermissionRequest", **ASKS)
RAN = hook(6, "PostToolUse", tool_use_id="t1", **ASKS)
STOPPED = hook(7, "Stop", last_assistant_message="All done.", background_tasks=[])


def test_nothing_written_yet_is_starting() -> None:
    assert stands() == DispatchState("starting")


@pytest.mark.parametrize(
    ("lines", "kind", "reason"),
    [
        ([STARTED], "idle", "idle"),
        ([STARTED, PROMPTED], "working", None),
        ([STARTED, PROMPTED, CALLED], "working", None),
        ([STARTED, PROMPTED, CALLED, ASKED], "waiting", "permission"),
        ([STARTED, PROMPTED, CALLED, ASKED, RAN], "working", None),
        ([STARTED, PROMPTED, CALLED, ASKED, RAN, STOPPED], "idle", "idle"),
        ([PROMPTED, hook(4, "PermissionRequest", **QUESTION)], "waiting", "question"),
        ([PROMPTED, hook(4, "Notification", notification_type="elicitation_dialog")], "waiting", "question"),
        ([PROMPTED, hook(4, "Notification", notification_type="auth_success")], "working", None),
        ([PROMPTED, hook(4, "StopFailure", error="authentication_failed")], "waiting", "login"),
        ([PROMPTED, hook(4, "StopFailure", error="server_error")], "idle", "idle"),
        ([PROMPTED, hook(4, "SessionStart", source="compact")], "working", None),
        ([PROMPTED, hook(4, "SomethingNew")], "working", None),
    ],
)
def test_each_step_of_a_turn(lines: list[HookLine], kind: str, reason: str | None) -> None:
    state = stands(*lines)
    assert (state.kind, state.reason) == (kind, reason)


def test_it_says_what_is_asked_and_since_when() -> None:
    asked = stands(PROMPTED, CALLED, ASKED)
    assert (asked.detail, asked.since) == ("Bash: touch made", time_of(3.1))
    assert stands(PROMPTED, hook(4, "PermissionRequest", **QUESTION)).detail == "Which colour?"
    error = hook(4, "StopFailure", error="authentication_failed", last_assistant_message="Not logged in")
    assert stands(PROMPTED, error).detail == "Not logged in"


def test_a_notification_that_comes_later_does_not_hide_what_is_asked() -> None:
    late = hook(9.5, "Notification", notification_type="permission_prompt", message="Claude needs your permission")
    state = stands(PROMPTED, CALLED, ASKED, late)
    assert (state.reason, state.detail, state.since) == ("permission", "Bash: touch made", time_of(3.1))


def test_a_state_keeps_the_time_when_it_began() -> None:
    assert stands(PROMPTED, CALLED, RAN).since == time_of(2)


def test_another_tool_of_the_same_turn_answers_no_question() -> None:
    beside = {"tool_name": "Read", "tool_input": {"file_path": "a"}, "tool_use_id": "t2"}
    lines = [PROMPTED, CALLED, ASKED, hook(4, "PreToolUse", **beside), hook(5, "PostToolUse", **beside)]
    assert stands(*lines).kind == "waiting"
    assert stands(*lines, RAN).kind == "working"


def test_a_subagent_moves_nothing_unless_it_asks() -> None:
    sub = {"agent_id": SUBAGENT}
    background = hook(3, "Stop", background_tasks=[{"id": SUBAGENT}])
    work = hook(4, "PreToolUse", tool_use_id="t9", **ASKS, **sub)
    asks = hook(5, "PermissionRequest", **ASKS, **sub)
    assert stands(PROMPTED, background, work).kind == "idle"
    assert stands(PROMPTED, background).detail == "1 in the background"
    assert stands(PROMPTED, work, asks).reason == "permission"
    # what else happens in the main conversation leaves the subagent's question open
    assert stands(PROMPTED, work, asks, RAN, STOPPED).reason == "permission"
    answered = hook(8, "PostToolUse", tool_use_id="t9", **ASKS, **sub)
    assert stands(PROMPTED, background, work, asks, answered).kind == "idle"
    assert stands(PROMPTED, hook(9, "SubagentStop", **sub)).kind == "working"


def test_the_report_of_a_background_task_is_no_answer_but_a_typed_prompt_is() -> None:
    asks = hook(5, "PermissionRequest", **ASKS, agent_id=SUBAGENT)
    report = hook(6, "UserPromptSubmit", prompt="<task-notification>\n<task-id>…")
    assert stands(PROMPTED, asks, report).kind == "waiting"
    assert stands(PROMPTED, asks, hook(6, "UserPromptSubmit", prompt="go on")).kind == "working"


def test_esc_while_it_works_is_seen_in_the_registry() -> None:
    state = stands(PROMPTED, CALLED, entry=registry(5, "idle"))
    assert (state.kind, state.since, state.source) == ("idle", time_of(5), "registry")


def test_esc_on_a_question_is_seen_in_the_registry() -> None:
    assert stands(PROMPTED, CALLED, ASKED, entry=registry(5, "idle")).kind == "idle"


def test_an_approval_is_seen_before_the_tool_has_ended() -> None:
    state = stands(PROMPTED, CALLED, ASKED, entry=registry(4, "busy"))
    assert (state.kind, state.source) == ("working", "registry")


def test_a_registry_that_says_the_same_leaves_the_details_to_the_hooks() -> None:
    state = stands(PROMPTED, CALLED, ASKED, entry=registry(3.2, "waiting", "permission prompt"))
    assert (state.detail, state.source) == ("Bash: touch made", "hooks")


def test_a_question_seen_before_its_hook_has_run_is_about_the_call_begun_last() -> None:
    state = stands(PROMPTED, CALLED, entry=registry(3.05, "waiting", "permission prompt"))
    assert (state.kind, state.reason, state.detail) == ("waiting", "permission", "Bash: touch made")


def test_it_says_what_it_is_doing() -> None:
    assert stands(PROMPTED, CALLED).detail == "Bash: touch made"
    assert stands(PROMPTED, CALLED, RAN).detail == ""


def test_a_registry_that_lags_behind_does_not_count() -> None:
    assert stands(PROMPTED, CALLED, ASKED, entry=registry(2, "busy")).kind == "waiting"
    assert stands(PROMPTED, STOPPED, entry=registry(2, "busy")).kind == "idle"


def test_being_logged_out_is_more_than_idle() -> None:
    failed = hook(4, "StopFailure", error="authentication_failed")
    assert stands(PROMPTED, failed, entry=registry(4.1, "idle")).reason == "login"


@pytest.mark.parametrize(
    ("waiting_for", "reason"),
    [("permission prompt", "permission"), ("sandbox request", "permission"), ("input needed", "question")],
)
def test_without_hooks_the_registry_is_enough(waiting_for: str, reason: str) -> None:
    state = stands(entry=registry(3, "waiting", waiting_for))
    assert (state.kind, state.reason, state.conversation_id) == ("waiting", reason, ID)


def test_the_conversation_that_a_person_switched_to_is_named() -> None:
    cleared = hook(5, "SessionStart", source="clear", session_id="another")
    assert stands(PROMPTED, STOPPED, cleared).conversation_id == "another"


def test_the_entry_of_a_process_that_had_the_pid_before_is_none() -> None:
    stale = registry(9, "busy", ticks="400")
    assert find_entry([stale], pid=7, started_ticks=500, conversation_id=ID) is None
    assert find_entry([stale], pid=7, started_ticks=0, conversation_id=ID) == stale
    assert find_entry([registry(9, "busy")], pid=7, started_ticks=500, conversation_id="x") is not None


def test_in_a_container_the_newest_entry_of_the_conversation_counts() -> None:
    older, newer = registry(1, "busy", pid=30), registry(2, "idle", pid=31)
    foreign = RegistryEntry(32, "", "other", "busy", "", time_of(3))
    assert find_entry([newer, older, foreign], pid=7, started_ticks=500, conversation_id=ID) == newer


def test_a_payload_that_was_cut_still_says_who_asks_and_for_what() -> None:
    payload = {
        "session_id": ID, "agent_id": SUBAGENT, "tool_name": "Write",
        "tool_input": {"file_path": 'a "b" ü.txt', "content": '"agent_id":"none" ' * 500},
    }  # fmt: skip
    head = orjson.dumps(payload)[:1500].decode("utf-8", "replace")
    line = parse(orjson.dumps({"at": time_of(1), "event": "PermissionRequest", "head": head}))
    assert line is not None
    assert (line.conversation_id, line.agent_id, line.tool, line.detail) == (ID, SUBAGENT, "Write", 'a "b" ü.txt')


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"null", b'{"event":"Stop"}', b'{"event":5,"payload":{"a":1}}'])
def test_what_no_hook_wrote_is_passed_over(line: bytes) -> None:
    assert parse(line) is None


def test_a_clock_without_milliseconds_counts_as_late_in_its_second() -> None:
    line = parse(b'{"at":"2026-11-21T08:00:03.3NZ","event":"Stop","payload":{"session_id":"x"}}')
    assert line is not None and line.at == "2026-11-21T08:00:03.999Z"
