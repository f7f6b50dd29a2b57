"""Events: what happened, in the past tense; entries of the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

EventKind = Literal[
    "mission_created",
    "mission_moved",
    "gate_opened",
    "gate_approved",
    "gate_rejected",
    "step_failed",
    "mission_completed",
    "mission_reopened",
    "artifact_changed",
    "check_ran",
    "branch_merged",
    "branch_synced",
    "branch_pushed",
    "pull_request_opened",
    "mission_removed",
    "mission_restored",
    "mission_archived",
    "trash_emptied",
    "setup_ran",
    "teardown_ran",
    "session_created",
    "session_starting",
    "session_requeued",
    "session_started",
    "session_waiting",
    "session_resumed",
    "session_stop_requested",
    "session_ended",
    "message_sent",
    "question_asked",
    "question_answered",
    "turn_interrupted",
    "limit_reached",
    "queue_changed",
    "supervisor_started",
    "supervisor_stopped",
    "commits_taken",
    "alert_raised",
    "state_rebuilt",
]


@dataclass(frozen=True, slots=True)
class Event:
    seq: int  # order of the journal; 0 until it is written
    at: str
    kind: EventKind
    mission_id: str | None = None
    session_id: str | None = None
    data: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person should see: `code` for programs, `text` for people."""

    code: str
    text: str
