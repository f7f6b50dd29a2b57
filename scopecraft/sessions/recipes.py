"""The recipe that a new mission takes. What a repository brings to it counts only after a person saw and confirmed it.

One hash covers every byte of the repository's workflow, roles and prompts that go into it. What stands in the home, or
is shipped, needs no word of anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scopecraft.errors import BadWorkflow, NotConfirmed, NotFound, RepositoryRefused
from scopecraft.model.text import clean_line
from scopecraft.model.workflow import Recipe
from scopecraft.sessions.project_settings import Answer
from scopecraft.sessions.recipe_agents import agent_problems

if TYPE_CHECKING:
    from scopecraft.config.projects import Project
    from scopecraft.config.workflow_shelves import Files, Shelf
    from scopecraft.config.workflows import LoadedRecipe
    from scopecraft.sessions.context import Context
    from scopecraft.worktrees.repository import Repository


@dataclass(frozen=True, slots=True)
class RecipeQuestion:
    """What a person is asked: may this workflow count, with all that the repository brings to it?"""

    project: str
    loaded: LoadedRecipe
    was_confirmed: bool = False  # with an earlier content of its files
    is_confirmed: bool = False  # with this very content

    @property
    def workflow_id(self) -> str:
        return self.loaded.recipe.workflow.id


AskRecipe = Callable[[RecipeQuestion], Answer]


def nobody(_: RecipeQuestion) -> Answer:
    """Nobody is there to be asked."""
    return "stop"


def recipe_for(
    context: Context, project: Project, repository: Repository, name: str | None, ask: AskRecipe = nobody
) -> Recipe:
    """The workflow by that name, else that of the settings, with its roles. `ask` hears of what is not confirmed yet.

    Raises BadWorkflow, NotFound, and NotConfirmed where the person (or nobody) said stop.
    """
    name = name or context.settings.missions.workflow
    question = recipe_question(context, project, repository, name)
    if not question.loaded.files or question.is_confirmed:
        return _with_known_agents(context, project, repository, question.loaded.recipe)
    match _asked(context, question, ask):
        case "use":
            confirm_recipe(context, question)
            return _with_known_agents(context, project, repository, question.loaded.recipe)
        case "ignore":
            return _without_repository(context, question)
    raise _not_confirmed(question)


def _asked(context: Context, question: RecipeQuestion, ask: AskRecipe) -> Answer:
    """Whoever said ignore is not asked again by the same command."""
    mark = ("workflow", question.project, question.loaded.sha256)
    if mark in context.ignored:
        return "ignore"
    answer = ask(question)
    if answer == "ignore":
        context.ignored.add(mark)
    return answer


def recipe_question(context: Context, project: Project, repository: Repository, name: str) -> RecipeQuestion:
    """What there is to confirm; its `loaded.files` are empty where the repository brings nothing to it.

    Raises BadWorkflow and NotFound.
    """
    from scopecraft.config.confirmed import load_confirmations, workflow_confirmed
    from scopecraft.config.workflows import load_recipe

    loaded = load_recipe(shelves(context, repository), name)
    if not loaded.files:
        return RecipeQuestion(project.name, loaded)
    about = workflow_confirmed(name)
    confirmed = load_confirmations(context.home)
    known = [each.sha256 for each in confirmed if (each.project, each.about) == (project.name, about)]
    return RecipeQuestion(project.name, loaded, bool(known), loaded.sha256 in known)


def confirm_recipe(context: Context, question: RecipeQuestion) -> None:
    """Write down that a person wants exactly these bytes."""
    from scopecraft.config.confirmed import Confirmation, record_confirmation, workflow_confirmed
    from scopecraft.model import clock

    about = workflow_confirmed(question.workflow_id)
    at = clock.to_text(clock.now())
    record_confirmation(context.home, Confirmation(question.project, question.loaded.sha256, at, about=about))


def shelves(context: Context, repository: Repository | None) -> tuple[Shelf, ...]:
    """Where the workflows stand that a mission of the repository may follow; without one, those of the home."""
    from scopecraft.config.workflow_shelves import shelves_of

    return shelves_of(context.home, repository_files(repository) if repository is not None else None)


def repository_files(repository: Repository) -> Files:
    """Of the main checkout, else as HEAD has them; never of a mission's worktree, where agents write."""
    from scopecraft.config.workflow_shelves import Folder

    if repository.main_worktree is not None:
        return Folder(repository.main_worktree)
    return _Committed(repository)


@dataclass(frozen=True, slots=True)
class _Committed:
    """The files of HEAD."""

    repository: Repository

    def read(self, name: str, most_bytes: int) -> bytes | None:
        from scopecraft.worktrees.committed import committed_file

        try:
            return committed_file(self.repository, name, most_bytes)
        except RepositoryRefused as error:
            raise BadWorkflow(error.message, error.hint) from error

    def names(self, folder: str) -> Sequence[str]:
        from scopecraft.worktrees.committed import committed_names

        return committed_names(self.repository, folder)

    def place(self, name: str) -> str:
        return clean_line(f"{self.repository.path}:HEAD:{name}")


def _with_known_agents(context: Context, project: Project, repository: Repository, recipe: Recipe) -> Recipe:
    """Raises BadWorkflow for an agent that no settings name, or that cannot do what is asked of it."""
    problems = agent_problems(context, (project, repository), recipe)
    if problems:
        told = "\n".join(f"the workflow {recipe.workflow.id}: {problem}" for problem in problems)
        raise BadWorkflow(told, "see them all: sc workflow check")
    return recipe


def _without_repository(context: Context, question: RecipeQuestion) -> Recipe:
    """As it is in the home, or shipped. Raises NotConfirmed where it is the repository's own."""
    from scopecraft.config.workflows import load_recipe

    try:
        return load_recipe(shelves(context, None), question.workflow_id).recipe
    except NotFound as error:
        raise _not_confirmed(question) from error


def _not_confirmed(question: RecipeQuestion) -> NotConfirmed:
    files = ", ".join(file.name for file in question.loaded.files)
    return NotConfirmed(
        f"what the repository brings to the workflow {question.workflow_id} is not confirmed: {clean_line(files)}",
        f"see it and confirm it: sc config trust --workflow {question.workflow_id} --project {question.project}",
    )
