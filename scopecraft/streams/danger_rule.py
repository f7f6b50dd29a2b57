"""What a rule for dangerous operations is made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Judge = Callable[[str, str], bool]  # of a command and the worktree


@dataclass(frozen=True, slots=True)
class Rule:
    """Looks at commands as a shell runs them, at paths that a tool writes, and at paths that it is given otherwise.

    It looks only where one of its `words` stands, in lower case: most commands have none of them.
    """

    code: str
    text: str  # one sentence
    words: tuple[str, ...]
    command: re.Pattern[str] | None = None
    written: re.Pattern[str] | None = None
    named: re.Pattern[str] | None = None
    judge: Judge | None = None


# For verbose patterns. Where a command begins: a new line, what joins commands, or a word that runs another.
BEGIN = r"""
    (?: ^ | [\n;&|({`] | \$\(
      | \b (?:sudo|doas|then|do|else|if|while|time|nohup|exec|xargs|env|command|nice) (?:[ \t]+ -\S+)*
    )
    [ \t]* (?: \w+=\S* [ \t]+ )* (?: (?:/usr)? (?:/local)? /s?bin/ )?
"""
REST = r"[^\n;&|]*"  # of the same command
SHELL = r"(?: sudo [ \t]+ )? (?:/\S*/)? (?: (?:ba|z|da|k)?sh | python[\d.]* | perl | ruby | node ) \b (?![./\w-])"
SECRET_FILE = r"""
    (?: \.ssh/ (?!known_hosts|config\b|\s|$) \S | \b id_(?:rsa|dsa|ecdsa|ed25519) (?!\.pub) \b
      | \.aws/credentials | \.config/gcloud/ | \.docker/config\.json | \.kube/config\b | \.netrc\b | \.git-credentials\b
      | \.pypirc\b | \.gnupg/ | \.claude/\.credentials\.json | \.codex/auth\.json | /etc/shadow\b
      | /proc/\S+/environ\b | /run/secrets/ )
"""


def anywhere(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(pattern, re.VERBOSE | flags)


def command(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """The pattern where a command begins."""
    return re.compile(f"{BEGIN} (?: {pattern} )", re.VERBOSE | flags)
