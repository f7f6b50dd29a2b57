"""A mission's artifacts on the screen: which there are, and one of them in full."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from scopecraft.cli.terminal import is_terminal
from scopecraft.errors import Refused
from scopecraft.missions.artifacts import Artifact, list_artifacts, open_artifact
from scopecraft.model.mission import Mission
from scopecraft.model.text import clean
from scopecraft.model.usage_words import count_text
from scopecraft.sessions.context import Context

MOST_SHOWN = 20


def artifact_rows(context: Context, mission: Mission) -> list[tuple[str, str]]:
    """A label and a text for each; nobody made the text safe to show yet."""
    found = list_artifacts(context.home, mission)
    rows = [("artifact", _told(artifact)) for artifact in found[:MOST_SHOWN]]
    return rows + ([("artifacts", f"{len(found) - MOST_SHOWN} more")] if len(found) > MOST_SHOWN else [])


def artifacts_json(context: Context, mission: Mission) -> list[dict[str, Any]]:
    return [asdict(artifact) for artifact in list_artifacts(context.home, mission)]


def print_artifact(context: Context, mission: Mission, name: str) -> None:
    """Raises what `open_artifact` raises."""
    with open_artifact(context.home, mission, name) as pieces:
        print_pieces(pieces)


def print_pieces(pieces: Iterable[bytes]) -> None:
    """Byte for byte; on a terminal whatever could steer it is written out, and what is no text is not shown.

    Raises Refused for that.
    """
    shown = is_terminal(sys.stdout)
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    sys.stdout.flush()
    for piece in pieces:
        if shown and b"\0" in piece:
            raise Refused("this is no text", "into a file it goes byte for byte: put > FILE behind the command")
        sys.stdout.buffer.write(clean(decoder.decode(piece)).encode() if shown else piece)
    if shown:
        sys.stdout.buffer.write(clean(decoder.decode(b"", final=True)).encode())
    sys.stdout.buffer.flush()


def _told(artifact: Artifact) -> str:
    if artifact.refusal:
        return f"{artifact.name} cannot be read: {artifact.refusal}"
    return f"{artifact.name} ({count_text(artifact.size)} bytes)"
