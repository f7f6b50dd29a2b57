"""The real Codex with a scripted model beside it, in an image for containers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docker import DockerClient

from tests.support.agent_programs import program
from tests.support.derived_image import build_derived

IMAGE = "scopecraft-test-codex"
KEY = "sk-dummy-0123456789-abcdefghij"
# Starts the model on the container's own loopback, so the container needs no network at all.
WRAPPER = """#!/bin/sh
exec python3 /opt/play/scripted_openai.py --script /opt/play/script.json -- /opt/play/asking "$@"
"""
ASKING = """#!/bin/sh
exec /opt/play/codex-program -c "model_providers.scopecraft.base_url=\\"$OPENAI_BASE_URL\\"" "$@"
"""


def build_image(client: DockerClient, script: dict[str, list[dict[str, Any]]]) -> str:
    """The mark in a prompt chooses what the model says."""
    here = Path(__file__)
    files: dict[str, bytes | Path] = {
        "model_server.py": here.with_name("model_server.py"),
        "scripted_openai.py": here.with_name("scripted_openai.py"),
        "script.json": json.dumps(script).encode(),
        "codex": WRAPPER.encode(),
        "asking": ASKING.encode(),
        "codex-program": program("codex"),
    }
    return build_derived(client, IMAGE, files)


def container_settings(image: str) -> str:
    return f"""
[agents.codex]
dialect = "codex"
image = "{image}"
command = ["/opt/play/codex"]
model = "gpt-5-scripted"

[container]
network = "none"
memory = "2g"
"""
