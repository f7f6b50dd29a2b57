"""Attacks from a real container on a person who then only looks: files of the agent, names, keys, credentials."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from docker import DockerClient

from tests.support.command_line import Said, on_a_terminal, sc
from tests.support.repos import git
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.tmux]

SECRET = "the person's own private key"
KEY = "sk-test-0123456789-not-to-be-seen"
# what steers a terminal, hides in a text or reorders it
EVIL = "\x1b]52;c;ZXZpbA==\x07\x9b31m\u202e\u200b"
TRAPS = """
cd /mission/artifacts
ln -s {home}/.ssh/id_rsa key.md
ln -s {home}/.ssh keys
mkdir deep && ln -s ../../mission.json deep/mission.json
mkfifo pipe.md
truncate -s 10G huge.md
printf 'fine \\033]52;c;ZXZpbA==\\007\\n' >fine.md
: >"$(printf '\\033]0;evil\\007')"
: >'%2e%2e%2fmission.json'
: >"$(printf 'x%.0s' $(seq 250))"
"""


def run(workplace: Path, script: str, *more: str, **env: str) -> Said:
    return sc("run", "fine", "--agent", "plain", *more, "--", "sh", "-c", script, cwd=workplace, **env)


def safe(text: str) -> bool:
    return not set(text) & (set(EVIL) - set("]52;c;ZXZpbA==31m"))


@pytest.fixture
def trapped(workplace: Path) -> Path:
    keys = Path.home() / ".ssh"
    keys.mkdir(mode=0o700)
    (keys / "id_rsa").write_text(SECRET)
    said = run(workplace, TRAPS.format(home=Path.home()))
    assert said.code == 0, said.err
    return workplace


def test_artifacts_that_are_traps_are_listed_as_what_they_are(trapped: Path) -> None:
    began = time.monotonic()
    said = sc("show", "fine", cwd=trapped)
    rows = json.loads(sc("show", "fine", "--json", cwd=trapped).out)["artifacts"]
    assert time.monotonic() - began < 10
    assert said.code == 0, said.err
    assert SECRET not in said.out and safe(said.out)
    readable = {row["name"] for row in rows if not row["refusal"]}
    assert readable == {"fine.md", "raw-input.md", "x" * 250}
    assert {row["name"] for row in rows} - readable == {
        *("key.md", "keys", "deep/mission.json", "pipe.md", "huge.md", "\x1b]0;evil\x07", "%2e%2e%2fmission.json")
    }


REFUSED = {
    "key.md": (3, "is a link"),
    "keys/id_rsa": (3, "is a link"),
    "deep/mission.json": (3, "is a link"),
    "pipe.md": (3, "is a pipe"),
    "huge.md": (3, "at most 64 MiB"),
    "%2e%2e%2fmission.json": (2, "no name of an artifact"),
    "../mission.json": (2, "no name of an artifact"),
    "/etc/passwd": (2, "no name of an artifact"),
    "x" * 100_000: (2, "no name of an artifact"),
}


def test_an_artifact_that_is_a_trap_is_refused(trapped: Path) -> None:
    for name, (code, says) in REFUSED.items():
        said = sc("show", "fine", "--artifact", name, cwd=trapped)
        assert (said.code, said.out) == (code, ""), name
        assert says in said.err and len(said.err) < 1000
        assert SECRET not in said.err


def test_an_artifact_that_can_be_read_steers_no_terminal(trapped: Path) -> None:
    assert sc("show", "fine", "--artifact", "fine.md", cwd=trapped).out.startswith("fine \x1b]52")
    shown = on_a_terminal("show", "fine", "--project", "shop", "--artifact", "fine.md")
    assert safe(shown) and "fine \\x1b]52" in shown


@pytest.mark.parametrize("command", ["show", "logs", "path", "stop"])
@pytest.mark.parametrize(
    "name",
    ["../../../etc/passwd", "%2e%2e%2f", "/etc/passwd", "..", ".", "~", "-", "m-*", "r-%", "r-_", "x" * 100_000, EVIL],
    ids=lambda name: ascii(name)[:20],
)
def test_a_name_that_leads_elsewhere_names_nothing(workplace: Path, command: str, name: str) -> None:
    said = sc(command, "--", name, cwd=workplace)
    assert said.code in (2, 3), said.err
    assert said.out == ""
    assert safe(said.err) and "Traceback" not in said.err and "internal error" not in said.err


def test_hostile_names_of_branches_commits_and_tasks_steer_no_terminal(workplace: Path) -> None:
    # what git takes as the name of a branch: no ASCII control, but their cousins
    branch = "fix/\x9b31m\u202egnp\u200b"
    git(workplace, "branch", branch)
    script = (
        "git commit -q --allow-empty -m \"$(printf 'evil\\033]52;c;ZXZpbA==\\007')\"; printf '\\033]52;c;ZXZpbA==\\007'"
    )
    shown = [
        on_a_terminal(
            "run", "a task", "--project", "shop", "--branch", branch, "--agent", "plain", "--", "sh", "-c", script
        ),
        on_a_terminal("run", "--project", "shop", "--branch", branch + "x", "--agent", "plain", "--", "true"),
        on_a_terminal("ls", "--all"),
        on_a_terminal("show", "a-task", "--project", "shop"),
        on_a_terminal("logs", "a-task", "--project", "shop"),
        on_a_terminal("logs", "a-task", "--project", "shop", "--raw"),
        on_a_terminal("diff", "a-task", "--project", "shop"),
    ]
    assert "completed" in shown[0]
    for text in shown:
        # our own colours are the only sequences
        assert "\x1b]" not in text and "\x07" not in text and "\x9b" not in text, ascii(text)
        assert "\u202e" not in text and "\u200b" not in text, ascii(text)


def test_a_key_shows_nowhere_while_its_agent_lives(workplace: Path, engine: DockerClient) -> None:
    home = Path(os.environ["SCOPECRAFT_HOME"])
    (home / "config" / "settings.toml").write_text('[agents.plain]\ndialect = "plain"\npass_env = ["MY_KEY"]\n')
    script = 'test -n "$MY_KEY" && touch /mission/artifacts/up; sleep 600'
    said = run(workplace, script, "--detach", MY_KEY=KEY)
    assert said.code == 0, said.err
    session = said.out.strip()
    until(lambda: list(home.glob("missions/active/*/artifacts/up")), 30)
    container = engine.containers.get(f"sc-{session}")
    assert KEY not in json.dumps(container.attrs)
    lines = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if os.access(file, os.R_OK)]
    assert not [line for line in lines if KEY.encode() in line]
    found = [file for file in home.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]
    assert found == []
    for told in (sc("ls", "--json", cwd=workplace), sc("show", "fine", "--json", cwd=workplace)):
        assert KEY not in told.out + told.err


def test_a_persons_own_login_is_not_shared_between_containers(workplace: Path) -> None:
    own = Path.home() / ".claude"
    own.mkdir(mode=0o700)
    (own / ".credentials.json").write_text(SECRET)
    script = (
        f"cat {own}/.credentials.json; find / -xdev -name .credentials.json 2>/dev/null;"
        ' ls -a "$HOME"; echo mine >"$HOME/.credentials.json"; echo over'
    )
    for task in ("one", "two"):
        said = sc("run", task, "--agent", "plain", "--", "sh", "-c", script, cwd=workplace)
        assert said.code == 0, said.err
        assert "over" in said.out
        assert SECRET not in said.out
        assert ".credentials.json" not in said.out, "what the session before left, or the person's own"
    assert (own / ".credentials.json").read_text() == SECRET


def test_an_agent_that_ignores_signals_and_forks_away_is_ended_whole(workplace: Path, engine: DockerClient) -> None:
    loop = "while :; do sleep 1; done"
    script = f"trap '' TERM INT HUP; (setsid sh -c 'trap \"\" TERM; {loop}' &); touch up; {loop}"
    (Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml").write_text('[container]\nstop_grace = "1s"\n')
    said = run(workplace, script, "--detach")
    session = said.out.strip()
    worktree = Path(sc("path", "fine", cwd=workplace).out.strip())
    until((worktree / "up").exists, 30)
    pid = engine.containers.get(f"sc-{session}").attrs["State"]["Pid"]
    assert sc("stop", "fine", cwd=workplace).code == 0
    assert engine.containers.list(all=True, filters={"name": f"sc-{session}"}) == []
    assert not Path(f"/proc/{pid}/cgroup").exists()


def test_whatever_an_agent_makes_belongs_to_the_person(workplace: Path) -> None:
    assert (
        run(workplace, "mkdir -p a/b; echo x >a/b/c; cp /bin/sh s; chmod 4755 s; echo x >/mission/artifacts/y").code
        == 0
    )
    worktree = Path(sc("path", "fine", cwd=workplace).out.strip())
    (artifacts,) = Path(os.environ["SCOPECRAFT_HOME"]).glob("missions/active/*/artifacts")
    made = [*worktree.rglob("*"), *artifacts.rglob("*")]
    owner = workplace.stat()
    assert {(path.lstat().st_uid, path.lstat().st_gid) for path in made} == {(owner.st_uid, owner.st_gid)}


def test_no_session_starts_where_the_disk_is_nearly_full(workplace: Path) -> None:
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    settings.write_text('[worktrees]\nfree_floor = "1000t"\n')
    for command in (("run", "fine", "--agent", "plain"), ("dispatch", "fine", "--agent", "plain")):
        said = sc(*command, "--", "true", cwd=workplace)
        assert said.code == 1, said.err
        assert "and no session starts below" in said.err
    assert git(workplace, "branch", "--list", "feature/*") == ""
