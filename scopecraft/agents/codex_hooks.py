"""The hooks by which an interactive Codex tells how it stands, given for one run as arguments: nothing is edited.

Their payloads are Claude Code's, and so is the script that writes them down. Codex runs a hook only if a person has
approved its exact words, which it remembers as a hash. A hash that comes with the arguments approves what came with the
arguments; the person's and the repository's own hooks stay as much or as little approved as they were.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex

from scopecraft.agents.claude_hooks import SCRIPT, SCRIPT_FILE
from scopecraft.agents.codex_config import toml

EVENTS = (
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PermissionRequest",
    "PostToolUse",
    "Stop",
    "Interrupt",
    "SubagentStop",
    "SessionEnd",
)
_SOURCE = "/<session-flags>/config.toml"  # how Codex calls what stands in its arguments
_TIMEOUT_SECONDS = 3  # Codex allows no more to an Interrupt, and its hash is of what it allows


def hook_files() -> dict[str, bytes]:
    return {SCRIPT_FILE: SCRIPT.encode()}


def hook_arguments(folder: str) -> list[str]:
    """`folder` is where the script will stand, as the agent sees it."""
    arguments, states = [], []
    for event in EVENTS:
        command = f"/bin/sh {shlex.quote(f'{folder}/{SCRIPT_FILE}')} {event}"
        hook = f'{{type="command",command={toml(command)},timeout={_TIMEOUT_SECONDS}}}'
        arguments += ["-c", f"hooks.{event}=[{{hooks=[{hook}]}}]"]
        label = _label(event)
        states.append(f"{toml(f'{_SOURCE}:{label}:0:0')}={{trusted_hash={toml(trusted_hash(label, command))}}}")
    return [*arguments, "-c", f"hooks.state={{{','.join(states)}}}"]


def trusted_hash(label: str, command: str) -> str:
    """By which Codex 0.169 knows a hook again; another release that counts otherwise asks the person."""
    hook = {"async": False, "command": command, "timeout": _TIMEOUT_SECONDS, "type": "command"}
    words = json.dumps({"event_name": label, "hooks": [hook]}, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(words.encode('utf-8', 'surrogateescape')).hexdigest()}"


def _label(event: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event).lower()
