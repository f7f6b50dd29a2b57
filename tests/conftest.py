"""A clean environment for each test, and the real things that tests work with."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.support.engine import agent_image, engine, unavailable
from tests.support.podman import podman

__all__ = ["agent_image", "engine", "podman"]

ROOT = Path(__file__).parent.parent
# A shell that runs us in the background makes us deaf to Ctrl-C, and with us everything that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
IN_CI = os.environ.get("CI") == "true"
# The person's own agents, git, tmux and terminal must not show in a test, nor a test in theirs.
FOREIGN = ("ANTHROPIC_", "CLAUDE", "GIT_", "TMUX", "XDG_", "SCOPECRAFT_", "OPENAI_", "CODEX_", "GEMINI_")
FOREIGN += ("GOOGLE_", "OPENCODE", "OPENROUTER_")
FOREIGN_NAMES = frozenset({"IS_SANDBOX", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "EDITOR", "VISUAL", "PAGER"})
DEPTHS = ("unit", "integration", "acceptance")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The test's own folder, short enough for sockets, with `home` ($HOME) and `run` in it; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="sc-", dir="/tmp"))
    for name in os.environ:
        if name.startswith(FOREIGN) or name in FOREIGN_NAMES:
            monkeypatch.delenv(name)
    for name, value in _own_environment(folder).items():
        monkeypatch.setenv(name, value)
    yield folder
    for socket in folder.glob("run/scopecraft/*/tmux"):  # a window that a test left must not outlive it
        with contextlib.suppress(subprocess.TimeoutExpired):  # one that a test has stopped
            subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=False, capture_output=True, timeout=5)
    shutil.rmtree(folder, ignore_errors=True)


def _own_environment(folder: Path) -> dict[str, str]:
    home, run = folder / "home", folder / "run"
    home.mkdir()
    run.mkdir(mode=0o700)
    (home / ".gitconfig").write_text("[user]\n\tname = Tester\n\temail = tester@example.com\n")
    return {
        "HOME": str(home),
        "SCOPECRAFT_HOME": str(folder / "scopecraft"),
        "XDG_RUNTIME_DIR": str(run),
        "SCOPECRAFT_SUPERVISOR": "never",  # the tests of it start it themselves
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
    }


@pytest.fixture(scope="session")
def claude_binary() -> Path:
    """The real Claude Code, from $SC_TEST_CLAUDE or where script/setup puts it."""
    program = Path(os.environ.get("SC_TEST_CLAUDE") or ROOT / ".cache/claude/claude")
    if not os.access(program, os.X_OK):
        unavailable("no Claude Code binary: run script/setup")
    return program


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="tests/faults at their full length: see script/faults")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is quick to find goes first: unit, integration, acceptance."""
    items.sort(key=lambda item: _depth(item.path))


def _depth(path: Path) -> int:
    return next((depth for depth, name in enumerate(DEPTHS) if name in path.parts), len(DEPTHS))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI every tool is there, so whatever is skipped there has not been tested: a failure."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report
