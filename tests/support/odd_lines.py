"""Lines as no agent should write them, for readers that must not raise."""

from __future__ import annotations

import json
from typing import Any

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# no deadline: other processes may hold this one up for longer than any line takes
FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

_SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=20)


def any_bytes() -> st.SearchStrategy[bytes]:
    values = st.recursive(
        _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner)
    )
    return st.binary() | values.map(lambda value: json.dumps(value).encode())


def odd_records(fields: str, types: str) -> st.SearchStrategy[bytes]:
    """Objects whose fields have the names and types that a reader knows, given as words, and any value."""
    names, kinds = st.sampled_from(fields.split()), st.sampled_from(types.split())
    shapes = st.recursive(
        _SCALARS | kinds,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=4),
        max_leaves=8,
    )
    return st.tuples(kinds, st.dictionaries(names, shapes, max_size=5)).map(lambda parts: _line(*parts))


def _line(kind: str, fields: dict[str, Any]) -> bytes:
    value = {**fields, "type": kind}
    try:
        return orjson.dumps(value)
    except TypeError:  # half of a surrogate pair
        return json.dumps(value).encode()
