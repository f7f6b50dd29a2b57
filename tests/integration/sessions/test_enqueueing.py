"""A request that waits: safe on the disk as it was given, or refused without a trace."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scopecraft.errors import (
    AlreadyRunning,
    BadInput,
    BadName,
    CredentialsMissing,
    NotFound,
    QueueFull,
    Refused,
    ScopecraftError,
    StateUnreadable,
)
from scopecraft.model.session import Ended, Killed, Queued
from scopecraft.queueing import ruling
from scopecraft.sessions.context import Context
from scopecraft.sessions.enqueueing import enqueue
from scopecraft.sessions.enqueueing_several import Several
from scopecraft.sessions.kept_request import (
    load_caller,
    load_request,
    request_dict,
    request_of_dict,
    save_request,
)
from scopecraft.sessions.places import mission_named, session_named
from scopecraft.sessions.request import (
    Continuation,
    FromBranch,
    FromPullRequest,
    FromWorktree,
    StartRequest,
)
from scopecraft.sessions.stop import leave_line
from tests.support.missions import Desk, make_desk
from tests.support.repos import commit
from tests.support.sessions import AT

KEY = "sk-ant-of-the-caller"


@pytest.fixture
def desk(clean_environment: Path) -> Desk:
    return make_desk(clean_environment)


@pytest.fixture
def context(desk: Desk) -> Context:
    return Context.of({**os.environ, "ANTHROPIC_API_KEY": KEY})


def asked(desk: Desk, task: str = "fix-login", **changes: object) -> StartRequest:
    return replace(StartRequest(task, "mend the login", desk.folder), **changes)  # type: ignore[arg-type]


def folders(desk: Desk) -> list[str]:
    return sorted(folder.name for folder in desk.home.sessions.iterdir())


# Round trip


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"prompt": None},
        {"prompt": "Umlaute äöü, 漢字, \U0001f680, \u2028, half a byte \udc80, tabs\t and\r\nlines"},
        {"task": "日本 05A", "arguments": ("--flag", "", "a b", "\udcff")},
        {"overrides": ("container.memory=8g", "container.cpus=1"), "should_set_up": False},
        {"start_from": FromBranch("origin/fix"), "is_task_given": False},
        {"start_from": FromPullRequest(7)},
        {"start_from": FromPullRequest(7, "upstream"), "project": "shop"},
        {"start_from": FromWorktree(Path("/w/x y"))},
        {"base": "main~3", "type": "fix", "group": "g-1", "model": "m", "agent": "codex", "timeout_seconds": 5},
        {"continues": Continuation("r-1", "retry"), "is_new": False},
        {"continues": Continuation("r-1", "resume", "c-1")},
        {"cwd": Path("/odd/\udce4")},
    ],
)
def test_a_request_comes_back_as_it_was_given(tmp_path: Path, changes: dict[str, object]) -> None:
    given = replace(StartRequest("fix-login", "mend it", Path("/here")), **changes)  # type: ignore[arg-type]
    save_request(tmp_path / "r-1", given, {"KEY": "\udce4 value"})
    found = load_request(tmp_path / "r-1")
    assert found is not None
    assert request_dict(found) == request_dict(given)
    assert found.start_from == given.start_from
    assert load_caller(tmp_path / "r-1") == {"KEY": "\udce4 value"}
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "r-1").iterdir()} == {0o600}


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"version": 99}', b"null", b"[" * 100_000, b'{"version": 1, "task": "x"}', b"\xff\xfe"],
)
def test_a_damaged_request_says_so_and_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "request.json"
    file.write_bytes(content)
    with pytest.raises(StateUnreadable, match=r"request\.json cannot be read"):
        load_request(tmp_path)
    assert file.read_bytes() == content


def test_what_a_newer_version_adds_is_left_out(tmp_path: Path) -> None:
    values = {**request_dict(StartRequest("a", "b", Path("/"))), "mood": "good"}
    assert request_of_dict(values).task == "a"


def test_a_session_of_an_older_version_has_no_request(tmp_path: Path) -> None:
    assert load_request(tmp_path) is None
    assert load_caller(tmp_path) == {}


# In line


def test_what_waits_is_on_the_disk_with_its_own_id_and_nothing_else_is_made(desk: Desk, context: Context) -> None:
    item = enqueue(context, asked(desk))
    folder = context.folder(item.session.id).path
    assert (item.place, item.session.task, item.session.project) == (1, "fix-login", "shop")
    assert sorted(file.name for file in folder.iterdir()) == ["caller.json", "metadata.json", "request.json"]
    assert json.loads((folder / "metadata.json").read_text())["status"]["kind"] == "queued"
    kept = load_request(folder)
    assert kept is not None
    assert (kept.prompt, kept.project, kept.agent) == ("mend the login", "shop", "claude")
    assert load_caller(folder) == {"ANTHROPIC_API_KEY": KEY}
    assert KEY not in (folder / "metadata.json").read_text() + (folder / "request.json").read_text()
    assert list(desk.home.missions_active.iterdir()) == []
    assert list(desk.home.worktrees.glob("shop/*")) == []


def test_a_key_of_the_home_is_not_written_down_again(desk: Desk) -> None:
    desk.home.secrets_file.write_text("ANTHROPIC_API_KEY=of-the-home\n")
    desk.home.secrets_file.chmod(0o600)
    item = enqueue(Context.of(os.environ), asked(desk))
    assert load_caller(desk.home.sessions / item.session.id) == {}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"task": "a/b"}, BadName),
        ({"task": " "}, BadName),
        ({"prompt": " "}, BadInput),
        ({"prompt": None}, BadInput),
        ({"prompt": "nul\0"}, BadInput),
        ({"agent": "nobody"}, BadInput),
        ({"agent": "plain"}, BadInput),
        ({"agent": "codex"}, CredentialsMissing),
        ({"project": "nowhere"}, NotFound),
        ({"base": "nowhere"}, NotFound),
        ({"overrides": ("container.memory=lots",)}, ScopecraftError),
    ],
)
def test_what_is_refused_leaves_nothing_behind(
    desk: Desk, context: Context, changes: dict[str, Any], error: type[ScopecraftError]
) -> None:
    with pytest.raises(error) as refused:
        enqueue(context, asked(desk, **changes))
    assert refused.value.hint
    assert folders(desk) == []
    assert context.store.sessions() == []
    assert context.store.events() == []


def test_a_full_queue_leaves_no_folder(desk: Desk, context: Context) -> None:
    context.store.queue.change_rules(lambda rules: ruling.limited(rules, running=None, waiting=1), AT, {})
    first = enqueue(context, asked(desk))
    with pytest.raises(QueueFull, match="0 of 3 run, 1 of 1 wait"):
        enqueue(context, asked(desk, "another"))
    with pytest.raises(AlreadyRunning):
        enqueue(context, asked(desk))
    assert folders(desk) == [first.session.id]
    follows = asked(desk, "third", is_new=False)
    assert enqueue(context, follows).place == 2, "what goes on with a mission is never refused"


def test_several_are_checked_before_the_first_of_them_stands_in_line(desk: Desk, context: Context) -> None:
    several = Several(context)
    several.add(asked(desk, "a"))
    several.add(asked(desk, "b"))
    with pytest.raises(BadInput, match="a is named twice"):
        several.add(asked(desk, "A!"))
    with pytest.raises(BadInput):
        several.add(asked(desk, "c", agent="nobody"))
    assert folders(desk) == []
    assert [item.place for item in several.enter()] == [1, 2]


# By name


def test_a_task_that_waits_is_found_before_its_mission_is_made(desk: Desk, context: Context) -> None:
    session = enqueue(context, asked(desk, "implement auth 05A")).session
    for name in ("implement-auth-05A", "Implement auth 05a", "05A", session.mission_id, session.id, session.id[-6:]):
        assert session_named(context, name, desk.folder) == session, name
    with pytest.raises(NotFound):
        session_named(context, "implement-auth-05A", desk.folder, "another")
    with pytest.raises(NotFound, match="waits in the queue: its branch and its worktree are made") as refused:
        mission_named(context, "implement-auth-05A", desk.folder)
    assert "sc queue remove implement-auth-05A" in refused.value.hint


def test_one_that_left_the_line_is_still_told_of_and_its_name_is_free(desk: Desk, context: Context) -> None:
    session = enqueue(context, asked(desk)).session
    ended = leave_line(context, session, "sc queue remove")
    assert isinstance(ended.status, Ended)
    assert ended.status.outcome == Killed("sc queue remove")
    assert load_caller(context.folder(session.id).path) == {}, "its keys are gone"
    assert session_named(context, "fix-login", desk.folder) == ended
    again = enqueue(context, asked(desk)).session
    assert isinstance(again.status, Queued)
    assert session_named(context, "fix-login", desk.folder) == again


def test_a_mission_with_a_waiting_session_is_not_removed(desk: Desk, context: Context) -> None:
    mission = desk.mission("fix-login")
    item = enqueue(context, asked(desk))
    assert (item.session.mission_id, item.session.branch) == (mission.id, mission.branch)
    said = desk.sc("rm", "fix-login", "--yes")
    assert said.code == 3
    assert f"fix-login waits in the queue: {item.session.id}" in said.err
    assert "sc queue remove fix-login" in said.err


def test_a_mission_that_began_elsewhere_is_not_begun_anew(desk: Desk, context: Context) -> None:
    desk.mission("fix-login")
    later = commit(desk.folder, "later.txt")
    with pytest.raises(Refused, match="began at"):
        enqueue(context, asked(desk, base=later))
    assert folders(desk) == []


def test_a_waiting_session_is_no_orphan(desk: Desk, context: Context) -> None:
    session = enqueue(context, asked(desk)).session
    folder = context.folder(session.id).path
    os.utime(folder, (0, 0))
    said = desk.done("prune", "--yes", "--json")
    assert session.id not in said.out
    assert folder.is_dir()
