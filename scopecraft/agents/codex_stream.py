"""What a line of `codex exec --json` says. Pure; a line can be anything, and nothing here raises.

A run is one turn. Its end is `turn.completed` or `turn.failed`: an `error` line alone is not, since Codex tries again.
The tokens of `turn.completed` are those of the whole conversation so far, earlier runs of it included.
"""

from __future__ import annotations

from collections.abc import Callable

import orjson

from scopecraft.agents.codex_items import COMPLETED, STARTED
from scopecraft.agents.quota import quota_of
from scopecraft.agents.records import Record, count, decoded, items, one_line, record, text, text_or_none
from scopecraft.model.activity import Claim, Entry, Finished, Note, Reading, Started, StreamError, Trouble, Usage

# Strings that together stand in no line but the end of a turn: quotes inside of texts are escaped.
DONE_MARKS = ('"type":"turn.completed"', '"usage":{')
CLAIM_CHARACTERS = 20_000
QUESTION_CHARACTERS = 500

_NOTHING: Reading = ([], "known", None)


def read(line: bytes) -> Reading:
    """What the line says, and whether all of it was understood."""
    value = decoded(line)
    if isinstance(value, tuple):
        return value
    kind = value.get("type")
    reader = _READERS.get(kind) if type(kind) is str else None
    return reader(value) if reader else ([], "unknown", None)


def _item_started(line: Record) -> Reading:
    return _item(line, STARTED)


def _item_completed(line: Record) -> Reading:
    return _item(line, COMPLETED)


def _item(line: Record, readers: dict[str, Callable[[Record], list[Entry]]]) -> Reading:
    item = line.get("item")
    kind = item.get("type") if type(item) is dict else None
    reader = readers.get(kind) if type(kind) is str else None
    if reader is not None:
        return reader(record(item)), "known", None
    return [], "known" if type(kind) is str and kind in COMPLETED else "unknown", None


def _thread_started(line: Record) -> Reading:
    return [Started(text_or_none(line.get("thread_id")), None)], "known", None


def _turn_completed(line: Record) -> Reading:
    return [Finished(Claim(False, "end_turn"), _usage(record(line.get("usage"))))], "known", None


def _turn_failed(line: Record) -> Reading:
    words = plain_words(text(record(line.get("error")).get("message"))) or "the turn failed"
    claim = Claim(True, "error", words[:CLAIM_CHARACTERS])
    trouble = quota_of(words) or [Trouble(StreamError("critical", words))]
    return [*trouble, Finished(claim, None)], "known", None


def _error(line: Record) -> Reading:
    return [Trouble(StreamError("warning", plain_words(text(line.get("message"))) or "an error"))], "known", None


def _asks(line: Record) -> Reading:
    """Without anybody to answer, it goes on by itself."""
    asked = [text(record(each).get("question")) for each in items(line.get("questions"))]
    return [Note(f"it asks: {one_line(' / '.join(filter(None, asked)), QUESTION_CHARACTERS)}")], "known", None


def plain_words(message: str) -> str:
    """A server's answer comes as it stood in its body: what it says in there is what matters."""
    if not message.startswith("{"):
        return message
    try:
        answer = record(orjson.loads(message))
    except orjson.JSONDecodeError:
        return message
    return text(record(answer.get("error")).get("message")) or text(answer.get("detail")) or message


def _usage(usage: Record) -> Usage:
    """Codex counts what came from a cache, or went into one, as input too; we do not."""
    read, written = count(usage.get("cached_input_tokens")), count(usage.get("cache_write_input_tokens"))
    given = count(usage.get("input_tokens"))
    return Usage(max(0, given - read - written), count(usage.get("output_tokens")), read, written)


def _silent(_: Record) -> Reading:
    return _NOTHING


_READERS: dict[str, Callable[[Record], Reading]] = {
    "item.completed": _item_completed,
    "item.started": _item_started,
    "item.updated": _item_started,
    "thread.started": _thread_started,
    "turn.completed": _turn_completed,
    "turn.failed": _turn_failed,
    "error": _error,
    "request_user_input": _asks,
    "turn.started": _silent,
    "item.plan.delta": _silent,
}
