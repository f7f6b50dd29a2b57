"""The JSON Schema that is published is the one that files are checked by."""

from __future__ import annotations

import json
from typing import Any

from scopecraft.config.workflow_template import copy_of, template
from scopecraft.config.yaml_file import load_yaml
from tests.support import workflow_schema
from tests.support.documents import ROOT

SHIPPED = ROOT / "scopecraft" / "config" / "defaults" / "workflows.json"


def fields(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(workflow_schema.text())["$defs"][name]["properties"]
    return found


def test_the_page_is_what_the_code_says() -> None:
    made = workflow_schema.text()
    page = workflow_schema.PAGE
    assert (ROOT / page).read_text(encoding="utf-8") == made, f"python -m tests.support.workflow_schema > {page}"


def test_every_field_says_what_it_means() -> None:
    for name in ("WorkflowRow", "StepRow", "LoopRow", "QuickCommandRow"):
        assert [field for field, row in fields(name).items() if "description" not in row] == []


def test_it_knows_every_field_of_what_is_shipped_and_of_the_template() -> None:
    rows = json.loads(SHIPPED.read_bytes())["workflows"] + [load_yaml(template("x"), "x")]
    for row in rows:
        assert set(row) <= set(fields("WorkflowRow"))
        assert all(set(step) <= set(fields("StepRow")) for step in row["steps"])


def test_a_copy_says_what_it_was_made_from() -> None:
    text = copy_of({"workflow_id": "a", "source": "shipped", "description": "", "steps": []}, "b")
    assert text.startswith(b"# Made from a.")
    assert load_yaml(text, "b") == {"workflow_id": "b", "steps": []}
