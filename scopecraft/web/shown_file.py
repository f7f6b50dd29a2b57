"""What a page can show of a file that an agent wrote: markdown, plain text, or a word on why it shows neither."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from scopecraft.errors import NotFound, Refused
from scopecraft.missions.artifacts import Artifact, open_artifact
from scopecraft.missions.versions import Version, read_version
from scopecraft.model.mission import Mission
from scopecraft.model.text import clean
from scopecraft.sessions.artifacts_seen import GONE
from scopecraft.sessions.context import Context
from scopecraft.web import markdown

LONGEST_SHOWN = 1024**2
_MARKDOWN = (".md", ".markdown")
# long: more than is shown. binary: no text. refused: a link or a pipe, which nobody opens. gone: versions only
Kind = Literal["markdown", "text", "long", "binary", "refused", "gone"]


@dataclass(frozen=True, slots=True)
class ShownFile:
    """`text` and `sha256` are of a markdown or a text, and empty otherwise; `why` says what stands in their place."""

    kind: Kind
    text: str = ""
    sha256: str = ""
    why: str = ""

    @property
    def is_text(self) -> bool:
        return self.kind in ("markdown", "text")

    @property
    def plain(self) -> str:
        """The text with whatever steers a screen, or hides on it, written out."""
        return clean(self.text.replace("\r\n", "\n"))


def shown_now(context: Context, mission: Mission, artifact: Artifact) -> ShownFile:
    """Raises BadName."""
    if artifact.refusal == GONE:
        return ShownFile("gone", why=GONE)
    if artifact.refusal:
        return ShownFile("refused", why=artifact.refusal)
    try:
        with open_artifact(context.home, mission, artifact.name) as pieces:
            return of_pieces(artifact.name, pieces)
    except NotFound:
        return ShownFile("gone", why=GONE)
    except Refused as error:
        return ShownFile("refused", why=error.message)


def shown_version(context: Context, mission: Mission, version: Version) -> ShownFile:
    """Raises StateUnreadable."""
    with read_version(context.home, mission, version) as pieces:
        return of_pieces(version.name, pieces)


def of_pieces(name: str, pieces: Iterable[bytes]) -> ShownFile:
    """No more of them is read than can be shown."""
    content = b""
    for piece in pieces:
        content += piece
        if len(content) > LONGEST_SHOWN:
            return ShownFile("long", why=f"it is longer than {LONGEST_SHOWN >> 20} MiB")
    if b"\0" in content:
        return ShownFile("binary", why="it is no text")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return ShownFile("binary", why="it is no text in UTF-8")
    is_markdown = name.lower().endswith(_MARKDOWN) and len(text) <= markdown.LONGEST
    return ShownFile("markdown" if is_markdown else "text", text, hashlib.sha256(content).hexdigest())
