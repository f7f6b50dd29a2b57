"""The word that decides whether work goes back, in a text that an agent wrote."""

from __future__ import annotations

import pytest

from scopecraft.sessions.step_end import verdict_in


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b'{"verdict": "changes"}', "changes"),
        (b'{"verdict": 1}', None),
        (b'{"other": "pass"}\nVERDICT: pass', "pass"),
        (b"# Review\n\nVERDICT: changes\n\nVERDICT: pass\n", "pass"),
        (b"> - **VERDICT:** `changes`\r\n", "changes"),
        (b"it says VERDICT: changes", None),
        (b"\xff\xfe\nVERDICT: pass", "pass"),
        (b"[" * 100_000, None),
        (b"", None),
    ],
)
def test_it_is_a_field_or_the_last_line_that_says_so(text: bytes, word: str | None) -> None:
    assert verdict_in(text, "verdict") == word


@pytest.mark.parametrize("piece", [b"\n", b" ", b"#", b"> \n", b"VERDICT:\n", b"VERDICT: "])
def test_a_text_that_is_made_to_take_long_takes_no_longer(piece: bytes) -> None:
    verdict_in(piece * (400_000 // len(piece)), "verdict")
