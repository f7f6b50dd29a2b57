"""Which words of a changed line are what changed. Pure."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

Spans = tuple[tuple[int, int], ...]
LONGEST = 400  # characters; of a longer line nothing is marked
MOST_COMPARED = 5_000  # pairs of words: comparing costs up to a millisecond then, whatever they are
_LEAST_ALIKE = 0.4
_WORD = re.compile(r"\w+|\s+|.", re.DOTALL)


def word_marks(old: str, new: str) -> tuple[Spans, Spans]:
    """From and to in each of both; nothing where they have too little in common for words to say anything."""
    if len(old) > LONGEST or len(new) > LONGEST or old == new:
        return (), ()
    before, after = _WORD.findall(old), _WORD.findall(new)
    if len(before) * len(after) > MOST_COMPARED:
        return (), ()
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.quick_ratio() < _LEAST_ALIKE or matcher.ratio() < _LEAST_ALIKE:
        return (), ()
    changed = [step for step in matcher.get_opcodes() if step[0] != "equal"]
    removed = _spans(before, [(step[1], step[2]) for step in changed])
    added = _spans(after, [(step[3], step[4]) for step in changed])
    return removed, added


def _spans(words: list[str], ranges: list[tuple[int, int]]) -> Spans:
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return tuple((starts[first], starts[last]) for first, last in ranges if last > first)
