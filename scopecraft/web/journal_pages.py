"""`/journal`: what happened, the latest first, in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from scopecraft.api.house import context_of
from scopecraft.config.projects import load_projects
from scopecraft.model import clock
from scopecraft.model.event_words import GROUPS, Mood, mood_of, said_of
from scopecraft.model.usage_words import used_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.journal import MOST_LOOKED_AT, Journal, JournalEntry, wanted_of
from scopecraft.web.page import render

router = APIRouter()
PAGE = 100
MOST_NEW = 200
Place = Annotated[int | None, Query(ge=0, le=2**62)]
Groups = Annotated[list[str] | None, Query()]


@dataclass(frozen=True, slots=True)
class Line:
    seq: int
    at: str
    when: str  # in local time, with its day
    mood: Mood
    what: str
    detail: str
    task: str
    href: str  # where it can be looked at; empty for what concerns the home as a whole


@dataclass(frozen=True, slots=True)
class Filter:
    """As the address of the page has it."""

    groups: tuple[str, ...]
    task: str
    project: str

    @classmethod
    def of(cls, groups: list[str] | None, task: str, project: str) -> Filter:
        return cls(tuple(name for name in GROUPS if name in (groups or ())), task.strip(), project)

    @property
    def is_set(self) -> bool:
        return bool(self.groups or self.task or self.project)

    def address(self, **place: int) -> str:
        named = [*(("show", name) for name in self.groups), ("task", self.task), ("project", self.project)]
        return "/journal?" + urlencode([*((name, value) for name, value in named if value), *place.items()])

    def journal(self, context: Context, place: int = 0) -> Journal:
        kinds = frozenset(kind for name in self.groups for kind in GROUPS[name])
        return Journal(context, wanted_of(context, self.task, None, self.project, kinds), place)


@router.get("/journal")
def journal(
    request: Request,
    show: Groups = None,
    task: str = "",
    project: str = "",
    before: Place = None,
    after: Place = None,
) -> HTMLResponse:
    """With `after`, only the lines that came since; with `before`, a page that begins there."""
    context = context_of(request)
    chosen = Filter.of(show, task, project)
    if after is not None:
        return _since(request, chosen.journal(context, after))
    reader = chosen.journal(context)
    newest = reader.newest()
    earlier = reader.earlier(newest + 1 if before is None else before, PAGE)
    values: dict[str, Any] = {
        "lines": _lines(earlier.entries),
        "filter": chosen,
        "groups": GROUPS,
        "projects": [each.name for each in load_projects(context.home)],
        "newest": newest if before is None else None,
        "older": None if earlier.before is None else chosen.address(before=earlier.before),
    }
    return render(request, "journal.html", **values)


def _since(request: Request, reader: Journal) -> HTMLResponse:
    """The latest first, as on the page; `data-newest` says how far it looked."""
    found = list(islice(reader.new(MOST_LOOKED_AT), MOST_NEW))
    return render(request, "parts/journal_new.html", lines=_lines(reversed(found)), newest=reader.place)


def _lines(entries: Iterable[JournalEntry]) -> list[Line]:
    return [_line(entry) for entry in entries]


def _line(entry: JournalEntry) -> Line:
    event = entry.event
    said = said_of(event, entry.outcome)
    at = clock.from_text(event.at).astimezone()
    href = f"/sessions/{event.session_id}" if event.session_id else f"/m/{event.mission_id}" if event.mission_id else ""
    return Line(
        seq=event.seq,
        at=event.at,
        when=f"{at:%a} {at.day} {at:%b} {at:%H:%M:%S}",
        mood=mood_of(event),
        what=said.what,
        detail=" · ".join(part for part in (said.detail, used_of(event)) if part),
        task=entry.task or "",
        href=href,
    )
