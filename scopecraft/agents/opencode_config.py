"""OpenCode's files: its folders below one of our own, and the plugin by which it tells how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any

import orjson

from scopecraft.model.launch import AgentRequest

CONFIG_FILE = "opencode.json"
PLUGIN_FILE = "opencode_plugin.js"
# The variables that it knows of the providers that most people use; others come by `pass_env`.
KEYS = (
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "OPENCODE_API_KEY",
    "OPENROUTER_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_GENERATIVE_AI_API_KEY",
)
PLACES = ("ANTHROPIC_BASE_URL", "OPENAI_BASE_URL")


def own_folders(folder: str) -> dict[str, str]:
    """Variables that put all it keeps into the folder, and keep it from fetching programs of its own."""
    return {
        "XDG_CONFIG_HOME": f"{folder}/config",
        "XDG_DATA_HOME": f"{folder}/data",
        "XDG_STATE_HOME": f"{folder}/state",
        "OPENCODE_CONFIG": f"{folder}/{CONFIG_FILE}",
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    }


def config_files(request: AgentRequest) -> Mapping[str, bytes]:
    """Where its providers are, by the variables that hold it. None on the host: there all is the person's."""
    if request.config_folder is None:
        return {}
    providers: dict[str, Any] = {}
    # Anthropic's variable names the server, OpenAI's the server and the version of its API
    if request.secrets.get("ANTHROPIC_BASE_URL"):
        providers["anthropic"] = {"options": {"baseURL": "{env:ANTHROPIC_BASE_URL}/v1"}}
    if request.secrets.get("OPENAI_BASE_URL"):
        providers["openai"] = {"options": {"baseURL": "{env:OPENAI_BASE_URL}"}}
    settings: dict[str, Any] = {"autoupdate": False, "share": "disabled"}
    return {CONFIG_FILE: _json(settings | ({"provider": providers} if providers else {}))}


def inline_config(folder: str) -> dict[str, str]:
    """The variable that adds the plugin to whatever plugins the person has; `folder` is where it will stand."""
    where = PurePosixPath(folder, PLUGIN_FILE).as_uri()
    return {"OPENCODE_CONFIG_CONTENT": orjson.dumps({"plugin": [where]}).decode()}


def plugin_files() -> dict[str, bytes]:
    return {PLUGIN_FILE: files("scopecraft.agents").joinpath(PLUGIN_FILE).read_bytes()}


def _json(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)
