"""Names: a slug for any title, the suffix convention, branch names. Pure; no file system, no git."""

from __future__ import annotations

import re
import unicodedata

from scopecraft.errors import BadName

SLUG_BYTES = 80  # a mission's folder name carries an id beside it, and file systems allow 255 bytes
TITLE_CHARACTERS = 300
SUFFIX = re.compile(r"(?:^|-)(\d{1,4}[A-Z]{1,2})$")


def check_title(name: str) -> str:
    """A task name as a person may write it: any script, but no path and no control characters."""
    if not name.strip():
        raise BadName("a task needs a name", "for example: sc run fix-login -m 'the login page …'")
    if "/" in name or "\\" in name or ".." in name:
        raise BadName(f"a task name holds no '/', '\\' or '..': {name!r}", "use words and dashes: fix-login")
    if any(unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn") for c in name):
        raise BadName(f"a task name holds no control characters: {name!r}", "use words and dashes: fix-login")
    if len(name) > TITLE_CHARACTERS:
        raise BadName(f"a task name has at most {TITLE_CHARACTERS} characters", "put the rest into the prompt (-m)")
    return " ".join(name.split())


def suffix_of(slug: str) -> str | None:
    """The suffix by convention: `05A` of `implement-auth-05A`; it names the mission whatever stands before it."""
    found = SUFFIX.search(slug)
    return found.group(1) if found else None


def slug_of(title: str) -> str:
    """Letters and digits of any script joined by dashes, lower case but for a suffix such as `05A`.

    Empty when the title has neither; the caller then falls back to the mission's id.
    """
    text = unicodedata.normalize("NFC", title)
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" or c == "_" else "-" for c in text)
    words = [word for word in kept.split("-") if word]
    if not words:
        return ""
    suffix = words.pop() if SUFFIX.fullmatch(words[-1]) else ""
    # lower-casing can leave decomposed letters behind (İ): normalise again
    stem = unicodedata.normalize("NFC", "-".join(words).lower()).strip("-")
    room = SLUG_BYTES - len(suffix) - 1
    stem = stem.encode()[:room].decode(errors="ignore").rstrip("-")
    return "-".join(part for part in (stem, suffix) if part)


def branch_name(template: str, *, type_: str, slug: str) -> str:
    """From a template such as `{type}/{slug}`; whether git accepts it is git's word."""
    return template.replace("{type}", type_).replace("{slug}", slug)
