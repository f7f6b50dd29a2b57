"""The project's pages, taken apart: their code, the commands in it, their links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")})
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_LINK = re.compile(r"\]\(\s*([^)\s]+)\s*\)")
_PICTURE = re.compile(r"!\[([^\]]*)\]\(\s*([^)\s]+)\s*\)")
_TAG = re.compile(r"<(?:img|source)\b[^>]*>")
_SUBSTITUTION = re.compile(r"\$\((.*?)\)")
_OPERATORS = frozenset("();<>|&")
_SHELL = frozenset({"sh", "bash", "console"})


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code and the language that it names."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Where a picture leads, and the words for who cannot see it; None where another tag has them."""

    target: str
    words: str | None


def blocks(page: str) -> list[Block]:
    return [Block(language, text) for language, text in _FENCE.findall(page)]


def links(page: str) -> list[str]:
    """Where the links and pictures of a page lead, without those that stand in code."""
    return _LINK.findall(_INLINE.sub("", _FENCE.sub("", page)))


def pictures(page: str) -> list[Picture]:
    found = [Picture(target, words) for words, target in _PICTURE.findall(page)]
    for tag in _TAG.findall(page):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        target = attributes.get("src") or attributes.get("srcset", "")
        found.append(Picture(target, attributes.get("alt", "") if tag.startswith("<img") else None))
    return found


def commands(page: str) -> list[list[str]]:
    """The words of each `sc` command in shell blocks and in inline code, `sc` itself left out."""
    found = [command for block in blocks(page) if block.language in _SHELL for command in _of_shell(block.text)]
    for code in _INLINE.findall(_FENCE.sub("", page)):
        if code.startswith("sc ") or "(sc " in code:
            # in the form of a usage line: what may be left out stands in brackets
            found += _of_shell(re.sub(r"[\[\]]", "", code))
    return found


def _of_shell(text: str) -> Iterator[list[str]]:
    for line in text.replace("\\\n", " ").splitlines():
        yield from _of_line(line)


def _of_line(line: str) -> Iterator[list[str]]:
    for inner in _SUBSTITUTION.findall(line):
        yield from _of_line(inner)
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if word and set(word) <= _OPERATORS:
            if words[:1] == ["sc"]:
                yield words[1:]
            words = []
        elif words or not re.fullmatch(r"\w+=.*", word):
            words.append(word)
