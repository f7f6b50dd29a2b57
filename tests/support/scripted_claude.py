"""The real Claude Code with a scripted model beside it: an image for containers, settings for windows."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

from docker import DockerClient

IMAGE = "scopecraft-test-claude"
KEY = "sk-ant-dummy-0123456789-abcdefghij"
# Starts the model on the container's own loopback, so the container needs no network at all.
WRAPPER = """#!/bin/sh
exec python3 /opt/play/model_server.py --script /opt/play/script.json -- claude "$@"
"""


def build_image(client: DockerClient, script: dict[str, list[dict[str, Any]]]) -> str:
    """On top of the default image; the mark in a prompt chooses what the model says."""
    server = Path(__file__).with_name("model_server.py").read_bytes()
    files = {
        "Dockerfile": b"FROM scopecraft-agent:latest\nCOPY play /opt/play\n",
        "play/model_server.py": server,
        "play/script.json": json.dumps(script).encode(),
        "play/claude": WRAPPER.encode(),
    }
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o755
            archive.addfile(entry, io.BytesIO(data))
    content.seek(0)
    client.images.build(
        fileobj=content, custom_context=True, tag=IMAGE, labels={"scopecraft.test": "claude"}, rm=True, forcerm=True
    )
    return IMAGE


def container_settings(image: str) -> str:
    return f"""
[agents.claude]
image = "{image}"
command = ["/opt/play/claude"]

[container]
network = "none"
memory = "2g"
"""
