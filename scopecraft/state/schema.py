"""The tables, version by version. Changes are migrations: what stands here stays as it is."""

from __future__ import annotations

SESSION_COLUMNS = (
    "id",
    "mission_id",
    "task",
    "project",
    "step_id",
    "attempt",
    "agent",
    "dialect",
    "executor",
    "mode",
    "branch",
    "worktree",
    "created_at",
    "model",
    "conversation_id",
    "timeout_seconds",
    "stop_requested_at",
    "tip_before",
    "origin",
    "follows",
    "is_contained",
    "workspace",
)

VERSION_1 = (
    """
    CREATE TABLE session (
        seq INTEGER PRIMARY KEY,  -- order of creation; clocks may jump
        id TEXT NOT NULL UNIQUE CHECK (id GLOB 'r-[0-9a-f]*' AND substr(id, 3) NOT GLOB '*[^0-9a-f]*'),
        mission_id TEXT NOT NULL CHECK (mission_id <> ''),
        task TEXT NOT NULL,
        project TEXT NOT NULL,
        step_id TEXT NOT NULL,
        attempt INTEGER NOT NULL CHECK (attempt >= 1),
        agent TEXT NOT NULL,
        dialect TEXT NOT NULL,
        executor TEXT NOT NULL CHECK (executor IN ('container', 'tmux')),
        mode TEXT NOT NULL CHECK (mode IN ('autonomous', 'dispatch')),
        branch TEXT NOT NULL,
        worktree TEXT NOT NULL,
        created_at TEXT NOT NULL,
        model TEXT,
        conversation_id TEXT,
        timeout_seconds INTEGER CHECK (timeout_seconds > 0),
        stop_requested_at TEXT,
        tip_before TEXT,
        status_kind TEXT NOT NULL CHECK (status_kind IN ('queued', 'starting', 'running', 'waiting', 'ended')),
        status TEXT NOT NULL CHECK (json_extract(status, '$.kind') = status_kind),
        UNIQUE (mission_id, step_id, attempt)
    )
    """,
    # One live session per mission; it also finds the live ones among any number of ended ones.
    "CREATE UNIQUE INDEX live_session ON session (mission_id) WHERE status_kind <> 'ended'",
    "CREATE INDEX session_of_project ON session (project)",
    """
    CREATE TRIGGER ended_is_final BEFORE UPDATE OF status, status_kind ON session WHEN OLD.status_kind = 'ended'
    BEGIN SELECT RAISE(ABORT, 'an ended session does not move'); END
    """,
    """
    CREATE TABLE event (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice
        at TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind <> ''),
        mission_id TEXT,
        session_id TEXT,
        data TEXT NOT NULL CHECK (json_type(data) = 'object')
    )
    """,
    "CREATE INDEX event_of_session ON event (session_id) WHERE session_id IS NOT NULL",
    "CREATE INDEX event_of_mission ON event (mission_id) WHERE mission_id IS NOT NULL",
)

VERSION_2 = (
    """
    ALTER TABLE session ADD COLUMN origin TEXT NOT NULL DEFAULT 'start'
        CHECK (origin IN ('start', 'retry', 'resume', 'takeover', 'handback'))
    """,
    "ALTER TABLE session ADD COLUMN follows TEXT",
    "ALTER TABLE session ADD COLUMN is_contained INTEGER NOT NULL DEFAULT 1 CHECK (is_contained IN (0, 1))",
    "UPDATE session SET is_contained = 0 WHERE executor = 'tmux'",
    # What waits for a slot, or was given one and does not run yet. Rows leave when it runs or ends.
    """
    CREATE TABLE line (
        session_id TEXT PRIMARY KEY NOT NULL REFERENCES session (id),
        place INTEGER NOT NULL UNIQUE,  -- order, with gaps
        is_new INTEGER NOT NULL CHECK (is_new IN (0, 1)),
        is_waiting INTEGER NOT NULL CHECK (is_waiting IN (0, 1))
    ) WITHOUT ROWID
    """,
    "CREATE INDEX waiting ON line (is_waiting, is_new)",
    """
    CREATE INDEX at_work ON session (mode, step_id) WHERE status_kind IN ('starting', 'running', 'waiting')
    """,
    "CREATE INDEX live_task ON session (project, task) WHERE status_kind <> 'ended'",
    # Settings that change at run time, and marks of the supervisor; a value is JSON.
    "CREATE TABLE run_time (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID",
)

_COLUMNS_2 = """
    seq, id, mission_id, task, project, step_id, attempt, agent, dialect, executor, mode, branch, worktree, created_at,
    model, conversation_id, timeout_seconds, stop_requested_at, tip_before, status_kind, status, origin, follows,
    is_contained
"""

# A check cannot be changed in place: the table is made anew, for sessions that are a call of a model.
VERSION_3 = (
    """
    CREATE TABLE session_3 (
        seq INTEGER PRIMARY KEY,  -- order of creation; clocks may jump
        id TEXT NOT NULL UNIQUE CHECK (id GLOB 'r-[0-9a-f]*' AND substr(id, 3) NOT GLOB '*[^0-9a-f]*'),
        mission_id TEXT NOT NULL CHECK (mission_id <> ''),
        task TEXT NOT NULL,
        project TEXT NOT NULL,
        step_id TEXT NOT NULL,
        attempt INTEGER NOT NULL CHECK (attempt >= 1),
        agent TEXT NOT NULL,
        dialect TEXT NOT NULL,
        executor TEXT NOT NULL CHECK (executor IN ('container', 'tmux', 'process')),
        mode TEXT NOT NULL CHECK (mode IN ('autonomous', 'dispatch')),
        branch TEXT NOT NULL,
        worktree TEXT NOT NULL,
        created_at TEXT NOT NULL,
        model TEXT,
        conversation_id TEXT,
        timeout_seconds INTEGER CHECK (timeout_seconds > 0),
        stop_requested_at TEXT,
        tip_before TEXT,
        status_kind TEXT NOT NULL CHECK (status_kind IN ('queued', 'starting', 'running', 'waiting', 'ended')),
        status TEXT NOT NULL CHECK (json_extract(status, '$.kind') = status_kind),
        origin TEXT NOT NULL DEFAULT 'start'
            CHECK (origin IN ('start', 'retry', 'resume', 'takeover', 'handback')),
        follows TEXT,
        is_contained INTEGER NOT NULL DEFAULT 1 CHECK (is_contained IN (0, 1)),
        workspace TEXT NOT NULL DEFAULT 'codegen' CHECK (workspace IN ('document', 'codegen')),
        UNIQUE (mission_id, step_id, attempt)
    )
    """,
    f"INSERT INTO session_3 ({_COLUMNS_2}) SELECT {_COLUMNS_2} FROM session ORDER BY seq",
    "DROP TABLE session",
    "ALTER TABLE session_3 RENAME TO session",
    # One live session per step, and one per mission that may change its worktree.
    "CREATE UNIQUE INDEX live_step ON session (mission_id, step_id) WHERE status_kind <> 'ended'",
    """
    CREATE UNIQUE INDEX live_writer ON session (mission_id) WHERE status_kind <> 'ended' AND workspace = 'codegen'
    """,
    "CREATE INDEX session_of_project ON session (project)",
    """
    CREATE TRIGGER ended_is_final BEFORE UPDATE OF status, status_kind ON session WHEN OLD.status_kind = 'ended'
    BEGIN SELECT RAISE(ABORT, 'an ended session does not move'); END
    """,
    """
    CREATE INDEX at_work ON session (mode, step_id) WHERE status_kind IN ('starting', 'running', 'waiting')
    """,
    "CREATE INDEX live_task ON session (project, task) WHERE status_kind <> 'ended'",
)

# What was used in a week is read without the rest of the journal.
VERSION_4 = ("CREATE INDEX event_of_end ON event (at) WHERE kind = 'session_ended'",)
