"""What a browser may say of its terminal, besides the bytes that are typed there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scopecraft.errors import BadInput

Count = Annotated[int, Field(ge=1, le=2**31)]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SizeSaid(_Said):
    cols: Count
    rows: Count


class Message(_Said):
    """Each part is there or not."""

    size: SizeSaid | None = None
    ack: Count | None = None
    control: Literal["take", "take-over", "give"] | None = None
    history: Count | None = None


def message_of(text: str) -> Message:
    """Raises BadInput."""
    try:
        return Message.model_validate_json(text)
    except ValidationError as error:
        raise BadInput("a terminal understands no such message", "docs/reference/terminal-socket.md") from error
