"""A session as `--json` shows it: the same keys everywhere, times as ISO 8601.

`state` is one of queued, starting, running, waiting, idle, unknown, ended, and `state_source` says who tells it: the
agent's own files (hooks, registry, transcript, stream), the engine, tmux, what was written down (record), or nobody
(none).
`place` is that in the queue, `outcome` says how it ended, `follows` names the session that it tries again or goes on
with, and `origin` says which of these; they are null where there is none, `origin` is "start" then.
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
        "state_source": view.source,
        "place": view.place or None,
        "mode": session.mode,
        "is_contained": session.is_contained,
        "agent": session.agent,
        "model": session.model,
        "step_id": session.step_id,
        "attempt": session.attempt,
        "origin": session.origin,
        "follows": session.follows,
        "branch": session.branch,
        "worktree": session.worktree,
        "conversation_id": session.conversation_id,
        "created_at": session.created_at,
        "status": status_to_dict(session.status),
    }
