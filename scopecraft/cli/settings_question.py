"""The settings that a repository brings: shown as they are, the dangerous ones last, and used on a person's yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scopecraft.cli.choice import can_ask, choose
from scopecraft.cli.say import note, say, warn
from scopecraft.model.text import clean

if TYPE_CHECKING:
    from scopecraft.config.keys import Key
    from scopecraft.sessions.project_settings import Answer, Question

_ANSWERS: tuple[Answer, ...] = ("use", "ignore", "stop")


def ask_about_settings(question: Question) -> Answer:
    """What the person at the terminal says; stop where there is none."""
    if not can_ask():
        return "stop"
    show_question(question)
    if question.about == "host":
        asked = "run them on this machine: (u)se, (i)gnore that and run them in a container, or (s)top?"
    else:
        asked = "these settings: (u)se them from now on, (i)gnore them this time, or (s)top?"
    answer = choose(asked, _ANSWERS, default="stop")
    return next(each for each in _ANSWERS if each == answer)


def show_question(question: Question) -> None:
    """All of it, as text: what is asked about is never shortened."""
    if question.about == "host":
        warn(f"{question.project}: these commands of the repository would run on this machine, with your rights:")
        for key in (("setup", "commands"), ("setup", "teardown")):
            said = question.layer.values.get(key)
            for command in said.value if said is not None and isinstance(said.value, tuple) else ():
                say(f"! {key[1]}: {_one_line(command)}")
        return
    show_settings(question)


def show_settings(question: Question) -> None:
    from scopecraft.config.repository_file import danger_of

    changed = "have changed since you confirmed them" if question.was_confirmed else "have not been confirmed"
    told, tell = ("are confirmed", say) if question.known is not None else (changed, warn)
    tell(f"the settings that the repository of {question.project} brings {told}: {question.file.where}")
    values = question.layer.values
    dangerous = [key for key in values if danger_of(key) is not None]
    for key in values:
        if key not in dangerous:
            note(f"  {_line(question, key)}")
    for key in dangerous:
        say(f"! {_line(question, key)}: {danger_of(key)}")
    if dangerous:
        warn(f"{len(dangerous)} of these, marked with !, can reach beyond what an agent may do otherwise")


def _line(question: Question, key: Key) -> str:
    from scopecraft.config.keys import key_text, kind_of
    from scopecraft.config.meaning import value_text

    now, wanted = question.below.value(key), question.layer.values[key].value
    line = f"{key_text(key)} = {value_text(kind_of(key), wanted)}"
    # what a person gave a variable may be a key or a token
    was = "set otherwise" if len(key) == 4 and now is not None else value_text(kind_of(key), now)
    return _one_line(f"{line} (as it is)" if now == wanted else f"{line} (now {was})")


def _one_line(text: str) -> str:
    """Nothing of it may look like a line of ours."""
    return clean(text.replace("\n", "\\n").replace("\t", "\\t"))
