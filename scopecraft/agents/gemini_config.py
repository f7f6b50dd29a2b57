"""Gemini CLI's settings, in a folder of our own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from scopecraft.model.launch import AgentRequest

HOME_VARIABLE = "GEMINI_CLI_HOME"  # the folder in which it has its `.gemini`
KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
PLACES = (
    "GOOGLE_GENAI_USE_VERTEXAI",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_GEMINI_BASE_URL",
    "GOOGLE_VERTEX_BASE_URL",
)


def config_files(request: AgentRequest) -> Mapping[str, bytes]:
    """Its settings, without any secret. None on the host: there they are the person's."""
    if request.config_folder is None:
        return {}
    # without this it refuses to begin where the model's address is not the usual one
    way = "gemini-api-key" if request.secrets.get("GEMINI_API_KEY") else "vertex-ai"
    settings: dict[str, Any] = {
        "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
        "privacy": {"usageStatisticsEnabled": False},
        "security": {"auth": {"selectedType": way}},
    }
    return {".gemini/settings.json": orjson.dumps(settings, option=orjson.OPT_INDENT_2)}
