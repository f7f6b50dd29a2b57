"""The file that `sc workflow new` writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scopecraft.config.yaml_file import dump_yaml

WORKFLOW_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TEMPLATE = Path(__file__).with_name("defaults") / "template.yaml"
_HEAD = "# Made from {origin}. Every field that there is, with its meaning: sc workflow schema\n"


def template(name: str) -> bytes:
    """With comments for whatever may stand there."""
    return _TEMPLATE.read_text(encoding="utf-8").replace("NAME", name).encode("utf-8", "replace")


def copy_of(workflow: Mapping[str, Any], name: str) -> bytes:
    """The same steps under another name; `workflow` is as a mission keeps it."""
    row = {key: value for key, value in workflow.items() if key != "source" and value != ""}
    row |= {"workflow_id": name, "steps": [_step(step) for step in workflow["steps"]]}
    return (_HEAD.format(origin=workflow["workflow_id"]) + dump_yaml(row)).encode("utf-8", "replace")


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    """What is told twice, once for clients that know one artifact only, is left out."""
    row = dict(step)
    for several in ("inputArtifacts", "outputArtifacts"):
        if several in row:
            row.pop(several.removesuffix("s"), None)
    if "loop" in row:
        row["loop"] = {"atMost" if name == "at_most" else name: value for name, value in row["loop"].items()}
    return row
