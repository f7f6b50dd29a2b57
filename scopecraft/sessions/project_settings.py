"""The settings that hold for a project. Those of its repository count only after a person saw and confirmed them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from scopecraft.errors import NotConfirmed

if TYPE_CHECKING:
    from scopecraft.config.confirmed import Confirmation
    from scopecraft.config.layers import Effective, Layer
    from scopecraft.config.projects import Project
    from scopecraft.config.repository_file import RepositoryFile
    from scopecraft.sessions.context import Context
    from scopecraft.worktrees.repository import Repository

Answer = Literal["use", "ignore", "stop"]


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked: may these settings count, or, `about` host, may these commands run on the machine itself.

    `below` is what would hold without them.
    """

    about: Literal["settings", "host"]
    project: str
    file: RepositoryFile
    layer: Layer
    below: Effective
    was_confirmed: bool = False  # an earlier content of the file
    known: Confirmation | None = None  # of this very content


Ask = Callable[[Question], Answer]


def stop(_: Question) -> Answer:
    """Nobody is there to be asked."""
    return "stop"


def within_project(
    context: Context, place: tuple[Project, Repository], *, ask: Ask = stop, overrides: Sequence[str] = ()
) -> Context:
    """The same home with the settings that hold for the project; `overrides` are words such as `container.memory=8g`.

    Raises BadInput and BadSettings for what cannot be set, NotConfirmed when the person (or nobody) said stop.
    """
    from scopecraft.config.spoken import flag_layer

    question = question_about(context, place)
    own, confirmation = _own_layer(context, question, ask)
    effective = _in_order(context.outermost().effective, own)
    effective = effective.with_layer(flag_layer(overrides, effective.settings.agents))
    if own is not None and question is not None and needs_host(effective):
        effective = _on_the_host(context, effective, replace(question, about="host"), confirmation, ask)
    return context.within(place[0].name, effective)


def with_confirmed(context: Context, place: tuple[Project, Repository]) -> Context:
    """For what must not wait for an answer: what the repository brings counts only where it is confirmed already."""
    return within_project(context, place, ask=_pass_over)


def _pass_over(_: Question) -> Answer:
    return "ignore"


def question_about(context: Context, place: tuple[Project, Repository]) -> Question | None:
    """What there is to confirm for a project, confirmed before or not; None where its repository brings nothing."""
    from scopecraft.config.confirmed import SETTINGS, confirmation_of, load_confirmations
    from scopecraft.config.repository_file import project_layer

    project, repository = place
    file = repository_file(repository)
    layer = project_layer(file) if file is not None else None
    if file is None or layer is None or not layer.values:
        return None
    confirmed = load_confirmations(context.home)
    earlier = any((each.project, each.about) == (project.name, SETTINGS) for each in confirmed)
    known = confirmation_of(context.home, project.name, file.sha256)
    return Question("settings", project.name, file, layer, context.outermost().effective, earlier, known)


def repository_file(repository: Repository) -> RepositoryFile | None:
    """At the top of the main checkout; where there is none, as HEAD has it. BadSettings for what is no plain file."""
    from scopecraft.config.repository_file import FILE_NAME, MOST_BYTES, of_bytes, read_repository_file
    from scopecraft.worktrees.committed import committed_file

    if repository.main_worktree is not None:
        return read_repository_file(repository.main_worktree)
    text = committed_file(repository, FILE_NAME, MOST_BYTES)
    return None if text is None else of_bytes(text, f"{repository.path}:HEAD:{FILE_NAME}")


def confirm(context: Context, question: Question, *, host_setup: bool) -> Confirmation:
    """Write down that a person wants exactly these bytes."""
    from scopecraft.config.confirmed import Confirmation, record_confirmation
    from scopecraft.model import clock

    made = Confirmation(question.project, question.file.sha256, clock.to_text(clock.now()), host_setup)
    record_confirmation(context.home, made)
    return made


def needs_host(effective: Effective) -> bool:
    """Whether commands of the repository would run on the machine itself."""
    own = [key for key in (("setup", "commands"), ("setup", "teardown")) if effective.origin(key)[0] == "project"]
    setup = effective.settings.setup
    return setup.run_on == "host" and any(effective.value(key) for key in own)


def _own_layer(context: Context, question: Question | None, ask: Ask) -> tuple[Layer | None, Confirmation | None]:
    if question is None:
        return None, None
    if question.known is not None:
        return question.layer, question.known
    match _asked(context, question, ask):
        case "use":
            return question.layer, confirm(context, question, host_setup=False)
        case "ignore":
            return None, None
    raise not_confirmed(question)


def _in_order(below: Effective, own: Layer | None) -> Effective:
    """The repository's layer stands above the home and below the environment."""
    from scopecraft.config.layers import Effective

    if own is None:
        return below
    weaker = tuple(layer for layer in below.layers if layer.name == "home")
    stronger = tuple(layer for layer in below.layers if layer.name != "home")
    return Effective((*weaker, own, *stronger))


def _on_the_host(
    context: Context, effective: Effective, question: Question, confirmation: Confirmation | None, ask: Ask
) -> Effective:
    """Confirmed on its own, or the commands run in a container after all."""
    from scopecraft.config.layers import Layer, Value

    if confirmation is not None and confirmation.host_setup:
        return effective
    match _asked(context, question, ask):
        case "use":
            confirm(context, question, host_setup=True)
            return effective
        case "ignore":
            return effective.with_layer(
                Layer("flag", {("setup", "run_on"): Value("container", "not confirmed for this machine")})
            )
    raise not_confirmed(question)


def _asked(context: Context, question: Question, ask: Ask) -> Answer:
    """Whoever said ignore is not asked again by the same command."""
    mark = (question.about, question.project, question.file.sha256)
    if mark in context.ignored:
        return "ignore"
    answer = ask(question)
    if answer == "ignore" and ask is not _pass_over:
        context.ignored.add(mark)
    return answer


def not_confirmed(question: Question) -> NotConfirmed:
    if question.about == "host":
        return NotConfirmed(
            f"{question.file.where} has set-up commands that would run on this machine, and nobody has confirmed that",
            f"see them and confirm that: sc config trust --host-setup --project {question.project}",
        )
    return NotConfirmed(
        f"the settings that this repository brings have not been confirmed: {question.file.where}",
        f"see them and confirm them: sc config trust --project {question.project}",
    )
