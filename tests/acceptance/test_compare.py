"""`sc compare`: what several agents made of the same task."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scopecraft.missions.advance import VISIT_STEP
from scopecraft.model.session import Completed, Ended, Failed
from scopecraft.sessions.folder import SessionFolder
from scopecraft.state.store import Store
from tests.support.command_line import on_a_terminal, sc, sc_bytes
from tests.support.made_missions import add_mission, home_here, linked_repository
from tests.support.repos import commit
from tests.support.screen import screen
from tests.support.sessions import AT, LATER, a_session

GROUP = "g-0123456789abcdef"
RESULT = (
    '{"type":"result","subtype":"success","is_error":false,"total_cost_usd":0.25,'
    '"usage":{"input_tokens":1000,"output_tokens":200,"cache_read_input_tokens":500,"cache_creation_input_tokens":0},'
    '"result":"done","session_id":"x","num_turns":1}\n'
)


@pytest.fixture
def shop(clean_environment: Path) -> Path:
    return linked_repository(clean_environment / "shop")


def tried(shop: Path, agent: str, *, works: bool = True) -> Path:
    """A sibling by that agent, whose one session took five minutes."""
    mission = add_mission(shop, f"fix-{agent}", group=GROUP)
    home = home_here()
    outcome = Completed() if works else Failed("it gave up", 1)
    session = a_session(mission_id=mission.id, task=mission.slug, agent=agent, created_at=AT)
    folder = SessionFolder(home.sessions / session.id)
    folder.make()
    folder.stream.write_text(RESULT)
    with Store.open(home.root) as store:
        store.create(session, AT)
        store.move(session.id, Ended(AT, LATER, outcome), "session_ended", LATER)
    return Path(mission.worktree)


def test_siblings_stand_side_by_side_by_any_of_their_names(shop: Path) -> None:
    claude, codex = tried(shop, "claude"), tried(shop, "codex", works=False)
    commit(claude, "a.txt", "1\n2\n3\n")
    commit(claude, "b.txt")
    (codex / "a.txt").write_text("1\n")
    for name in ("fix", "fix-claude", GROUP):
        rows = json.loads(sc("compare", name, "--json", cwd=shop).out)
        assert [(row["task"], row["agent"], row["state"]) for row in rows] == [
            ("fix-claude", "claude", "completed"),
            ("fix-codex", "codex", "failed"),
        ]
    first, second = rows
    assert (first["seconds"], first["usage"]["input_tokens"], first["usage"]["cost_usd"]) == (300, 1000, 0.25)
    assert (first["commits"], first["files"], first["additions"], first["uncommitted"]) == (2, 2, 4, False)
    assert (second["commits"], second["files"], second["additions"], second["uncommitted"]) == (0, 1, 1, True)


def test_what_a_person_ran_in_between_is_not_taken_for_the_agents_work(shop: Path) -> None:
    tried(shop, "claude")
    tried(shop, "codex")
    home = home_here()
    with Store.open(home.root) as store:
        [first] = [session for session in store.sessions() if session.agent == "claude"]
        visit = a_session(mission_id=first.mission_id, task=first.task, agent="exec", step_id=VISIT_STEP)
        store.create(visit, AT)
        store.move(visit.id, Ended(AT, LATER, Failed("the tests failed", 1)), "session_ended", LATER)
    row = json.loads(sc("compare", "fix", "--json", cwd=shop).out)[0]
    assert (row["agent"], row["state"], row["seconds"]) == ("claude", "completed", 300)


def test_a_sibling_that_is_left_alone_is_told_alone(shop: Path) -> None:
    tried(shop, "claude")
    said = sc("compare", "fix", cwd=shop)
    assert (said.code, len(said.out.splitlines())) == (0, 2), said.err
    assert "sc diff fix-claude" in said.err and "--diff" not in said.err


def test_the_table_says_what_each_took_and_marks_what_is_not_committed(shop: Path) -> None:
    commit(tried(shop, "claude"), "a.txt", "1\n2\n3\n")
    (tried(shop, "codex") / "a.txt").write_text("1\n")
    said = sc("compare", "fix", cwd=shop)
    assert said.code == 0, said.err
    header, first, second = said.out.splitlines()
    assert " ".join(header.split()) == "TASK AGENT STATE TOOK IN OUT COST COMMITS FILES ADDED DELETED"
    assert first.split() == ["fix-claude", "claude", "completed", "5m00s", "1.5k", "200", "$0.25", "1", "1", "+3", "-0"]
    assert second.split() == ["fix-codex", "codex", "completed", "5m00s", "1.5k", "200", "$0.25", "0", "1*", "+1", "-0"]
    assert "* with work that is not committed" in said.err
    assert "sc compare fix-claude fix-codex --diff" in said.err


def test_two_works_are_told_against_each_other_what_is_not_committed_included(shop: Path) -> None:
    commit(tried(shop, "claude"), "a.txt", "one\n")
    codex = tried(shop, "codex")
    (codex / "a.txt").write_text("other\n")
    (codex / "logo.png").write_bytes(b"\0" * 100)
    done = sc_bytes("compare", "fix-claude", "fix-codex", "--diff", cwd=shop)
    assert done.returncode == 0, done.stderr
    assert b"-one\n+other\n" in done.stdout and b"GIT binary patch" in done.stdout
    shown = on_a_terminal(
        "compare", "fix-codex", "fix-claude", "--diff", "--project", "shop", PAGER="cat", NO_COLOR="1"
    )
    assert "fix-codex to fix-claude: 2 files" in shown and "+one" in shown


def test_the_same_files_are_no_difference(shop: Path) -> None:
    tried(shop, "claude"), tried(shop, "codex")
    assert "have the very same files" in sc("compare", "fix", "--diff", cwd=shop).err


def test_missions_of_any_kind_can_be_named_and_one_alone_cannot(shop: Path) -> None:
    add_mission(shop, "one")
    add_mission(shop, "two")
    assert [row["task"] for row in json.loads(sc("compare", "one", "two", "--json", cwd=shop).out)] == ["one", "two"]
    assert "not begun" in sc("compare", "one", "two", cwd=shop).out
    alone = sc("compare", "one", cwd=shop)
    assert alone.code == 2 and "one has no siblings" in alone.err
    twice = sc("compare", "one", "one", cwd=shop)
    assert twice.code == 2 and "all of one mission" in twice.err
    nobody = sc("compare", "nobody", cwd=shop)
    assert nobody.code == 3 and "nobody" in nobody.err
    three = sc("compare", "one", "two", "--diff", "--json", cwd=shop)
    assert three.code == 2


def test_a_name_that_fits_several_starts_lists_them(shop: Path) -> None:
    for number, task in enumerate(("fix-a-claude", "fix-a-codex", "fix-b-claude", "fix-b-codex")):
        add_mission(shop, task, group=f"g-{number // 2:016x}")
    said = sc("compare", "fix", cwd=shop)
    assert said.code == 3 and "fix-a-claude (g-0000000000000000)" in said.err
    rows = json.loads(sc("compare", "fix-b", "--json", cwd=shop).out)
    assert [row["task"] for row in rows] == ["fix-b-claude", "fix-b-codex"]


def test_a_terminal_has_every_row_on_one_line_with_its_lines_changed(shop: Path, clean_environment: Path) -> None:
    commit(tried(shop, "claude"), "a.txt", "1\n2\n3\n")
    tried(shop, "codex")
    for columns in (60, 80, 120):
        with screen(clean_environment, shop, columns=columns) as person:
            shown, code = person.does("NO_COLOR=1 sc compare fix 2>/dev/null")
        header, first, second = shown.splitlines()
        assert code == 0
        assert header.split()[-1] == "DELETED" and first.split()[-2:] == ["+3", "-0"] and second.split()[-2] == "+0"
        assert ("COST" in header, "IN" in header.split()) == (True, columns == 120)
