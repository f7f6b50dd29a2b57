"""Every command of `sc`, known by name before its module is loaded."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from scopecraft.cli.command import with_verbose
from scopecraft.errors import UsageProblem

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


@dataclass(frozen=True, slots=True)
class Row:
    """`target` is `module:attribute`; `help` is the line that `sc --help` shows without loading it."""

    section: str
    target: str
    help: str


_START, _WORK, _LOOK, _SETUP = "Start here", "Work", "Look", "Set-up"
_SUPERVISOR = "Supervisor"

COMMANDS: dict[str, Row] = {
    "init": Row(_START, "scopecraft.cli.init:init", "Make the folder that holds all state."),
    "link": Row(_START, "scopecraft.cli.link:link", "Register a git repository."),
    "mission": Row(_WORK, "scopecraft.cli.mission:mission", "Make a mission, and move it through its workflow."),
    "workflow": Row(_WORK, "scopecraft.cli.workflow:workflow", "See, check and make the workflows of missions."),
    "run": Row(_WORK, "scopecraft.cli.run:run", "Run an agent in a container on a task of its own."),
    "dispatch": Row(_WORK, "scopecraft.cli.dispatch:dispatch", "Open an agent in a tmux window, to work with it."),
    "queue": Row(_WORK, "scopecraft.cli.queue:queue", "See and change what waits for a slot."),
    "batch": Row(_WORK, "scopecraft.cli.batch:batch", "Make many missions from one file, as places come free."),
    "attach": Row(_WORK, "scopecraft.cli.attach:attach", "Go to a session's window, or follow its log."),
    "send": Row(_WORK, "scopecraft.cli.send:send", "Send a message to an agent that is at work."),
    "answer": Row(_WORK, "scopecraft.cli.answer:answer", "Answer what a waiting agent asks."),
    "interrupt": Row(_WORK, "scopecraft.cli.interrupt:interrupt", "End an agent's turn and keep its conversation."),
    "retry": Row(_WORK, "scopecraft.cli.retry:retry", "Try an ended session's request once more."),
    "resume": Row(_WORK, "scopecraft.cli.resume:resume", "Go on with an ended session's conversation."),
    "takeover": Row(_WORK, "scopecraft.cli.takeover:takeover", "Go on by hand with what an agent does by itself."),
    "handback": Row(_WORK, "scopecraft.cli.handback:handback", "Leave what is in a window to its agent alone."),
    "exec": Row(_WORK, "scopecraft.cli.exec:exec_", "Run one command of yours in a task's container."),
    "setup": Row(_WORK, "scopecraft.cli.setup:setup", "Run the set-up commands in a task's worktree again."),
    "check": Row(_WORK, "scopecraft.cli.check:check", "Run a task's tests, lint or build in its worktree."),
    "stop": Row(_WORK, "scopecraft.cli.stop:stop", "End a session, politely or at once."),
    "merge": Row(_WORK, "scopecraft.cli.merge:merge", "Merge a task's branch into the main branch."),
    "sync": Row(_WORK, "scopecraft.cli.sync:sync", "Bring the main branch into a task's branch."),
    "push": Row(_WORK, "scopecraft.cli.push:push", "Push a task's branch."),
    "pr": Row(_WORK, "scopecraft.cli.pr:pr", "Push a task's branch, and open a pull request."),
    "rm": Row(_WORK, "scopecraft.cli.rm:rm", "Remove tasks; all of it is kept and can be brought back."),
    "restore": Row(_WORK, "scopecraft.cli.restore:restore", "Bring a removed task back."),
    "archive": Row(_WORK, "scopecraft.cli.archive:archive", "Write a task down as a folder of plain files."),
    "missions": Row(_LOOK, "scopecraft.cli.missions:missions", "List missions: what needs you first."),
    "ls": Row(_LOOK, "scopecraft.cli.ls:ls", "List sessions: running, waiting for you, ended."),
    "watch": Row(_LOOK, "scopecraft.cli.watch:watch", "Watch what runs and what waits for you, live."),
    "top": Row(_LOOK, "scopecraft.cli.top:top", "Open the dashboard: missions, logs and your moves, live."),
    "show": Row(_LOOK, "scopecraft.cli.show:show", "Show all that is known of a task or a session."),
    "logs": Row(_LOOK, "scopecraft.cli.logs:logs", "Print what an agent said and did."),
    "events": Row(_LOOK, "scopecraft.cli.events:events", "Print what happened, and what happens as it does."),
    "usage": Row(_LOOK, "scopecraft.cli.usage:usage", "Sum up tokens and costs by day, agent, model or mission."),
    "diff": Row(_LOOK, "scopecraft.cli.diff:diff", "Show what a task has changed, committed or not."),
    "compare": Row(_LOOK, "scopecraft.cli.compare:compare", "Compare what several agents made of a task."),
    "path": Row(_LOOK, "scopecraft.cli.path:path", "Print where a task's worktree is."),
    "trash": Row(_LOOK, "scopecraft.cli.trash:trash", "List what was removed, or let go what has expired."),
    "prune": Row(_LOOK, "scopecraft.cli.prune:prune", "Propose what can go: merged missions and orphans."),
    "projects": Row(_LOOK, "scopecraft.cli.link:projects", "List the registered repositories."),
    "open": Row(_LOOK, "scopecraft.cli.open:open_", "Show the missions in a browser."),
    "up": Row(_SUPERVISOR, "scopecraft.cli.up:up", "Start the supervisor in the background."),
    "down": Row(_SUPERVISOR, "scopecraft.cli.down:down", "Stop the supervisor; sessions run on unless told otherwise."),
    "status": Row(_SUPERVISOR, "scopecraft.cli.status:status", "Say how the supervisor, the queue and sessions are."),
    "serve": Row(_SUPERVISOR, "scopecraft.cli.serve:serve", "Run the supervisor in the foreground."),
    "install-service": Row(
        _SUPERVISOR, "scopecraft.cli.install_service:install_service", "Have systemd keep the supervisor up."
    ),
    "config": Row(_SETUP, "scopecraft.cli.config:config", "Show and change settings, and where each comes from."),
    "completion": Row(_SETUP, "scopecraft.cli.completion:completion", "Print what makes bash, zsh or fish complete."),
    "doctor": Row(_SETUP, "scopecraft.cli.doctor:doctor", "Check what scopecraft needs, and say how to mend it."),
    "image": Row(_SETUP, "scopecraft.cli.image:image", "Build the container image for agents."),
}


class LazyGroup(click.Group):
    """Loads a command's module when that command is called, and only then."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        row = COMMANDS.get(cmd_name)
        if row is None:
            return None
        module, _, attribute = row.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return with_verbose(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in COMMANDS or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        raise _unknown(name)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(len(name) for name in COMMANDS)
        for section in dict.fromkeys(row.section for row in COMMANDS.values()):
            rows = [(name.ljust(width), row.help) for name, row in COMMANDS.items() if row.section == section]
            with formatter.section(section):
                formatter.write_dl(rows)
        click.Command.format_options(self, ctx, formatter)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=row.help) for name, row in COMMANDS.items() if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)


def _unknown(name: str) -> UsageProblem:
    from difflib import get_close_matches

    close = get_close_matches(name, COMMANDS, n=3, cutoff=0.5)
    hint = f"did you mean: {', '.join(close)}?" if close else "see what there is: sc --help"
    return UsageProblem(f"there is no command {name!r}", hint)
