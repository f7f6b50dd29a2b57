"""The hooks by which an interactive Claude Code tells how it stands: one JSON line for each event.

    {"at":"2026-11-21T05:01:30.923Z","event":"PermissionRequest","payload":{…}}
    {"at":"…","event":"PostToolUse","head":"{\\"session_id\\":…"}     the beginning of a payload that is too long

The script needs no more than a POSIX shell. It prints nothing (Claude would read it as context), always succeeds
(anything else blocks the agent), and writes each line at once: appended, and shorter than a page, so that events of
parallel tools cannot mix.
"""

from __future__ import annotations

import shlex

import orjson

SCRIPT_FILE = "hook.sh"
SETTINGS_FILE = "settings.json"
LINES_FILE = "hooks.jsonl"

EVENTS = (
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "PermissionRequest",
    "PermissionDenied",
    "Notification",
    "Stop",
    "StopFailure",
    "SubagentStop",
    "SessionEnd",
)
_TIMEOUT_SECONDS = 5

SCRIPT = r"""#!/bin/sh
# Appends one line about an event of the agent. Prints nothing, always succeeds.
LC_ALL=C
export LC_ALL
umask 077
exec 2>/dev/null
at=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
payload=$(head -c 3001; cat >/dev/null)
case $payload in
*'
'*) payload=$(printf '%s' "$payload" | tr '\n' ' ') ;;
esac
if [ "${#payload}" -le 3000 ]; then
    line='{"at":"'$at'","event":"'$1'","payload":'$payload'}'
else
    head=$(printf '%s' "$payload" | head -c 1500 | sed 's/[\\"]/\\&/g')
    line='{"at":"'$at'","event":"'$1'","head":"'$head'"}'
fi
printf '%s\n' "$line" >>"${0%/*}/hooks.jsonl"
exit 0
"""


def hook_files(folder: str) -> dict[str, bytes]:
    """The settings for `--settings` and the script; `folder` is where both will stand, as the agent sees it."""
    script = shlex.quote(f"{folder}/{SCRIPT_FILE}")
    hooks = {
        event: [{"hooks": [{"type": "command", "command": f"/bin/sh {script} {event}", "timeout": _TIMEOUT_SECONDS}]}]
        for event in EVENTS
    }
    settings = orjson.dumps({"hooks": hooks}, option=orjson.OPT_INDENT_2)
    return {SETTINGS_FILE: settings, SCRIPT_FILE: SCRIPT.encode()}
