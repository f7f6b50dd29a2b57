"""`sc status`: how the supervisor is, what runs and what waits."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

import scopecraft
from scopecraft.cli.command import command
from scopecraft.cli.say import note, warn
from scopecraft.cli.table import print_json, print_lines
from scopecraft.config.projects import load_projects
from scopecraft.errors import SupervisorFailed
from scopecraft.model.duration import duration_text
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.supervisor import client
from scopecraft.supervisor.holder import read_holder
from scopecraft.supervisor.log import last_lines, log_path

NOT_UP = 3
_SHOWN_LINES = 15  # a fault with its last few calls
_KINDS = ("running", "waiting", "starting", "queued")


@command(
    "status",
    examples=(
        ("sc status", "supervisor, sessions, queue, projects"),
        ("sc status --json", "the same, for programs"),
        ("sc status >/dev/null || sc up", "exit code 3 says that it is not up"),
    ),
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> int:
    """Show how the home's supervisor is, with the sessions and the queue. Exit code 0 when it is up, 3 when not."""
    context = Context.of(os.environ)
    health, trouble = _health(context)
    known = _known(context)
    if as_json:
        print_json({"is_up": health is not None, "trouble": trouble, **known, "supervisor": health})
    else:
        print_lines([_supervisor_line(health, trouble), *_http_lines(health), *_known_lines(known)])
    if health is None and not as_json:
        _tell_trouble(context, trouble)
    if health is not None and health["version"] != scopecraft.__version__:
        warn(f"it is of version {health['version']}, this command of {scopecraft.__version__}", "sc down, then sc up")
    for notice in context.store.notices:
        warn(notice)
    return 0 if health is not None else NOT_UP


def _health(context: Context) -> tuple[dict[str, Any] | None, str]:
    """How it says that it is; None, and why, where it says nothing."""
    if not client.is_up(context):
        return None, ""
    try:
        return client.ask(context, "health"), ""
    except SupervisorFailed as error:
        return None, f"{error.message}; {error.hint}" if error.hint else error.message


def _known(context: Context) -> dict[str, Any]:
    """What stands in the home, whether anybody supervises it or not."""
    line = context.store.queue
    counts = Counter(session.status.kind for session in context.store.live())
    return {
        "home": str(context.home.root),
        "log": str(log_path(context.home)),
        "projects": [project.name for project in load_projects(context.home)],
        "sessions": {kind: counts[kind] for kind in _KINDS},
        "queue": {**asdict(line.rules()), **asdict(line.occupancy())},
    }


def _supervisor_line(health: Mapping[str, Any] | None, trouble: str) -> str:
    if health is None:
        return f"supervisor  {'does not answer' if trouble else 'not up'}"
    doing = "leaving" if health["is_leaving"] else f"up for {duration_text(health['uptime_seconds'])}"
    if health["loop"] is None:
        doing = "starting"
    return f"supervisor  {doing}, pid {health['pid']}, version {health['version']}"


def _http_lines(health: Mapping[str, Any] | None) -> list[str]:
    """Where pages and programs find it; nothing where HTTP is off."""
    http = (health or {}).get("http")
    if not http:
        return []
    whose = "" if http["auth"] == "token" else ", for every program of this machine"
    lines = [f"pages       {http['address']}{whose}"]
    return [*lines, f"            {clean_line(http['trouble'])}"] if http["trouble"] else lines


def _known_lines(known: Mapping[str, Any]) -> list[str]:
    sessions = ", ".join(f"{count} {kind}" for kind, count in known["sessions"].items() if count)
    return [
        f"sessions    {sessions or 'none that live'}",
        f"queue       {queue_text(known['queue'])}",
        f"projects    {clean_line(', '.join(known['projects'])) or 'none'}",
        f"home        {clean_line(known['home'])}",
        f"log         {clean_line(known['log'])}",
    ]


def queue_text(queue: Mapping[str, Any]) -> str:
    """`1 of at most 3 running, 2 waiting; paused: 3 sessions failed`, from the fields of its rules and occupancy."""
    parts = [f"{queue['running']} of at most {queue['max_running']} running, {queue['waiting']} waiting"]
    if queue["is_paused"]:
        why = clean_line(queue["paused_because"], 200)
        parts.append(f"paused: {why}" if why else "paused by a person")
    if queue["parked_until"]:
        why = clean_line(queue["parked_because"], 200)
        parts.append(f"parked until {queue['parked_until']}" + (f": {why}" if why else ""))
    return "; ".join(parts)


def _tell_trouble(context: Context, trouble: str) -> None:
    """Its last words, unless it left in order."""
    lines = last_lines(log_path(context.home), _SHOWN_LINES)
    if trouble:
        warn(trouble)
    else:
        note("start it: sc up")
    if trouble or read_holder(context.home) is not None or any(" ERROR " in line for line in lines):
        note("\n".join(["the last lines of its log:", *lines]))
