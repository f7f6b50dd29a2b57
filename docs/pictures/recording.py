"""A person at a terminal: commands are typed into a real one (tmux), really run, and what it showed is kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import scenes
from stage import FOLDER, SHOP, call, mission, until
from week import slug_of

WIDTH, HEIGHT = 100, 28
PROMPT = "$ "
LOOK_SECONDS, KEY_SECONDS = 0.08, 0.07
TASK = slug_of(scenes.GREETING)
IDEA = f"{scenes.GREETING}\n\nWhoever is signed in should be called by name on the first page.\n"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the terminal showed from then on: its lines with their colours, and where the cursor stood."""

    at: float
    lines: tuple[str, ...]
    cursor: tuple[int, int] | None


@dataclass
class Terminal:
    frames: list[Shown] = field(default_factory=list)

    def tmux(self, *words: str) -> str:
        return call("tmux", "-S", str(FOLDER / "screen"), "-f", "/dev/null", *words)

    def look(self) -> None:
        where = "#{cursor_flag} #{cursor_x} #{cursor_y}"
        said = self.tmux("display-message", "-p", where, ";", "capture-pane", "-e", "-p").split("\n")
        is_shown, x, y = (int(word) for word in said[0].split())
        lines, cursor = tuple(said[1 : HEIGHT + 1]), (x, y) if is_shown else None
        if not self.frames or (self.frames[-1].lines, self.frames[-1].cursor) != (lines, cursor):
            self.frames.append(Shown(time.monotonic(), lines, cursor))

    def text(self) -> str:
        return self.tmux("capture-pane", "-p")

    def presses(self, *keys: str) -> None:
        for key in keys:
            self.tmux("send-keys", key)
            time.sleep(0.5)

    def types(self, words: str) -> None:
        for at in range(0, len(words), 2):
            self.tmux("send-keys", "-l", "--", words[at : at + 2])
            time.sleep(KEY_SECONDS)
        time.sleep(0.4)
        self.tmux("send-keys", "Enter")

    def runs(self, command: str) -> None:
        self.types(command)
        self.is_ready()

    def is_ready(self) -> None:
        until(lambda: self.text().rstrip("\n").split("\n")[-1] == PROMPT.rstrip(), "the shell does not come back")
        time.sleep(1.2)

    def shows(self, words: str) -> None:
        until(lambda: words in self.text(), f"{words!r} is not to be seen")


def record() -> tuple[list[Shown], Shown]:
    """From an idea to the main branch; and what the dashboard showed in the midst of it."""
    (SHOP / "idea.md").write_text(IDEA)
    with _terminal() as terminal:
        terminal.runs("cat idea.md")
        terminal.runs("sc mission new -f idea.md --start")
        until(lambda: mission(TASK)["status"] == "waiting_human", "there is no plan")
        terminal.runs("sc missions")
        terminal.types(f"sc mission approve {TASK}")
        terminal.shows("(n)o:")
        time.sleep(2)
        terminal.types("y")
        terminal.is_ready()
        dashboard = _at_the_dashboard(terminal)
        terminal.runs(f"sc merge {TASK}")
        terminal.runs("git log --oneline")
    return terminal.frames, dashboard


def _at_the_dashboard(terminal: Terminal) -> Shown:
    terminal.types("sc top")
    terminal.shows("q leave")
    time.sleep(1)
    terminal.presses("/")
    terminal.types("greet")
    terminal.shows("Enter open")
    time.sleep(1)
    terminal.presses("Enter")
    terminal.shows("1 Log")
    until(lambda: mission(TASK)["status"] == "waiting_code_review", "the code is not ready")
    terminal.shows("waits for you")
    time.sleep(1.5)
    dashboard = terminal.frames[-1]
    terminal.presses("3")
    terminal.shows("diff --git")
    time.sleep(1.5)
    terminal.presses("a")
    terminal.shows("y yes")
    time.sleep(2)
    terminal.presses("y")
    terminal.shows("it is complete")
    time.sleep(1.5)
    terminal.presses("q")
    terminal.is_ready()
    return dashboard


@contextmanager
def _terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    (FOLDER / "bashrc").write_text(f"PS1='\\n\\[\\e[1;34m\\]{PROMPT}\\[\\e[0m\\]'\n")
    size = ("-x", str(WIDTH), "-y", str(HEIGHT))
    terminal.tmux("new-session", "-d", *size, f"exec bash --rcfile {FOLDER / 'bashrc'}")
    terminal.tmux("set-option", "-g", "status", "off")
    terminal.tmux("set-option", "-g", "default-terminal", "tmux-256color")
    until(lambda: PROMPT.strip() in terminal.text(), "the shell does not come up")
    over = threading.Event()
    camera = threading.Thread(target=_look_on, args=(terminal, over))
    camera.start()
    try:
        yield terminal
    finally:
        over.set()
        camera.join()
        terminal.tmux("kill-server")


def _look_on(terminal: Terminal, over: threading.Event) -> None:
    while not over.wait(LOOK_SECONDS):
        terminal.look()
