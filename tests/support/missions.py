"""Missions with a worktree and no agent, made as a start makes them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scopecraft.config.paths import Home
from scopecraft.missions.folder import create_mission
from scopecraft.model.ids import new_mission_id
from scopecraft.model.mission import Mission
from scopecraft.sessions.mission_start import lock_reason
from scopecraft.state.store import Store
from scopecraft.worktrees.repository import open_repository
from scopecraft.worktrees.worktree import CreateRequest, create
from tests.support.command_line import Said, sc
from tests.support.repos import git, make_repository
from tests.support.sessions import AT, a_session, ended


@dataclass(frozen=True, slots=True)
class Desk:
    """A home with a linked repository, `shop`."""

    folder: Path

    @property
    def home(self) -> Home:
        return Home(Path(os.environ["SCOPECRAFT_HOME"]).resolve())

    def sc(self, *arguments: str, **env: str) -> Said:
        return sc(*arguments, cwd=self.folder, **env)

    def done(self, *arguments: str) -> Said:
        """The same, which must go well."""
        said = self.sc(*arguments)
        assert said.code == 0, said.err
        return said

    def mission(self, slug: str, *, branch: str | None = None, worktree: Path | None = None) -> Mission:
        """New, with a worktree on a branch of its own; a `worktree` is somebody's that is there."""
        repo = open_repository(self.folder)
        base = git(self.folder, "rev-parse", "HEAD")
        place = worktree or self.home.worktrees / "shop" / slug
        name = branch or f"feature/{slug}"
        mission = Mission(
            id=new_mission_id(datetime.now(UTC)),
            title=slug,
            slug=slug,
            type="feature",
            workflow_id="oneshot",
            current_step=0,
            status="ready",
            project="shop",
            branch=name,
            base=base,
            worktree=str(place),
            created_at=AT,
            updated_at=AT,
        )
        create_mission(self.home, mission, "what to do\n")
        if worktree is None:
            create(repo, CreateRequest(place, name, base, lock_reason(slug), existing_branch=branch is not None))
        return mission

    def session(self, mission: Mission) -> str:
        """The id of one that has ended, with a log."""
        session = a_session(
            mission_id=mission.id, task=mission.slug, project="shop", branch=mission.branch, worktree=mission.worktree
        )
        folder = self.home.sessions / session.id
        folder.mkdir(mode=0o700)
        (folder / "stream.jsonl").write_text("said\n")
        (folder / "stderr.log").touch()
        with Store.open(self.home.root) as store:
            store.create(session, AT)
            store.move(session.id, ended(), "session_ended", AT)
        return session.id

    def trash(self, mission: Mission) -> Path:
        return self.home.missions_active.parent / "trash" / f"{mission.id}--{mission.slug}"


def make_desk(folder: Path) -> Desk:
    desk = Desk(make_repository(folder / "shop"))
    desk.done("init")
    desk.done("link")
    return desk
