"""Sessions and statuses as plain dicts and back."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scopecraft.model.codec import session_from_dict, session_to_dict, status_from_dict, status_to_dict
from scopecraft.model.handle import ContainerHandle, Handle, ProcessHandle
from scopecraft.model.session import (
    Completed,
    Ended,
    Failed,
    Interrupted,
    Killed,
    Outcome,
    Queued,
    Running,
    Session,
    Starting,
    Status,
    TimedOut,
    Waiting,
)
from tests.support.sessions import AT, CONTAINER, LATER, WINDOW, a_session, ended

EVERY_STATUS: tuple[Status, ...] = (
    Queued(AT),
    Starting(AT),
    Running(AT, CONTAINER),
    Running(AT, WINDOW),
    Running(AT, ProcessHandle(4711, 99, "a-boot")),
    Waiting(AT, WINDOW, LATER, "question"),
    Ended(None, LATER, Failed("the image is missing")),
    Ended(AT, LATER, Completed()),
    Ended(AT, LATER, Failed("it crashed", 139)),
    Ended(AT, LATER, TimedOut(3600)),
    Ended(AT, LATER, Killed("sc stop --now")),
    Ended(AT, LATER, Interrupted("engine", "restarted")),
)


def nested_dicts(values: dict[str, Any]) -> list[dict[str, Any]]:
    """The dict and every dict in it."""
    return [values] + [found for item in values.values() if isinstance(item, dict) for found in nested_dicts(item)]


@settings(deadline=None)
@given(st.from_type(Session))
def test_any_session_comes_back_from_json_as_it_was(session: Session) -> None:
    assert session_from_dict(json.loads(json.dumps(session_to_dict(session)))) == session


def test_every_kind_is_among_the_examples() -> None:
    outcomes = {type(status.outcome) for status in EVERY_STATUS if isinstance(status, Ended)}
    handles = {type(status.handle) for status in EVERY_STATUS if isinstance(status, Running | Waiting)}
    assert {type(status) for status in EVERY_STATUS} == set(get_args(Status))
    assert outcomes == set(get_args(Outcome))
    assert handles == set(get_args(Handle))


@pytest.mark.parametrize("status", EVERY_STATUS, ids=str)
def test_a_status_comes_back_as_it_was(status: Status) -> None:
    assert status_from_dict(json.loads(json.dumps(status_to_dict(status)))) == status


def test_a_status_reads_well_for_a_person() -> None:
    assert status_to_dict(Ended(AT, LATER, Failed("it crashed", 139))) == {
        "kind": "ended",
        "started_at": AT,
        "ended_at": LATER,
        "outcome": {"kind": "failed", "reason": "it crashed", "exit_code": 139},
    }


@pytest.mark.parametrize("status", EVERY_STATUS, ids=str)
def test_fields_of_a_newer_scopecraft_are_ignored(status: Status) -> None:
    values = status_to_dict(status)
    for level in nested_dicts(values):
        level["colour"] = "green"
    assert status_from_dict(values) == status


@pytest.mark.parametrize("status", EVERY_STATUS, ids=str)
def test_an_unknown_kind_is_named_at_every_depth(status: Status) -> None:
    for depth in range(len(nested_dicts(status_to_dict(status)))):
        values = status_to_dict(status)
        nested_dicts(values)[depth]["kind"] = "levitating"
        with pytest.raises(ValueError, match="levitating"):
            status_from_dict(values)


def test_each_field_without_a_default_is_demanded_by_name() -> None:
    for field in dataclasses.fields(Session):
        values = session_to_dict(a_session(model="opus"))
        del values[field.name]
        if field.default is dataclasses.MISSING:
            with pytest.raises(ValueError, match=f"^{field.name} is missing"):
                session_from_dict(values)
        else:
            assert getattr(session_from_dict(values), field.name) == field.default


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("attempt", "1"),
        ("attempt", True),
        ("attempt", 1.0),
        ("attempt", None),
        ("task", None),
        ("task", 7),
        ("mode", "sideways"),
        ("mode", []),
        ("executor", "podman"),
        ("timeout_seconds", "1h"),
        ("status", None),
        ("status", "running"),
        ("status", {}),
        ("status", {"kind": ["ended"]}),
        ("status", {"kind": "ended", "started_at": None, "ended_at": AT, "outcome": "completed"}),
    ],
)
def test_a_value_of_the_wrong_shape_is_refused_with_its_field(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        session_from_dict({**session_to_dict(a_session(status=ended())), field: value})


def test_a_problem_deep_inside_is_named_from_the_outside_in() -> None:
    values = session_to_dict(a_session(status=Running(AT, ContainerHandle("e", "n", "c"))))
    values["status"]["handle"]["name"] = 3
    with pytest.raises(ValueError, match=r"^status: handle: name: expected text"):
        session_from_dict(values)


@pytest.mark.parametrize("values", [None, [], "x", 3])
def test_what_is_no_object_is_refused(values: object) -> None:
    with pytest.raises(ValueError, match="expected a"):
        session_from_dict(values)
    with pytest.raises(ValueError, match="expected a"):
        status_from_dict(values)
