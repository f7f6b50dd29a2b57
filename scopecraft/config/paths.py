"""Where everything lives. Nothing is made by asking; `make_home` makes folders."""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scopecraft.atomic import private_folder
from scopecraft.errors import NotFound, Refused, StorageFailed
from scopecraft.model.text import clean_line

# What a Unix socket's path may have, less room for the name of a socket in the folder.
_SOCKET_FOLDER_BYTES = 80


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds all state; its sub-folders carry the names of the packages."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def missions_active(self) -> Path:
        return self.root / "missions" / "active"

    @property
    def missions_completed(self) -> Path:
        return self.root / "missions" / "completed"

    @property
    def sessions(self) -> Path:
        return self.root / "sessions"

    @property
    def worktrees(self) -> Path:
        return self.root / "worktrees"

    @property
    def objects(self) -> Path:
        """What sessions in containers borrow of the repositories."""
        return self.root / "objects"

    @property
    def events(self) -> Path:
        return self.root / "events"

    @property
    def batches(self) -> Path:
        """Made with the first batch."""
        return self.root / "batches"

    @property
    def database(self) -> Path:
        return self.root / "scopecraft.db"

    @property
    def settings_file(self) -> Path:
        return self.config / "settings.toml"

    @property
    def secrets_file(self) -> Path:
        return self.config / "secrets.env"

    @property
    def label(self) -> str:
        """Names this home on containers and sockets: 16 hex digits of its real path.

        A checksum will do to tell the homes of one machine apart, and hashlib would cost `sc ls` 4 ms.
        """
        path = os.fsencode(self.root)
        return f"{zlib.crc32(path):08x}{zlib.adler32(path):08x}"

    def folders(self) -> tuple[Path, ...]:
        return (
            self.root,
            self.config,
            self.missions_active.parent,
            self.missions_active,
            self.missions_completed,
            self.sessions,
            self.worktrees,
            self.objects,
            self.events,
        )


def home_of(environ: Mapping[str, str]) -> Home:
    """`$SCOPECRAFT_HOME`, else `~/.scopecraft`; an absolute path with links resolved."""
    chosen = environ.get("SCOPECRAFT_HOME")
    if chosen:
        return Home(Path(chosen).expanduser().resolve())
    person = environ.get("HOME")
    if not person:
        raise Refused("there is no home folder to keep state in", "set SCOPECRAFT_HOME or HOME")
    return Home((Path(person) / ".scopecraft").resolve())


def make_home(home: Home) -> list[Path]:
    """Make what is missing; the folders made, empty when there was nothing to do.

    Raises Refused for a folder that holds other things: it would become private, and ours.
    """
    ours = {folder.relative_to(home.root).parts[0] for folder in home.folders() if folder != home.root}
    if home.root.is_dir() and not home.sessions.is_dir():
        others = sorted(entry.name for entry in home.root.iterdir() if entry.name not in ours)
        if others:
            raise Refused(
                f"{home.root} holds other things already, such as {clean_line(others[0], 60)}",
                "choose a folder that is new or empty with SCOPECRAFT_HOME",
            )
    made = []
    for folder in home.folders():
        if not folder.is_dir():
            private_folder(folder)
            made.append(folder)
    if stat.S_IMODE(home.root.stat().st_mode) & 0o077:
        home.root.chmod(0o700)
        made.append(home.root)
    return made


def require_home(home: Home) -> Home:
    """The home, if `sc init` was run there."""
    if not home.sessions.is_dir():
        raise NotFound(f"there is no scopecraft home at {home.root}", "make it with: sc init")
    return home


def runtime_folder(home: Home, environ: Mapping[str, str]) -> Path:
    """A private folder for sockets, made when missing: short, since socket paths may have about 100 bytes only.

    `$XDG_RUNTIME_DIR/scopecraft/<label>` where that is short enough, else `<tmp>/scopecraft-<uid>/<label>`.
    """
    base = environ.get("XDG_RUNTIME_DIR")
    if base and Path(base).is_dir() and len(os.fsencode(base)) <= _SOCKET_FOLDER_BYTES - 28:
        folder = Path(base) / "scopecraft"
    else:
        folder = Path(environ.get("TMPDIR") or "/tmp") / f"scopecraft-{os.getuid()}"
        if len(os.fsencode(folder)) > _SOCKET_FOLDER_BYTES - 17:
            folder = Path("/tmp") / f"scopecraft-{os.getuid()}"
    for part in (folder, folder / home.label):
        _make_own(part)
    return folder / home.label


def _make_own(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise StorageFailed(f"cannot make the runtime folder {folder}: {error.strerror}") from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise StorageFailed(
            f"the runtime folder {folder} is not a private folder of yours",
            "remove it, or set XDG_RUNTIME_DIR to a folder of your own",
        )
