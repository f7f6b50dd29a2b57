"""Which files a tool call is told to write, and what it is told to run: every agent names its tools in its own way."""

from __future__ import annotations

import re
from collections.abc import Mapping

from scopecraft.agents.records import Record, items, record, text

MOST_FILES = 50  # of one call
PATH_CHARACTERS = 4096  # what is longer is no path
COMMAND_CHARACTERS = 4_000

# The input that names the file, by the tool that writes it. Claude Code, Amp and Qwen Code share lines and no names.
CLAUDE_LIKE: Mapping[str, str] = {
    "Write": "file_path",
    "Edit": "file_path",
    "MultiEdit": "file_path",
    "NotebookEdit": "notebook_path",
    "create_file": "path",
    "edit_file": "path",
    "undo_edit": "path",
    "write_file": "file_path",
    "edit": "file_path",
    "replace": "file_path",
    "notebook_edit": "notebook_path",
}
GEMINI: Mapping[str, str] = {"write_file": "file_path", "replace": "file_path", "edit": "file_path"}
OPENCODE: Mapping[str, str] = {"write": "filePath", "edit": "filePath", "multiedit": "filePath"}
OPENCODE_PATCHES = frozenset({"apply_patch", "patch"})
SHELLS = frozenset({"Bash", "bash", "PowerShell", "run_shell_command", "shell"})  # no two agents mean different things
CURSOR: Mapping[str, str] = {"edit": "path", "write": "path", "delete": "path"}

_PATCHED = re.compile(r"^\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+)$", re.MULTILINE)


def written(inputs: Mapping[str, str], tool: str, given: object) -> tuple[str, ...]:
    """The file that the tool's input names; nothing for a tool that writes none."""
    name = inputs.get(tool)
    return _usable((text(record(given).get(name)),)) if name else ()


def commanded(tool: str, given: object) -> str:
    """The command, with its lines, that the tool runs; empty for a tool that runs none."""
    # of the frequent tools this is the most frequent one
    if tool not in SHELLS or type(given) is not dict:
        return ""
    command = given.get("command") or given.get("cmd")
    return command[:COMMAND_CHARACTERS] if type(command) is str else ""


def patched(given: object) -> tuple[str, ...]:
    """The files of a patch in the format that models of OpenAI write."""
    return _usable(tuple(dict.fromkeys(_PATCHED.findall(text(record(given).get("patchText"))))))


def changed(item: Record) -> tuple[str, ...]:
    """The files of a `file_change` of Codex."""
    return _usable(tuple(text(record(change).get("path")) for change in items(item.get("changes"))))


def _usable(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(path for path in paths if path and len(path) <= PATH_CHARACTERS)[:MOST_FILES]
