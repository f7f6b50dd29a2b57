"""The default agent image, made on the engine that sessions run on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from scopecraft.config.paths import home_of
from scopecraft.sessions.context import Context


def build_agent_image(
    environ: Mapping[str, str],
    say: Callable[[str], None],
    *,
    source: str | None = None,
    claude_binary: Path | None = None,
    agents: tuple[str, ...] = (),
    force: bool = False,
) -> str:
    """The image's name once it is up to date; see `scopecraft.executors.image`. Needs no home."""
    from scopecraft.executors.image import ImageRequest, build_default_image

    engine = Context(home_of(environ), environ).engine
    return build_default_image(engine, ImageRequest(claude_binary, source, force, agents), say)
