"""Other people than the one who runs the tests; only root can become one."""

from __future__ import annotations

from pathlib import Path

from tests.support.command_line import PROGRAM


def becoming(user: int, group: int, *, groups: int | None = None) -> list[str]:
    """What to put before a command so that it runs as that user.

    Where only root can read the interpreter, one capability stays: to read it. Nothing can be written with that.
    """
    reading = ["--inh-caps=-all"]
    if not _is_open_to_all(Path(PROGRAM[0]).resolve()):
        reading = [f"--{kind}-caps=-all,+dac_read_search" for kind in ("inh", "ambient")]
    supplementary = "--clear-groups" if groups is None else f"--groups={groups}"
    return ["setpriv", f"--reuid={user}", f"--regid={group}", supplementary, *reading, "--no-new-privs"]


def _is_open_to_all(file: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in (file, *file.parents))
