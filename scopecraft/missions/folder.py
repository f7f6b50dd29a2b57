"""A mission on disk: `missions/active/<id>--<slug>/` with mission.json, artifacts/, runs/ and logs/.

One that is complete stands in `missions/completed/`, by the same name.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from scopecraft.atomic import file_lock, move_aside, private_folder, replace_file
from scopecraft.config.paths import Home
from scopecraft.errors import StateTooNew, StateUnreadable, StorageFailed
from scopecraft.missions.recipe import save_recipe
from scopecraft.model import clock
from scopecraft.model.ids import MISSION_ID
from scopecraft.model.mission import Approval, Mission, PullRequest, StepState
from scopecraft.model.text import clean_json, clean_line
from scopecraft.model.workflow import Recipe

MAKING = ".making-"
ABANDONED_SECONDS = 3600  # making one takes milliseconds
LONGEST_FILE = 4 * 1024**2
_KEYS = {field.name for field in fields(Mission)} - {"id", "is_frozen"} | {"mission_id", "last_error"}
UNTOUCHED = "its artifacts and worktree are untouched; mend the file and move it back"


def folder_of(home: Home, mission: Mission) -> Path:
    place = home.missions_completed if mission.is_frozen else home.missions_active
    return place / f"{mission.id}--{mission.slug}"


def create_mission(home: Home, mission: Mission, raw_input: str, recipe: Recipe | None = None) -> Path:
    """Make the folder whole, then give it its name: a mission that can be seen is whole."""
    target = folder_of(home, mission)
    making = target.with_name(f"{MAKING}{mission.id}")
    _sweep(home, clock.from_text(mission.created_at).timestamp())
    for folder in (making, making / "artifacts", making / "runs", making / "logs"):
        private_folder(folder)
    replace_file(making / "artifacts" / "raw-input.md", raw_input.encode("utf-8", "surrogateescape"))
    if recipe is not None:
        save_recipe(making, recipe)
    replace_file(making / "mission.json", _to_json(mission))
    making.rename(target)
    return target


def _sweep(home: Home, now: float) -> None:
    """Take away what processes that were killed had begun to make."""
    with os.scandir(home.missions_active) as entries:
        begun = [entry for entry in entries if entry.name.startswith(MAKING)]
    for entry in begun:
        with contextlib.suppress(OSError):
            if now - entry.stat(follow_symlinks=False).st_mtime > ABANDONED_SECONDS:
                import shutil  # much to load, and seldom needed

                shutil.rmtree(entry.path, ignore_errors=True)


def save_mission(home: Home, mission: Mission) -> None:
    write_mission(folder_of(home, mission), mission)


def write_mission(folder: Path, mission: Mission) -> None:
    """Into any folder that holds a mission. Raises StorageFailed."""
    replace_file(folder / "mission.json", _to_json(mission))


@contextlib.contextmanager
def changing(home: Home, mission_id: str) -> Iterator[Mission]:
    """The mission as it is on disk, under its lock; save what you make of it before leaving.

    One that is moved to the complete ones, or back, while this waits is found where it is then.
    """
    with contextlib.ExitStack() as stack:
        folder = _locked(home, mission_id, stack)
        try:
            mission = read_mission(folder)
        except FileNotFoundError as error:
            raise StateUnreadable(missing(folder), UNTOUCHED) from error
        yield mission


def _locked(home: Home, mission_id: str, stack: contextlib.ExitStack) -> Path:
    """Its folder, whose lock the stack holds."""
    while True:
        folder = require_folder(home, mission_id)
        try:
            stack.enter_context(file_lock(folder / "lock"))
            return folder
        except StorageFailed:
            if folder.exists():
                raise  # else it was moved between the two, or while we waited


def require_folder(home: Home, mission_id: str) -> Path:
    """Where the mission stands, active or complete. Raises StateUnreadable where it does not."""
    folder = folder_by_id(home, mission_id)
    if folder is None:
        raise StateUnreadable(f"the folder of mission {mission_id} is gone", "look into missions/active of the home")
    return folder


def folder_by_id(home: Home, mission_id: str) -> Path | None:
    # twice among the active ones: it may be on its way back while the others are looked through
    for place in (home.missions_active, home.missions_completed, home.missions_active):
        with contextlib.suppress(FileNotFoundError), os.scandir(place) as entries:
            begins = f"{mission_id}--"
            found = next((entry.path for entry in entries if entry.name.startswith(begins)), None)
            if found is not None:
                return Path(found)
    return None


def read_mission(folder: Path) -> Mission:
    """Raises StateUnreadable, after moving a damaged file aside, StateTooNew, FileNotFoundError."""
    file = folder / "mission.json"
    try:
        with file.open("rb") as stream:
            # no more is asked for than there is: room for the longest one would be made, and a list reads hundreds
            document = json.loads(stream.read(min(LONGEST_FILE, os.fstat(stream.fileno()).st_size)))
        mission = _from_json(document)
    except FileNotFoundError:
        raise
    except OSError as error:
        # not the file's fault, perhaps: it stays where it is
        raise StateUnreadable(f"{file} cannot be read: {error.strerror}", "check who owns it") from error
    except (ValueError, KeyError, TypeError) as error:
        aside = move_aside(file, "damaged")
        raise StateUnreadable(f"{file} could not be read; it was moved to {aside}", UNTOUCHED) from error
    _refuse_unknown(file, document)
    return replace(mission, is_frozen=True) if folder.parent.name == "completed" else mission


def _refuse_unknown(file: Path, row: dict[str, Any]) -> None:
    """What this program does not know it would lose with the next change. Raises StateTooNew; the file stays."""
    unknown = sorted(set(row) - _KEYS)
    if unknown:
        raise StateTooNew(
            f"{file} is of a newer scopecraft than this one: it holds {clean_line(', '.join(unknown), 80)!r}",
            "use the newer scopecraft; or, if you added that yourself, take it out",
        )


def missing(folder: Path) -> str:
    """What to say of a mission without its file, and where a damaged one was put."""
    file = folder / "mission.json"
    asides = sorted(folder.glob("mission.json.damaged-*"))
    return f"{file} is not there" + (f"; a damaged one is {asides[-1]}" if asides else "")


def folders_by_id(home: Home, *, completed: bool = False) -> list[tuple[str, str, Path]]:
    """Id, slug and folder of every active mission, or of every completed one, oldest first; only names are read."""
    return [(mission_id, slug, Path(folder)) for mission_id, slug, folder in names_by_id(home, completed=completed)]


def names_by_id(home: Home, *, completed: bool = False) -> list[tuple[str, str, str]]:
    """The same with folders as plain text, which costs a tenth where there are thousands."""
    place = home.missions_completed if completed else home.missions_active
    found = []
    with os.scandir(place) as entries:
        for entry in entries:
            mission_id, separator, slug = entry.name.partition("--")
            if separator and MISSION_ID.fullmatch(mission_id):
                found.append((mission_id, slug, entry.path))
    return sorted(found)


def record_run(home: Home, mission: Mission, run: dict[str, Any], stream: Path) -> None:
    """Keep a StepRun of the HTTP contract in runs/, and a link to its stream in logs/."""
    folder = folder_of(home, mission)
    run_id = str(run["run_id"])
    replace_file(folder / "runs" / f"{run_id}.json", json.dumps(run, indent=2).encode() + b"\n")
    link = folder / "logs" / f"{run['step_id']}.{run_id}.log"
    with contextlib.suppress(FileExistsError):
        link.symlink_to(os.path.relpath(stream, link.parent))


def recorded_run(home: Home, mission: Mission, run_id: str) -> dict[str, Any]:
    """The StepRun that was kept of a session that has ended; empty where none can be read."""
    try:
        row = json.loads((folder_of(home, mission) / "runs" / f"{run_id}.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return row if isinstance(row, dict) else {}


def _to_json(mission: Mission) -> bytes:
    """In the field names of the HTTP contract, ours beside them."""
    row = asdict(mission)
    row["mission_id"] = row.pop("id")
    del row["is_frozen"]
    row["errors"] = list(mission.errors)
    if mission.errors:
        row["last_error"] = mission.errors[-1]
    return clean_json(json.dumps(row, indent=2, ensure_ascii=False)).encode() + b"\n"


def _from_json(row: dict[str, Any]) -> Mission:
    return Mission(
        id=row["mission_id"],
        title=row["title"],
        slug=row["slug"],
        type=row["type"],
        workflow_id=row["workflow_id"],
        current_step=int(row["current_step"]),
        status=row["status"],
        project=row["project"],
        branch=row["branch"],
        base=row["base"],
        worktree=row["worktree"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        errors=tuple(str(error) for error in row.get("errors", ())),
        pull_request=_pull_request(row.get("pull_request")),
        group=row.get("group"),
        port_base=row.get("port_base"),
        parent=row.get("parent"),
        steps=tuple(_step(state) for state in row.get("steps", ())),
    )


def _pull_request(row: dict[str, Any] | None) -> PullRequest | None:
    return PullRequest(int(row["number"]), str(row["head"]), row.get("is_merged") is True) if row else None


def _step(row: dict[str, Any]) -> StepState:
    approval = row.get("approval")
    lists = {"feedback": tuple(row.get("feedback", ()))}
    if approval is not None:
        approval = Approval(**{**approval, "host_files": tuple(approval.get("host_files", ()))})
    return StepState(**{**row, **lists, "approval": approval})


def with_error(mission: Mission, error: str, at: str) -> Mission:
    """Failed, with the error last in its list; saying the same again adds nothing."""
    if mission.status == "failed" and mission.errors[-1:] == (error,):
        return mission
    return replace(mission, status="failed", errors=(*mission.errors, error), updated_at=at)
