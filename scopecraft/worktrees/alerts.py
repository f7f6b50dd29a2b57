"""What a person should see about work that was taken back, in words. Names are an agent's: they are made safe here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from scopecraft.model.event import Alert
from scopecraft.model.text import clean_line
from scopecraft.worktrees.facts import PrivateFacts
from scopecraft.worktrees.harvest import Harvest
from scopecraft.worktrees.nested import Findings
from scopecraft.worktrees.private_files import MOST_REFS
from scopecraft.worktrees.seeds import namespace
from scopecraft.worktrees.verdict import Verdict

_SHOWN = 5


def of_nested(found: Findings) -> Iterator[Alert]:
    if found.moved:
        places = [f"{path} is now {place}" for path, place in found.moved]
        yield Alert(
            "nested_repository",
            f"the agent left git repositories inside the worktree, which can run programs when you use git there;"
            f" they were moved away: {_listed(places)}",
        )
    if found.pipes:
        yield Alert(
            "special_file",
            f"the agent left pipes where git expects files, for which git waits for ever; they were moved away:"
            f" {_listed([path for path, _ in found.pipes])}",
        )
    if found.bare:
        yield Alert(
            "bare_repository",
            f"folders that git takes for repositories, with settings by the agent: {_listed(found.bare)};"
            " run no git inside them before you have looked",
        )
    if found.stuck:
        yield Alert(
            "nested_stuck",
            f"the agent left git repositories or pipes inside the worktree that could not be moved away:"
            f" {_listed(found.stuck)}; remove them before you use git there, they can run programs",
        )
    if found.unreadable:
        yield Alert(
            "unreadable_folder",
            f"folders that could not be searched for hidden repositories: {_listed(found.unreadable)}",
        )


def of_verdict(verdict: Verdict, facts: PrivateFacts) -> Iterator[Alert]:
    own = namespace(facts.mission_id)
    if verdict.target is not None and verdict.relation in ("behind", "diverged"):
        yield Alert(
            "history_rewritten",
            f"the agent rewrote {_name(facts.branch)}; what it was before is {own}old/{facts.tip}",
        )
    if verdict.rejected is not None and verdict.relation == "behind":
        yield Alert(
            "branch_kept",
            f"{_name(facts.branch)} has commits that this session never had: the branch stays, the session's own state"
            f" is {own}tip",
        )
    elif verdict.rejected is not None:
        yield Alert(
            "branch_kept",
            f"the agent replaced {_name(facts.branch)} by a history without a common commit: the branch stays,"
            f" the other one is {own}tip",
        )
    if verdict.adopted_from is not None and verdict.relation != "same":
        yield Alert(
            "head_adopted",
            f"the agent worked on {_name(verdict.adopted_from)}, which continues {_name(facts.branch)}: its commits"
            " are on the branch now",
        )
    if verdict.stray is not None:
        yield Alert(
            "head_elsewhere",
            f"the agent's HEAD does not continue {_name(facts.branch)}: the branch stays its own, HEAD is {own}head,"
            " and the difference shows as uncommitted",
        )


def of_kept(names: Sequence[str]) -> Iterator[Alert]:
    """Full names of refs whose commits are not on the mission's branch."""
    if names:
        yield Alert(
            "refs_kept",
            f"the agent committed beside the mission's branch: {_listed(names)}; 'git log <name>' in the repository"
            " shows what is there",
        )


def of_large_files(names: Sequence[str]) -> Iterator[Alert]:
    if names:
        yield Alert(
            "large_files_refused",
            f"large files of git-lfs that are not what their names say were not taken: {_listed(names)};"
            " the commits that name them lack them",
        )


def of_submodule(path: str, alert: Alert) -> Alert:
    return replace(alert, text=f"in the submodule {clean_line(path, 200)}: {alert.text}")


def of_harvest(harvest: Harvest) -> Iterator[Alert]:
    if harvest.in_progress is not None:
        yield Alert("unfinished", f"a {harvest.in_progress} is half done; the mission's next session continues it")
    if len(harvest.refs) > MOST_REFS or harvest.dropped:
        yield Alert("refs_left_out", "the agent made more refs than are taken, or ones with names that cannot be kept")


def of_gitlinks(paths: Sequence[str]) -> Iterator[Alert]:
    if paths:
        yield Alert(
            "gitlink_added",
            f"the agent committed links to other repositories instead of files: {_listed(paths)};"
            " look at them before you merge",
        )


def refused(why: str, facts: PrivateFacts) -> Alert:
    return Alert("commits_refused", f"{why} (mission branch {_name(facts.branch)}, kept in {facts.session_folder}/git)")


def branch_changed(facts: PrivateFacts, now: str | None, *, has_all: bool) -> Alert:
    """Someone else moved or deleted the branch while the session ran."""
    if now is None:
        happened = f"the branch {_name(facts.branch)} was deleted meanwhile"
    else:
        happened = f"someone else committed to {_name(facts.branch)} meanwhile"
    where = "" if has_all else f"; the agent's commits are {namespace(facts.mission_id)}tip"
    return Alert("branch_changed", f"{happened}{where}; the index was left alone")


def index_left(why: str) -> Alert:
    return Alert(
        "index_left", f"the worktree's index was left as it was: {clean_line(why, 300)}; 'git reset' there renews it"
    )


def _name(branch: str) -> str:
    return clean_line(branch, 100)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(clean_line(name, 200) for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
