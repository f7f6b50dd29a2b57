"""What Tab offers of a home: harmless names, quickly, and never a complaint."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scopecraft.state.store import Store
from tests.support.command_line import PROGRAM, environment, sc
from tests.support.repos import make_repository
from tests.support.sessions import AT, a_session, ended

HEAVY = ("click", "sqlite3", "pydantic", "docker", "libtmux", "rich", "tomlkit", "subprocess", "json")


def tab(*words: str, **env: str) -> list[str]:
    """The words that are offered for the last one, by a process of its own."""
    at = str(len(words))
    done = subprocess.run(
        [*PROGRAM, at, "sc", *words], env=environment(_SC_COMPLETE="bash", **env), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return [line.split("\t")[1] for line in done.stdout.decode().splitlines()]


@pytest.fixture
def home(clean_environment: Path) -> Path:
    """With a linked repository, and folders as missions and sessions have them."""
    assert sc("init").code == 0
    assert sc("link", cwd=make_repository(clean_environment / "shop")).code == 0
    root = Path(os.environ["SCOPECRAFT_HOME"])
    for where, name in (
        ("active", "m-01a0000000000001--fix-login"),
        ("active", "m-01a0000000000002--fix-logout"),
        ("completed", "m-01a0000000000000--old-thing"),
        ("trash", "m-01a0000000000003--thrown-away"),
    ):
        (root / "missions" / where / name / "artifacts").mkdir(parents=True)
    (root / "sessions" / "r-01a0000000000009").mkdir()
    return root


def test_tasks_sessions_projects_agents_artifacts_and_the_trash(home: Path) -> None:
    assert tab("path", "") == [
        "fix-logout",
        "fix-login",
        "old-thing",
        "m-01a0000000000002",
        "m-01a0000000000001",
        "m-01a0000000000000",
    ]
    assert tab("path", "fix-logi") == ["fix-login"]
    assert tab("logs", "r-") == ["r-01a0000000000009"]
    assert tab("restore", "") == ["thrown-away", "m-01a0000000000003"]
    assert tab("path", "x", "--project", "") == ["shop"]
    (home / "config" / "settings.toml").write_text("[agents.mine]\nmodel = 'x'\n[agents.mine.env]\nA = 'b'\n")
    assert tab("run", "--agent", "m") == ["mine"]
    assert tab("config", "get", "agents.mine.mod") == ["agents.mine.model"]
    artifacts = home / "missions/active/m-01a0000000000001--fix-login/artifacts"
    (artifacts / "plan.md").write_text("x")
    assert tab("show", "fix-login", "--artifact", "") == ["plan.md"]
    assert tab("mission", "edit", "fix-login", "") == ["plan.md"]


def test_names_that_a_shell_could_run_are_not_offered(home: Path) -> None:
    artifacts = home / "missions/active/m-01a0000000000001--fix-login/artifacts"
    for name in (
        "$(touch stolen)",
        "`id`",
        "a;b",
        "a b",
        "a'b",
        'a"b',
        "a\nb",
        "a\tb",
        "\x1b[2J",
        "~",
        "a|b",
        "*",
        "a&",
        "good",
    ):
        (artifacts / name).write_text("x")
    (artifacts / os.fsdecode(b"\xff\xfe")).write_text("x")
    (home / "missions/active/m-01a0000000000004--$(touch stolen)").mkdir()
    assert tab("show", "fix-login", "--artifact", "") == ["good"]
    assert not [word for word in tab("path", "") if "stolen" in word]


@pytest.mark.parametrize(
    "words", [("path", ""), ("logs", ""), ("run", "--agent", ""), ("path", "--project", ""), ("",)]
)
def test_damage_is_not_told_while_a_person_types(home: Path, words: tuple[str, ...]) -> None:
    (home / "config" / "projects.json").write_bytes(b"\xff{")
    (home / "config" / "settings.toml").write_bytes(b"[agents.\xff")
    for folder in ("missions", "sessions"):
        (home / folder).rename(home / f"{folder}-moved")
        (home / folder).write_text("no folder")
    tab(*words)
    (home / "config" / "settings.toml").unlink()
    os.mkfifo(home / "config" / "settings.toml")
    tab(*words)
    tab(*words, SCOPECRAFT_HOME="/nonexistent")
    tab(*words, SCOPECRAFT_HOME="/dev/null", HOME="")


@pytest.mark.parametrize("arguments", [(), ("x",), ("5", "sc"), ("-1", "sc", "run"), ("1",), ("1", "sc", "\udcff")])
def test_a_question_that_makes_no_sense_has_no_answer(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [*PROGRAM, *arguments], env=environment(_SC_COMPLETE="bash"), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys\nfrom scopecraft.cli.completing import print_answers\n"
        "print_answers(['2', 'sc', 'run', '--'], {'SCOPECRAFT_HOME': '/nonexistent'})\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.decode().splitlines()[-1] == "[]"


def test_a_home_of_many_missions_is_no_reason_to_wait(home: Path) -> None:
    for number in range(2000):
        (home / "missions" / "active" / f"m-02{number:014x}--task-{number}").mkdir()
    assert len(tab("path", "task-")) == 200
    assert tab("path", "task-1999") == ["task-1999"]


def test_only_sessions_that_a_command_is_about_are_offered(home: Path) -> None:
    with Store.open(home) as store:
        made = [a_session(task=f"task-{mode}", mode=mode) for mode in ("autonomous", "dispatch")]
        for session in made:
            store.create(session, AT)
        over = a_session(task="over")
        store.create(over, AT)
        store.move(over.id, ended(), "session_ended", AT)
        again = a_session(task="over", mission_id=over.mission_id, mode="dispatch")
        store.create(again, AT)
    alone, window = made
    assert tab("takeover", "") == ["task-autonomous", over.id, alone.id]
    assert tab("handback", "") == ["over", "task-dispatch", again.id, window.id]
    # its task would name the session that came after it
    assert tab("resume", "") == tab("retry", "") == [over.id]


def test_tasks_of_a_tasks_folder_are_offered_where_they_can_be_run(
    home: Path, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = clean_environment / "shop" / ".tasks"
    names = ("current/pay-05A", "backlog/shop/search-05B", "archive/2025-06/old-05C", ".templates/x", "current/od d")
    for name in names:
        file = top / f"{name}.task.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (top / "link").symlink_to(top / "archive")
    (clean_environment / "shop" / "src").mkdir()
    monkeypatch.chdir(clean_environment / "shop" / "src")
    assert tab("run", "")[-2:] == ["pay-05A", "search-05B"]
    assert tab("dispatch", "pay") == tab("queue", "add", "pay") == ["pay-05A"]
    assert tab("path", "pay") == []
    (top / "backlog").rename(clean_environment / "elsewhere")
    top.rename(clean_environment / "tasks")
    top.symlink_to(clean_environment / "tasks")
    assert tab("run", "pay") == []
