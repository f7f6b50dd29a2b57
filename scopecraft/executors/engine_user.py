"""Who an agent is inside a container, so that what it writes belongs to the person outside."""

from __future__ import annotations

from pathlib import Path

_UNIX = "unix://"


def user_inside(engine: str, owner: tuple[int, int]) -> tuple[int, int]:
    """The user and group in a container for files that belong to `owner` on this machine.

    An engine that runs without root (rootless Podman, rootless Docker, Docker Desktop) has its person as root inside,
    and nobody else; such an engine's socket belongs to that person. With any other engine the numbers are the same.
    """
    if not engine.startswith(_UNIX):
        return owner
    try:
        engines_user = Path(engine.removeprefix(_UNIX)).stat().st_uid
    except OSError:
        return owner  # whoever knocks there next says so
    return (0, 0) if engines_user != 0 and engines_user == owner[0] else owner
