"""What settling a session needs to know about its start: `facts.json`, written before anything runs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scopecraft.atomic import replace_file
from scopecraft.errors import StateUnreadable
from scopecraft.model.launch import Limits, Mount
from scopecraft.sessions.folder import SessionFolder


@dataclass(frozen=True, slots=True)
class SettleFacts:
    """`private` is the private git directory's own record; None where the agent worked in the worktree itself.

    `where` is the engine's address or, without a container, the tmux server's socket; `window` is that socket where a
    container's agent has the terminal of a window. `boot_id` is the kernel's name for this run of the machine,
    `began_uptime` the seconds of that run then, `secret_names` the variables whose values were handed over; all are
    empty in files of older versions.
    """

    image: str | None
    user: tuple[int, int]
    limits: Limits | None
    private: dict[str, Any] | None
    private_mounts: tuple[Mount, ...] = ()
    where: str = ""
    window: str = ""
    boot_id: str = ""
    began_uptime: float = 0.0
    secret_names: tuple[str, ...] = ()

    @property
    def was_rebooted(self) -> bool:
        return self.boot_id not in ("", boot_id())


def boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def uptime() -> float:
    """Seconds since boot, those asleep included, as the launcher in a container counts them; 0 where nobody knows."""
    try:
        return float(Path("/proc/uptime").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0.0


def save_facts(folder: SessionFolder, facts: SettleFacts) -> None:
    replace_file(folder.facts, json.dumps(asdict(facts), indent=2, default=str).encode() + b"\n")


def load_facts(folder: SessionFolder) -> SettleFacts:
    """Raises StateUnreadable; the file is left where it is."""
    try:
        row = json.loads(folder.facts.read_bytes())
        return SettleFacts(
            image=row["image"],
            user=(int(row["user"][0]), int(row["user"][1])),
            limits=Limits(**row["limits"]) if row["limits"] else None,
            private=row["private"],
            private_mounts=tuple(
                Mount(Path(mount["source"]), mount["target"], mount["read_only"]) for mount in row["private_mounts"]
            ),
            where=str(row.get("where", "")),
            window=str(row.get("window", "")),
            boot_id=str(row.get("boot_id", "")),
            began_uptime=float(row.get("began_uptime", 0)),
            secret_names=tuple(str(name) for name in row.get("secret_names", ())),
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise StateUnreadable(f"{folder.facts} cannot be read: {error}") from error
