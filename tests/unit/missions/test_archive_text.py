"""What an archive says: no key of ours, and nothing of a stranger's that is more than text."""

from __future__ import annotations

import pytest

from scopecraft.missions.archive import redacted
from scopecraft.missions.summary import Gathered, escaped, summary_text
from scopecraft.missions.summary_steps import SessionSummary, usage_words
from scopecraft.model.activity import Usage
from scopecraft.model.mission import Mission
from scopecraft.model.session import Failed
from tests.support.sessions import AT, LATER, a_session, ended

SECRET = "sk-0123456789"
MISSION = Mission(
    id="m-0123456789abcdef",
    title="Fix *login* <b>",
    slug="fix-login",
    type="fix",
    workflow_id="oneshot",
    current_step=0,
    status="ready",
    project="shop",
    branch="fix/login",
    base="a" * 40,
    worktree="/w",
    created_at=AT,
    updated_at=AT,
)


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_a_key_is_found_wherever_the_pieces_end(size: int) -> None:
    text = f"before {SECRET}{SECRET} after".encode()
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert b"".join(redacted(pieces, {"KEY": SECRET})) == b"before [secret KEY][secret KEY] after"


def test_a_key_is_found_as_json_writes_it() -> None:
    line = b'{"text": "it is quo\\"ted\\\\key"}'
    assert b"".join(redacted([line], {"KEY": 'quo"ted\\key'})) == b'{"text": "it is [secret KEY]"}'


def test_short_values_are_words() -> None:
    assert b"".join(redacted([b"the end"], {"KEY": "end"})) == b"the end"
    assert b"".join(redacted([b"a", b"b"], {})) == b"ab"


def test_a_summary_tells_request_sessions_and_commits() -> None:
    session = a_session(status=ended(Failed("it | broke")))
    gathered = Gathered(
        mission=MISSION,
        request="do\n```\nthis",
        sessions=[SessionSummary(session, Usage(10, 20, 30, 40, 0.004), ("look *here*",))],
        base=MISSION.base,
        tip="b" * 40,
        commits=[("c" * 40, "write\x1b[31m `x`")],
        more_commits=3,
        notes=["a.bin was cut"],
    )
    text = summary_text(gathered, LATER)
    assert text.startswith("# Fix \\*login\\* \\<b\\>\n")
    assert "````text\ndo\n```\nthis\n````" in text
    assert "it \\| broke" in text
    assert "in 80, out 20, 0.004 USD" in text
    assert "- cccccccccccc write\\\\x1b\\[31m \\`x\\`" in text
    assert "- and 3 more" in text
    assert "look \\*here\\*" in text
    assert "a.bin was cut" in text


def test_a_mission_without_anything_is_summed_up_too() -> None:
    text = summary_text(Gathered(MISSION, "", [], MISSION.base, None, []), LATER)
    assert text.count("None.") == 2
    assert "to gone" in text


def test_usage_that_nobody_reported_is_left_out() -> None:
    assert usage_words(Usage()) == ""
    assert escaped("a\nb") == escaped("a\nb").replace("\n", "")
