"""What goes into a call, and what comes out of it as a document."""

from __future__ import annotations

import pytest

from scopecraft.sessions.llm_prompt import block, document_of
from scopecraft.sessions.step_prompt import PROMISE


@pytest.mark.parametrize(
    ("answer", "document"),
    [
        ("# Plan\n\nDo it.\n", "# Plan\n\nDo it.\n"),
        (f"# Plan\n\nDo it.\n\n{PROMISE}\n", "# Plan\n\nDo it.\n"),
        (f"End with {PROMISE}", f"End with {PROMISE}"),
        (f"# Plan\n{PROMISE}\nand more\n", f"# Plan\n{PROMISE}\nand more\n"),
        ("```json\n{}\n```", "```json\n{}\n```"),
        (f"{PROMISE}\n", ""),
    ],
)
def test_an_answer_is_the_document_without_the_mark_at_its_end(answer: str, document: str) -> None:
    assert document_of(answer) == document


def test_what_is_left_out_of_a_long_input_is_told() -> None:
    shown = block("plan.md", "some of it", "0a1b2c3d", is_cut=True)
    assert shown == (
        '<document-0a1b2c3d name="plan.md">\nsome of it\n(the rest of it is left out: it is too long)\n'
        "</document-0a1b2c3d>\n"
    )
