"""The JSON Schema of workflow files, as it is published: `python -m tests.support.workflow_schema`."""

from __future__ import annotations

import json

from scopecraft.config.workflow_schema import schema

PAGE = "docs/reference/workflow.schema.json"


def text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")
