"""Packs of what a repository's refs reach, as values: which of them a session may see, which still have to be made.

A parcel holds what its tips reach and its `without` does not. It is for those alone who may see every tip of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence, Set
from dataclasses import asdict, dataclass, replace
from typing import Any

from scopecraft.worktrees.seeds import Seeds, is_usual

MOST_PARCELS = 24  # that a session sees: git asks each pack for each object
MOST_KEPT = 48  # in a repository's folder
UNUSED_SECONDS = 14 * 24 * 3600
_VERSION = 1
_ROOM_BYTES = 64 << 20  # for parcels that this session does not see, whatever it sees itself


@dataclass(frozen=True, slots=True)
class Parcel:
    """`pack` is the stem of its files, None for a parcel that adds no object to those below it.

    `exact` are tips that are no commits: nothing but the ref itself says that one may see them. A parcel builds only on
    those of its rank and below, so that a branch that comes and goes does not take the trunk's parcels with it.
    """

    rank: int
    tips: tuple[str, ...]
    exact: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    pack: str | None = None
    size_bytes: int = 0
    used_at: int = 0  # seconds of the epoch

    @property
    def covers(self) -> tuple[str, ...]:
        return (*self.tips, *self.exact)


def groups(seeds: Seeds) -> tuple[tuple[str, ...], ...]:
    """Ids by rank: what changes least comes first."""
    found: tuple[dict[str, None], ...] = ({}, {}, {}, {})
    for ref in seeds.refs:
        if is_usual(ref.name):
            rank = 0
        else:
            rank = 1 if ref.name.startswith("refs/remotes/") else 2 if ref.name.startswith("refs/tags/") else 3
        found[rank][ref.id] = None
    found[3].update(dict.fromkeys(seeds.stash))
    return tuple(tuple(group) for group in found)


def unknown_tips(parcels: Iterable[Parcel], ids: Set[str]) -> tuple[str, ...]:
    """Commits of which git must say whether the ids reach them."""
    return tuple(dict.fromkeys(tip for parcel in parcels for tip in parcel.tips if tip not in ids))


def usable(parcels: Iterable[Parcel], *, ids: Set[str], reached: Set[str]) -> tuple[Parcel, ...]:
    """Those of which everything may be seen, and all that they build on is there; in order."""
    chosen: list[Parcel] = []
    covered: set[str] = set()
    for parcel in parcels:
        is_seen = ids >= set(parcel.exact) and ids | reached >= set(parcel.tips)
        if is_seen and covered.issuperset(parcel.without):
            chosen.append(parcel)
            covered.update(parcel.covers)
    return tuple(chosen)


def thinned(chosen: Sequence[Parcel]) -> tuple[Parcel, ...]:
    """As they are, or where there are too many those to build on anew: the first ones, with most of the bytes."""
    if len(chosen) < MOST_PARCELS:
        return tuple(chosen)
    total = sum(parcel.size_bytes for parcel in chosen)
    kept, size = 0, 0
    while kept < len(chosen) and size * 4 < total * 3:
        size += chosen[kept].size_bytes
        kept += 1
    return tuple(chosen[:kept]) if kept <= MOST_PARCELS * 3 // 4 else ()


def base_of(chosen: Iterable[Parcel], rank: int) -> tuple[str, ...]:
    """What a new parcel of that rank may leave out."""
    return tuple(dict.fromkeys(id_ for parcel in chosen if parcel.rank <= rank for id_ in parcel.covers))


def kept(parcels: Iterable[Parcel], chosen: Sequence[Parcel], *, now: int) -> tuple[Parcel, ...]:
    """What stays in the folder: the chosen ones, and others that were used lately while they take no more room."""
    others = [parcel for parcel in parcels if parcel not in chosen]
    room = max(sum(parcel.size_bytes for parcel in chosen), _ROOM_BYTES)
    stay: list[Parcel] = []
    for parcel in sorted(others, key=lambda parcel: -parcel.used_at)[: max(0, MOST_KEPT - len(chosen))]:
        room -= parcel.size_bytes
        if room >= 0 and now - parcel.used_at < UNUSED_SECONDS:
            stay.append(parcel)
    # each after what it builds on: the chosen ones build on nothing else
    return (*(replace(parcel, used_at=now) for parcel in chosen), *(parcel for parcel in others if parcel in stay))


def to_text(parcels: Iterable[Parcel]) -> bytes:
    return json.dumps({"version": _VERSION, "parcels": [asdict(parcel) for parcel in parcels]}).encode()


def from_text(text: bytes) -> tuple[Parcel, ...]:
    """None of it where it is damaged or of another version: parcels can be made again."""
    try:
        data = json.loads(text)
        if data["version"] != _VERSION:
            return ()
        return tuple(_parcel(row) for row in data["parcels"])
    except (ValueError, KeyError, TypeError):
        return ()


def _parcel(row: dict[str, Any]) -> Parcel:
    lists = {name: tuple(map(str, row[name])) for name in ("tips", "exact", "without")}
    return Parcel(
        rank=int(row["rank"]),
        pack=None if row["pack"] is None else str(row["pack"]),
        size_bytes=int(row["size_bytes"]),
        used_at=int(row["used_at"]),
        **lists,
    )
