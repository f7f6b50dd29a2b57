"""What became of the checks of a mission: `checks/<time>-<name>.json` in its folder, and the output beside it.

The names are those of the HTTP contract's execution, ours beside them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from scopecraft.atomic import private_folder, replace_file
from scopecraft.model.workflow import Where

CHECKS = "checks"
CheckStatus = Literal["running", "completed", "failed"]
INTERRUPTED = "interrupted: its process was ended"


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a check. `id` is the name of its files; `error` says why there is no exit code where there is none."""

    id: str
    name: str
    command: str
    status: CheckStatus
    started_at: str
    where: Where = "container"
    exit_code: int | None = None
    finished_at: str | None = None
    error: str = ""

    @property
    def is_passed(self) -> bool:
        return self.status == "completed" and self.exit_code == 0


def execution_dict(execution: Execution) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": execution.id,
        "name": execution.name,
        "command": execution.command,
        "status": execution.status,
        "where": execution.where,
        "startedAt": execution.started_at,
    }
    optional = {"exitCode": execution.exit_code, "finishedAt": execution.finished_at, "error": execution.error or None}
    return row | {name: value for name, value in optional.items() if value is not None}


def record_file(folder: Path, execution_id: str) -> Path:
    return folder / CHECKS / f"{execution_id}.json"


def output_file(folder: Path, execution_id: str) -> Path:
    return folder / CHECKS / f"{execution_id}.log"


def save_execution(folder: Path, execution: Execution) -> None:
    """Into the folder of its mission. Raises StorageFailed."""
    private_folder(folder / CHECKS)
    text = json.dumps(execution_dict(execution), indent=2)
    replace_file(record_file(folder, execution.id), text.encode() + b"\n")


def load_execution(folder: Path, execution_id: str) -> Execution | None:
    """As it was written; None where there is none that can be read."""
    try:
        row = json.loads(record_file(folder, execution_id).read_bytes())
        return Execution(
            id=str(row["id"]),
            name=str(row["name"]),
            command=str(row["command"]),
            status=_status(row["status"]),
            started_at=str(row["startedAt"]),
            where="host" if row.get("where") == "host" else "container",
            exit_code=row.get("exitCode"),
            finished_at=row.get("finishedAt"),
            error=str(row.get("error", "")),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def executions_of(folder: Path) -> list[Execution]:
    """All that can be read, the oldest first."""
    ids = sorted(file.stem for file in (folder / CHECKS).glob("*.json"))
    return [found for execution_id in ids if (found := load_execution(folder, execution_id)) is not None]


def interrupted(execution: Execution, at: str) -> Execution:
    """Of one whose process was killed."""
    return replace(execution, status="failed", finished_at=at, error=INTERRUPTED)


def _status(value: object) -> CheckStatus:
    for status in ("running", "completed", "failed"):
        if value == status:
            return status
    raise ValueError(f"no status of a check: {value!r}")
