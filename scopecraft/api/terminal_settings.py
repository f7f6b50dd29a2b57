"""Settings that are changed at a terminal only. Pure.

Who has the token, or a browser's cookie, may do what the person may. What would outlast that, by letting
others in or by running unseen beside every session, is no matter of a page.
"""

from __future__ import annotations

from scopecraft.config.keys import Key, key_text
from scopecraft.errors import Refused

_LETS_IN = frozenset({("http", "auth"), ("http", "allow_origins"), ("http", "allow_hosts")})
_RUNS_HERE = frozenset({("notify", "command"), ("setup", "commands"), ("setup", "teardown"), ("setup", "run_on")})
_GETS_KEYS = frozenset({("engine", "host"), ("github", "api")})
_OF_AGENTS = frozenset({"command", "host_command", "env", "pass_env"})


def why_terminal(key: Key) -> str:
    """What it decides that no page may; empty for all others."""
    if key in _LETS_IN:
        return "it says who may come in"
    if key in _RUNS_HERE:
        return "it may run programs on this machine"
    if key in _GETS_KEYS:
        return "keys are sent there"
    if key[0] == "agents" and len(key) > 2 and key[2] in _OF_AGENTS:
        return "it says what runs as the agent, and what it is given"
    return ""


def terminal_command(key: Key) -> str:
    return f"sc config set {key_text(key)} …"


def require_not_terminal(key: Key) -> None:
    """Raises Refused."""
    why = why_terminal(key)
    if why:
        raise Refused(f"{key_text(key)} is changed at a terminal: {why}", terminal_command(key))
