"""Bad input gets one clear sentence and an exit code, and leaves nothing half done."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command_line import Said, sc
from tests.support.silent_engine import SilentEngine

pytestmark = [pytest.mark.engine, pytest.mark.tmux]

Start = Callable[..., Said]


def run(workplace: Path, task: str, *more: str, **env: str) -> Said:
    return sc("run", task, "--agent", "plain", *more, "--", "true", cwd=workplace, **env)


def is_one_sentence(said: Said) -> bool:
    lines = said.err.strip().splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    return len(errors) == 1 and "Traceback" not in said.err and "internal error" not in said.err


def nothing_was_made(workplace: Path) -> bool:
    home = Path(os.environ["SCOPECRAFT_HOME"])
    branches = subprocess.run(["git", "branch", "--list", "feature/*"], cwd=workplace, capture_output=True, text=True)
    trees = subprocess.run(["git", "worktree", "list"], cwd=workplace, capture_output=True, text=True)
    return (
        json.loads(sc("ls", "--all", "--json", cwd=workplace).out) == []
        and not list((home / "missions" / "active").iterdir())
        and not list((home / "sessions").iterdir())
        and branches.stdout == ""
        and len(trees.stdout.splitlines()) == 1
    )


@pytest.mark.parametrize(
    ("task", "more", "code", "says"),
    [
        ("a/b", (), 2, "holds no '/'"),
        ("..", (), 2, "holds no '/'"),
        ("", (), 2, "needs a name"),
        ("   ", (), 2, "needs a name"),
        ("x\ny", (), 2, "control characters"),
        ("x" * 400, (), 2, "at most 300"),
        ("fine", ("-m", ""), 2, "prompt is empty"),
        ("fine", ("-m", "  \n"), 2, "prompt is empty"),
        ("fine", ("-m", "x", "-f", "y"), 2, "not from both"),
        ("fine", ("-f", "no-such-file"), 2, "no-such-file cannot be read"),
        ("fine", ("--agent", "nobody"), 2, "no agent is called 'nobody'"),
        ("fine", ("--base", "no-such-branch"), 3, "no commit 'no-such-branch'"),
        ("fine", ("--timeout", "soon"), 2, "no length of time"),
        ("fine", ("--project", "nowhere"), 3, "no project is called 'nowhere'"),
        ("fine", ("--type", "poem"), 2, "poem"),
        ("fine", ("--no-such-option",), 2, "no-such-option"),
        ("main", ("--project", "shop", "--base", "-x"), 3, "no commit '-x'"),
    ],
)
def test_a_request_that_makes_no_sense(workplace: Path, task: str, more: tuple[str, ...], code: int, says: str) -> None:
    said = run(workplace, task, *more)
    assert (said.code, is_one_sentence(said)) == (code, True), said.err
    assert says in said.err
    assert "hint: " in said.err
    assert nothing_was_made(workplace)


def test_a_message_with_two_sources_is_told_in_words_of_a_message(workplace: Path) -> None:
    said = sc("send", "fine", "TEXT", "-f", "x", cwd=workplace)
    assert (said.code, is_one_sentence(said)) == (2, True), said.err
    assert "a message is TEXT or comes from -f" in said.err


@pytest.mark.parametrize("command", ["show", "path", "logs", "stop", "attach"])
def test_no_such_task(workplace: Path, command: str) -> None:
    said = sc(command, "nothing-like-it", cwd=workplace)
    assert (said.code, is_one_sentence(said)) == (3, True), said.err
    assert "nothing-like-it" in said.err


def test_two_candidates_are_both_named(workplace: Path) -> None:
    for branch in ("feature/one-07A", "feature/two-07A"):
        subprocess.run(["git", "branch", branch], cwd=workplace, check=True)
    said = run(workplace, "three-07A")
    assert (said.code, is_one_sentence(said)) == (3, True), said.err
    assert "feature/one-07A" in said.err and "feature/two-07A" in said.err


def test_without_a_home(repository: Path) -> None:
    said = sc("ls", cwd=repository)
    assert (said.code, is_one_sentence(said)) == (3, True)
    assert "sc init" in said.err
    assert not Path(os.environ["SCOPECRAFT_HOME"]).exists()


def test_without_a_repository(workplace: Path, clean_environment: Path) -> None:
    elsewhere = clean_environment / "elsewhere"
    elsewhere.mkdir()
    said = sc("link", cwd=elsewhere)
    assert (said.code, is_one_sentence(said)) == (3, True), said.err
    assert "not a git repository" in said.err


def test_in_a_repository_that_is_not_linked(workplace: Path, clean_environment: Path) -> None:
    other = clean_environment / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    said = run(other, "fine")
    assert (said.code, is_one_sentence(said)) == (3, True), said.err
    assert "sc link" in said.err
    assert nothing_was_made(workplace)


def test_a_repository_without_a_commit(workplace: Path, clean_environment: Path) -> None:
    empty = clean_environment / "empty"
    subprocess.run(["git", "init", "-q", str(empty)], check=True)
    assert sc("link", cwd=empty).code == 0
    said = run(empty, "fine")
    assert (said.code, is_one_sentence(said)) == (3, True), said.err
    assert "no commit yet" in said.err
    assert nothing_was_made(workplace)


def test_a_missing_image(workplace: Path) -> None:
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    settings.write_text('[container]\nimage = "no-such-image:ever"\n')
    said = run(workplace, "fine")
    assert (said.code, is_one_sentence(said)) == (4, True), said.err
    assert "no-such-image:ever" in said.err
    assert nothing_was_made(workplace)


def test_an_engine_that_is_not_there(workplace: Path, clean_environment: Path) -> None:
    said = run(workplace, "fine", DOCKER_HOST=f"unix://{clean_environment}/nobody.sock")
    assert (said.code, is_one_sentence(said)) == (4, True), said.err
    assert "sc doctor" in said.err
    assert nothing_was_made(workplace)


def test_an_engine_that_hangs_is_given_up(workplace: Path, clean_environment: Path) -> None:
    with SilentEngine(clean_environment / "run" / "silent.sock") as silent:
        said = run(workplace, "fine", DOCKER_HOST=silent.address)
    assert (said.code, is_one_sentence(said)) == (4, True), said.err
    assert "does not answer" in said.err
    assert nothing_was_made(workplace)


def path_without(program: str, folder: Path) -> str:
    """A PATH with everything but one program."""
    folder.mkdir()
    for place in os.environ["PATH"].split(":"):
        for file in Path(place).glob("*") if Path(place).is_dir() else ():
            link = folder / file.name
            if file.name != program and not link.exists():
                link.symlink_to(file)
    return str(folder)


def test_without_tmux_a_dispatch_is_refused_and_a_run_works(workplace: Path, clean_environment: Path) -> None:
    path = path_without("tmux", clean_environment / "bin")
    said = sc("dispatch", "fine", "--agent", "plain", "--", "sleep", "60", cwd=workplace, PATH=path)
    assert (said.code, is_one_sentence(said)) == (4, True), said.err
    assert "tmux" in said.err
    assert nothing_was_made(workplace)
    assert run(workplace, "fine", PATH=path).code == 0


def test_without_git_everything_says_so(workplace: Path, clean_environment: Path) -> None:
    said = run(workplace, "fine", PATH=path_without("git", clean_environment / "bin"))
    assert (said.code, is_one_sentence(said)) == (4, True), said.err
    assert nothing_was_made(workplace)


def test_an_agent_that_is_not_on_this_machine(workplace: Path) -> None:
    said = sc("dispatch", "fine", "--agent", "plain", "--", "no-such-agent", cwd=workplace)
    assert (said.code, is_one_sentence(said)) == (4, True), said.err
    assert "no-such-agent is not installed" in said.err
    assert nothing_was_made(workplace)


def test_no_key_for_the_real_agent(workplace: Path) -> None:
    said = sc("run", "fine", "-m", "x", cwd=workplace)
    assert (said.code, is_one_sentence(said)) == (4, True), said.err
    assert "ANTHROPIC_API_KEY" in said.err
    assert nothing_was_made(workplace)


def test_a_plain_agent_without_a_command(workplace: Path) -> None:
    said = sc("run", "fine", "--agent", "plain", cwd=workplace)
    assert (said.code, is_one_sentence(said)) == (2, True), said.err
    assert "no command to run" in said.err
    assert nothing_was_made(workplace)


def test_a_home_in_a_folder_with_other_things(repository: Path) -> None:
    before = repository.stat().st_mode
    said = sc("init", cwd=repository, SCOPECRAFT_HOME=str(repository))
    assert (said.code, is_one_sentence(said)) == (3, True), said.err
    assert repository.stat().st_mode == before
    assert [path.name for path in repository.iterdir()] == [".git"]


def test_a_task_that_is_there_takes_no_other_beginning(workplace: Path) -> None:
    assert run(workplace, "fine").code == 0
    subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "Next"], cwd=workplace, check=True)
    for more in (("--base", "main"), ("--type", "hotfix")):
        said = run(workplace, "fine", *more)
        assert (said.code, is_one_sentence(said)) == (3, True), said.err
        assert more[0] in said.err


def test_a_repository_that_was_moved(workplace: Path) -> None:
    assert run(workplace, "fine").code == 0
    moved = workplace.rename(workplace.with_name("moved"))
    said = sc("run", "fine", "--project", "shop", "--agent", "plain", "--", "true", cwd=moved.parent)
    assert (said.code, is_one_sentence(said)) == (3, True), said.err
    assert "shop" in said.err
    moved.rename(workplace)
    assert run(workplace, "fine").code == 0, "and back again it works"


def test_a_branch_that_was_deleted_under_us(workplace: Path) -> None:
    assert run(workplace, "fine").code == 0
    worktree = sc("path", "fine", cwd=workplace).out.strip()
    shutil.rmtree(worktree)
    subprocess.run(["git", "worktree", "unlock", worktree], cwd=workplace, capture_output=True)
    subprocess.run(["git", "worktree", "prune"], cwd=workplace, check=True)
    subprocess.run(["git", "branch", "-D", "feature/fine"], cwd=workplace, check=True, capture_output=True)
    said = run(workplace, "fine")
    assert (said.code, is_one_sentence(said)) == (3, True), said.err
    assert "feature/fine" in said.err


def test_a_worktree_that_was_deleted_is_made_again(workplace: Path) -> None:
    assert run(workplace, "fine").code == 0
    worktree = Path(sc("path", "fine", cwd=workplace).out.strip())
    shutil.rmtree(worktree)
    gone = sc("path", "fine", cwd=workplace)
    assert (gone.code, is_one_sentence(gone)) == (3, True), gone.err
    assert run(workplace, "fine").code == 0
    assert worktree.is_dir()


def test_a_branch_checked_out_in_the_main_checkout(workplace: Path) -> None:
    subprocess.run(["git", "switch", "-q", "-c", "feature/fine"], cwd=workplace, check=True)
    said = run(workplace, "fine")
    assert (said.code, is_one_sentence(said)) == (3, True), said.err
    assert "checked out in" in said.err


def test_settings_with_a_mistake_name_the_line(workplace: Path) -> None:
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    settings.write_text("[container]\nmemroy = '2g'\n")
    said = run(workplace, "fine")
    assert (said.code, is_one_sentence(said)) == (2, True), said.err
    assert "container.memroy: is not a setting" in said.err
    assert nothing_was_made(workplace)
