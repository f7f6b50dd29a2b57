"""What processes of their own do to a store, for tests of many at once and of sudden death."""

from __future__ import annotations

import sys
from pathlib import Path

from scopecraft.errors import AlreadyRunning
from scopecraft.model.session import Session
from scopecraft.state.store import Store
from tests.support.sessions import AT, LATER, a_session, ended, running, waiting


def create_some(home: Path, missions: list[str]) -> list[str]:
    """Create a session for each mission, opening the store anew each time; the ids of those that were accepted."""
    accepted = []
    for mission in missions:
        with Store.open(home) as store:
            try:
                accepted.append(store.create(a_session(mission_id=mission), AT).id)
            except AlreadyRunning:
                continue
    return accepted


def move_as_seen(home: Path, seen: Session) -> bool:
    """Settle the session as one of many that saw the same; whether this one did."""
    with Store.open(home) as store:
        return store.move(seen.id, ended(), "session_ended", LATER, seen=seen.status) is not None


def live_for_ever(home: Path) -> None:
    """Carry one session after another through its life until somebody kills us."""
    with Store.open(home) as store:
        while True:
            session = store.create(a_session(), AT)
            store.move(session.id, running(), "session_started", AT)
            store.move(session.id, waiting(), "session_waiting", LATER)
            store.move(session.id, ended(), "session_ended", LATER)


if __name__ == "__main__":
    live_for_ever(Path(sys.argv[1]))
