"""A repository that asks for more by its own settings gets it only from a person who saw it: `.scopecraft.toml`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import sc
from tests.support.screen import Screen, screen

pytestmark = [pytest.mark.engine, pytest.mark.image]

ASKED = r"these settings: \(u\)se them from now on, \(i\)gnore them this time, or \(s\)top\?"
GREEDY = """\
[agents.plain]
pass_env = ["MY_TOKEN"]
env = { FROM_REPOSITORY = "yes" }

[container]
network = "none"
memory = "1g"
"""
LOOK = "echo token=$MY_TOKEN from=$FROM_REPOSITORY; ls /sys/class/net | wc -l"


@pytest.fixture
def greedy(workplace: Path) -> Path:
    (workplace / ".scopecraft.toml").write_text(GREEDY)
    return workplace


def runs(folder: Path, task: str, *options: str) -> tuple[int, str]:
    said = sc("run", task, "--agent", "plain", *options, "--", "sh", "-c", LOOK, cwd=folder, MY_TOKEN="tok-123456789")
    return said.code, said.out + said.err


def sessions(folder: Path) -> list[str]:
    return [row["task"] for row in json.loads(sc("ls", "--all", "--json", cwd=folder).out)]


def confirmed() -> list[dict[str, object]]:
    file = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "confirmed.json"
    return list(json.loads(file.read_text())["confirmed"]) if file.exists() else []


def test_without_a_terminal_nothing_starts_until_it_was_confirmed_and_again_after_a_change(greedy: Path) -> None:
    code, told = runs(greedy, "one")
    assert code == 3
    assert "sc config trust --project shop" in told
    assert sessions(greedy) == []
    assert not (greedy.parent / "scopecraft" / "worktrees" / "shop").exists(), "nothing is half made"

    assert sc("config", "trust", "--yes", cwd=greedy).code == 0
    code, told = runs(greedy, "one")
    assert code == 0, told
    assert "token=tok-123456789 from=yes" in told
    assert sc("config", "get", "container.network", cwd=greedy).out == "none\n"
    assert runs(greedy, "one")[0] == 0, "once is enough"

    (greedy / ".scopecraft.toml").write_text(GREEDY.replace("MY_TOKEN", "OTHER_TOKEN"))
    assert runs(greedy, "two")[0] == 3
    assert sessions(greedy) == ["one", "one"]
    (greedy / ".scopecraft.toml").unlink()
    code, told = runs(greedy, "two")
    assert code == 0 and "token= from=" in told


def test_a_key_that_only_the_repository_asked_for_is_blotted_out_all_the_same(greedy: Path) -> None:
    assert sc("config", "trust", "--yes", cwd=greedy).code == 0
    script = 'echo "bad key $MY_TOKEN" >&2; exit 1'
    words = ("run", "one", "--agent", "plain", "--", "sh", "-c", script)
    said = sc(*words, cwd=greedy, MY_TOKEN="tok-123456789")
    assert said.code == 1
    home = Path(os.environ["SCOPECRAFT_HOME"])
    own = ("stream.jsonl", "stderr.log")
    files = [file for file in home.rglob("*") if file.is_file() and file.name not in own]
    assert [file.name for file in files if b"tok-123456789" in file.read_bytes()] == []


def test_an_agents_own_worktree_gives_no_settings(workplace: Path) -> None:
    """What counts is in the main checkout: an agent that writes the file on its branch changes nothing."""
    words = ("run", "one", "--agent", "plain", "--", "sh", "-c")
    script = "printf '[container]\\nimage = \"evil\"\\n' >.scopecraft.toml; git add -A; git commit -qm evil"
    assert sc(*words, script, cwd=workplace).code == 0
    worktree = Path(sc("path", "one", cwd=workplace).out.strip())
    assert (worktree / ".scopecraft.toml").exists()
    said = sc(*words, "echo fine", cwd=worktree)
    assert said.code == 0, said


@pytest.fixture
def person(greedy: Path, clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    monkeypatch.setenv("MY_TOKEN", "tok-123456789")
    with screen(clean_environment, greedy, columns=120) as found:
        yield found


@pytest.mark.tmux
def test_at_a_terminal_a_person_sees_all_of_it_and_chooses(greedy: Path, person: Screen) -> None:
    run = f"sc run one --agent plain -- sh -c '{LOOK}'; echo code=$?"
    person.type(run)
    shown = person.until(ASKED)
    assert '! agents.plain.pass_env = ["MY_TOKEN"] (now empty): hands variables of yours to the agent' in shown
    assert '! agents.plain.env.FROM_REPOSITORY = "yes"' in shown
    assert '! container.network = "none" (now "bridge")' in shown
    assert 'container.memory = "1g" (now "4g")' in shown
    person.press("Enter")  # by impatience
    person.until(r"^code=3$")
    assert sessions(greedy) == [] and confirmed() == []

    person.type("echo second; " + run)
    person.until(rf"(?s)^second$.*{ASKED}")
    person.type("ignore")
    shown = person.until(r"(?s)^second$.*^code=0$")
    assert "token= from=" in shown
    assert confirmed() == []

    person.type("clear; echo third; " + run)
    person.until(rf"(?s)^third$.*{ASKED}")
    person.type("u")
    shown = person.until(r"(?s)^third$.*^code=0$")
    assert "token=tok-123456789 from=yes" in shown
    assert len(confirmed()) == 1

    person.type("clear; echo fourth; " + run)
    shown = person.until(r"(?s)^fourth$.*^code=0$").rpartition("\nfourth\n")[2]
    assert "token=tok-123456789 from=yes" in shown and "these settings" not in shown


@pytest.mark.tmux
def test_a_hostile_file_cannot_write_over_the_question(greedy: Path, person: Screen) -> None:
    text = json.dumps("\x1b[2J\x1b[H\x1b]52;c;c3RvbGVu\x07nothing to see\n\n\n\n")
    lines = "".join(f"V{number} = {text}\n" for number in range(30))
    (greedy / ".scopecraft.toml").write_text(
        f"[agents.plain.env]\n{lines}[setup]\ncommands = [{text}]\nrun_on = 'host'\n"
    )
    person.type("sc dispatch one --agent plain -- cat; echo code=$?")
    shown = person.until(ASKED)
    assert shown.count("\\u001b]52;c;c3RvbGVu\\u0007nothing to see\\n\\n") == 31
    assert "32 of these" in shown
    person.type("use")
    shown = person.until(r"run them on this machine")
    assert "! commands: \\x1b[2J" in shown
    person.type("stop")
    person.until(r"^code=3$")
    assert sessions(greedy) == []


@pytest.mark.tmux
def test_trust_asks_at_a_terminal(greedy: Path, person: Screen) -> None:
    person.type("sc config trust; echo code=$?")
    person.until(r"confirm exactly this: \(y\)es or \(n\)o\?")
    person.press("Enter")
    person.until(r"^code=1$")
    assert confirmed() == []
    person.type("echo second; sc config trust; echo code=$?")
    person.until(r"(?s)^second$.*confirm exactly this: \(y\)es or \(n\)o\?")
    person.type("yes")
    person.until(r"^code=0$")
    assert len(confirmed()) == 1
