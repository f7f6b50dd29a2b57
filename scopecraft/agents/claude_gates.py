"""Claude Code's first-run questions, answered beforehand where nobody could: in a configuration folder of our own."""

from __future__ import annotations

from typing import Any

import orjson

from scopecraft.model.launch import AgentRequest

WORKSPACE = "/workspace"
KEY_TAIL = 20  # characters by which Claude recognises a key that was approved
KEEP_CONVERSATIONS_DAYS = 3650


def first_run_files(request: AgentRequest) -> dict[str, bytes]:
    """Files of the configuration folder, to be written only where they are missing: Claude keeps its own state there.

    They hold no secret: of an API key only the tail that Claude compares.
    """
    state: dict[str, Any] = {
        "hasCompletedOnboarding": True,
        "projects": {cwd: {"hasTrustDialogAccepted": True} for cwd in (request.cwd, WORKSPACE)},
        "customApiKeyResponses": {"approved": _key_tails(request), "rejected": []},
    }
    settings: dict[str, Any] = {"cleanupPeriodDays": KEEP_CONVERSATIONS_DAYS}
    if not request.sandboxed:
        # a person is there to be asked, and not whether they still want to be
        settings["permissions"] = {"defaultMode": "default"}
        state["hasSeenAutoDefaultNudge"] = True
    else:
        state["bypassPermissionsModeAccepted"] = True
        settings["skipDangerousModePermissionPrompt"] = True
    return {".claude.json": _json(state), "settings.json": _json(settings)}


def _key_tails(request: AgentRequest) -> list[str]:
    key = request.secrets.get("ANTHROPIC_API_KEY", "")
    # the tail of a key this short would be all of it
    return [key[-KEY_TAIL:]] if len(key) > KEY_TAIL else []


def _json(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)
