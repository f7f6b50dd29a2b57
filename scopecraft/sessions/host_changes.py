"""Which files that run on the host a mission has changed: what a person is told before they work in its worktree."""

from __future__ import annotations

from pathlib import Path

from scopecraft.config.projects import load_projects, project_named
from scopecraft.errors import ScopecraftError
from scopecraft.model.host_files import HostFile, why_it_runs
from scopecraft.model.mission import Mission
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import repository_of
from scopecraft.worktrees.difference import changed_paths
from scopecraft.worktrees.ignored_places import changed_places
from scopecraft.worktrees.mainline import main_refs, origin_of
from scopecraft.worktrees.pointer import verify_pointer
from scopecraft.worktrees.repository import Repository, resolve_base
from scopecraft.worktrees.safe_changes import safe_changes


def host_changes(context: Context, mission: Mission, repository: Repository) -> tuple[HostFile, ...]:
    """Committed, uncommitted and ignored ones; some ten git calls, but one for a mission on which nobody has worked.

    Raises what reading the repository raises.
    """
    tip = resolve_base(repository, f"refs/heads/{mission.branch}").commit
    if _is_untouched(context, mission, tip):
        return ()
    modes = _committed(repository, mission, tip)
    worktree = Path(mission.worktree)
    if worktree.is_dir():
        pointer = verify_pointer(worktree, repository.common_dir)
        _, found = safe_changes(worktree, pointer, with_ignored=True)
        touched = (*found.staged, *found.modified, *found.untracked, *found.unmerged)
        modes |= dict.fromkeys(touched, "")
        ignored = changed_places(worktree, repository.main_worktree, frozenset())
        # what is neither ignored nor changed is as it was committed
        hidden = [place for place in ignored if _is_among(place, found.ignored)]
        modes |= dict.fromkeys(hidden, "")
    return tuple(HostFile(path, why) for path, mode in sorted(modes.items()) if (why := why_it_runs(path, mode)))


def host_changes_if_known(
    context: Context, mission: Mission, repository: Repository | None = None
) -> tuple[HostFile, ...]:
    """None at all where they cannot be told: for a word beside something else, which must not fail because of it."""
    try:
        opened = repository or repository_of(project_named(load_projects(context.home), mission.project))
        return host_changes(context, mission, opened)
    except ScopecraftError:
        return ()


def _is_untouched(context: Context, mission: Mission, tip: str) -> bool:
    """Whether its worktree was made just now, from what the project itself has."""
    is_ours = Path(mission.worktree).is_relative_to(context.home.worktrees)
    return tip == mission.base and is_ours and context.store.latest_begun_of(mission.id) is None


def _committed(repository: Repository, mission: Mission, tip: str) -> dict[str, str]:
    own = f"refs/heads/{mission.branch}"
    mains = [ref for ref in main_refs(repository) if ref.name != own]
    return changed_paths(repository.git, origin_of(repository.git, tip=tip, base=mission.base, mains=mains), tip)


def _is_among(place: str, ignored: tuple[str, ...]) -> bool:
    return any(place == path or (path.endswith("/") and place.startswith(path)) for path in ignored)
