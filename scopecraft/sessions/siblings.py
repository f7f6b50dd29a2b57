"""The same prompt to several agents: a mission for each, from the same commit, which know each other by their group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from scopecraft.errors import BadInput, BranchBusy, Refused, ScopecraftError
from scopecraft.model import clock
from scopecraft.model.ids import new_group_id
from scopecraft.model.mission import Mission
from scopecraft.model.naming import branch_name, slug_of
from scopecraft.model.session import Session
from scopecraft.sessions.context import Context
from scopecraft.sessions.ground import owner_of, type_of
from scopecraft.sessions.places import project_here, within_project_of
from scopecraft.sessions.present_mission import would_begin
from scopecraft.sessions.request import StartRequest
from scopecraft.worktrees.lookup import find
from scopecraft.worktrees.repository import Repository, resolve_base
from scopecraft.worktrees.worktree import check_branch


@dataclass(frozen=True, slots=True)
class How:
    """`check` raises what speaks against a start and makes nothing; `start` starts."""

    check: Callable[[Context, StartRequest], object]
    start: Callable[[Context, StartRequest], Session]


def start_siblings(context: Context, request: StartRequest, agents: Sequence[str], how: How) -> Iterator[Session]:
    """One after another, as they come up. Nothing is made before all of them were found possible.

    A start that fails in spite of that leaves those before it running; asked again, the rest joins them. Raises what
    `siblings_of` and `how` raise.
    """
    begun: list[str] = []
    for sibling in siblings_of(context, request, agents, how.check):
        try:
            session = how.start(context, sibling)
        except ScopecraftError:
            if begun:
                request.on_note(f"begun before that, and left as they are: {', '.join(begun)}; see them: sc ls")
            raise
        begun.append(session.task)
        yield session


def siblings_of(
    context: Context, request: StartRequest, agents: Sequence[str], check: Callable[[Context, StartRequest], object]
) -> tuple[StartRequest, ...]:
    """A request for each agent. A sibling that is there goes on in its mission; a new one begins where those began.

    Raises Refused where those that are there do not belong together, BranchBusy for a taken branch.
    """
    named = zip(sibling_names(request.task, agents), agents, strict=True)
    requests = [replace(request, task=name, agent=agent) for name, agent in named]
    for each in requests:
        check(context, each)
    project, repository = project_here(context, request.cwd, request.project)
    missions = [would_begin(context, each, project, repository) for each in requests]
    group, base = _group_of(missions) or (new_group_id(clock.now()), resolve_base(repository, request.base).commit)
    inner = within_project_of(context, request)
    new = {each.task for each, mission in zip(requests, missions, strict=True) if mission is None}
    joined = [replace(each, base=base, group=group) if each.task in new else each for each in requests]
    for each in joined:
        if each.task in new:
            _refuse_taken_branch(inner, project.name, repository, each)
    return tuple(joined)


def sibling_names(task: str, agents: Sequence[str]) -> tuple[str, ...]:
    """`fix-claude`, `fix-codex`; a second `claude` is `fix-claude-2`. Raises BadInput for a name that is too long."""
    seen: Counter[str] = Counter()
    names = []
    for agent in agents:
        label = slug_of(agent) or "agent"
        seen[label.casefold()] += 1
        number = seen[label.casefold()]
        end = label if number == 1 else f"{label}-{number}"
        name = f"{task}-{end}"
        if not slug_of(name).endswith(f"-{end}"):
            raise BadInput(f"the task name is too long for one that ends in -{end}", "choose a shorter task name")
        names.append(name)
    return tuple(names)


def _group_of(missions: Sequence[Mission | None]) -> tuple[str, str] | None:
    """The group and the base of those that are there; None when none is. Raises Refused unless they have one group."""
    there = [mission for mission in missions if mission is not None]
    if not there:
        return None
    group = there[0].group
    if group is not None and all(mission.group == group for mission in there):
        return group, there[0].base
    listed = ", ".join(mission.slug for mission in there)
    raise Refused(f"there already, and not begun together as siblings: {listed}", "choose another task name")


def _refuse_taken_branch(context: Context, project: str, repository: Repository, request: StartRequest) -> None:
    template = context.settings.worktrees.branch_template
    slug = slug_of(request.task)
    branch = branch_name(template, type_=type_of(request), slug=slug)
    check_branch(repository, branch)
    found = find(repository, branch=branch, slug=slug)
    owner = owner_of(context, project, branch, lambda mission: mission.branch == branch)
    if owner is not None or (found is not None and (found.head != request.base or found.path is not None)):
        raise BranchBusy(
            f"the branch {branch} is there already, and siblings begin at the same commit", "choose another task name"
        )
