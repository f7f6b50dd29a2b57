"""Liveness of every container of a home with one raw request, for commands that must not import the docker SDK."""

from __future__ import annotations

import json
import socket

from scopecraft.model.handle import Alive, ContainerHandle, Exited, Gone, Look, Unknown

ALIVE = frozenset({"running", "paused", "restarting", "removing"})


def look_at_containers(handles: list[ContainerHandle], home_label: str, deadline_seconds: float = 2.0) -> list[Look]:
    """One answer a handle, in order. An `Exited` of this look has no exit code: the engine's list does not carry it."""
    looks: dict[str, Look] = {}
    for engine in {handle.engine for handle in handles}:
        looks.update(_ask(engine, [h for h in handles if h.engine == engine], home_label, deadline_seconds))
    return [looks[handle.container_id] for handle in handles]


def silence_of(engine: str, deadline_seconds: float = 2.0) -> str | None:
    """Why the engine cannot be asked anything longer now; None when it answers, or is on another machine."""
    if not engine.startswith("unix://"):
        return None
    try:
        _get(engine.removeprefix("unix://"), "/_ping", deadline_seconds)
    except FileNotFoundError:
        return f"there is no engine socket at {engine}"
    except (OSError, ValueError) as error:
        return f"the engine at {engine} did not answer: {error}"
    return None


def _ask(engine: str, handles: list[ContainerHandle], home_label: str, deadline_seconds: float) -> dict[str, Look]:
    try:
        states = _container_states(engine, home_label, deadline_seconds)
    except FileNotFoundError:
        return _all(handles, Unknown(f"there is no engine socket at {engine}"))
    except (OSError, ValueError, KeyError) as error:
        return _all(handles, Unknown(f"the engine at {engine} did not answer: {error}"))
    return {handle.container_id: _look(states.get(handle.container_id)) for handle in handles}


def _all(handles: list[ContainerHandle], look: Look) -> dict[str, Look]:
    return {handle.container_id: look for handle in handles}


def _look(state: str | None) -> Look:
    if state is None:
        return Gone("the engine does not know the container any more")
    return Alive() if state in ALIVE else Exited(exit_code=None)


def _container_states(engine: str, home_label: str, deadline_seconds: float) -> dict[str, str]:
    """Container id to the engine's word for its state."""
    if not engine.startswith("unix://"):
        raise ValueError("only Unix sockets are asked this way")
    # percent-encoded by hand, since urllib is one more import for `sc ls`
    filters = "".join(f"%{byte:02X}" for byte in json.dumps({"label": [f"scopecraft.home={home_label}"]}).encode())
    body = _get(engine.removeprefix("unix://"), f"/containers/json?all=1&filters={filters}", deadline_seconds)
    return {row["Id"]: row["State"] for row in json.loads(body)}


def _get(path: str, target: str, deadline_seconds: float) -> bytes:
    """HTTP/1.0, so that the answer ends with the connection and is never chunked."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(deadline_seconds)
        connection.connect(path)
        connection.sendall(f"GET {target} HTTP/1.0\r\nHost: engine\r\nConnection: close\r\n\r\n".encode())
        answer = bytearray()
        while part := connection.recv(1 << 16):
            answer += part
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1:2]
    if status != [b"200"]:
        raise ValueError(f"answer {head[:60]!r}")
    return body
