"""A session as `--json` shows it: the same keys everywhere, times as ISO 8601.

`state` is one of starting, running, waiting, idle, unknown, ended; `outcome` says how it ended and is null until then.
"""

from __future__ import annotations

from typing import Any

from scopecraft.model.codec import status_to_dict
from scopecraft.model.session import Ended
from scopecraft.sessions.look import View


def view_dict(view: View) -> dict[str, Any]:
    session = view.session
    return {
        "id": session.id,
        "task": session.task,
        "mission_id": session.mission_id,
        "project": session.project,
        "state": view.word,
        "outcome": session.status.outcome.kind if isinstance(session.status, Ended) else None,
        "detail": view.detail,
        "since": view.since,
        "mode": session.mode,
        "agent": session.agent,
        "model": session.model,
        "step_id": session.step_id,
        "attempt": session.attempt,
        "branch": session.branch,
        "worktree": session.worktree,
        "conversation_id": session.conversation_id,
        "created_at": session.created_at,
        "status": status_to_dict(session.status),
    }
