"""`sc image`: the container image that agents run in."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import say


@click.group("image")
def image() -> None:
    """Build the container image for agents."""


@command(
    "build",
    examples=[
        ("sc image build", "from a registry where one is reachable, else with debootstrap"),
        ("sc image build --agent codex --agent gemini", "with these agents' programs, beside those it holds"),
        ("sc image build --from ubuntu:24.04", "on another image with apt-get"),
        ("sc image build --force", "anew, with today's packages"),
    ],
)
@click.option(
    "--agent",
    "agents",
    multiple=True,
    type=click.Choice(["claude", "codex", "gemini", "opencode"]),
    help="Put this agent's program in, beside those that the image holds; repeatable. A new image gets claude.",
)
@click.option("--from", "source", metavar="IMAGE", help="Build on this image, or with `debootstrap`.")
@click.option(
    "--claude-binary",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="PATH",
    help="A Claude Code program for Linux, in place of the pinned release.",
)
@click.option("--force", is_flag=True, help="Build it although it is up to date.")
def build(agents: tuple[str, ...], source: str | None, claude_binary: Path | None, force: bool) -> None:
    """Build `scopecraft-agent`, the image that sessions use unless the settings name another: a small Debian with
    git, git-lfs, python3, ripgrep, curl and the programs of agents, each of a pinned release.
    """
    from scopecraft.sessions.agent_image import build_agent_image

    # ended from outside, it tidies up as after Ctrl-C
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda caught, _: sys.exit(128 + caught))
    name = build_agent_image(os.environ, say, source=source, claude_binary=claude_binary, agents=agents, force=force)
    click.echo(name)


image.add_command(build)
