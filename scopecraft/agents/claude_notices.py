"""Claude Code's notices: `system` lines and rate limits. Most say nothing that a person would want to see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from scopecraft.agents.quota import reset_at
from scopecraft.agents.records import Record, amount, count, items, one_line, record, text
from scopecraft.model.activity import Entry, Note, Quota, Severity, StreamError, Trouble

NOTICE_CHARACTERS = 500


def _trouble(severity: Severity, words: str) -> list[Entry]:
    return [Trouble(StreamError(severity, words))]


def _api_retry(line: Record) -> list[Entry]:
    status, error = count(line.get("error_status")), text(line.get("error"))
    what = " ".join(part for part in (str(status) if status else "no answer", f"({error})" if error else "") if part)
    tries = f"retry {count(line.get('attempt'))} of {count(line.get('max_retries'))}"
    seconds = (amount(line.get("retry_delay_ms")) or 0) / 1000
    return _trouble("warning", f"the model's server: {what}; {tries} in {seconds:.1f} s")


def _task_started(line: Record) -> list[Entry]:
    what = "subagent" if line.get("task_type") == "local_agent" else "background task"
    return [Note(f"{what} started: {one_line(text(line.get('description')), NOTICE_CHARACTERS)}")]


def _task_ended(line: Record) -> list[Entry]:
    status = text(line.get("status")) or "ended"
    return [Note(f"task {status}: {one_line(text(line.get('summary')), NOTICE_CHARACTERS)}")]


def _compacted(line: Record) -> list[Entry]:
    before = count(record(line.get("compact_metadata")).get("pre_tokens"))
    return [Note(f"the conversation was compacted from {before:,} tokens")]


def _denied(line: Record) -> list[Entry]:
    return [Note(f"permission denied: {text(line.get('tool_name')) or 'a tool'}")]


def _hook_response(line: Record) -> list[Entry]:
    if line.get("outcome") != "error":
        return []
    words = text(line.get("stderr")) or text(line.get("output"))
    return _trouble("info", f"hook {text(line.get('hook_name'))} failed: {one_line(words, NOTICE_CHARACTERS)}")


def _refused(line: Record) -> list[Entry]:
    return _trouble("warning", one_line(text(line.get("message")), NOTICE_CHARACTERS) or "the model refused")


def _writes_lost(_: Record) -> list[Entry]:
    return _trouble("warning", "Claude could not save the conversation: it may not be resumable")


def _plugin_trouble(line: Record) -> list[Entry]:
    words = text(line.get("message")) or text(line.get("content"))
    return [Note(one_line(words, NOTICE_CHARACTERS))] if words else []


def _silent(_: Record) -> list[Entry]:
    return []


SYSTEM: dict[str, Callable[[Record], list[Entry]]] = {
    "api_retry": _api_retry,
    "task_started": _task_started,
    "task_notification": _task_ended,
    "compact_boundary": _compacted,
    "permission_denied": _denied,
    "hook_response": _hook_response,
    "model_refusal_fallback": _refused,
    "model_refusal_no_fallback": _refused,
    "session_writes_lost": _writes_lost,
    "informational": _plugin_trouble,
    "notification": _plugin_trouble,
    **dict.fromkeys(
        (
            "status",
            "task_progress",
            "task_updated",
            "background_tasks_changed",
            "session_state_changed",
            "hook_started",
            "hook_progress",
            "thinking_tokens",
            "local_command_output",
            "commands_changed",
            "plugin_install",
            "files_persisted",
            "elicitation_complete",
            "memory_recall",
            "mirror_error",
            "control_request_progress",
            "worker_shutting_down",
        ),
        _silent,
    ),
}


def rate_limit(line: Record) -> list[Entry]:
    info = record(line.get("rate_limit_info"))
    status = info.get("status")
    if status not in ("rejected", "allowed_warning"):
        return []
    which = text(info.get("rateLimitType")).replace("_", " ") or "usage"
    resets = amount(info.get("resetsAt"))
    until = _reset_text(resets)
    if status == "allowed_warning":
        return _trouble("warning", f"the {which} limit is near{until}")
    if info.get("isUsingOverage") is True:
        return _trouble("warning", f"the {which} limit is reached, and what goes beyond it is used{until}")
    return [Quota(f"the {which} limit is reached{until}", reset_at(resets))]


def _reset_text(epoch_seconds: float | None) -> str:
    if epoch_seconds is None or not 0 < epoch_seconds < 4e9:
        return ""
    return f"; it resets at {datetime.fromtimestamp(epoch_seconds, UTC):%Y-%m-%d %H:%M} UTC"


def denials(line: Record) -> list[Entry]:
    """The tool calls that a result line says were denied: without a person to ask, Claude denies and goes on."""
    names = sorted({text(record(each).get("tool_name")) for each in items(line.get("permission_denials"))} - {""})
    return _trouble("warning", f"tool calls were denied: {', '.join(names)}") if names else []
