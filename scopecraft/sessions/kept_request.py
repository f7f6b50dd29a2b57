"""A start request as a file of its session: what the queue starts from, what a retry repeats.

`request.json` stays with the session. `caller.json` has the keys that only the caller's environment held; it is there
until the agent has them.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scopecraft.atomic import private_folder, replace_file
from scopecraft.errors import StateUnreadable
from scopecraft.sessions.request import (
    Continuation,
    FromBranch,
    FromPullRequest,
    FromWorktree,
    StartFrom,
    StartRequest,
    StepWork,
)

if TYPE_CHECKING:
    from scopecraft.sessions.agent_choice import Chosen
    from scopecraft.sessions.context import Context

REQUEST = "request.json"
CALLER = "caller.json"
_VERSION = 1
_PLAIN = (
    "task",
    "prompt",
    "agent",
    "model",
    "effort",
    "base",
    "timeout_seconds",
    "project",
    "type",
    "is_task_given",
    "group",
    "title",
    "task_file",
    "should_set_up",
    "is_new",
)


def request_dict(request: StartRequest) -> dict[str, Any]:
    """All that is not a callback or of the moment."""
    plain = {name: getattr(request, name) for name in _PLAIN}
    return {
        "version": _VERSION,
        **plain,
        "cwd": str(request.cwd),
        "arguments": list(request.arguments),
        "overrides": list(request.overrides),
        "start_from": _start_dict(request.start_from),
        "continues": asdict(request.continues) if request.continues else None,
        "step": asdict(request.step) if request.step else None,
    }


def request_of_dict(values: Mapping[str, Any]) -> StartRequest:
    """Raises ValueError for what no scopecraft wrote."""
    try:
        if int(values["version"]) > _VERSION:
            raise ValueError("written by a newer scopecraft")
        continues = values.get("continues")
        return StartRequest(
            **{name: values[name] for name in _PLAIN if name in values},
            cwd=Path(values["cwd"]),
            arguments=tuple(values["arguments"]),
            overrides=tuple(values["overrides"]),
            start_from=_start_of(values["start_from"]),
            continues=Continuation(**continues) if continues else None,
            step=_step_of(values.get("step")),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a request: {error}") from error


def callers_own(context: Context, chosen: Chosen) -> dict[str, str]:
    """The keys that the agent gets from the environment of whoever asks for it, and from nowhere else."""
    return {name: value for name, value in chosen.secrets.values.items() if context.environ.get(name) == value}


def save_request(folder: Path, request: StartRequest, caller: Mapping[str, str]) -> None:
    """Into a session's folder, made if it is missing; `caller` are variables of the caller. Raises StorageFailed."""
    private_folder(folder)
    if caller:
        replace_file(folder / CALLER, json.dumps(dict(caller)).encode("utf-8", "surrogateescape"))
    text = json.dumps(request_dict(request), indent=2, ensure_ascii=False)
    replace_file(folder / REQUEST, text.encode("utf-8", "surrogateescape") + b"\n")


def load_request(folder: Path) -> StartRequest | None:
    """None where there is none, as for sessions of older versions. Raises StateUnreadable."""
    file = folder / REQUEST
    try:
        return request_of_dict(json.loads(file.read_bytes().decode("utf-8", "surrogateescape")))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateUnreadable(f"{file} cannot be read: {error.strerror}", "check who owns it") from error
    except (ValueError, RecursionError) as error:
        raise StateUnreadable(f"{file} cannot be read: {error}", "start the task again: sc run") from error


def load_caller(folder: Path) -> dict[str, str]:
    """Empty where nothing was kept, or it is not needed any more."""
    try:
        values = json.loads((folder / CALLER).read_bytes().decode("utf-8", "surrogateescape"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in values.items()} if isinstance(values, dict) else {}


def forget_caller(folder: Path) -> None:
    """Tried again when the session has ended, where that cannot be now."""
    with contextlib.suppress(OSError):
        (folder / CALLER).unlink(missing_ok=True)


def _step_of(values: Mapping[str, Any] | None) -> StepWork | None:
    if values is None:
        return None
    return StepWork(**{**values, "outputs": tuple(values["outputs"]), "kept": tuple(values["kept"])})


def _start_dict(start: StartFrom | None) -> dict[str, Any] | None:
    match start:
        case None:
            return None
        case FromBranch(name):
            return {"branch": name}
        case FromPullRequest(number, remote):
            return {"pull_request": number, "remote": remote}
        case FromWorktree(path):
            return {"worktree": str(path)}


def _start_of(values: Mapping[str, Any] | None) -> StartFrom | None:
    match values:
        case None:
            return None
        case {"branch": str(name)}:
            return FromBranch(name)
        case {"pull_request": int(number), "remote": remote}:
            return FromPullRequest(number, remote)
        case {"worktree": str(path)}:
            return FromWorktree(Path(path))
    raise ValueError(f"nothing to start from: {values!r}")
