"""Holding a task's name, and what a mission takes up, against a second start."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator

from scopecraft.atomic import file_lock, private_folder
from scopecraft.config.projects import Project
from scopecraft.model.naming import check_title, own_name, slug_of, suffix_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.ground import described, mission_of
from scopecraft.sessions.request import StartRequest
from scopecraft.worktrees.repository import Repository


@contextlib.contextmanager
def task_held(context: Context, project: Project, repository: Repository, request: StartRequest) -> Iterator[str]:
    """The task that is meant, which nobody else begins meanwhile, nor takes up what the request starts from."""
    with contextlib.ExitStack() as stack:
        task, owner = request.task, None
        if request.start_from is not None:
            stack.enter_context(_name_held(context, project.name, described(request.start_from)))
            owner = mission_of(context, repository, project.name, request)
            if owner is not None:
                task = owner.id
                request.on_note(f"{described(request.start_from)} belongs to {owner.slug}: going on there")
        stack.enter_context(
            _name_held(context, project.name, _name_of(own_name(owner.slug, owner.title) if owner else request.task))
        )
        yield task


@contextlib.contextmanager
def name_held(context: Context, project: str, task: str) -> Iterator[None]:
    """The name in the project by that name, against every start, removal and restore of a mission that has it."""
    with _name_held(context, project, _name_of(task)):
        yield


@contextlib.contextmanager
def trash_held(context: Context, mission_id: str) -> Iterator[None]:
    """The mission's place in the trash: a restore under another name holds another name than who empties the trash.

    Taken after `name_held`, never before it.
    """
    with _name_held(context, "\0trash", mission_id):
        yield


def _name_of(task: str) -> str:
    """One for all names of the same mission."""
    title = check_title(task)
    slug = slug_of(title)
    return suffix_of(slug) or slug.casefold() or title


@contextlib.contextmanager
def _name_held(context: Context, project: str, name: str) -> Iterator[None]:
    locks = context.home.worktrees / ".locks"
    private_folder(locks)
    digest = hashlib.sha256(f"{project}\0{name}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
    with file_lock(locks / digest, timeout=600):
        yield
