"""Codex's configuration folder in a container: which server it asks, and questions answered that nobody could.

In a terminal Codex takes a key only from a login, which is a file. A model provider of our own takes it from the
environment, so that no key is written; headless runs use the same one, since a conversation keeps its provider.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from scopecraft.model.launch import AgentRequest

WORKSPACE = "/workspace"
KEY_VARIABLE = "CODEX_API_KEY"
KEY_VARIABLES = (KEY_VARIABLE, "OPENAI_API_KEY")
PROVIDER = "scopecraft"


def key_of(request: AgentRequest) -> str:
    """The key that it gets; empty where it has none and so must have another way in."""
    return next((request.secrets[name] for name in KEY_VARIABLES if request.secrets.get(name)), "")


def config_files(request: AgentRequest) -> Mapping[str, bytes]:
    """Files of its configuration folder; they hold no secret. None on the host: that folder is the person's."""
    if request.config_folder is None:
        return {}
    server = request.secrets.get("OPENAI_BASE_URL", "")
    lines = ["check_for_update_on_startup = false"]
    if key_of(request):
        lines.append(f"model_provider = {toml(PROVIDER)}")
    elif server:
        lines.append(f"openai_base_url = {toml(server)}")
    for folder in dict.fromkeys((request.cwd, WORKSPACE)):
        lines += ["", f"[projects.{toml(folder)}]", 'trust_level = "trusted"']
    if key_of(request):
        lines += ["", f"[model_providers.{PROVIDER}]", 'name = "OpenAI"', 'wire_api = "responses"']
        lines += [f"env_key = {toml(KEY_VARIABLE)}", *([f"base_url = {toml(server)}"] if server else [])]
    return {"config.toml": "\n".join([*lines, ""]).encode()}


def toml(text: str) -> str:
    """A text as TOML writes it; JSON's way is one of them."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
