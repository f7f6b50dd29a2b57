"""How an interactive Claude Code stands: from what its hooks wrote and from its own registry. Pure.

Neither is enough. Hooks come at once and tell what is asked, but Esc and an approval fire none; the registry follows
every change, but it is no promise of Claude's and says only busy, idle or waiting. So the newer one decides, and the
hooks explain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from scopecraft.agents.claude_hook_lines import HookLine
from scopecraft.model.window import DispatchState, StateReason


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """What Claude's `sessions/<pid>.json` says of one process."""

    pid: int
    started_ticks: str  # clock ticks since boot, as in /proc/<pid>/stat
    conversation_id: str
    status: str  # busy, idle, waiting; empty before the first
    waiting_for: str
    changed_at: str


_WAITS: dict[str, StateReason] = {
    "permission prompt": "permission",
    "sandbox request": "permission",
    "worker request": "permission",
}
_NOTICES: dict[str, StateReason] = {
    "permission_prompt": "permission",
    "elicitation_dialog": "question",
    "agent_needs_input": "question",
}
_LOGIN_ERRORS = frozenset({"authentication_failed", "oauth_org_not_allowed", "account_on_hold"})
_QUESTION_TOOL = "AskUserQuestion"
FROM_TASK = "<task-notification>"  # what a background task says to the main agent comes as a prompt too
_WORK = frozenset({"UserPromptSubmit", "PreToolUse", "PostToolUse", "PostToolUseFailure", "PermissionDenied"})


class HookFold:
    """Folds hook lines in order. Events of subagents do not move the state, unless one of them asks a person."""

    def __init__(self) -> None:
        self._main = DispatchState("starting")
        self._asked: dict[str, tuple[DispatchState, str]] = {}  # by agent: the question and its tool call's id
        self._calls: dict[tuple[str, str, str], str] = {}  # (agent, tool, detail): the id of the call
        self._conversation_id: str | None = None
        self.decided_at = ""  # of the last line that had a say

    def feed(self, line: HookLine) -> None:
        self._conversation_id = line.conversation_id or self._conversation_id
        if line.event == "PreToolUse":
            self._calls[line.agent_id, line.tool, line.detail] = line.tool_use_id
        asks = self._question(line)
        if asks is not None:
            call = self._calls.get((line.agent_id, line.tool, line.detail), "")
            self._asked[line.agent_id] = (asks, call)
        answered = asks is None and self._answer(line)
        moved = self._move(line)
        if asks is not None or answered or moved:
            self.decided_at = line.at

    @property
    def state(self) -> DispatchState:
        asked = next((question for question, _ in self._asked.values()), None)
        return replace(asked or self._main, conversation_id=self._conversation_id)

    def _question(self, line: HookLine) -> DispatchState | None:
        """What a person is asked by this line, if anything."""
        if line.event == "PermissionRequest":
            reason: StateReason = "question" if line.tool == _QUESTION_TOOL else "permission"
            return DispatchState("waiting", reason, line.at, _call_text(line))
        # it repeats, seconds later and in general words, what a PermissionRequest said
        if line.event == "Notification" and line.topic in _NOTICES and not self._asked:
            return DispatchState("waiting", _NOTICES[line.topic], line.at, line.detail)
        return None

    def _answer(self, line: HookLine) -> bool:
        """Whether the agent's question is answered, or of no more interest."""
        if line.event == "UserPromptSubmit" and not line.detail.startswith(FROM_TASK):
            self._asked.clear()  # a person who types sees no question; Esc on a subagent's question fires no hook
        if line.event in ("Notification", "SubagentStart") or line.agent_id not in self._asked:
            return False
        _, call = self._asked[line.agent_id]
        if call and line.tool_use_id and call != line.tool_use_id:
            return False  # another tool of the same turn goes on beside it
        del self._asked[line.agent_id]
        return True

    def _move(self, line: HookLine) -> bool:
        """Whether the line says how the main agent stands; the state keeps the time when it came to be so."""
        if line.agent_id:
            if self._main.kind == "starting":  # what came before is not there any more
                self._main = DispatchState("working", since=line.at)
            return False
        after = _main_state(line)
        if after is None:
            return False
        is_same = (after.kind, after.reason) == (self._main.kind, self._main.reason)
        self._main = replace(after, since=self._main.since) if is_same else after
        return True


def _main_state(line: HookLine) -> DispatchState | None:
    if line.event in _WORK:
        return DispatchState("working", None, line.at, _call_text(line) if line.event == "PreToolUse" else "")
    if line.event == "Stop":
        count = line.background_tasks
        return DispatchState("idle", "idle", line.at, f"{count} in the background" if count else "")
    if line.event == "Interrupt":  # of Codex; Claude has no hook for it
        return DispatchState("idle", "idle", line.at)
    if line.event == "StopFailure":
        if line.topic in _LOGIN_ERRORS:
            return DispatchState("waiting", "login", line.at, line.detail)
        return DispatchState("idle", "idle", line.at, line.detail or line.topic)
    if line.event == "SessionStart" and line.topic != "compact":  # compaction is in the middle of a turn
        return DispatchState("idle", "idle", line.at)
    return None


def _call_text(line: HookLine) -> str:
    if line.tool == _QUESTION_TOOL:
        return line.detail
    return f"{line.tool}: {line.detail}".removesuffix(": ")


def combine(by_hooks: DispatchState, decided_at: str, entry: RegistryEntry | None) -> DispatchState:
    """The newer one decides; where both say the same, the hooks say it better."""
    by_registry = _registry_state(entry) if entry is not None else None
    if entry is None or by_registry is None:
        return by_hooks
    conversation_id = entry.conversation_id or by_hooks.conversation_id
    logged_out = by_hooks.reason == "login" and by_registry.kind == "idle"
    if by_registry.kind == by_hooks.kind or logged_out or entry.changed_at <= decided_at:
        return replace(by_hooks, conversation_id=conversation_id)
    # a question stands in the registry a moment before its hook has run; what was begun last is what it is about
    about = by_hooks.detail if by_registry.kind == "waiting" and by_hooks.kind == "working" else ""
    return replace(by_registry, detail=about, conversation_id=conversation_id)


def _registry_state(entry: RegistryEntry) -> DispatchState | None:
    at = entry.changed_at or None
    if entry.status == "busy":
        return DispatchState("working", None, at, source="registry")
    if entry.status == "idle":
        return DispatchState("idle", "idle", at, source="registry")
    if entry.status == "waiting":
        return DispatchState("waiting", _WAITS.get(entry.waiting_for, "question"), at, source="registry")
    return None


def find_entry(
    entries: Iterable[RegistryEntry], *, pid: int, started_ticks: int, conversation_id: str
) -> RegistryEntry | None:
    """The process's own entry, else the newest one of the conversation: in a container pids are others.

    An entry that an earlier process of the same pid left behind is none; `started_ticks` 0 is unknown.
    """
    others = []
    for entry in entries:
        if entry.pid != pid:
            others.append(entry)
        elif not started_ticks or entry.started_ticks in ("", str(started_ticks)):
            return entry
    same = [entry for entry in others if entry.conversation_id == conversation_id]
    return max(same, key=lambda entry: entry.changed_at, default=None)
