"""Tab at a real bash, zsh and fish."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import sc
from tests.support.engine import unavailable
from tests.support.repos import make_repository
from tests.support.screen import Screen, screen

pytestmark = pytest.mark.tmux
SHELLS = {
    "bash": ("PS1='> ' bash --norc --noprofile", 'eval "$(sc completion bash)"'),
    "zsh": ("PS1='> ' zsh -f", 'autoload -Uz compinit && compinit -D; eval "$(sc completion zsh)"'),
    "fish": ("fish --no-config -C \"function fish_prompt; echo '> '; end\"", "sc completion fish | source"),
}


@pytest.fixture(params=SHELLS)
def typing(request: pytest.FixtureRequest, clean_environment: Path) -> Iterator[Screen]:
    """A person in one of the shells, with one project and a mission."""
    shell = str(request.param)
    if shutil.which(shell) is None:
        unavailable(f"{shell} is not installed")
    assert sc("init").code == 0
    folder = make_repository(clean_environment / "shop")
    assert sc("link", cwd=folder).code == 0
    for name in ("m-01a0000000000001--fix-login", "m-01a0000000000002--paint-it"):
        artifacts = clean_environment / "scopecraft" / "missions" / "active" / name / "artifacts"
        artifacts.mkdir(parents=True)
        (artifacts / "plan.md").write_text("x")
        (artifacts / "$(touch stolen)").write_text("x")
    (folder / "prompt-file.md").write_text("x")
    start, load = SHELLS[shell]
    with screen(clean_environment, folder) as person:
        person.type(start)
        person.until(r"^>")
        person.type(f"{load}; echo loa''ded")
        person.until(r"^loaded")
        yield person


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("sc proj", "sc projects "),
        ("sc path fix", "sc path fix-login "),
        ("sc run --det", "sc run --detach "),
        ("sc run --agent pla", "sc run --agent plain "),
        ("sc run --agent=pla", "sc run --agent=plain "),
        ("sc ls --project sh", "sc ls --project shop "),
        ("sc run --set container.mem", "sc run --set container.memory="),
        ("sc config get trash.k", "sc config get trash.keep "),
        ("sc show fix-login --artifact ", "sc show fix-login --artifact plan.md "),
        ("sc run x -f prompt-f", "sc run x -f prompt-file.md "),
    ],
)
def test_tab_finishes_the_word(typing: Screen, typed: str, becomes: str) -> None:
    typing.ask("send-keys", "-t", typing.pane, "-l", typed)
    typing.press("Tab")
    typing.until(re.escape(becomes.rstrip()))
    # a letter: before some others zsh takes the space away that it has just put there
    typing.ask("send-keys", "-t", typing.pane, "-l", "Z")
    typing.until(re.escape(becomes) + "Z")


def test_tab_shows_what_there_is(typing: Screen) -> None:
    typing.ask("send-keys", "-t", typing.pane, "-l", "sc path ")
    typing.press("Tab", "Tab")
    shown = typing.until(r"paint-it")
    assert "fix-login" in shown


def test_what_the_page_says_to_put_into_the_start_file_is_understood(typing: Screen) -> None:
    """Each shell reads its lines without a word."""
    assert "rror" not in typing.text()
