"""The items of a Codex stream: messages, commands, changes of files, calls of tools.

Commands and calls are told of when they start and when they are over. A change of files and a search may be told of
only when they are over, so both are read then.
"""

from __future__ import annotations

from collections.abc import Callable

from scopecraft.agents.records import Record, items, one_line, record, text
from scopecraft.agents.written import COMMAND_CHARACTERS, changed
from scopecraft.model.activity import Entry, Message, Note, StreamError, ToolCall, ToolResult, Trouble

INPUT_CHARACTERS = 2_000
PLAN_CHARACTERS = 2_000
_FAILED = ("failed", "declined")  # no set: a status can be anything
_SHELLS = ("/bin/bash -lc ", "/bin/bash -c ", "/bin/sh -lc ", "/bin/sh -c ", "/bin/zsh -lc ", "bash -lc ", "sh -c ")


def _message(item: Record) -> list[Entry]:
    return [Message("assistant", text(item.get("text")))]


def _reasoning(item: Record) -> list[Entry]:
    return [Message("assistant", text(item.get("text")), thinking=True)]


def _command_started(item: Record) -> list[Entry]:
    if item.get("status") != "in_progress":
        return []
    run = command_text(text(item.get("command")))
    shown = one_line(run, INPUT_CHARACTERS)
    return [ToolCall(text(item.get("id")), "command_execution", shown, command=run[:COMMAND_CHARACTERS])]


def _command_over(item: Record) -> list[Entry]:
    output = text(item.get("aggregated_output"))
    failed = item.get("status") in _FAILED
    if failed and not output:
        output = "declined" if item.get("status") == "declined" else f"exit code {item.get('exit_code')}"
    return [ToolResult(text(item.get("id")), failed, output)]


def command_text(command: str) -> str:
    """The command without the shell that runs it: `/bin/bash -lc 'echo hi'` is `echo hi`."""
    for shell in _SHELLS:
        if command.startswith(shell):
            inner = command[len(shell) :]
            if inner.count("'") == 2 and inner[0] == inner[-1] == "'":
                inner = inner[1:-1]
            return inner
    return command


def _files(item: Record) -> list[Entry]:
    changes = [record(change) for change in items(item.get("changes"))]
    told = ", ".join(f"{text(change.get('kind'))} {text(change.get('path'))}".strip() for change in changes)
    call = text(item.get("id"))
    failed = item.get("status") in _FAILED
    result = ToolResult(call, failed, "the change could not be made" if failed else "")
    return [ToolCall(call, "file_change", one_line(told, INPUT_CHARACTERS), files=changed(item)), result]


def _search(item: Record) -> list[Entry]:
    action = record(item.get("action"))
    told = text(item.get("query")) or text(action.get("query")) or text(action.get("url"))
    call = text(item.get("id"))
    return [ToolCall(call, "web_search", one_line(told, INPUT_CHARACTERS)), ToolResult(call, False, "")]


def _mcp_started(item: Record) -> list[Entry]:
    name = ".".join(filter(None, (text(item.get("server")), text(item.get("tool")))))
    given = item.get("arguments")
    return [ToolCall(text(item.get("id")), name or "mcp", one_line(given, INPUT_CHARACTERS) if given else "")]


def _mcp_over(item: Record) -> list[Entry]:
    failed = item.get("status") in _FAILED
    if failed:
        said = text(record(item.get("error")).get("message")) or "the call failed"
    else:
        blocks = map(record, items(record(item.get("result")).get("content")))
        said = "\n".join(text(block.get("text")) or f"[{text(block.get('type')) or 'unknown'}]" for block in blocks)
    return [ToolResult(text(item.get("id")), failed, said)]


def _collab_started(item: Record) -> list[Entry]:
    name = text(item.get("tool")) or "collab"
    return [ToolCall(text(item.get("id")), name, one_line(text(item.get("prompt")), INPUT_CHARACTERS))]


def _collab_over(item: Record) -> list[Entry]:
    states = [record(state) for state in record(item.get("agents_states")).values()]
    said = "\n".join(text(state.get("message")) for state in states if state.get("message"))
    return [ToolResult(text(item.get("id")), item.get("status") in _FAILED, said)]


def _todo(item: Record) -> list[Entry]:
    steps = [record(step) for step in items(item.get("items"))]
    told = "; ".join(f"[{'x' if step.get('completed') is True else ' '}] {text(step.get('text'))}" for step in steps)
    return [Note(f"plan: {one_line(told, PLAN_CHARACTERS)}")] if told else []


def _warning(item: Record) -> list[Entry]:
    return [Trouble(StreamError("warning", text(item.get("message")) or "an error"))]


def _silent(_: Record) -> list[Entry]:
    return []


STARTED: dict[str, Callable[[Record], list[Entry]]] = {
    "command_execution": _command_started,
    "mcp_tool_call": _mcp_started,
    "collab_tool_call": _collab_started,
    "todo_list": _todo,
}
COMPLETED: dict[str, Callable[[Record], list[Entry]]] = {
    "command_execution": _command_over,
    "agent_message": _message,
    "reasoning": _reasoning,
    "file_change": _files,
    "mcp_tool_call": _mcp_over,
    "collab_tool_call": _collab_over,
    "web_search": _search,
    "todo_list": _silent,
    "plan": _message,
    "error": _warning,
}
