"""An answer is meant for the question that was shown, and for no other."""

from __future__ import annotations

import pytest

from scopecraft.agents.talk import Choice, Inquiry, Question
from scopecraft.errors import Refused
from scopecraft.sessions.question_json import question_dict, question_id, require_that
from tests.support.sessions import AT, LATER, a_session

SHOWN = Question("permission", "rm -r build", AT)


def test_the_same_words_asked_again_are_another_question() -> None:
    again = Question("permission", "rm -r build", LATER)
    require_that(SHOWN, question_id(SHOWN), a_session())
    with pytest.raises(Refused, match="answered meanwhile"):
        require_that(again, question_id(SHOWN), a_session())
    with pytest.raises(Refused, match="answered meanwhile"):
        require_that(Question("permission", "rm -r /", AT), question_id(SHOWN), a_session())


def test_an_agent_that_names_its_questions_is_taken_at_its_word() -> None:
    # seen twice at different times: it is still the same one
    assert question_id(Question("permission", "ls", AT, id="toolu_1")) == "toolu_1"
    require_that(Question("permission", "ls", LATER, id="toolu_1"), "toolu_1", a_session())


def test_who_names_no_question_means_the_open_one() -> None:
    require_that(SHOWN, None, a_session())


def test_choices_are_told_in_their_order() -> None:
    asked = Question("question", "", AT, (Inquiry("Which?", (Choice("Blue", "as the sky"), Choice("Red")), True),))
    assert question_dict(a_session(id="r-1"), asked)["inquiries"] == [
        {
            "text": "Which?",
            "choices": [{"label": "Blue", "description": "as the sky"}, {"label": "Red", "description": ""}],
            "is_many": True,
        }
    ]
