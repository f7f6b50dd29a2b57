"""A report of an agent's container is a stranger's text."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopecraft.errors import CommitsRefused
from scopecraft.worktrees.harvest import MOST_LINES, all_ids, is_id, is_ref_name, parse

A, B, C = "a" * 40, "b" * 40, "c" * 40
NOWHERE = Path("/nowhere")


def report(*lines: str) -> bytes:
    return os.fsencode("\n".join(("harvest 1", *lines, "end", "")))


def test_an_honest_report_is_read_whole() -> None:
    harvest = parse(
        report(
            f"head {A}",
            "on refs/heads/feature/x",
            f"tree {B}",
            "state rebase",
            f"stash {C}",
            f"ref {A} refs/heads/feature/x",
            f"ref {C} refs/stash",
            f"ref {B} refs/tags/v1",
            f"gone {A} refs/heads/feature/x",
            f"gone {A} refs/heads/old",
        ),
        NOWHERE,
    )
    assert (harvest.head, harvest.symbolic_head, harvest.staged_tree) == (A, "refs/heads/feature/x", B)
    assert (harvest.in_progress, harvest.stash, harvest.dropped) == ("rebase", (C,), 0)
    assert [(ref.id, ref.name) for ref in harvest.refs] == [(A, "refs/heads/feature/x"), (B, "refs/tags/v1")]
    assert harvest.gone == ("refs/heads/old",)  # one that moved is not gone
    assert all_ids(harvest) == (A, B, C)


def test_a_detached_head_and_an_unmerged_index_are_empty_values() -> None:
    harvest = parse(report(f"head {A}", "on ", "tree ", "state "), NOWHERE)
    assert (harvest.symbolic_head, harvest.staged_tree, harvest.in_progress, harvest.dropped) == (None, None, None, 0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"harvest 2\nhead " + A.encode() + b"\nend\n",
        report(f"head {A}").removesuffix(b"end\n"),
        report(f"head {A}").removesuffix(b"\n"),
        report("head "),
        report(f"head {A[:39]}"),
        report(f"head {A.upper()}"),
        report(f"head {'0' * 40}"),
        report(f"head {A} "),
        report("head refs/heads/main"),
        b"\xff\xfe" * 1000,
    ],
)
def test_without_a_whole_report_and_a_head_nothing_is_taken(content: bytes) -> None:
    with pytest.raises(CommitsRefused) as refused:
        parse(content, NOWHERE)
    assert refused.value.hint


@pytest.mark.parametrize(
    "line",
    [
        "ref deadbeef refs/heads/x",
        f"ref {'0' * 40} refs/heads/x",  # to update-ref this means delete
        f"ref {A}0 refs/heads/x",
        f"ref -{A[1:]} refs/heads/x",
        "state exploding",
        "state merge\r",
        "on refs/heads/../../x",
        "on HEAD",
        "stash 12",
        "tree --all",
        "what is this",
    ],
)
def test_a_line_that_says_nothing_usable_is_dropped_and_counted(line: str) -> None:
    harvest = parse(report(f"head {A}", line), NOWHERE)
    assert harvest.dropped == 1
    assert (harvest.refs, harvest.stash, harvest.staged_tree, harvest.in_progress) == ((), (), None, None)


@pytest.mark.parametrize(
    "name",
    [
        "refs/heads/../../../etc/passwd",
        "refs/heads/.hidden",
        "refs/heads/a..b",
        "refs/heads/a.lock",
        "refs/heads/a.lock/b",
        "refs/heads/a b",
        "refs/heads/a\x1b]52;c;x",
        "refs/heads/a\tb",
        "refs/heads/a~1",
        "refs/heads/a^",
        "refs/heads/a:b",
        "refs/heads/a?",
        "refs/heads/a*",
        "refs/heads/a[b",
        "refs/heads/a\\b",
        "refs/heads/a@{0}",
        "refs/heads//a",
        "refs/heads/a/",
        "refs/heads/a.",
        "refs/heads/",
        "refs/heads",
        "heads/a",
        "HEAD",
        "--stdin",
        "refs/heads/" + "x" * 201,
        "refs/heads/" + "/".join(["x" * 190] * 6),
        "refs/heads/\udcff",
    ],
)
def test_the_object_of_a_ref_with_an_impossible_name_is_kept_without_it(name: str) -> None:
    assert not is_ref_name(name)
    harvest = parse(report(f"head {A}", f"ref {B} {name}", f"gone {B} {name}"), NOWHERE)
    assert (harvest.refs, harvest.unnamed, harvest.gone) == ((), (B,), ())


@pytest.mark.parametrize("name", ["refs/heads/x", "refs/heads/feature/ünï-05A", "refs/notes/commits", "refs/tags/v1.0"])
def test_names_that_git_takes_are_taken(name: str) -> None:
    assert is_ref_name(name)


def test_a_flood_of_lines_is_cut_off() -> None:
    lines = [f"ref {number:040x} refs/heads/b{number}" for number in range(1, MOST_LINES + 500)]
    harvest = parse(report(f"head {A}", *lines), NOWHERE)
    assert len(harvest.refs) < MOST_LINES
    assert harvest.dropped == 500


@given(st.binary(max_size=400), st.booleans())
def test_no_report_whatever_raises_anything_else(content: bytes, framed: bool) -> None:
    framing = b"harvest 1\nhead " + A.encode() + b"\n" + content + b"\nend\n"
    try:
        harvest = parse(framing if framed else content, NOWHERE)
    except CommitsRefused:
        return
    assert all(is_id(id_) for id_ in all_ids(harvest))
    assert all(is_ref_name(ref.name) for ref in harvest.refs)


@given(st.text(alphabet="0123456789abcdefABCDEF-/. \n", max_size=70))
def test_an_id_is_forty_or_sixty_four_small_hex_digits(text: str) -> None:
    expected = len(text) in (40, 64) and set(text) <= set("0123456789abcdef") and set(text) != {"0"}
    assert is_id(text) == expected
