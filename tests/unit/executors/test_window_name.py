"""Names that tmux may be given."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scopecraft.executors.window_name import NAME_CHARACTERS, safe_window_name


@given(st.text())
def test_no_name_steers_tmux_or_a_terminal(name: str) -> None:
    safe = safe_window_name(name)
    assert 0 < len(safe) <= NAME_CHARACTERS
    assert not set(safe) & set("#\\\n\r\t\x1b\x07\x9b")
    assert not safe.endswith(";")


def test_a_common_name_stays_as_it_is() -> None:
    assert safe_window_name("修复-login.v2:05A-dispatch") == "修复-login.v2:05A-dispatch"
