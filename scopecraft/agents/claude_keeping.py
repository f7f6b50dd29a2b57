"""Where Claude Code keeps a conversation: one file, and a folder beside it for what its subagents said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from scopecraft.agents.keeping import Keeping

LONGEST_NAME = 200  # characters of a project's folder; a longer one is cut, and ends with a number


def fits(part: str, cwd: str) -> bool:
    """Whether Claude, working in that folder, looks for a conversation there."""
    _, _, rest = part.partition("/")
    project = rest.partition("/")[0]
    name = re.sub("[^a-zA-Z0-9]", "-", cwd)
    if len(name) <= LONGEST_NAME:
        return project == name
    return re.fullmatch(re.escape(name[:LONGEST_NAME]) + "-[0-9a-z]+", project) is not None


def own_config_folder(environ: Mapping[str, str]) -> Path:
    """Where Claude keeps what belongs to the person."""
    configured = environ.get("CLAUDE_CONFIG_DIR")
    return Path(configured) if configured else Path(environ.get("HOME", "/")) / ".claude"


KEEPING = Keeping(
    own=("projects/*/{id}.jsonl", "projects/*/{id}"), below="config", persons=own_config_folder, fits=fits
)
