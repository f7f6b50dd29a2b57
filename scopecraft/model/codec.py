"""Sessions as plain dicts and back: what the database and `metadata.json` hold.

Reading is strict about what it needs (an unknown kind, a missing field or a wrong type is a ValueError) and ignores
fields it does not know, which a newer scopecraft may have written. A field with a default may be absent.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, get_args

from scopecraft.model.handle import ContainerHandle, Handle, ProcessHandle, WindowHandle
from scopecraft.model.session import (
    Completed,
    Ended,
    ExecutorName,
    Failed,
    Interrupted,
    InterruptionCause,
    Killed,
    Mode,
    Origin,
    Outcome,
    Queued,
    Running,
    Session,
    Starting,
    Status,
    TimedOut,
    Waiting,
    WaitingReason,
    WorkspaceMode,
)

Read = Callable[[object], Any]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected text, got {value!r}")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"expected a whole number, got {value!r}")
    return value


def _flag(value: object) -> bool:
    # SQLite keeps it as a number
    if value not in (False, True):
        raise ValueError(f"expected true or false, got {value!r}")
    return bool(value)


def _maybe(read: Read) -> Read:
    return lambda value: None if value is None else read(value)


def _one_of(choices: tuple[str, ...]) -> Read:
    def read(value: object) -> str:
        if value not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}, got {value!r}")
        return str(value)

    return read


def _union(name: str, classes: tuple[type, ...]) -> Read:
    kinds: dict[object, type] = {cls.kind: cls for cls in classes}  # type: ignore[attr-defined]

    def read(value: object) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError(f"expected a {name}, got {value!r}")
        kind = value.get("kind")
        if not isinstance(kind, str) or kind not in kinds:
            raise ValueError(f"unknown kind of {name}: {kind!r}")
        return _build(kinds[kind], value)

    return read


# By annotation, as the model writes it: the model is the only list of fields.
_READS: dict[str, Read] = {
    "str": _text,
    "int": _whole,
    "str | None": _maybe(_text),
    "int | None": _maybe(_whole),
    "bool": _flag,
    "Origin": _one_of(get_args(Origin)),
    "WaitingReason": _one_of(get_args(WaitingReason)),
    "Mode": _one_of(get_args(Mode)),
    "WorkspaceMode": _one_of(get_args(WorkspaceMode)),
    "ExecutorName": _one_of(get_args(ExecutorName)),
    "InterruptionCause": _one_of(get_args(InterruptionCause)),
    "Handle": _union("handle", (ContainerHandle, WindowHandle, ProcessHandle)),
    "Outcome": _union("outcome", (Completed, Failed, TimedOut, Killed, Interrupted)),
    "Status": _union("status", (Queued, Starting, Running, Waiting, Ended)),
}


def _plan(cls: Any) -> tuple[tuple[str, Read, bool], ...]:
    return tuple(
        (field.name, _READS[str(field.type)], field.default is dataclasses.MISSING) for field in dataclasses.fields(cls)
    )


_PLANS: dict[type, tuple[tuple[str, Read, bool], ...]] = {
    cls: _plan(cls) for union in (Handle, Outcome, Status, Session) for cls in (get_args(union) or (union,))
}


def _build(cls: type, values: Mapping[Any, object]) -> Any:
    found: dict[str, object] = {}
    for name, read, required in _PLANS[cls]:
        if name in values:
            try:
                found[name] = read(values[name])
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
        elif required:
            raise ValueError(f"{name} is missing")
    return cls(**found)


def _to_dict(value: Any) -> dict[str, Any]:
    kind = getattr(value, "kind", None)
    plain: dict[str, Any] = {} if kind is None else {"kind": kind}
    for name, _, _ in _PLANS[type(value)]:
        item = getattr(value, name)
        plain[name] = _to_dict(item) if type(item) in _PLANS else item
    return plain


def status_to_dict(status: Status) -> dict[str, Any]:
    """Its fields and its `kind`; handles and outcomes likewise, nested."""
    return _to_dict(status)


def status_from_dict(values: object) -> Status:
    """Raises ValueError, which names the field."""
    status: Status = _READS["Status"](values)
    return status


def session_to_dict(session: Session) -> dict[str, Any]:
    return _to_dict(session)


def session_from_dict(values: object) -> Session:
    """Raises ValueError, which names the field."""
    if not isinstance(values, Mapping):
        raise ValueError(f"expected a session, got {values!r}")
    # written before there were containers in windows
    session: Session = _build(Session, {"is_contained": values.get("executor") != "tmux", **values})
    return session
