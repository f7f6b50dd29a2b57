"""`/m/{id}/diff`: what a mission's branch and worktree have changed, file by file.

The list comes with the patches of the first files; every other one when somebody unfolds it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import parse_qsl, quote_from_bytes

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from scopecraft.api.house import context_of
from scopecraft.errors import BadInput, NotFound
from scopecraft.missions.finding import require_mission
from scopecraft.model.host_files import HostFile, why_it_runs
from scopecraft.model.text import clean, clean_line
from scopecraft.sessions.mission_diff import MissionDiff, Part, mission_diff
from scopecraft.web.mission_shell import tab
from scopecraft.web.page import render
from scopecraft.web.patch import FilePatch, file_patches

if TYPE_CHECKING:
    from scopecraft.model.mission import Mission
    from scopecraft.worktrees.difference import FileChange

router = APIRouter()
PartName = Literal["committed", "uncommitted"]
MOST_LISTED = 300  # files, until all are asked for
MOST_UNFOLDED = 1_200  # changed lines that come with the list
MOST_OF_A_FILE = 400  # of them
MOST_FILES = 60
MOST_ROWS = 2_000  # of a file, until all are asked for
MOST_ROWS_AT_ALL = 8_000  # a browser takes a second to lay them out
_MODES = {"100644": "not executable now", "100755": "executable now", "120000": "a link", "160000": "a submodule"}
_PLAIN = "100644"


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A file of the list; `patch` is None where it comes when it is asked for, and there may be none to show."""

    change: FileChange
    part: PartName
    number: int
    address: str
    patch: FilePatch | None = None

    @property
    def path(self) -> str:
        return clean_line(self.change.path)

    @property
    def old_path(self) -> str:
        return clean_line(self.change.old_path or "")

    @property
    def why_it_runs(self) -> str | None:
        return why_it_runs(self.change.path, self.change.new_mode)

    @property
    def mode(self) -> str:
        """Where that is news."""
        mode = self.change.new_mode
        is_plain = mode == _PLAIN and self.change.kind in ("added", "deleted", "type changed")
        return "" if not mode or is_plain else _MODES.get(mode, f"mode {mode}")

    @property
    def is_submodule(self) -> bool:
        return self.change.mode == "160000"

    @property
    def is_odd(self) -> bool:
        return clean(self.change.path) != self.change.path

    @property
    def lines(self) -> int:
        return (self.change.additions or 0) + (self.change.deletions or 0)


@dataclass(frozen=True, slots=True)
class ShownPart:
    name: PartName
    files: tuple[ShownChange, ...]
    left_out: int
    added: int
    deleted: int
    count: int


@router.get("/m/{mission_id}/diff")
def diff(request: Request, mission_id: str, everything: Annotated[bool, Query(alias="all")] = False) -> HTMLResponse:
    context = context_of(request)
    mission = require_mission(context.home, mission_id, None)
    with mission_diff(context, mission) as found:
        parts = _parts(mission, found, None if everything else MOST_LISTED)
        return tab(
            request,
            mission.id,
            "diff",
            "parts/diff.html",
            diff=found,
            halves=parts,
            host_files=_host_files(found.host_files, parts),
        )


@router.get("/m/{mission_id}/diff/file")
def of_file(
    request: Request,
    mission_id: str,
    part: PartName,
    at: str = "",
    everything: Annotated[bool, Query(alias="all")] = False,
) -> HTMLResponse:
    """One file's patch, for a page that shows the list. `path` and `old` are bytes, as git has them."""
    asked = asked_paths(request.scope["query_string"])
    context = context_of(request)
    mission = require_mission(context.home, mission_id, None)
    with mission_diff(context, mission, _exactly(asked), with_uncommitted=part == "uncommitted") as found:
        half = found.committed if part == "committed" else found.uncommitted
        change = next((each for each in half.files if each.path == asked[0]), None) if half else None
        if half is None or change is None:
            raise NotFound(f"{clean_line(asked[0], 200)} is not changed any more", "reload the page")
        shown = ShownChange(change, part, 0, _address(mission, part, half, change))
        most = MOST_ROWS_AT_ALL if everything else MOST_ROWS
        with closing(half.patch(is_exact=False)) as pieces:
            # a file that became a link has two: the end of the one, and the beginning of the other
            patch = joined(islice(file_patches(pieces, most), 2))
        is_newer = bool(at) and at != half.after
        return render(
            request, "parts/diff_file.html", file=replace(shown, patch=patch), is_newer=is_newer, is_whole=everything
        )


def asked_paths(query: bytes) -> tuple[str, ...]:
    """The path that is asked for, and the one that it had before. Raises BadInput."""
    try:
        pairs = parse_qsl(query.decode("ascii"), encoding="utf-8", errors="surrogateescape")
    except ValueError as error:
        raise BadInput("the address cannot be read", "reload the page") from error
    found = [value for name in ("path", "old") for key, value in pairs if key == name]
    if not found or not all(found) or any("\0" in value for value in found):
        raise BadInput("path: Required", "reload the page")
    return tuple(found)


def joined(patches: Iterable[FilePatch]) -> FilePatch:
    found = list(patches)
    return FilePatch(tuple(row for patch in found for row in patch.rows), any(patch.has_more for patch in found))


def _exactly(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(f":(top,literal){path}" for path in paths)


def _parts(mission: Mission, found: MissionDiff, most: int | None) -> list[ShownPart]:
    halves: list[tuple[PartName, Part | None]] = [("committed", found.committed), ("uncommitted", found.uncommitted)]
    shown: list[ShownPart] = []
    left, number = MOST_UNFOLDED, 0
    for name, half in halves:
        if half is None or not half.files:
            continue
        listed = half.files if most is None else half.files[:most]
        eager = unfolded(listed, left)
        left -= sum((file.additions or 0) + (file.deletions or 0) for file in eager)
        patches = _patches(half, eager)
        rows = tuple(
            ShownChange(file, name, number + at, _address(mission, name, half, file), patches.get(file.path))
            for at, file in enumerate(listed, 1)
        )
        number += len(rows)
        added = sum(file.additions or 0 for file in half.files)
        deleted = sum(file.deletions or 0 for file in half.files)
        shown.append(ShownPart(name, rows, len(half.files) - len(rows), added, deleted, len(half.files)))
    return shown


def unfolded(files: Sequence[FileChange], most: int) -> list[FileChange]:
    """Those whose patches come with the list: the first ones, but for what is long or gone."""
    chosen: list[FileChange] = []
    for file in files:
        lines = (file.additions or 0) + (file.deletions or 0)
        if file.is_binary or file.kind in ("deleted", "type changed") or lines > min(MOST_OF_A_FILE, most):
            continue
        chosen.append(file)
        most -= lines
        if len(chosen) >= MOST_FILES:
            break
    return chosen


def _patches(half: Part, files: Sequence[FileChange]) -> dict[str, FilePatch]:
    """By path. Git writes the patches in the order of the list."""
    if not files:
        return {}
    paths = [path for file in files for path in (file.path, file.old_path) if path]
    with closing(replace(half, paths=_exactly(paths)).patch(is_exact=False)) as pieces:
        read = list(file_patches(pieces, MOST_ROWS))
    if len(read) != len(files):  # each comes by itself then
        return {}
    return {file.path: patch for file, patch in zip(files, read, strict=True)}


def _address(mission: Mission, name: PartName, half: Part, change: FileChange) -> str:
    old = f"&old={_encoded(change.old_path)}" if change.old_path else ""
    return f"/m/{mission.id}/diff/file?part={name}&at={half.after}&path={_encoded(change.path)}{old}"


def _encoded(path: str) -> str:
    return quote_from_bytes(os.fsencode(path), safe="/")


def _host_files(files: Sequence[HostFile], parts: Sequence[ShownPart]) -> list[tuple[str, str, int | None]]:
    """Path, why, and the number of the file in the list, None for what git ignores."""
    numbers = {shown.change.path: shown.number for part in parts for shown in part.files}
    return [(clean_line(file.path), file.why, numbers.get(file.path)) for file in files]
