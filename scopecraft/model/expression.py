"""Regular expressions of a person, compiled; those that could look for ever are refused."""

from __future__ import annotations

import re
import time

from scopecraft.errors import BadInput
from scopecraft.model.text import clean_line

SHOWN_CHARACTERS = 200
_PROBE_LENGTHS = range(4, 33, 2)  # in small steps: where it doubles with each character, the next one still ends
_PROBE_SECONDS = 0.01  # of the processor: an ordinary expression needs a thousandth of that
_END = "\x00"


def compiled(expression: str) -> re.Pattern[str]:
    """BadInput, naming the expression, for what is none and for what takes ever longer on slightly longer texts."""
    shown = clean_line(repr(expression), SHOWN_CHARACTERS)
    try:
        pattern = re.compile(expression)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadInput(f"{shown} is no regular expression: {error}") from error
    if _is_endless(pattern):
        raise BadInput(f"{shown} could look for ever: something repeated is repeated in it")
    return pattern


def _is_endless(pattern: re.Pattern[str]) -> bool:
    """Tries what such an expression is slow on: one of its own characters, many times, and then an end."""
    characters = sorted({"a", "0", " ", *filter(str.isalnum, pattern.pattern[:SHOWN_CHARACTERS])})
    texts = (character * length + _END for character in characters for length in _PROBE_LENGTHS)
    # twice: the first time may have been slow for another reason
    return any(_is_slow(pattern, text) and _is_slow(pattern, text) for text in texts)


def _is_slow(pattern: re.Pattern[str], text: str) -> bool:
    began = time.thread_time()
    pattern.search(text)
    return time.thread_time() - began > _PROBE_SECONDS
