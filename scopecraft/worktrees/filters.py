"""Programs that a repository's configuration names, and that an agent may have written: they never run on the host.

A person's filter such as `git-lfs clean -- %f` is theirs; `./tools/clean.sh` is whatever the worktree holds today.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

from scopecraft.worktrees.git import Git

# Programs that run what their words name, looked up in the current folder: the worktree.
_INTERPRETERS = re.compile(
    r"(?:ba|da|z|k|fi)?sh|python[\d.]*|pypy[\d.]*|perl|ruby|node|nodejs|deno|bun|npx|npm|pnpm|yarn|uv|uvx|php|lua|"
    r"[gmn]?awk|env|xargs|exec|eval|source|\.|nice|nohup|time|timeout|make|just|cargo|go|java|rake|bundle|poetry|docker"
)
_OPERATORS = frozenset("();<>|&\n")


def overrides(git: Git, worktree: Path) -> dict[str, str]:
    """Configuration that turns off every configured hook, and each filter whose program lies inside the worktree."""
    return _off(git, lambda command: is_inside(command, worktree))


def all_off(git: Git) -> dict[str, str]:
    """The same for every filter, a person's own too: where files are wanted as they stand on the disk."""
    return _off(git, lambda _: True)


def _off(git: Git, is_unwanted: Callable[[str], bool]) -> dict[str, str]:
    found = git.run(
        "config", "--null", "--get-regexp", r"^(filter|hook)\..*\.(clean|smudge|process|command)$", check=False
    )
    pairs = [entry.partition("\n") for entry in os.fsdecode(found.stdout).split("\0") if entry]
    off: dict[str, str] = {}
    for key, _, command in pairs:
        section, _, rest = key.partition(".")
        name = rest.rpartition(".")[0]
        if section == "hook":
            off[f"hook.{name}.enabled"] = "false"  # git 2.54: hooks in the configuration, whatever core.hooksPath says
        elif is_unwanted(command):
            off |= {f"filter.{name}.{part}": "" for part in ("clean", "smudge", "process")}
            off[f"filter.{name}.required"] = "false"
    return off


def is_inside(command: str, worktree: Path) -> bool:
    """Whether a shell command would run something of the worktree, its current folder. In doubt, yes."""
    try:
        lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:
        return True
    if any(str(worktree) in word or "$" in word or "`" in word for word in words):
        return True
    start = True
    interpreter = False
    for word in words:
        if word and set(word) <= _OPERATORS:
            start, interpreter = True, False
        elif start and re.fullmatch(r"\w+=.*", word, re.DOTALL):
            continue
        elif start:
            if "/" in word and not word.startswith(("/", "~")):
                return True
            start, interpreter = False, _INTERPRETERS.fullmatch(os.path.basename(word)) is not None  # noqa: PTH119
        elif word.startswith(("./", "../")) or (interpreter and not _is_elsewhere(word)):
            return True
    return False


def _is_elsewhere(word: str) -> bool:
    """Whether an interpreter's word is a program outside; options and `%f` are taken for what they are."""
    return (
        word.startswith(("/", "~"))
        or word == "--"
        or "%f" in word
        or re.fullmatch(r"-[a-zA-Z]|--[\w-]+", word) is not None
    )
