"""The how-to pages, line by line: what a reader types works, on a repository as the pages suppose it.

An agent's place is taken by a plain command here; the real ones are in the tutorial and in the tests of each dialect.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import sc
from tests.support.documents import ROOT, blocks
from tests.support.walkthrough import lines_of, walk

pytestmark = [pytest.mark.engine, pytest.mark.tmux, pytest.mark.usefixtures("agent_image")]

PAGES = sorted(page for page in ROOT.glob("docs/how-to/*.md") if any(lines_of(page)))
# Lines that this test cannot run, by their beginning, and where they are tried instead.
ELSEWHERE = {
    "sc attach": "needs a terminal: test_terminal",
    "sc watch": "needs a terminal: test_watch",
    "sc top": "needs a terminal: test_top",
    "sc mission watch": "ends as its mission does: test_cli_mission_watch",
    "sc open": "needs a supervisor: test_open_pages",
    "sc serve": "does not end: test_mission_over_http",
    "sc events -f": "does not end: test_cli_events",
    "sc answer": "needs an agent that asks: test_tutorial, test_claude_talk",
    "sc run fix-login --shell": "needs a terminal: test_exec_terminal",
    "sc image build": "takes minutes and replaces the image: test_image_build",
    "sc run fix-login --agent gemini": "needs its program: test_gemini_run",
    "sc run fix-login --agent opencode": "needs its program: test_opencode_run",
    "sc dispatch fix-login --agent gemini": "needs its program: test_gemini_real",
    "sc dispatch fix-login --agent opencode": "needs its program: test_opencode_real",
    "sc takeover": "needs an agent with a conversation: test_following_sessions",
    "sc handback": "needs an agent with a conversation: test_following_sessions",
    "sc resume": "needs an agent with a conversation: test_following_sessions",
    "sc send tidy-up": "needs an agent with an inbox: test_claude_inbox",
    "sc interrupt": "needs an agent with an inbox: test_claude_inbox",
    "sc mission approve": "needs a gate that waits: test_missions_by_hand",
    "sc mission reject": "needs a gate that waits: test_missions_by_hand",
    "sc mission retry": "needs a step that failed: test_missions_by_hand",
    "sc mission back": "needs a step that has ended: test_missions_by_hand",
    "sc mission complete": "needs a step that has ended: test_missions_by_hand",
    "sc mission reopen": "needs one that is complete: test_missions_by_hand",
    "sc batch": "needs a file: test_batches_fed",
    "sc run implement-auth-05A": "needs a task's file: test_task_runs",
    "sc run 05A": "needs a task's file: test_task_runs",
    "sc dispatch current/implement-auth-05A": "needs a task's file: test_task_runs",
    "sc queue add implement-auth-05A": "needs a task's file: test_task_runs",
    "docker build": "the person's own image",
    "gh auth": "the person's own login: test_pull_request_offers",
    "pipx install": "installs a program: test_wheel",
    "systemctl": "the person's own services",
    "export DOCKER_HOST": "another engine: test_podman_run",
    "(umask 077;": "writes into the person's own home: test_session_secrets",
}
# Where a person at a terminal would be asked, and where a plain command tells nobody whether it asks something.
ANSWERED = {
    "sc config trust --workflow quick": "sc config trust --workflow quick --yes",
    "sc config trust": "sc config trust --yes",
    "sc merge": "sc merge fix-login --yes",
    "sc send fix-login": "sc send --anyway fix-login 'use the new client'",
}
SETTINGS = '''\
default_agent = "claude"
[agents.claude]
dialect = "plain"
command = ["sh", "-c", """
echo worked >>work.txt; git add work.txt; git commit -qm Work
echo '{"status": "completed"}' >/mission/artifacts/implementation-result.json
"""]
host_command = ["sh", "-c", "cat"]
[agents.codex]
dialect = "plain"
command = ["sh", "-c", "echo worked as well >>work.txt; git add work.txt; git commit -qm Work"]
[container]
network = "none"
'''
MAKE_REPOSITORIES = """
set -e
git init -q -b main shop; cd shop
mkdir src; echo x >src/x; echo '# Shop' >README.md; echo '*.log' >.gitignore; echo 'test:' >Makefile
git add .; git commit -q -m Begin
git checkout -q -b fix/login; echo half >login; git add login; git commit -q -m 'Begin the login'
git checkout -q main
git branch search; git clone -q --bare . ../origin.git; git branch -q -D search
 git --git-dir=../origin.git update-ref refs/pull/7/head refs/heads/fix/login
git remote add origin ../origin.git; git remote add upstream ../origin.git; git fetch -q --all
"""


@pytest.fixture
def shop(clean_environment: Path) -> Iterator[Path]:
    work = clean_environment / "work"
    work.mkdir()
    subprocess.run(["sh", "-c", MAKE_REPOSITORIES], cwd=work, check=True)
    shop = work / "shop"
    for words in (("init",), ("link",)):
        assert sc(*words, cwd=shop).code == 0
    (Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml").write_text(SETTINGS)
    begun = sc("run", "fix-login", "-m", "begin", cwd=shop)
    assert begun.code == 0, begun.err
    (shop / "notes.txt").write_text("a note\n")
    yield shop
    stop_all(shop)
    for socket in (clean_environment / "run").glob("scopecraft/*/tmux"):
        subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=False, capture_output=True)


def stop_all(shop: Path) -> None:
    for row in json.loads(sc("ls", "--json", cwd=shop).out or "[]"):
        if row["state"] != "ended":
            sc("stop", row["id"], "--now", cwd=shop)


def own_agents(page: Path) -> str:
    """The page's settings for `tests`, an agent that it makes; its image is a person's own."""
    block = next(each.text for each in blocks(page.read_text(encoding="utf-8")) if "[agents.tests]" in each.text)
    return block.replace("shop-agent", "scopecraft-agent").replace("make test", "cat Makefile")


def answered(line: str) -> str:
    return next((said for start, said in ANSWERED.items() if line.startswith(start)), line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_line_of_a_how_to_works(page: Path, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "true")

    def before(line: str) -> None:
        if "sc run" in line or line.startswith("sc dispatch"):
            stop_all(shop)  # a page shows one way beside another

    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    if page.stem == "agents":
        settings.write_text(SETTINGS + own_agents(page))
    lines = (answered(line) for line in lines_of(page) if not line.startswith(tuple(ELSEWHERE)))
    for step in walk(lines, shop, before):
        assert step.code == 0, f"{step.line}\n{step.output}"


def test_what_is_tried_elsewhere_is_still_shown() -> None:
    shown = [line for page in PAGES for line in lines_of(page)]
    assert [start for start in ELSEWHERE if not any(line.startswith(start) for line in shown)] == []
