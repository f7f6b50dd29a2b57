"""A mission in a browser, from the form until its branch is merged: real supervisor, real container, real Chromium."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import chromium, picture, press_looked_at, tab
from tests.support.command_line import sc
from tests.support.repos import git
from tests.support.supervisors import Supervisor, running_supervisor

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("agent_image")]


def spoken(**record: Any) -> str:
    """A line of the shell that says it."""
    return f"printf '%s\\n' {shlex.quote(json.dumps(record))}"


def said(number: int, **content: Any) -> str:
    return spoken(type="assistant", message={"id": f"m{number}", "role": "assistant", "content": [content]})


RESULT = {"tool_use_id": "t1", "type": "tool_result", "content": "1 file changed"}
USAGE = {"input_tokens": 900, "output_tokens": 40}
# It says a word, asks a tool, commits, and leaves a document: what a person sees of an agent's work.
AGENT = "\n".join(
    (
        spoken(type="system", subtype="init", session_id="11111111-1111-4111-8111-111111111111", model="played-1"),
        said(1, type="text", text="I write the file."),
        said(2, type="tool_use", id="t1", name="Bash", input={"command": "git commit"}),
        "echo \"print('hi')\" > greeting.py && git add greeting.py && git commit -q -m 'Add greeting'",
        """echo '{"status": "completed", "notes": "It greets."}' > /mission/artifacts/implementation-result.json""",
        spoken(type="user", message={"role": "user", "content": [RESULT]}),
        spoken(type="result", subtype="success", is_error=False, result="done", total_cost_usd=0.25, usage=USAGE),
    )
)


@dataclass(frozen=True, slots=True)
class Home:
    """Of the supervisor that runs."""

    supervisor: Supervisor

    @property
    def address(self) -> str:
        return str(self.supervisor.ask("health")["http"]["address"])

    def link(self, page: str = "/") -> str:
        answer = self.supervisor.ask("link")
        return f"{answer['address']}/login#{answer['code']}&next={page}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def supervisor(workplace: Path) -> Iterator[Supervisor]:
    command = json.dumps(["sh", "-c", AGENT])
    settings = sc("config", "path").out.strip()
    Path(settings).write_text(f'default_agent = "played"\n[agents.played]\ndialect = "claude"\ncommand = {command}\n')
    with running_supervisor(ANTHROPIC_API_KEY="dummy") as running:
        yield running


def test_a_mission_goes_from_the_form_to_the_main_branch(
    supervisor: Supervisor, workplace: Path, browser: Browser
) -> None:
    with tab(browser, Home(supervisor)) as page:
        page.keyboard.press("n")
        expect(page.get_by_role("heading", name="New mission")).to_be_visible()
        page.get_by_label("Title").fill("Add a greeting")
        page.get_by_label("What is to be done").fill("# Add a greeting\n\nIt says hi.\n")
        page.get_by_label("One shot").check()
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("heading", name="Add a greeting")).to_be_visible()
        see_the_agent_work(page)
        approve(page)
        merge(page)
    assert git(workplace, "show", "main:greeting.py") == "print('hi')"
    listed = json.loads(sc("missions", "--all", "--json").out)
    assert [row["status"] for row in listed] == ["completed"]


def see_the_agent_work(page: Page) -> None:
    expect(page.get_by_text("I write the file.")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("1 file changed")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name=re.compile("^Approve"))).to_be_visible(timeout=60_000)
    picture(page, "mission-log")
    page.keyboard.press("2")
    expect(page.get_by_text("It greets.").first).to_be_visible()
    page.keyboard.press("3")
    expect(page.get_by_text("print('hi')")).to_be_visible()
    picture(page, "mission-diff")


def approve(page: Page) -> None:
    press_looked_at(page, "a")
    expect(page.get_by_text(re.compile("approved by"))).to_be_visible(timeout=30_000)


def merge(page: Page) -> None:
    page.keyboard.press(".")
    page.get_by_role("button", name="Merge").click()
    page.get_by_role("dialog").get_by_role("button", name="Merge").click()
    expect(page.get_by_text("it is complete, and merged")).to_be_visible(timeout=30_000)
    picture(page, "mission-merged")
