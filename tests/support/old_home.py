"""Homes of earlier versions, put where a test can use them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.repos import git

HOMES = Path(__file__).parents[1] / "data" / "homes"
_MARK = "@ROOT@"


@dataclass(frozen=True, slots=True)
class OldHome:
    """`said` is what the program of its time said of sessions that had ended; `live` names the tasks of the rest."""

    root: Path
    home: Path
    shop: Path
    said: dict[str, dict[str, Any]]
    live: frozenset[str]

    @property
    def database(self) -> Path:
        return self.home / "scopecraft.db"


def old_home(version: str, root: Path) -> OldHome:
    """A copy below `root`, with its repository and its worktrees, as if it had always been there."""
    kept = HOMES / version
    home, shop = root / "scopecraft", root / "shop"
    shutil.copytree(kept / "home", home, symlinks=True)
    for folder in (kept / "folders.txt").read_text().splitlines():
        (home / folder).mkdir(parents=True, exist_ok=True)
    _rewrite(home, str(root))
    for path in (home, *home.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o700 if path.is_dir() else 0o600)
    missions = [json.loads(file.read_text()) for file in home.glob("missions/active/*/mission.json")]
    _restore_repository(kept / "shop.bundle", shop, missions)
    said = {row["id"]: row for row in json.loads((kept / "said.json").read_text().replace(_MARK, str(root)))}
    with closing(sqlite3.connect(home / "scopecraft.db")) as database:
        live = database.execute("SELECT task FROM session WHERE status_kind <> 'ended'").fetchall()
    return OldHome(root, home, shop, said, frozenset(task for (task,) in live))


def _rewrite(home: Path, root: str) -> None:
    for path in home.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.suffix != ".db":
            content = path.read_bytes()
            if _MARK.encode() in content:
                path.write_bytes(content.replace(_MARK.encode(), root.encode()))
    with closing(sqlite3.connect(home / "scopecraft.db")) as database, database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("UPDATE session SET worktree = replace(worktree, ?, ?)", (_MARK, root))
        live = "UPDATE session SET status = replace(status, ?, ?) WHERE status_kind <> 'ended'"
        database.execute(live, (_MARK, root))
        database.execute("UPDATE event SET data = replace(data, ?, ?)", (_MARK, root))


def _restore_repository(bundle: Path, shop: Path, missions: list[dict[str, Any]]) -> None:
    shop.mkdir()
    git(shop, "init", "--quiet", "--initial-branch=main", ".")
    git(shop, "fetch", "--quiet", "--update-head-ok", str(bundle), "+refs/*:refs/*")
    git(shop, "reset", "--quiet", "--hard")
    for mission in missions:
        git(shop, "worktree", "add", "--quiet", mission["worktree"], mission["branch"])
        reason = f"scopecraft mission {mission['slug']}"
        git(shop, "worktree", "lock", "--reason", reason, mission["worktree"])
