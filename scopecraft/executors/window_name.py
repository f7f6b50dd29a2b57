"""A window's name as tmux may be given it."""

from __future__ import annotations

from scopecraft.model.text import clean_line

NAME_CHARACTERS = 100


def safe_window_name(name: str) -> str:
    """One line, never empty, without what tmux would act on.

    It expands `#{…}` in names, runs `#(…)` as a shell command, doubles backslashes, and ends a command at a last `;`.
    """
    return clean_line(name, NAME_CHARACTERS).replace("#", "_").replace("\\", "_").rstrip(";") or "agent"
