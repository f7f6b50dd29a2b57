"""A conversation's files are an agent's work: what it put there in their place does not lead out, nor hold up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scopecraft.config.paths import home_of, make_home
from scopecraft.errors import AlreadyRunning, LockHeld, Refused
from scopecraft.model.session import Ended, Killed, Session
from scopecraft.sessions import conversation_files
from scopecraft.sessions.context import Context
from scopecraft.sessions.conversation_files import parts_in
from scopecraft.sessions.conversation_moves import (
    MOST_ON_HOST_BYTES,
    bring_home,
    conversation_held,
    find_kept,
    lay_out_conversation,
    put_on_host,
    refuse_writers,
    require_conversation,
)
from scopecraft.sessions.request import Continuation, StartRequest
from tests.support.sessions import a_session, running

ID = "6f0c9b1e-0c1f-4a43-9a5e-1d0b6d2f7a11"
PROJECT = "projects/-home-ann-worktrees-shop-fix-login"  # as Claude calls the sessions' worktree
TRANSCRIPT = f"{PROJECT}/{ID}.jsonl"
MISSION = "m-0123456789abcdef"
PATTERNS = ("projects/*/{id}.jsonl", "projects/*/{id}")


@pytest.fixture
def context(clean_environment: Path) -> Context:
    make_home(home_of(os.environ))
    return Context.of(os.environ)


def session(context: Context, minute: int, **changes: object) -> Session:
    """One that has ended, with that conversation unless told otherwise."""
    at = f"2026-03-01T10:{minute:02}:00.000Z"
    made = a_session(mission_id=MISSION, created_at=at, conversation_id=ID, **changes)
    context.store.create(made, at)
    context.store.move(made.id, running(), "session_started", at)
    over = context.store.move(made.id, Ended(at, at, Killed("sc stop")), "session_ended", at)
    assert over is not None
    return over


def write(folder: Path, path: str, text: str) -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def said(context: Context, of: Session, text: str) -> None:
    write(context.folder(of.id).agent / "config", TRANSCRIPT, text)


def going_on(of: Session) -> StartRequest:
    return StartRequest("fix", None, Path("/"), continues=Continuation(of.id, "resume", ID))


def test_only_files_of_the_conversation_are_taken(context: Context, tmp_path: Path) -> None:
    before = session(context, 1)
    config = context.folder(before.id).agent / "config"
    outside = write(tmp_path, "secret", "secret")
    said(context, before, "one\n")
    write(config, f"{PROJECT}/{ID}/subagents/agent-1.jsonl", "sub\n")
    write(config, f"{PROJECT}/another.jsonl", "another conversation")
    write(config, ".credentials.json", "a login")
    write(config, "settings.json", "hooks that an agent wrote")
    (config / f"{PROJECT}/{ID}/link").symlink_to(outside)
    (config / f"{PROJECT}/{ID}/folder").symlink_to(tmp_path)
    os.mkfifo(config / f"{PROJECT}/{ID}/pipe")
    (config / "projects" / "elsewhere").symlink_to(tmp_path)

    target = tmp_path / "agent"
    lay_out_conversation(context, going_on(before), target)
    found = {str(path.relative_to(target)): path.read_text() for path in target.rglob("*") if path.is_file()}
    assert found == {f"config/{TRANSCRIPT}": "one\n", f"config/{PROJECT}/{ID}/subagents/agent-1.jsonl": "sub\n"}
    assert not [path for path in target.rglob("*") if path.is_symlink()]


def test_more_than_a_conversation_comes_to_is_refused(tmp_path: Path) -> None:
    with write(tmp_path, TRANSCRIPT, "").open("wb") as file:
        file.truncate(conversation_files.MOST_BYTES + 1)  # a hole: it takes no space
    with pytest.raises(Refused, match="more than a conversation"):
        list(parts_in(tmp_path, PATTERNS, ID))


def test_a_link_in_the_place_of_the_transcript_is_no_conversation(context: Context, tmp_path: Path) -> None:
    before = session(context, 1)
    file = context.folder(before.id).agent / "config" / TRANSCRIPT
    file.parent.mkdir(parents=True)
    file.symlink_to(write(tmp_path, "passwd", "root"))
    with pytest.raises(Refused, match="no conversation to go on with"):
        require_conversation(context, before, ID)


def test_a_link_in_the_place_of_the_agents_folder_leads_nowhere(context: Context, tmp_path: Path) -> None:
    before = session(context, 1)
    write(tmp_path / "persons", TRANSCRIPT, "what the person said elsewhere\n")
    agent = context.folder(before.id).agent
    agent.mkdir(parents=True)
    (agent / "config").symlink_to(tmp_path / "persons")
    with pytest.raises(Refused, match="no conversation to go on with"):
        require_conversation(context, before, ID)


def test_it_goes_on_from_where_it_went_on_last_whichever_session_is_named(context: Context) -> None:
    first, second = session(context, 1), session(context, 2, origin="resume")
    said(context, first, "one\n")
    said(context, second, "one\ntwo\n")
    assert find_kept(context, first, ID).session.id == second.id


def test_a_window_on_the_host_gets_a_copy_and_gives_back_what_it_added(context: Context) -> None:
    persons = Path(os.environ["HOME"]) / ".claude" / TRANSCRIPT
    alone = session(context, 1)
    said(context, alone, "one\n")
    told: list[str] = []
    request = StartRequest(
        "fix", None, Path("/"), continues=Continuation(alone.id, "takeover", ID), on_note=told.append
    )
    put_on_host(context, request, alone.worktree)
    assert persons.read_text() == "one\n"
    assert str(persons) in told[0]

    # as with a person who keeps a configuration elsewhere
    projects = persons.parents[1]
    projects.rename(projects.parent / "elsewhere")
    projects.symlink_to("elsewhere")
    window = session(context, 2, executor="tmux", mode="dispatch", is_contained=False, origin="takeover")
    persons.write_text("one\ntwo\n")
    require_conversation(context, window, ID)
    for _ in range(2):
        bring_home(context, window, ID)
        assert find_kept(context, alone, ID).session.id == window.id
    assert (context.folder(window.id).agent / "config" / TRANSCRIPT).read_text() == "one\ntwo\n"


@pytest.mark.parametrize(
    ("theirs", "ours", "left"),
    [
        ("one\n", "one\ntwo\n", "one\ntwo\n"),
        ("one\ntwo\nthree\n", "one\ntwo\n", "one\ntwo\nthree\n"),
        ("one\nelse\n", "one\ntwo\n", None),
    ],
)
def test_what_the_person_has_never_gets_less(context: Context, theirs: str, ours: str, left: str | None) -> None:
    persons = write(Path(os.environ["HOME"]) / ".claude", TRANSCRIPT, theirs)
    alone = session(context, 1)
    said(context, alone, ours)
    if left is None:
        with pytest.raises(Refused, match="another end"):
            put_on_host(context, going_on(alone), alone.worktree)
    else:
        put_on_host(context, going_on(alone), alone.worktree)
    assert persons.read_text() == (theirs if left is None else left)


def test_a_file_that_would_fill_the_memory_is_not_put_on_the_host(context: Context) -> None:
    before = session(context, 1)
    said(context, before, "one\n")
    with (context.folder(before.id).agent / "config" / TRANSCRIPT).open("r+b") as file:
        file.truncate(MOST_ON_HOST_BYTES + 1)  # a hole: it takes no space
    with pytest.raises(Refused, match="too long"):
        put_on_host(context, going_on(before), before.worktree)
    assert not Path(os.environ["HOME"], ".claude").exists()


def test_nothing_is_put_where_claude_would_not_look_for_it(context: Context) -> None:
    alone = session(context, 1)
    write(context.folder(alone.id).agent / "config", f"projects/-root-evil/{ID}.jsonl", "one\n")
    put_on_host(context, going_on(alone), alone.worktree)
    assert not (Path(os.environ["HOME"]) / ".claude").exists()


def test_a_conversation_that_cannot_travel_stays_where_it_is(context: Context) -> None:
    alone = session(context, 1, agent="codex", dialect="codex")
    write(context.folder(alone.id).agent / "config", f"sessions/2026/03/01/rollout-1-{ID}.jsonl", "one\n")
    with pytest.raises(Refused, match="cannot move"):
        put_on_host(context, going_on(alone), alone.worktree)


def test_one_conversation_has_one_writer(context: Context) -> None:
    with (
        conversation_held(context, ID),
        conversation_held(context, "another"),
        pytest.raises(LockHeld, match="at this conversation"),
        conversation_held(context, ID, seconds=0),
    ):
        pass
    alive = a_session(mission_id=MISSION, conversation_id=ID)
    context.store.create(alive, alive.created_at)
    with pytest.raises(AlreadyRunning, match=alive.id):
        refuse_writers(context, ID)
    refuse_writers(context, ID, but=alive.id)
