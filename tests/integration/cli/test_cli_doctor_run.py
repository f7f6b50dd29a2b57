"""`sc doctor` on machines where something is missing, hangs or is well."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from tests.support.command_line import Said, sc
from tests.support.silent_engine import SilentEngine

LONGEST_SECONDS = 12


def found(said: Said) -> dict[str, dict[str, str | None]]:
    return {row["name"]: row for row in json.loads(said.out)}


def path_with(folder: Path, *programs: str) -> str:
    """A PATH on which only these programs are."""
    folder.mkdir()
    for program in programs:
        place = shutil.which(program)
        assert place is not None
        (folder / program).symlink_to(place)
    return str(folder)


@pytest.fixture
def no_engine(clean_environment: Path) -> str:
    return f"unix://{clean_environment}/none.sock"


def test_a_hanging_engine_is_told_in_time(clean_environment: Path) -> None:
    with SilentEngine(clean_environment / "run" / "engine.sock") as silent:
        began = time.monotonic()
        said = sc("doctor", "--json", DOCKER_HOST=silent.address)
        took = time.monotonic() - began
    assert took < LONGEST_SECONDS
    assert said.code == 4
    engine = found(said)["engine"]
    assert engine["level"] == "missing"
    assert "hangs" in str(engine["text"])
    assert engine["mend"]


def test_no_engine_is_exit_4_and_says_how_to_start_one(no_engine: str) -> None:
    said = sc("doctor", DOCKER_HOST=no_engine)
    assert said.code == 4
    assert "missing  engine" in said.out
    assert "-> " in said.out


def test_no_tmux_is_exit_4(clean_environment: Path, no_engine: str) -> None:
    said = sc("doctor", "--json", PATH=path_with(clean_environment / "bin", "git"), DOCKER_HOST=no_engine)
    assert said.code == 4
    tmux = found(said)["tmux"]
    assert tmux["level"] == "missing"
    assert "install" in str(tmux["mend"])
    assert found(said)["git"]["level"] == "ok"


def test_no_git_is_exit_4(clean_environment: Path, no_engine: str) -> None:
    said = sc("doctor", "--json", PATH=path_with(clean_environment / "bin", "tmux"), DOCKER_HOST=no_engine)
    assert said.code == 4
    assert found(said)["git"]["level"] == "missing"


def test_a_program_that_hangs_does_not_hold_the_doctor_up(clean_environment: Path, no_engine: str) -> None:
    folder = path_with(clean_environment / "bin", "git", "tmux")
    slow = Path(folder) / "claude"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    began = time.monotonic()
    said = sc("doctor", "--json", PATH=f"{folder}:/bin:/usr/bin", DOCKER_HOST=no_engine)
    assert time.monotonic() - began < LONGEST_SECONDS
    assert "claude" in str(found(said)["agent"]["text"])


def test_before_init_the_doctor_names_init(no_engine: str) -> None:
    home = found(sc("doctor", "--json", DOCKER_HOST=no_engine))["home"]
    assert (home["level"], home["mend"]) == ("warn", "sc init")


def test_a_home_that_others_can_read_is_told(no_engine: str) -> None:
    sc("init")
    home = Path(os.environ["SCOPECRAFT_HOME"])
    assert found(sc("doctor", "--json", DOCKER_HOST=no_engine))["home"]["level"] == "ok"
    home.chmod(0o755)
    row = found(sc("doctor", "--json", DOCKER_HOST=no_engine))["home"]
    assert (row["level"], row["mend"]) == ("warn", f"chmod 700 {home}")


def test_the_doctor_leaves_nothing_in_the_home(no_engine: str) -> None:
    sc("init")
    home = Path(os.environ["SCOPECRAFT_HOME"])
    before = sorted(home.rglob("*"))
    sc("doctor", DOCKER_HOST=no_engine)
    assert sorted(home.rglob("*")) == before


def test_a_key_is_found_and_never_shown(no_engine: str) -> None:
    secret = "sk-ant-0123456789"
    said = sc("doctor", DOCKER_HOST=no_engine, ANTHROPIC_API_KEY=secret)
    assert "ANTHROPIC_API_KEY (environment)" in said.out
    assert secret not in said.out + said.err


def test_a_key_in_the_secrets_file_is_found_unless_others_may_read_it(no_engine: str) -> None:
    sc("init")
    file = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "secrets.env"
    file.write_text("CLAUDE_CODE_OAUTH_TOKEN=sk-ant-oat-987654321\n")
    file.chmod(0o600)
    said = sc("doctor", DOCKER_HOST=no_engine)
    assert "CLAUDE_CODE_OAUTH_TOKEN (secrets.env)" in said.out
    assert "987654321" not in said.out
    file.chmod(0o644)
    row = found(sc("doctor", "--json", DOCKER_HOST=no_engine))["credentials"]
    assert row["level"] == "warn"
    assert "chmod 600" in str(row["mend"])


def test_no_key_is_a_warning_with_the_line_that_sets_one(no_engine: str) -> None:
    row = found(sc("doctor", "--json", DOCKER_HOST=no_engine))["credentials"]
    assert row["level"] == "warn"
    assert "secrets.env" in str(row["mend"])


def test_settings_that_cannot_be_read_are_told_and_the_rest_is_checked(no_engine: str) -> None:
    sc("init")
    (Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml").write_text("nonsense = \x01\n")
    rows = found(sc("doctor", "--json", DOCKER_HOST=no_engine))
    assert rows["settings"]["level"] == "warn"
    assert rows["git"]["level"] == "ok"


def test_a_command_of_ones_own_is_looked_for_and_not_run(no_engine: str, clean_environment: Path) -> None:
    sc("init")
    program = clean_environment / "deploy"
    program.write_text(f"#!/bin/sh\ntouch {clean_environment}/was-run\n")
    program.chmod(0o755)
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    text = f'default_agent = "toy"\n[agents.toy]\ndialect = "plain"\ncommand = ["{program}"]\n'
    settings.write_text(text + f'[notify]\ncommand = ["{program}"]\n')
    rows = found(sc("doctor", "--json", DOCKER_HOST=no_engine))
    assert rows["agent"]["text"] == f"toy: {program}"
    assert rows["credentials"]["text"] == "toy needs none"
    assert rows["notify"]["text"] == f"by {program}"
    assert not (clean_environment / "was-run").exists()
    settings.write_text(text + '[notify]\ncommand = ["no-such-program"]\n')
    assert found(sc("doctor", "--json", DOCKER_HOST=no_engine))["notify"]["level"] == "warn"


@pytest.mark.engine
@pytest.mark.image
@pytest.mark.tmux
def test_a_machine_with_everything_is_exit_0(agent_image: str) -> None:
    said = sc("doctor")
    assert said.code == 0, said.out
    assert "ok       engine" in said.out
    assert "missing" not in said.out.rpartition("\n\n")[0]
