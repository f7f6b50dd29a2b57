"""Whatever stands in a file, it is a workflow, or told to be none: no other error comes of it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scopecraft.config.roles import prompt_of
from scopecraft.config.workflow_reading import read_roles, read_workflows
from scopecraft.config.yaml_file import load_yaml
from scopecraft.errors import BadWorkflow
from tests.support.documents import ROOT

SHIPPED = json.loads((ROOT / "scopecraft/config/defaults/workflows.json").read_bytes())["workflows"]
FIELDS = sorted({name for row in SHIPPED for step in row["steps"] for name in step} | {"loop", "limits", "settings"})
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(FIELDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9) | st.sampled_from(FIELDS), inner),
    max_leaves=8,
)


TOKENS = (
    b"!!bool ", b"!!int ", b"!!float ", b"!!null ", b"!!map ", b"!!merge ", b"!x ", b"<<: ", b"? ", b"- ", b"a: ",
    b"&a ", b"*a", b"%YAML 1.1\n", b"---\n", b"...\n", b"|\n", b">-\n ", b"\n", b"  ", b"\t", b"x", b"0x", b"1:2",
    b"''", b"[", b"}",
)  # fmt: skip


@st.composite
def changed(draw: st.DrawFn) -> Any:
    """A shipped workflow in which one thing at any depth is something else."""
    document = json.loads(json.dumps(draw(st.sampled_from(SHIPPED))))
    at: Any = document
    while True:
        key = draw(st.sampled_from(sorted(at)) if isinstance(at, dict) else st.integers(0, len(at) - 1))
        if not isinstance(at[key], dict | list) or not at[key] or draw(st.booleans()):
            break
        at = at[key]
    if isinstance(at, dict) and draw(st.booleans()):
        key = draw(st.sampled_from(FIELDS))
    at[key] = draw(VALUES)
    return document


@settings(max_examples=60, deadline=None)
@given(changed())
def test_a_workflow_with_anything_in_it(document: Any) -> None:
    [entry] = read_workflows(json.dumps(document).encode(), "w.json", "project")
    assert (entry.workflow is None) == bool(entry.problems)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=60)
    | st.lists(st.sampled_from(TOKENS), max_size=9).map(b"".join)
    | st.text("[]{}:,&*!|>-? #\"'ab\n\t0", max_size=60).map(str.encode)
)
def test_any_bytes(text: bytes) -> None:
    for read in (
        lambda: load_yaml(text, "w.yaml"),
        lambda: read_workflows(text, "w.yaml", "project"),
        lambda: read_roles(text, "agents.json"),
        lambda: prompt_of(text, "p.md"),
    ):
        with contextlib.suppress(BadWorkflow):
            read()
