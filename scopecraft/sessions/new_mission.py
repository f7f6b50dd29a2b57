"""A mission that is only written down: nothing of it begins, and no worktree is made, before its first step does."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from scopecraft.config.projects import Project
from scopecraft.errors import BadInput, Refused
from scopecraft.missions.finding import find_mission, require_mission
from scopecraft.missions.folder import create_mission
from scopecraft.missions.planner import with_steps
from scopecraft.model.event import Event
from scopecraft.model.mission import Mission, MissionType
from scopecraft.model.naming import TITLE_CHARACTERS, check_title, slug_of
from scopecraft.model.session import is_live
from scopecraft.model.text import clean_line
from scopecraft.model.workflow import Recipe
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_making import mission_to_be
from scopecraft.sessions.places import project_here
from scopecraft.sessions.ports import with_new_ports
from scopecraft.sessions.project_settings import Ask, stop, within_project
from scopecraft.sessions.recipes import AskRecipe, nobody, recipe_for
from scopecraft.sessions.request import Admission, StartRequest, check_text
from scopecraft.sessions.task_lock import name_held
from scopecraft.worktrees.repository import Repository

LONGEST_OWN_TITLE = 50  # of one that is taken from the text
_MARKUP = re.compile(r"^[\s#>*+-]+(?=\S)|^\s*\d+[.)]\s+")
_REFUSED = re.compile(r"[/\\]|\.{2,}")  # by the rule for names of tasks


@dataclass(frozen=True, slots=True)
class NewMission:
    """Without a `title` it is called by the first line of its `text`; one without text is a draft.

    `cwd` is where the person stands; `parent` names a mission of the same project.
    """

    title: str | None
    text: str
    cwd: Path
    type: MissionType = "feature"
    workflow: str | None = None  # None: the default of the settings
    project: str | None = None
    parent: str | None = None
    base: str | None = None
    agent: str | None = None  # of its agent steps, in place of what they or their roles say
    model: str | None = None
    mission_id: str | None = None  # that was reserved for it
    on_settings: Ask = field(default=stop)  # asks about settings that the repository brings
    on_recipe: AskRecipe = field(default=nobody)  # and about what it brings to the workflow


def create(context: Context, wanted: NewMission) -> Mission:
    """On disk, whole, with its steps. Raises Refused where one by that name is there, and what its parts raise."""
    text = check_text("text", wanted.text)
    title = check_title(wanted.title if wanted.title is not None else title_of(text))
    place = project_here(context, wanted.cwd, wanted.project)
    project = place[0]
    context = within_project(context, place, ask=wanted.on_settings)
    recipe = _with_agent(recipe_for(context, *place, wanted.workflow, wanted.on_recipe), wanted)
    with name_held(context, project.name, title), contextlib.ExitStack() as undo:
        _refuse_taken(context, project, title)
        mission = _value(context, wanted, title, place, undo)
        mission = replace(
            mission,
            workflow_id=recipe.workflow.id,
            status="ready" if text.strip() else "draft",
            parent=_parent(context, project, wanted.parent),
        )
        with with_new_ports(context, mission) as numbered:
            mission = with_steps(numbered, recipe.workflow)
            create_mission(context.home, mission, text, recipe)
        undo.pop_all()
    data = {"workflow": mission.workflow_id, "parent": mission.parent}
    context.store.append(Event(0, mission.created_at, "mission_created", mission.id, data=data))
    return mission


def title_of(text: str) -> str:
    """Of the first line that says something, without what marks it as a heading or a list; cut after a word."""
    for line in text.splitlines():
        words = _REFUSED.sub(" ", _MARKUP.sub("", clean_line(line)))
        words = " ".join(words.split())
        if slug_of(words):
            return _cut(words)
    raise BadInput("a mission needs a title, or a text to take it from", "sc mission new 'Fix the login' -f FILE")


def title_without_paths(title: str) -> str:
    """A title as anybody may write it, without what a name on the command line cannot hold: `and / or`, `1...2`."""
    return " ".join(_REFUSED.sub(" ", clean_line(title)).split())


def _cut(words: str) -> str:
    if len(words) <= LONGEST_OWN_TITLE:
        return words
    head = words[: LONGEST_OWN_TITLE + 1]
    return head[: head.rfind(" ")] if " " in head else words[:LONGEST_OWN_TITLE]


def _with_agent(recipe: Recipe, wanted: NewMission) -> Recipe:
    if wanted.agent is None and wanted.model is None:
        return recipe
    steps = (
        replace(step, dialect=wanted.agent or step.dialect, model=wanted.model or step.model)
        if step.type == "agent"
        else step
        for step in recipe.workflow.steps
    )
    return replace(recipe, workflow=replace(recipe.workflow, steps=tuple(steps)))


def _value(
    context: Context,
    wanted: NewMission,
    title: str,
    place: tuple[Project, Repository],
    undo: contextlib.ExitStack,
) -> Mission:
    request = StartRequest(
        task=title,
        prompt=wanted.text,
        cwd=wanted.cwd,
        base=wanted.base,
        project=wanted.project,
        type=wanted.type,
        admission=Admission("", wanted.mission_id) if wanted.mission_id else None,
    )
    return mission_to_be(context, request, *place, undo)[0]


def _refuse_taken(context: Context, project: Project, title: str) -> None:
    there = find_mission(context.home, title, project.name, partial=False)
    if there is not None:
        raise Refused(
            f"{there.slug} is there already: {clean_line(there.title, TITLE_CHARACTERS)}",
            f"go on with it: sc mission {'reopen' if there.is_frozen else 'continue'} {there.slug}"
            "   or give another title: sc mission new TITLE",
        )
    waiting = next(
        (
            session
            for session in context.store.latest_of_task(slug_of(title) or title)
            if session.project == project.name and is_live(session.status)
        ),
        None,
    )
    if waiting is not None:
        raise Refused(f"{waiting.task} waits in the queue already", "choose another title, or see it: sc queue")


def _parent(context: Context, project: Project, parent: str | None) -> str | None:
    if parent is None:
        return None
    found = find_mission(context.home, parent, project.name, partial=True)
    found = found or require_mission(context.home, parent, None)
    if found.project != project.name:
        raise Refused(
            f"{found.slug} belongs to the project {found.project}, and this one to {project.name}",
            "a part of a mission is of the same project",
        )
    return found.id
