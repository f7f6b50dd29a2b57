"""`sc queue add`: tasks that stand in line for a slot."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import click

from scopecraft.cli.command import Command, command
from scopecraft.cli.prompt import prompt_from
from scopecraft.cli.queue_file import Entry, entries_of
from scopecraft.cli.say import note, say
from scopecraft.cli.settings_question import ask_about_settings
from scopecraft.cli.starting import StartOptions, one_agent_options, request_of
from scopecraft.cli.waking import need_supervisor
from scopecraft.errors import BadInput, QueueFull, ScopecraftError, UsageProblem
from scopecraft.model.duration import seconds_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import StartRequest
from scopecraft.sessions.task_requests import with_task
from scopecraft.supervisor.asking import Ears, ask_to_wait

if TYPE_CHECKING:
    from scopecraft.model.session import Session
    from scopecraft.sessions.project_settings import Answer, Question


class AddCommand(Command):
    """What stands before `--` are tasks, what stands behind it goes to the agent."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        rest = super().parse_args(ctx, args[:at])
        ctx.params["arguments"] = tuple(args[at + 1 :])
        return rest


@command(
    "add",
    examples=(
        ("sc queue add fix-login -m 'the login page …'", "behind all that wait"),
        ("sc queue add search cart -m 'write tests'", "the same to several tasks"),
        ("sc queue add --from tasks.txt", "a task a line: `task: prompt`, or JSON"),
        ("sc queue add --pr 7 -m 'review it'", "on a pull request"),
        ("sc queue add count --agent plain -- wc -l README.md", "any command of the image instead of an agent"),
    ),
    cls=AddCommand,
)
@click.argument("tasks", nargs=-1, metavar="[TASK]... [-- ARGUMENT...]")
@click.option(
    "--from",
    "from_",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A request from each line of a file, or of standard input (-).",
)
@one_agent_options
@click.option("--timeout", help="Wall-clock limit, such as 90s, 30m or 2h; the default is a setting.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def add(
    tasks: tuple[str, ...], from_: Path | None, timeout: str | None, as_json: bool, **options: Unpack[StartOptions]
) -> None:
    """Put each TASK in line: an agent works on it, on its own, in a container, when a slot is free. The id of each
    session is printed; its place is told.

    It begins in the order of the line, whether this terminal is there or not; see it with sc queue, follow it with
    sc attach. A line of --from is `task: prompt`, or JSON such as {"task": "search", "prompt": "…"} with agent, model,
    base, project, type, branch, pr, remote, worktree, timeout, arguments, set and no_setup, as the options are called;
    options given here hold for every line that does not say otherwise.

    Nothing is added when anything is known to be wrong with any of them. Where the queue fills up on the way, exit code
    3, it is said how many were added.
    """
    context = Context.of(os.environ)
    asked = _asked(tasks, from_, {**options, "agents": None, "timeout": timeout})
    entering = _Entering(asked, as_json)
    try:
        entering.enter(context)
    finally:
        if as_json:
            _print(entering.items)
        if entering.items:
            need_supervisor(context)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request as it was typed; `number` is its line in a file, 0 for the command line."""

    number: int
    options: dict[str, Any]


def _asked(tasks: tuple[str, ...], from_: Path | None, common: dict[str, Any]) -> list[_Asked]:
    """Raises BadInput for what makes no request."""
    if from_ is not None:
        if tasks:
            raise BadInput("tasks come from the command line or from --from, not from both", "leave one of them out")
        common["message"], common["file"] = _prompt(common, may_read_stdin=False), None
        entries = entries_of(prompt_from(None, from_) or "")
        if not entries:
            raise BadInput(f"there is no task in {from_}", "a line is: task: prompt")
        return [_Asked(entry.number, _with_line(common, entry)) for entry in entries]
    if len(tasks) > 1 and any(common[name] is not None for name in ("branch", "pr", "worktree")):
        raise BadInput("--branch, --pr and --worktree are for one task", "name one task, or use --from")
    common["message"], common["file"] = _prompt(common, may_read_stdin=True), None
    return [_Asked(0, {**common, "task": task}) for task in tasks or (None,)]


def _prompt(common: dict[str, Any], *, may_read_stdin: bool) -> str | None:
    message, file = common["message"], common["file"]
    is_given = message is not None or file is not None or may_read_stdin
    return prompt_from(message, file) if is_given else None


def _with_line(common: dict[str, Any], entry: Entry) -> dict[str, Any]:
    both = (*common["set_"], *entry.options.get("set_", ()))  # the later wins
    return {"task": None, **common, **entry.options, "set_": both}


def _request(asked: _Asked) -> StartRequest:
    options = dict(asked.options)
    timeout = options.pop("timeout")
    seconds = seconds_of(timeout) if timeout else None
    request = request_of(options, may_read_stdin=False, timeout_seconds=seconds)  # type: ignore[arg-type]
    return replace(request, on_settings=_ask_for_good)


def _ask_for_good(question: Question) -> Answer:
    """Nobody is asked again when its turn comes: what is not confirmed then stops the start."""
    answer = ask_about_settings(question)
    if answer == "ignore":
        say("what waits begins later, with what is confirmed by then: to leave settings out, use sc run")
        return "stop"
    return answer


class _Entering:
    """Requests on their way into the line; `items` are those that stand there."""

    def __init__(self, asked: list[_Asked], as_json: bool) -> None:
        self._asked = asked
        self._as_json = as_json
        self._number = 0  # of the line that is being looked at
        self.items: list[tuple[Session, int]] = []

    def enter(self, context: Context) -> None:
        """An error says which line of the file is wrong, or how many were added before it."""
        try:
            requests = []
            for each in self._asked:
                self._number = each.number
                requests.append(with_task(context, _request(each), needs_prompt=True))
            if ask_to_wait(context, requests, Ears(self._checking, self._entered)):
                note("the queue is paused; go on with: sc queue resume")
        except ScopecraftError as error:
            if len(self._asked) > 1 and (self.items or isinstance(error, QueueFull)):
                _reword(error, f"{error.message}; {len(self.items)} of {len(self._asked)} were added")
            elif self._number:
                _reword(error, f"line {self._number}: {error.message}")
            elif isinstance(error, UsageProblem) and error.message == "missing argument 'TASK'":
                error.hint = "name what is to be done: sc queue add fix-login -m 'the login page …'"
            raise

    def _checking(self, number: int) -> None:
        self._number = self._asked[number].number

    def _entered(self, session: Session, place: int) -> None:
        self._number = 0
        self.items.append((session, place))
        if not self._as_json:
            click.echo(session.id)
            say(f"{session.task} has place {place} in the queue")


def _reword(error: ScopecraftError, message: str) -> None:
    error.message = message
    error.args = (message,)


def _print(items: list[tuple[Session, int]]) -> None:
    from scopecraft.cli.table import print_json
    from scopecraft.sessions.look import queued_view
    from scopecraft.sessions.session_json import view_dict

    print_json([view_dict(queued_view(session, place)) for session, place in items])
