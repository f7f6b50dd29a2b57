"""What this machine has for scopecraft: the home, git, tmux, keys, programs of agents, room on the disks."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scopecraft.atomic import storage_failed
from scopecraft.config.paths import Home
from scopecraft.config.secrets import read_secrets_file
from scopecraft.errors import ToolMissing
from scopecraft.model.text import clean_line
from scopecraft.sessions.doctor import Finding

ANSWER_SECONDS = 6.0
LITTLE_ROOM_BYTES = 1_000_000_000
OLDEST_GIT = (2, 31)  # knows --path-format
SAFE_GIT = (2, 38)  # knows safe.bareRepository
FEW_INSTANCES, FEW_WATCHES = 64, 8192
INOTIFY = Path("/proc/sys/fs/inotify")


@dataclass(frozen=True, slots=True)
class HostProgram:
    """A program of an agent on this machine, and the agent that it belongs to.

    Only a known one is asked for its version: what a person's own command does with `--version` is their guess.
    """

    agent: str
    program: str
    is_known: bool


def home_findings(home: Home) -> list[Finding]:
    if not home.sessions.is_dir():
        return [Finding("home", "warn", f"there is none at {home.root} yet", "sc init")]
    try:
        with tempfile.TemporaryFile(dir=home.root) as file:  # leaves nothing, whatever happens
            file.write(b"x")
            file.flush()
    except OSError as error:
        refusal = storage_failed(error, home.root)
        return [Finding("home", "missing", refusal.message, refusal.hint or None)]
    open_to_others = [path for path in home.folders() if path.is_dir() and _mode(path) & 0o077]
    # what stands in a private folder is private, whatever its own mode says
    if home.root in open_to_others:
        return [Finding("home", "warn", f"others can look into {home.root}", f"chmod 700 {home.root}")]
    return [Finding("home", "ok", f"{home.root}, writable and private")]


def disk_findings(folders: Mapping[str, Path]) -> list[Finding]:
    """By what the folder is for; one that is not on this machine is left out."""
    found = []
    for purpose, folder in folders.items():
        try:
            free = shutil.disk_usage(folder).free
        except OSError:
            continue
        text = f"{free / 1e9:.1f} GB free for {purpose} ({folder})"
        if free < LITTLE_ROOM_BYTES:
            found.append(Finding("disk", "warn", text, f"free some space; du -xhd1 {folder} says where it went"))
        else:
            found.append(Finding("disk", "ok", text))
    return found


def git_findings() -> list[Finding]:
    from scopecraft.worktrees.git import Git

    try:
        answer = Git(Path("/")).run("version", timeout_seconds=ANSWER_SECONDS).stdout.decode(errors="replace")
    except ToolMissing as error:
        return [Finding("git", "missing", error.message, error.hint or None)]
    return [git_finding(answer)]


def git_finding(answer: str) -> Finding:
    """What `git version` printed, judged."""
    text = clean_line(answer, 60)
    numbers = answer.removeprefix("git version ").split(".")
    if len(numbers) < 2 or not (numbers[0].isdigit() and numbers[1].isdigit()):
        return Finding("git", "warn", f"{text}: of an unknown version", "install git 2.38 or newer")
    version = (int(numbers[0]), int(numbers[1]))
    if version < OLDEST_GIT:
        return Finding("git", "missing", f"{text} is too old", "install git 2.38 or newer, 2.31 at the least")
    if version < SAFE_GIT:
        lacking = "it cannot be told to ignore a repository that an agent hides in its files"
        return Finding("git", "warn", f"{text}: {lacking}", "install git 2.38 or newer")
    return Finding("git", "ok", text)


def tmux_findings() -> list[Finding]:
    from scopecraft.executors.tmux_client import check_version

    try:
        return [Finding("tmux", "ok", clean_line(check_version(), 60))]
    except ToolMissing as error:
        return [Finding("tmux", "missing", error.message, error.hint or None)]


def credential_findings(home: Home, environ: Mapping[str, str], agent: str, names: Iterable[str]) -> list[Finding]:
    """Whether a key is there; never the key. BadSettings where the secrets file is open to others or damaged."""
    names = tuple(names)
    if not names:
        return [Finding("credentials", "ok", f"{agent} needs none")]
    stored = read_secrets_file(home)
    sources = [f"{name} (environment)" for name in names if environ.get(name)]
    sources += [f"{name} (secrets.env)" for name in names if not environ.get(name) and stored.get(name)]
    if sources:
        return [Finding("credentials", "ok", f"for {agent}: {', '.join(sources)}")]
    text = f"none for {agent}: neither the environment nor {home.secrets_file} has {' or '.join(names)}"
    return [Finding("credentials", "warn", text, f"(umask 077; echo '{names[0]}=…' >> {home.secrets_file})")]


def agent_findings(programs: Iterable[HostProgram], environ: Mapping[str, str]) -> list[Finding]:
    """The programs that `sc dispatch` starts on this machine."""
    found = []
    for wanted in programs:
        path = shutil.which(wanted.program, path=environ.get("PATH"))
        if path is None:
            text = f"{wanted.program} is not installed here, so sc dispatch cannot start {wanted.agent}"
            mend = "npm install -g @anthropic-ai/claude-code" if wanted.program == "claude" else None
            found.append(Finding("agent", "warn", text, mend))
            continue
        said = output_of([path, "--version"], environ) if wanted.is_known else None
        version = clean_line((said or "").partition("\n")[0], 60)
        if wanted.is_known and not version:
            text = f"{path} does not tell its version within {ANSWER_SECONDS:g} s"
            found.append(Finding("agent", "warn", text, f"see what it says: {path} --version"))
            continue
        found.append(Finding("agent", "ok", f"{wanted.agent}: {f'{version}, ' if version else ''}{path}"))
    return found


def notify_findings(command: Sequence[str], environ: Mapping[str, str]) -> list[Finding]:
    """Nothing where nobody wants to be notified by a command."""
    if not command:
        return []
    program = clean_line(command[0], 80)
    path = shutil.which(command[0], path=environ.get("PATH"))
    if path is None:
        text = f"{program} is not installed here, so nobody is notified"
        return [Finding("notify", "warn", text, "sc config explain notify.command")]
    return [Finding("notify", "ok", f"by {program}")]


def system_findings() -> list[Finding]:
    return [Finding("python", "ok", sys.version.split()[0]), *inotify_findings(INOTIFY)]


def inotify_findings(folder: Path) -> list[Finding]:
    """Limits of noticing that files change; none where the kernel has no such thing."""
    try:
        instances = int((folder / "max_user_instances").read_text())
        watches = int((folder / "max_user_watches").read_text())
    except (OSError, ValueError):
        return []
    text = f"{instances} instances, {watches} watches"
    if instances < FEW_INSTANCES or watches < FEW_WATCHES:
        mend = f"sysctl fs.inotify.max_user_instances={FEW_INSTANCES * 8} fs.inotify.max_user_watches={FEW_WATCHES * 8}"
        return [Finding("inotify", "warn", f"{text}: too few to follow many logs", mend)]
    return [Finding("inotify", "ok", text)]


def output_of(argv: list[str], environ: Mapping[str, str]) -> str | None:
    """What a program prints on stdout; None when it fails, hangs or is not there. It gets no secrets."""
    kept = {name: environ[name] for name in ("PATH", "HOME", "LANG") if name in environ}
    try:
        done = subprocess.run(
            argv, env=kept, stdin=subprocess.DEVNULL, capture_output=True, timeout=ANSWER_SECONDS, cwd=os.sep
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else None


def offered_by_packages(package: str, environ: Mapping[str, str]) -> str | None:
    """The version that this system's packages offer of something that they installed; None when that is not known."""
    said = output_of(["apt-cache", "policy", package], {**environ, "LANG": "C"})
    lines = [line.strip() for line in (said or "").splitlines()]
    found = dict(line.split(": ", 1) for line in lines[1:3] if ": " in line)
    installed, candidate = found.get("Installed", "(none)"), found.get("Candidate", "(none)")
    return candidate if "(none)" not in (installed, candidate) else None


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
