"""What a new mission stands on: a base, an existing branch, a pull request, or a worktree that a person made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from scopecraft.errors import Ambiguous, BranchBusy, Refused
from scopecraft.missions.finding import all_missions, completed_with, find_mission
from scopecraft.model.mission import MISSION_TYPES, Mission, MissionType, PullRequest
from scopecraft.model.naming import branch_name
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import FromBranch, FromPullRequest, FromWorktree, StartFrom, StartRequest
from scopecraft.worktrees.adoption import adoptable
from scopecraft.worktrees.branches import drop_ref, free_branch, make_branch, parted_from_main, pick_branch
from scopecraft.worktrees.lookup import Found, find
from scopecraft.worktrees.pull_request import Fetched, choose_remote, fetch_pull_request
from scopecraft.worktrees.repository import Repository, resolve_base
from scopecraft.worktrees.seeds import namespace
from scopecraft.worktrees.worktree import check_branch


@dataclass(frozen=True, slots=True)
class Names:
    """Of a mission that is being made; `template` is that of branches."""

    mission_id: str
    slug: str
    type: MissionType
    template: str

    def branch(self, slug: str) -> str:
        return branch_name(self.template, type_=self.type, slug=slug)


@dataclass(frozen=True, slots=True)
class Ground:
    """`found` is the branch where it is there; only without it the branch is made, at `base`."""

    branch: str
    base: str
    found: Found | None
    pull_request: PullRequest | None = None


def type_of(request: StartRequest) -> MissionType:
    """As asked for; else what the name of an existing branch begins with (`fix/login`), else a feature."""
    if request.type is None and isinstance(request.start_from, FromBranch):
        parts = request.start_from.name.split("/")[:-1]
        return next((type_ for type_ in MISSION_TYPES if type_ in parts), "feature")
    return request.type or "feature"


def ground_of(repo: Repository, request: StartRequest, names: Names, undo: ExitStack) -> Ground:
    """What is made for it, branch and refs, `undo` takes away again. Raises what its parts raise."""
    match request.start_from:
        case None:
            branch = names.branch(names.slug)
            # many tasks of the earlier Scopecraft have the same suffix
            found = find(repo, branch=branch, slug=names.slug if request.task_file is None else "")
            return Ground(found.branch if found else branch, resolve_base(repo, request.base).commit, found)
        case FromBranch(name):
            return _of_branch(repo, name, undo)
        case FromPullRequest() as start:
            fetched = fetch(repo, start, names.mission_id, request.on_note)
            undo.callback(drop_ref, repo, fetched.ref, fetched.head)
            return _of_pull_request(repo, start.number, fetched, names, undo)
        case FromWorktree(path):
            found = adoptable(repo, path)
            return Ground(found.branch, parted_from_main(repo, found.head), found)


def fetch(repo: Repository, start: FromPullRequest, mission_id: str, tell: Callable[[str], None]) -> Fetched:
    """The pull request as it is now, kept by a ref of the mission."""
    remote = choose_remote(repo, start.remote)
    tell(f"fetching pull request {start.number} from {remote} …")
    return fetch_pull_request(
        repo,
        remote,
        start.number,
        into=f"{namespace(mission_id)}pr",
        waiting=lambda seconds: tell(f"still fetching, for {seconds} s; Ctrl-C gives it up"),
    )


def _of_branch(repo: Repository, name: str, undo: ExitStack) -> Ground:
    picked = pick_branch(repo, name)
    found = free_branch(repo, picked)
    if found is None:
        found = _made(repo, picked.name, picked.commit, undo)
    return Ground(found.branch, parted_from_main(repo, found.head), found)


def _of_pull_request(repo: Repository, number: int, fetched: Fetched, names: Names, undo: ExitStack) -> Ground:
    own = f"pr-{number}"
    branch = names.branch(own if names.slug == own else f"{own}-{names.slug}")
    check_branch(repo, branch)
    found = find(repo, branch=branch, slug="")
    if found is not None and (found.head != fetched.head or found.path is not None):
        raise BranchBusy(
            f"the branch {branch} is there already, and not at the pull request",
            f"work on it as it is: --branch {branch}   or choose another task name: sc run TASK --pr {number}",
        )
    if found is None:
        found = _made(repo, branch, fetched.head, undo)
    return Ground(branch, parted_from_main(repo, fetched.head), found, PullRequest(number, fetched.head))


def _made(repo: Repository, branch: str, commit: str, undo: ExitStack) -> Found:
    """The branch before the mission: whoever is killed between them leaves a branch where it belongs."""
    make_branch(repo, branch, commit)
    undo.callback(drop_ref, repo, f"refs/heads/{branch}", commit)
    return Found(branch, commit, None)


def mission_of(context: Context, repo: Repository, project: str, request: StartRequest) -> Mission | None:
    """The mission that has taken up what the request starts from, if there is one; its own task name or none fits it.

    Raises Refused where the given task is another one.
    """
    start = request.start_from
    if start is None:
        return None
    owner = owner_of(context, project, *_wanted(repo, start))
    named = find_mission(context.home, request.task, project, partial=False)
    what = described(start)
    if owner is None and named is not None:
        raise Refused(
            f"{named.slug} is there already, on {named.branch}",
            f"choose another task name for {what}, or leave that option out",
        )
    if owner is not None and request.is_task_given and (named is None or named.id != owner.id):
        raise Refused(f"{what} belongs to the mission {owner.slug}", f"work there: sc run {owner.slug}")
    return owner


def owner_of(context: Context, project: str, value: str | int, fits: Callable[[Mission], bool]) -> Mission | None:
    """The project's one mission that fits, else the one that is complete; `value` is what each that fits must name.

    Raises Ambiguous for several.
    """
    missions, _ = all_missions(context.home)
    found = [mission for mission in missions if mission.project == project and fits(mission)]
    if not found:
        frozen = completed_with(context.home, value)
        found = [mission for mission in frozen if mission.project == project and fits(mission)]
    if len(found) > 1:
        listed = ", ".join(f"{mission.slug} ({mission.id})" for mission in found)
        raise Ambiguous(f"several missions have it: {listed}", "name one of them, without that option")
    return found[0] if found else None


def described(start: StartFrom) -> str:
    match start:
        case FromBranch(name):
            return f"the branch {name}"
        case FromPullRequest(number):
            return f"pull request {number}"
        case FromWorktree(path):
            return f"the worktree {path}"


def _wanted(repo: Repository, start: StartFrom) -> tuple[str | int, Callable[[Mission], bool]]:
    """For `owner_of`."""
    match start:
        case FromBranch(name):
            branch = pick_branch(repo, name).name
            return branch, lambda mission: mission.branch == branch
        case FromPullRequest(number):
            return number, lambda mission: mission.pull_request is not None and mission.pull_request.number == number
        case FromWorktree(path):
            return str(path), lambda mission: mission.worktree == str(path)
