"""Takes the README's picture anew: `.venv/bin/python docs/pictures/make.py` from the top of the project.

The commands are typed into a real terminal (tmux) and really run: sessions, containers and commits are real, only the
agent is a played one (agent.py). All of it happens in /tmp/demo, so that the picture holds no path of a machine,
and is removed afterwards. Needs a container engine, tmux and the image of `sc image build`.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.ansi import AnsiDecoder
from rich.console import Console

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs/pictures/first-mission.svg"
FOLDER = Path("/tmp/demo")  # neutral, and short
WIDTH, HEIGHT = 100, 36
PROMPT = "$ "
PATIENCE_SECONDS = 60
TASK = "add-greeting"
SCENE = (
    f"sc run {TASK} -m 'Add greeting.py, a program that prints a greeting, and commit it.'",
    f"git log --oneline feature/{TASK}",
    f"sc dispatch {TASK} -m 'Review the last commit.'",
    "sc ls",
)
ENVIRONMENT = {
    "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}",
    "HOME": str(FOLDER),
    "SCOPECRAFT_HOME": str(FOLDER / "home"),
    "XDG_RUNTIME_DIR": str(FOLDER / "run"),
    "TERM": "xterm-256color",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}
SETTINGS = f"""\
default_agent = "played"

[agents.played]
dialect = "claude"
image = "scopecraft-picture"
command = ["python3", "/opt/played/agent.py"]
host_command = ["{ROOT / ".venv/bin/python"}", "{ROOT / "docs/pictures/agent.py"}"]
"""


def main() -> int:
    if FOLDER.exists():
        sys.stderr.write(f"{FOLDER} exists already: move it away first\n")
        return 1
    docker.from_env(timeout=300).images.build(path=str(ROOT / "docs/pictures"), tag="scopecraft-picture", rm=True)
    try:
        prepare()
        with terminal() as tmux:
            for command in SCENE:
                if command == "sc ls":
                    until(lambda: " waiting " in call("sc", "ls"), "the second agent waits for nobody")
                type_in(tmux, command)
            screen = tmux("capture-pane", "-e", "-p", "-S", "-")
    finally:
        tidy()
    draw(screen)
    return 0


def prepare() -> None:
    """A home, and a small repository that is linked."""
    repository = FOLDER / "greeter"
    for folder in (repository, FOLDER / "run"):
        folder.mkdir(parents=True, mode=0o700)
    (repository / "README.md").write_text("# greeter\n\nA program that says hello, one day.\n")
    (repository / "bashrc").write_text(f"PS1='{PROMPT}'\n")
    call("git", "init", "-q", "-b", "main")
    for setting in (("user.name", "Ada"), ("user.email", "ada@example.com")):
        call("git", "config", *setting)
    call("git", "add", "README.md")
    call("git", "commit", "-q", "-m", "Begin")
    call("sc", "init")
    (FOLDER / "home/config/settings.toml").write_text(SETTINGS)
    call("sc", "link")


def tidy() -> None:
    if FOLDER.exists():
        call("sc", "stop", TASK, "--now", check=False)
        for socket in FOLDER.glob("run/**/tmux"):
            call("tmux", "-S", str(socket), "kill-server", check=False)
        shutil.rmtree(FOLDER)


def call(*command: str, check: bool = True) -> str:
    """What the command prints; run in the repository, as the person of the picture."""
    done = subprocess.run(
        command, cwd=FOLDER / "greeter", env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if check and done.returncode != 0:
        raise RuntimeError(f"{command} failed: {done.stderr}")
    return done.stdout


@contextmanager
def terminal() -> Iterator[Callable[..., str]]:
    """A shell in a tmux of its own, of the picture's size; gives a function that talks to that tmux."""

    def tmux(*words: str) -> str:
        return call("tmux", "-S", str(FOLDER / "screen"), "-f", "/dev/null", *words)

    size = ("-x", str(WIDTH), "-y", str(HEIGHT))
    tmux("new-session", "-d", *size, "exec bash --rcfile bashrc")
    try:
        yield tmux
    finally:
        tmux("kill-server")


def type_in(tmux: Callable[..., str], command: str) -> None:
    """Types it when the shell is ready, and waits until the shell is so again."""
    until(lambda: is_ready(tmux), "the shell does not come up")
    tmux("send-keys", "-l", command)
    tmux("send-keys", "Enter")
    until(lambda: is_ready(tmux), f"{command} does not end")


def is_ready(tmux: Callable[..., str]) -> bool:
    return tmux("capture-pane", "-p").rstrip("\n").split("\n")[-1] == PROMPT.rstrip()


def until(condition: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(complaint)
        time.sleep(0.1)


def draw(screen: str) -> None:
    """The screen as SVG, with an empty line before each command and without the last prompt."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    # one decoder for all lines: tmux says only what changes from one to the next
    for number, line in enumerate(AnsiDecoder().decode(screen.rstrip("\n").rpartition("\n")[0])):
        if line.plain.startswith(PROMPT):
            if number:
                console.print()
            line.stylize("bold")
        console.print(line, no_wrap=True, crop=False)
    # the fonts of the person who looks, none from the network
    frame = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    picture = console.export_svg(title="sc", code_format=frame, unique_id="sc")
    PICTURE.write_text("".join(line.rstrip() + "\n" for line in picture.splitlines()), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
