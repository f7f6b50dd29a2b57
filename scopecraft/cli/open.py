"""`sc open`: the pages, in a browser that is let in."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say
from scopecraft.errors import Refused, SupervisorFailed
from scopecraft.sessions.context import Context


@command(
    "open",
    examples=(
        ("sc open", "all missions, in your browser"),
        ("sc open fix-login", "this one"),
        ("sc open --print", "only the link, for another browser of this machine"),
    ),
)
@click.argument("task", required=False)
@click.option("--print", "only_print", is_flag=True, help="Print the link instead of opening a browser.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def open_(task: str | None, only_print: bool, project: str | None) -> None:
    """Show the missions, or TASK, in a browser. The supervisor is started where it is not up.

    The link lets one browser in, once, within five minutes; it stays known for a month. On another machine's browser:
    forward the port first, with ssh -L.
    """
    from scopecraft.supervisor import client
    from scopecraft.supervisor.background import ensure_up

    context = Context.of(os.environ)
    page = _page(context, task, project)
    if not ensure_up(context.home, context.environ):
        raise SupervisorFailed("no supervisor is up to answer a browser", "start it: sc up")
    answer = client.ask(context, "link")
    link = _link(str(answer["address"]), answer["code"], page)
    if only_print:
        click.echo(link)
        return
    if not _opened(link):
        note("there is no browser to open here; open this link in one of this machine:")
        click.echo(link)
        return
    say(f"opened {answer['address']}{page}")


def _page(context: Context, task: str | None, project: str | None) -> str:
    if context.settings.http.serve == "off":
        raise Refused("the supervisor answers no browser here", "sc config set http.serve on, then sc down and sc up")
    if task is None:
        return "/"
    from scopecraft.sessions.places import mission_named

    return f"/m/{mission_named(context, task, Path.cwd(), project).id}"


def _link(address: str, code: str | None, page: str) -> str:
    """What is behind the # stays in the browser: no log and no other server gets the code."""
    return f"{address}{page}" if code is None else f"{address}/login#{code}&next={quote(page, safe='/')}"


def _opened(link: str) -> bool:
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    # one that draws in the terminal would take this one over
    if isinstance(browser, webbrowser.GenericBrowser) and not isinstance(browser, webbrowser.BackgroundBrowser):
        return False
    return browser.open(link)
