"""The text of a `.tasks` file of the earlier Scopecraft: its parts, and the two places that are ever changed. Pure.

    # Title                     which may also stand behind the front matter

    ---
    type: bug
    status: todo
    ---

    ## Instruction, ## Tasks, ## Deliverable, ## Log

Lines end at a newline only, so that whatever else a file holds stays byte for byte as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LOG = "Log"
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_LONGEST_STATUS = 500  # characters of a line; the expression looks at some of them more than once
_STATUS = re.compile(
    r"""(status[ \t]*:)[ \t]*("[^"\r]*"|'[^'\r]*'|[^\s#|>&*!{\["'][^#\r]*?)?([ \t]+\#[^\r]*)?(\r?)\Z"""
)


@dataclass(frozen=True, slots=True)
class Span:
    """Lines from `start` up to, and without, `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TaskText:
    """`front` are the lines of the front matter, without its fences; `sections` the lines below each `##` heading."""

    lines: Sequence[str]
    title: str
    front: Span | None
    sections: dict[str, Span]

    @property
    def front_text(self) -> str:
        return self._text(self.front) if self.front else ""

    def section(self, name: str) -> str:
        """Its text without empty lines around it; empty where there is no such section."""
        span = self.sections.get(name.casefold())
        return self._text(span).strip() if span else ""

    def _text(self, span: Span) -> str:
        return "\n".join(line.removesuffix("\r") for line in self.lines[span.start : span.end])


def parts_of(text: str) -> TaskText:
    lines = text.split("\n")
    front = _front(lines)
    sections: dict[str, Span] = {}
    title, start = "", 0
    name: str | None = None
    for number, level, words in _headings(lines, front):
        if name is not None and level <= 2:
            sections.setdefault(name, Span(start, number))
            name = None
        if level == 1:
            title = title or words
        elif level == 2:
            name, start = words.casefold(), number + 1
    if name is not None:
        sections.setdefault(name, Span(start, len(lines)))
    return TaskText(lines, title, front, sections)


def with_status(text: str, status: str) -> str:
    """With that status in its front matter. As it was where it has none, or one that is more than a word."""
    parts = parts_of(text)
    if parts.front is None:
        return text
    lines = list(parts.lines)
    for number in range(parts.front.start, parts.front.end):
        found = _status(lines[number])
        if found:
            lines[number] = f"{found[1]} {status}{found[3] or ''}{found[4]}"
            return "\n".join(lines)
        if lines[number].partition(":")[0].rstrip() == "status":
            return text
    lines.insert(parts.front.end, f"status: {status}{_ending(lines)}")
    return "\n".join(lines)


def front_status(text: str) -> str:
    """As one plain word, `in_progress`; empty where there is none, or one that is more than that."""
    parts = parts_of(text)
    span = parts.front or Span(0, 0)
    found = (_status(line) for line in parts.lines[span.start : span.end])
    return next((plain_word(match[2]) for match in found if match), "")


def plain_word(text: str | None) -> str:
    """`in_progress`, however it was written: `🔵 In Progress`, `In progress`, `in-progress`."""
    return "_".join(re.findall(r"[a-z]+", (text or "").casefold()))


def with_log(text: str, entries: Sequence[str]) -> str:
    """With these lines behind the last of its Log, which is made at the end where there is none."""
    if not entries:
        return text
    parts = parts_of(text)
    lines, ending = list(parts.lines), _ending(parts.lines)
    added = [f"{entry}{ending}" for entry in entries]
    span = parts.sections.get(LOG.casefold())
    if span is None:
        return _with_new_log(lines, added, ending)
    at = span.end
    while at > span.start and not lines[at - 1].strip():
        at -= 1
    if at == len(lines):  # the file ends without a newline
        lines[-1] += ending
        return "\n".join([*lines, *added[:-1], entries[-1]])
    return "\n".join([*lines[:at], *added, *lines[at:]])


def log_lines(text: str) -> list[str]:
    parts = parts_of(text)
    span = parts.sections.get(LOG.casefold())
    return [line.rstrip("\r") for line in parts.lines[span.start : span.end]] if span else []


def _with_new_log(lines: list[str], added: list[str], ending: str) -> str:
    while lines and not lines[-1].strip():
        lines.pop()
    if lines:
        lines[-1] = lines[-1].rstrip("\r") + ending
        lines.append(ending)
    return "\n".join([*lines, f"## {LOG}{ending}", *added, ""])


def _front(lines: Sequence[str]) -> Span | None:
    """At the very beginning, or behind the title."""
    number, seen_title = 0, False
    while number < len(lines):
        line = lines[number].strip("\r\ufeff \t")
        if line == "---":
            end = next((at for at in range(number + 1, len(lines)) if lines[at].rstrip() in ("---", "...")), None)
            return Span(number + 1, end) if end is not None else None
        if line and (seen_title or not line.startswith("# ")):
            return None
        seen_title = seen_title or bool(line)
        number += 1
    return None


def _headings(lines: Sequence[str], front: Span | None) -> Iterator[tuple[int, int, str]]:
    """Number, level and words; what stands in a block of code is none."""
    fence = ""
    for number, line in enumerate(lines):
        if front is not None and front.start - 1 <= number <= front.end:
            continue
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line[mark.end() :].strip():
                fence = ""
        elif mark:
            fence = mark[1]
        else:
            text = line.removeprefix("\ufeff").rstrip()
            words = text.lstrip("#")
            level = len(text) - len(words)
            if 1 <= level <= 6 and words[:1] in (" ", "\t"):
                yield number, level, _without_closing(words.strip())


def _without_closing(words: str) -> str:
    """`## Log ##` is a heading, too."""
    open_words = words.rstrip("#")
    return open_words.rstrip() if open_words[-1:] in (" ", "\t", "") else words


def _status(line: str) -> re.Match[str] | None:
    return _STATUS.fullmatch(line) if len(line) <= _LONGEST_STATUS else None


def _ending(lines: Sequence[str]) -> str:
    """What stands before a newline in this file."""
    return "\r" if len(lines) > 1 and lines[0].endswith("\r") else ""
