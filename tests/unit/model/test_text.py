"""Text of strangers, made safe for a terminal."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopecraft.model.text import clean, clean_json, clean_line

ANY_TEXT = st.text(st.characters())  # lone surrogates too: file names may hold any bytes


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x9b2J", "\\x9b2J"),
        ("a\rb", "a\\x0db"),
        ("bell\x07", "bell\\x07"),
        ("back\x08", "back\\x08"),
        ("file\u202egpj.exe", "file\\u202egpj.exe"),
        ("hid\u200bden", "hid\\u200bden"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("bad\udcff", "bad\\udcff"),
        ("tab\tand\nnewline stay", "tab\tand\nnewline stay"),
        ("日本語 é 👩\u200d💻", "日本語 é 👩\u200d💻"),
    ],
)
def test_what_steers_a_terminal_is_written_out(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(ANY_TEXT)
def test_no_text_keeps_a_control_character_and_all_can_be_printed(text: str) -> None:
    shown = clean(text)
    shown.encode()
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c not in "\t\n"]


@given(ANY_TEXT, st.integers(1, 20))
def test_a_line_is_one_line_and_not_longer_than_asked(text: str, limit: int) -> None:
    line = clean_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1


def test_a_cut_line_says_so() -> None:
    assert clean_line("one  two\n three", 9) == "one two …"
    assert clean_line("one  two\n three") == "one two three"


@given(st.dictionaries(ANY_TEXT, ANY_TEXT))
def test_json_made_safe_means_the_same(values: dict[str, str]) -> None:
    document = clean_json(json.dumps(values, ensure_ascii=False, indent=2))
    assert json.loads(document.encode()) == values
    assert clean(document) == document
