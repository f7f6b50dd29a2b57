"""Folding a stream into its activity, line by line, at whatever pace the lines come."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from scopecraft.model.activity import (
    Activity,
    Asked,
    Echoed,
    Entry,
    Finished,
    Message,
    Quota,
    Reading,
    Spent,
    Started,
    Text,
    ToolCall,
    ToolResult,
    Trouble,
    Usage,
    Withdrawn,
)
from scopecraft.streams.damage import Damage, half_a_line
from scopecraft.streams.lines import NO_END, Line, read_lines
from scopecraft.streams.recent import Questions, RecentTools
from scopecraft.streams.tally import ERROR_CHARACTERS, ErrorTally, RunningUsage, at_least, without

# An agent writes what it likes, so whatever is kept has a limit.
KEPT_TOOLS = 100
KEPT_OPEN_TOOLS = 1000
KEPT_CALLS = 64
MESSAGE_CHARACTERS = 20_000
NAME_CHARACTERS = 200
KEPT_FILES = 200
KEPT_ECHOES = 50

Reader = Callable[[bytes], Reading]
NOTHING_USED = Usage()


@dataclass(frozen=True, slots=True)
class FoldState:
    """All that a fold knows: with it another process goes on at `activity.offset`, line `activity.lines + 1`."""

    activity: Activity = field(default_factory=Activity)
    open_tools: tuple[str, ...] = ()
    total: Usage = field(default_factory=Usage)  # the agent's own, as of its last result
    calls: tuple[str, ...] = ()  # model calls that are counted already
    spoken: str = ""  # pieces of a message that is not over yet
    recent_calls: tuple[str, ...] = ()  # ids of the `recent_tools`
    questions: tuple[Asked, ...] = ()  # all that are open, with the tool calls that wait for them


class ActivityFold:
    """Takes lines in order, gives back what each one says, and sums it up in `activity`.

    `read` is a dialect's way to read a line. A partial line shows in `activity` but not in `state`: it may still grow.
    `before` is what the conversation had used when the stream began, where the agent's totals count that in.
    """

    def __init__(self, read: Reader, state: FoldState | None = None, *, before: Usage = NOTHING_USED) -> None:
        state = state or FoldState()
        self._before = before
        seen = state.activity
        self._read = read
        self._seen = seen  # for what changes seldom
        self._ahead: Activity | None = None  # with the half line at the end
        self._offset, self._lines = seen.offset, seen.lines
        self._last_message = seen.last_message
        self._spoken = [state.spoken] if state.spoken else []
        self._spoken_characters = len(state.spoken)
        self._tool_calls = seen.tool_calls
        self._tools = dict.fromkeys(seen.tools)
        self._open_tools = dict.fromkeys(state.open_tools)
        self._recent = RecentTools(seen.recent_tools, state.recent_calls)
        self._files = dict.fromkeys(seen.files_touched)
        self._questions = Questions(state.questions)
        self._quota = seen.quota
        self._is_quota_news = False  # of the one that was told last
        self._total, self._usage_is_final = state.total, seen.usage_is_final
        self._usage = RunningUsage(seen.usage)
        self._calls = dict.fromkeys(state.calls)
        self._errors = ErrorTally(seen)
        self._damage = Damage(seen)
        self._unknown_count = seen.unknown_count

    def feed(self, line: Line) -> list[Entry]:
        """What the line says; damage says so too. Never raises because of a line.

        Pieces of a message are held back until something else is said, and then come as one: see also `held_back`.
        """
        number, _, end, raw, oversized, partial = line
        if partial:
            return self._look_ahead(line)
        self._ahead = None
        self._lines, self._offset = number, end
        if oversized:
            return [self._damage.add(line)]
        entries, kind, spent = self._read(raw)
        if kind != "known":
            if kind == "damaged":
                return [self._damage.add(line)]
            self._unknown_count += 1
        if spent is not None and spent[0] not in self._calls:
            self._spent(spent)
        if entries and (self._spoken or (type(entries[0]) is Message and entries[0].is_chunk)):
            entries = self._joined(entries)
            if not entries:
                return entries
        has_seldom = False
        before = self._seen
        for entry in entries:
            # the frequent ones first: this runs for everything in a stream
            if isinstance(entry, Message):
                if entry.role == "assistant":
                    self._quota = None  # the model answers
                    if not entry.thinking and not entry.subagent:
                        self._last_message = entry.text
            elif isinstance(entry, ToolCall):
                self._tool_call(entry)
            elif isinstance(entry, ToolResult):
                self._tool_result(entry)
            else:
                self._seldom(entry)
                has_seldom = True
        return [shown for entry in entries for shown in self._shown(entry, before)] if has_seldom else entries

    def held_back(self) -> list[Entry]:
        """Once a stream has ended: the beginning of a message that nothing followed."""
        if not self._spoken:
            return []
        self._last_message, self._spoken = "".join(self._spoken), []
        return [Message("assistant", self._last_message)]

    @property
    def activity(self) -> Activity:
        return self._ahead or self._whole()

    @property
    def state(self) -> FoldState:
        spoken = "".join(self._spoken)
        calls = tuple(self._calls)
        recent, asked = self._recent.calls(), tuple(self._questions.open.values())
        return FoldState(self._whole(), tuple(self._open_tools), self._total, calls, spoken, recent, asked)

    def _look_ahead(self, half: Line) -> list[Entry]:
        ahead = ActivityFold(self._read, self.state, before=self._before)
        entries = ahead.feed(half._replace(partial=False))
        self._ahead = replace(ahead.activity, offset=self._offset)
        if ahead._damage.count > self._damage.count:
            return [half_a_line(half)]
        return entries

    def _joined(self, entries: list[Entry]) -> list[Entry]:
        """The entries without pieces, after the message that is over with them."""
        joined: list[Entry] = []
        for entry in entries:
            if isinstance(entry, Message) and entry.is_chunk:
                self._spoken.append(entry.text)
                self._spoken_characters += len(entry.text)
                if self._spoken_characters < MESSAGE_CHARACTERS:
                    continue
                joined += self.held_back()
            else:
                joined += [*self.held_back(), entry]
            self._spoken_characters = 0
        return joined

    def _shown(self, entry: Entry, before: Activity) -> list[Entry]:
        """The entry with what the stream as a whole knows of it; nothing for what it has said already."""
        if isinstance(entry, Trouble):
            return [Trouble(replace(entry.error, line=self._lines))]
        if isinstance(entry, Finished) and entry.usage is None:
            return [replace(entry, usage=self._usage.sum())]
        if isinstance(entry, Started) and entry.voids_claim and entry.conversation_id == before.conversation_id:
            return []
        if isinstance(entry, Quota) and not self._is_quota_news:
            return []
        return [entry]

    def _tool_call(self, call: ToolCall) -> None:
        self._tool_calls += 1
        self._quota = None
        self._recent.latest.append((call, self._lines, False))
        if call.files and len(self._files) < KEPT_FILES:
            self._files |= dict.fromkeys(call.files[: KEPT_FILES - len(self._files)])
        if call.name not in self._tools and len(self._tools) < KEPT_TOOLS:
            self._tools[call.name[:NAME_CHARACTERS]] = None
        if len(self._open_tools) < KEPT_OPEN_TOOLS:
            self._open_tools[call.id[:NAME_CHARACTERS]] = None

    def _tool_result(self, result: ToolResult) -> None:
        self._open_tools.pop(result.id[:NAME_CHARACTERS], None)
        if self._questions.open:
            self._questions.settle(result.id)
        if result.is_error:
            self._recent.fail(result.id)
            self._errors.add("info", result.text, self._lines)

    def _seldom(self, entry: Entry) -> None:
        if isinstance(entry, Text):
            self._last_message = entry.text or self._last_message
        elif isinstance(entry, Trouble):
            self._errors.add(entry.error.severity, entry.error.text, self._lines)
        elif isinstance(entry, Started | Finished):
            self._turn(entry)
        elif isinstance(entry, Asked):
            self._questions.ask(entry)
        elif isinstance(entry, Withdrawn):
            self._questions.withdraw(entry.id)
        elif isinstance(entry, Quota):
            self._used_up(entry)
        elif isinstance(entry, Echoed) and entry.is_begun:
            self._echo(entry.id)

    def _echo(self, message_id: str) -> None:
        echoed = self._seen.echoed
        if len(message_id) <= NAME_CHARACTERS and message_id not in echoed:
            self._seen = replace(self._seen, echoed=(*echoed, message_id)[-KEPT_ECHOES:])

    def _used_up(self, quota: Quota) -> None:
        """An agent may tell of it twice: as a notice, and as how its turn ended."""
        self._is_quota_news = self._quota is None or quota.until not in (None, self._quota.until)
        if self._quota is None:
            self._errors.add("critical", quota.text, self._lines)
            self._quota = replace(quota, text=quota.text[:ERROR_CHARACTERS])
        elif quota.until is not None:
            self._quota = replace(self._quota, until=quota.until)

    def _spent(self, spent: Spent) -> None:
        self._usage.add(spent)
        self._usage_is_final = False
        if len(spent.call_id) <= NAME_CHARACTERS:
            self._calls[spent.call_id] = None
        if len(self._calls) > KEPT_CALLS:
            del self._calls[next(iter(self._calls))]

    def _turn(self, item: Started | Finished) -> None:
        seen = self._seen
        if isinstance(item, Started):
            conversation = (item.conversation_id or "")[:NAME_CHARACTERS] or seen.conversation_id
            model = (item.model or "")[:NAME_CHARACTERS] or seen.model
            claim = None if item.voids_claim else seen.claim
            if (conversation, model, claim) != (seen.conversation_id, seen.model, seen.claim):
                self._seen = replace(seen, conversation_id=conversation, model=model, claim=claim)
            return
        self._seen = replace(seen, claim=item.claim, turns=seen.turns + 1)
        self._open_tools.clear()
        self._questions = Questions()
        self._usage_is_final = True
        if item.usage is not None:
            self._total = at_least(self._total, without(item.usage, self._before))
            self._usage = RunningUsage(self._total)

    def _whole(self) -> Activity:
        return replace(
            self._seen,
            offset=self._offset,
            lines=self._lines,
            last_message=("".join(self._spoken) if self._spoken else self._last_message)[:MESSAGE_CHARACTERS],
            tool_calls=self._tool_calls,
            tools=tuple(self._tools),
            open_tool_calls=len(self._open_tools),
            usage=self._usage.sum(),
            usage_is_final=self._usage_is_final,
            errors=self._errors.kept(),
            error_count=self._errors.count,
            critical_count=self._errors.critical_count,
            warning_count=self._errors.warning_count,
            damaged_lines=tuple(self._damage.lines),
            damaged_count=self._damage.count,
            unknown_count=self._unknown_count,
            recent_tools=self._recent.kept(),
            files_touched=tuple(self._files),
            question=self._questions.first(),
            quota=self._quota,
        )


def fold_lines(fold: ActivityFold, lines: Iterable[Line]) -> Activity:
    feed = fold.feed
    for line in lines:
        feed(line)
    return fold.activity


def read_activity(path: Path, read: Reader, *, end: int = NO_END, before: Usage = NOTHING_USED) -> Activity:
    """The activity of a whole file up to `end`, with a half line at its end if that is a record after all.

    Constant memory; a missing file is an empty one. Raises OperationFailed.
    """
    return fold_lines(ActivityFold(read, before=before), read_lines(path, end=end))
