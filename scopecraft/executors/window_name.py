"""A window's name as tmux may be given it."""

from __future__ import annotations

from scopecraft.model.text import clean_line

NAME_CHARACTERS = 100


def safe_window_name(name: str) -> str:
    """One line without what tmux would act on.

    It expands `#{…}` in names, runs `#(…)` as a shell command, and doubles backslashes. Never empty, and never with a closing `;`, at which tmux would end its command.
    """
    return clean_line(name, NAME_CHARACTERS).replace("#", "_").replace("\\", "_").rstrip(";") or "agent"
