"""Names: a slug for any title, the suffix convention, branch names. Pure; no file system, no git."""

from __future__ import annotations

import re
import unicodedata

from scopecraft.errors import BadName
from scopecraft.model.text import clean, clean_line

SLUG_BYTES = 80  # a mission's folder name carries an id beside it, and file systems allow 255 bytes
TITLE_CHARACTERS = 300
ARTIFACT_BYTES = 1024
ARTIFACT_PARTS = 8
_PART_BYTES = 255  # what file systems allow
_ENCODED = re.compile(r"%[0-9a-fA-F]{2}")
# What Windows takes for a device wherever it stands: artifacts are copied, committed and sent.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.[^/]*)?", re.IGNORECASE)
SUFFIX = re.compile(r"(?:^|-)([0-9]{1,4}[A-Z]{1,2})\Z")
_EXAMPLE = "use words and dashes: fix-login"
# Marks and letters that nobody sees: combining grapheme joiner, variation selectors, Hangul, Khmer and Mongolian
# fillers. An emoji may end in one, and a name made of them would look empty.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def check_title(name: str) -> str:
    """A task name as a person may write it, white space folded: any script, but no path and no control characters.

    Raises BadName.
    """
    if not name.strip():
        raise BadName("a task needs a name", "for example: sc run fix-login -m 'the login page …'")
    if "/" in name or "\\" in name or ".." in name:
        raise BadName(f"a task name holds no '/', '\\' or '..': {name!r}", _EXAMPLE)
    if any(_is_control(character) for character in name):
        raise BadName(f"a task name holds no control characters and no broken ones: {name!r}", _EXAMPLE)
    if len(name) > TITLE_CHARACTERS:
        raise BadName(f"a task name has at most {TITLE_CHARACTERS} characters", "put the rest into the prompt (-m)")
    return " ".join(name.split())


def _is_control(character: str) -> bool:
    # Unassigned characters may be letters of a newer Unicode; U+xFFFE and U+xFFFF never are.
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or ord(character) & 0xFFFE == 0xFFFE


def suffix_of(slug: str) -> str | None:
    """The suffix by convention: `05A` of `implement-auth-05A`; it names the mission whatever stands before it."""
    found = SUFFIX.search(slug)
    return found.group(1) if found else None


def slug_of(title: str) -> str:
    """Letters and digits of any script joined by dashes, lower case but for a suffix such as `05A`.

    At most SLUG_BYTES bytes of UTF-8, and the same again for a slug. Empty when the title has no letter or digit; the
    caller then falls back to the mission's id.
    """
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", title))
    words = [word for word in map(_word, "".join(map(_kept, text)).split("-")) if word]
    if not words:
        return ""
    suffix = words.pop() if SUFFIX.fullmatch(words[-1]) else ""
    # Lower-casing can leave decomposed letters behind (İ): normalise again.
    stem = unicodedata.normalize("NFC", "-".join(words).lower())
    room = SLUG_BYTES - len(suffix) - 1
    stem = stem.encode()[:room].decode(errors="ignore").rstrip("-_")
    return "-".join(part for part in (stem, suffix) if part)


def own_name(slug: str, title: str) -> str:
    """What a mission is called by: its slug; its title, where that has no letter or digit."""
    return slug if slug_of(title) else title


def _kept(character: str) -> str:
    """What a character is in a slug: itself, a dash, or nothing where it only shapes its neighbours."""
    category = unicodedata.category(character)
    if category[0] in "LN" or category in ("Mn", "Mc") or character == "_":
        return character
    # Of the format characters only U+200B, the zero-width space, parts words; a keycap (Me) parts none.
    return "" if category in ("Cf", "Me") and character != "\u200b" else "-"


def _word(text: str) -> str:
    """From its first letter or digit on: marks without a letter, and underscores, are no word."""
    start = next((at for at, character in enumerate(text) if unicodedata.category(character)[0] in "LN"), len(text))
    return text[start:].rstrip("_")


def branch_name(template: str, *, type_: str, slug: str) -> str:
    """From a template such as `{type}/{slug}`; whether git accepts it is git's word."""
    return template.replace("{type}", type_).replace("{slug}", slug)


def check_artifact_name(name: str) -> tuple[str, ...]:
    """The parts of an artifact's name, such as `notes/plan.md`: it cannot lead out of the folder, nor deceive a reader.

    The one rule for all surfaces. Raises BadName.
    """
    problem = _artifact_problem(name)
    if problem:
        raise BadName(
            f"{clean_line(name, 80)!r} is no name of an artifact: {problem}", "names look like plan.md or notes/plan.md"
        )
    return tuple(name.split("/"))


def _artifact_problem(name: str) -> str:
    if clean(name) != name or "\n" in name or "\t" in name:
        return "it holds control characters, or ones that nobody sees"
    if len(name.encode()) > ARTIFACT_BYTES:
        return f"it has more than {ARTIFACT_BYTES} bytes"
    if name.startswith("/"):
        return "it is a path from the root"
    if "\\" in name or _ENCODED.search(name):
        return "it holds '\\', or a character written as %xx"
    parts = name.split("/")
    if len(parts) > ARTIFACT_PARTS:
        return f"it has more than {ARTIFACT_PARTS} parts"
    return next((problem for problem in map(_part_problem, parts) if problem), "")


def _part_problem(part: str) -> str:
    if not part.strip() or part in (".", ".."):
        return "a part of it is empty, '.' or '..'"
    if part.startswith(".") or part.endswith((".", " ")) or part.startswith(" "):
        return "a part of it begins with a dot or a space, or ends in one"
    if _DEVICE.fullmatch(part):
        return "a part of it is reserved: some systems take it for a device"
    return f"a part of it has more than {_PART_BYTES} bytes" if len(part.encode()) > _PART_BYTES else ""
