"""The same prompt to several agents: a mission for each, from the same commit, which know each other by their group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from scopecraft.errors import BadInput, BranchBusy, Refused
from scopecraft.model import clock
from scopecraft.model.ids import new_group_id
from scopecraft.model.mission import Mission
from scopecraft.model.naming import branch_name, slug_of
from scopecraft.model.session import Session
from scopecraft.sessions.context import Context
from scopecraft.sessions.ground import owner_of, type_of
from scopecraft.sessions.mission_start import would_begin
from scopecraft.sessions.places import project_here, within_project_of
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

    A start that fails in spite of that leaves those before it running. Raises what `siblings_of` and `how` raise.
    """
    for sibling in siblings_of(context, request, agents, how.check):
        yield how.start(context, sibling)


def siblings_of(
    context: Context, request: StartRequest, agents: Sequence[str], check: Callable[[Context, StartRequest], object]
) -> tuple[StartRequest, ...]:
    """A request for each agent. Where the siblings are there already, each goes on in its mission.

    Raises Refused where only some are there or where they do not belong together, BranchBusy for a taken branch.
    """
    named = zip(sibling_names(request.task, agents), agents, strict=True)
    requests = [replace(request, task=name, agent=agent) for name, agent in named]
    for each in requests:
        check(context, each)
    project, repository = project_here(context, request.cwd, request.project)
    missions = [would_begin(context, each, project, repository) for each in requests]
    if _is_group(missions):
        return tuple(requests)
    base = resolve_base(repository, request.base).commit
    inner = within_project_of(context, request)
    for each in requests:
        _refuse_taken_branch(inner, project.name, repository, replace(each, base=base))
    group = new_group_id(clock.now())
    return tuple(replace(each, base=base, group=group) for each in requests)


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


def _is_group(missions: Sequence[Mission | None]) -> bool:
    """Whether they are there, as the siblings of one start; False when none is there. Raises Refused."""
    there = [mission for mission in missions if mission is not None]
    if not there:
        return False
    groups = {mission.group for mission in there}
    if len(there) == len(missions) and len(groups) == 1 and None not in groups:
        return True
    listed = ", ".join(mission.slug for mission in there)
    raise Refused(
        f"of these missions some are there already, and were not begun together with the rest: {listed}",
        "choose another task name",
    )


def _refuse_taken_branch(context: Context, project: str, repository: Repository, request: StartRequest) -> None:
    template = context.settings.worktrees.branch_template
    slug = slug_of(request.task)
    branch = branch_name(template, type_=type_of(request), slug=slug)
    check_branch(repository, branch)
    found = find(repository, branch=branch, slug=slug)
    owner = owner_of(context, project, lambda mission: mission.branch == branch)
    if owner is not None or (found is not None and (found.head != request.base or found.path is not None)):
        raise BranchBusy(
            f"the branch {branch} is there already, and siblings begin at the same commit", "choose another task name"
        )
