"""The error tree is complete: drawn, with an exit code each, and a hint to give."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from scopecraft import errors
from scopecraft.errors import ScopecraftError


def below(kind: type[ScopecraftError]) -> Iterator[type[ScopecraftError]]:
    for child in kind.__subclasses__():
        yield child
        yield from below(child)


def name_of(kind: type[ScopecraftError]) -> str:
    return kind.__name__


ALL: set[type[ScopecraftError]] = {ScopecraftError, *below(ScopecraftError)}
KINDS = sorted(ALL, key=name_of)
DRAWN = re.compile(r"^ {4}(?P<lines>[| `-]*)(?P<name>[A-Z]\w+)(?:.*exit (?P<code>\d))?", re.MULTILINE)


def drawn_tree() -> dict[str, tuple[str | None, int | None]]:
    """Each name of the drawing with the name that it hangs on and the exit code written beside it."""
    tree: dict[str, tuple[str | None, int | None]] = {}
    path: list[str] = []
    for match in DRAWN.finditer(errors.__doc__ or ""):
        depth = len(match["lines"]) // 4
        path = [*path[:depth], match["name"]]
        tree[match["name"]] = (path[-2] if depth else None, int(match["code"]) if match["code"] else None)
    return tree


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_every_error_ends_with_an_exit_code_that_says_what_kind_it_is(kind: type[ScopecraftError]) -> None:
    assert kind.exit_code in {1, 2, 3, 4}


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_the_drawn_tree_is_the_real_one(kind: type[ScopecraftError]) -> None:
    tree = drawn_tree()
    assert kind.__name__ in tree
    parent, code = tree[kind.__name__]
    assert parent == (None if kind is ScopecraftError else kind.__mro__[1].__name__)
    assert code in (None, kind.exit_code)


def test_the_drawing_names_nothing_that_is_gone() -> None:
    assert set(drawn_tree()) == {name_of(kind) for kind in KINDS}


def test_all_errors_live_in_one_file() -> None:
    assert {kind.__module__ for kind in KINDS} == {"scopecraft.errors"}


def test_an_error_reads_as_its_sentence_and_keeps_its_hint() -> None:
    error = errors.NotFound("no session is called x", "sc ls shows them")
    assert str(error) == "no session is called x"
    assert error.hint == "sc ls shows them"


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_every_error_says_what_it_is(kind: type[ScopecraftError]) -> None:
    assert kind.__doc__
