"""What one client may take of the server: its time, its memory, its connections."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    send_seconds: float = 10.0  # for a viewer to take what it is sent
    head_seconds: float = 10.0  # for the head of a request to come
    body_seconds: float = 30.0
    body_bytes: int = 12 * 1024**2
    audio_bytes: int = 32 * 1024**2
    connections: int = 500
