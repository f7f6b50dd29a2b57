"""The real OpenCode with a scripted model beside it, in an image for containers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docker import DockerClient

from tests.support.agent_programs import program
from tests.support.derived_image import build_derived

IMAGE = "scopecraft-test-opencode"
KEY = "sk-ant-dummy-0123456789-abcdefghij"
# Starts the model on the container's own loopback, so the container needs no network at all.
WRAPPER = """#!/bin/sh
exec python3 /opt/play/model_server.py --script /opt/play/script.json -- /opt/play/opencode-program "$@"
"""


def build_image(client: DockerClient, script: dict[str, list[dict[str, Any]]]) -> str:
    """The mark in a prompt chooses what the model says."""
    files: dict[str, bytes | Path] = {
        "model_server.py": Path(__file__).with_name("model_server.py"),
        "script.json": json.dumps(script).encode(),
        "opencode": WRAPPER.encode(),
        "opencode-program": program("opencode"),
    }
    return build_derived(client, IMAGE, files)


def container_settings(image: str) -> str:
    return f"""
[agents.opencode]
dialect = "opencode"
image = "{image}"
command = ["/opt/play/opencode"]
model = "anthropic/claude-sonnet-4-5"
# without a network, what it would fetch at its start is waited for in vain
env = {{ OPENCODE_DISABLE_MODELS_FETCH = "1", OPENCODE_PURE = "1" }}

[container]
network = "none"
memory = "2g"
"""
