"""The real Claude Code with a scripted model beside it: an image for containers, settings for windows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docker import DockerClient

from tests.support.derived_image import build_derived

IMAGE = "scopecraft-test-claude"
KEY = "sk-ant-dummy-0123456789-abcdefghij"
# Starts the model on the container's own loopback, so the container needs no network at all.
WRAPPER = """#!/bin/sh
exec python3 /opt/play/model_server.py --script /opt/play/script.json -- claude "$@"
"""


def build_image(client: DockerClient, script: dict[str, list[dict[str, Any]]], image: str = IMAGE) -> str:
    """On top of the default image; the mark in a prompt chooses what the model says."""
    files = {
        "model_server.py": Path(__file__).with_name("model_server.py"),
        "script.json": json.dumps(script).encode(),
        "claude": WRAPPER.encode(),
    }
    return build_derived(client, image, files)


def container_settings(image: str) -> str:
    return f"""
[agents.claude]
image = "{image}"
command = ["/opt/play/claude"]

[container]
network = "none"
memory = "2g"
"""
