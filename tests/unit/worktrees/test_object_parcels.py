"""Which packs of a repository's history a session may see, and which are worth keeping."""

from __future__ import annotations

from dataclasses import replace

from scopecraft.worktrees.parcels import (
    MOST_KEPT,
    MOST_PARCELS,
    UNUSED_SECONDS,
    Parcel,
    base_of,
    from_text,
    groups,
    kept,
    thinned,
    to_text,
    unknown_tips,
    usable,
)
from scopecraft.worktrees.seeds import Ref, Seeds

A, B, C, D = (letter * 40 for letter in "abcd")
MIB = 1 << 20
TRUNK = Parcel(0, (A,), pack="pack-1", size_bytes=90 * MIB)
BRANCH = Parcel(3, (B,), without=(A,), pack="pack-2", size_bytes=MIB)
TAG = Parcel(2, (), exact=(C,), without=(A,), pack="pack-3", size_bytes=MIB)


def test_a_parcel_is_seen_only_by_those_who_may_see_every_tip_of_it() -> None:
    parcels = (TRUNK, BRANCH)
    assert usable(parcels, ids={A, B}, reached=set()) == parcels
    assert usable(parcels, ids={A}, reached=set()) == (TRUNK,)
    assert usable((replace(TRUNK, tips=(A, D)),), ids={A}, reached=set()) == ()


def test_an_older_commit_of_a_branch_may_be_seen_and_a_tag_that_was_removed_may_not() -> None:
    assert usable((TRUNK, BRANCH), ids={D}, reached={A, B}) == (TRUNK, BRANCH)
    assert usable((TRUNK, TAG), ids={A}, reached={C}) == (TRUNK,)
    assert unknown_tips((TRUNK, BRANCH, TAG), {A}) == (B,)


def test_a_parcel_without_what_it_builds_on_is_of_no_use() -> None:
    assert usable((BRANCH,), ids={A, B}, reached=set()) == ()
    assert usable((BRANCH, TRUNK), ids={A, B}, reached=set()) == (TRUNK,)


def test_the_trunk_does_not_build_on_branches_that_come_and_go() -> None:
    assert base_of((TRUNK, BRANCH, TAG), 0) == (A,)
    assert base_of((TRUNK, BRANCH, TAG), 2) == (A, C)
    assert base_of((TRUNK, BRANCH, TAG), 3) == (A, B, C)


def test_refs_are_grouped_by_how_seldom_they_change() -> None:
    refs = (
        Ref(B, "refs/heads/feature/x"),
        Ref(A, "refs/heads/main"),
        Ref(A, "refs/remotes/origin/HEAD"),
        Ref(C, "refs/tags/v1"),
        Ref(D, "refs/remotes/origin/x"),
    )
    assert groups(Seeds(refs, stash=(D,))) == ((A,), (D,), (C,), (B, D))


def test_many_small_parcels_are_made_into_one_again_and_the_large_one_stays() -> None:
    small = tuple(Parcel(3, (f"{number:040x}",), (), (A,), f"pack-{number}", 1000) for number in range(MOST_PARCELS))
    assert thinned((TRUNK, *small[:5])) == (TRUNK, *small[:5])
    assert thinned((TRUNK, *small)) == (TRUNK,)
    assert thinned((*small, TRUNK)) == ()


def test_what_nobody_used_for_long_goes_and_what_is_used_stays() -> None:
    now = 10 * UNUSED_SECONDS
    other, old = replace(BRANCH, used_at=now - 10), replace(TAG, used_at=now - UNUSED_SECONDS)
    assert kept((TRUNK, other, old), (TRUNK,), now=now) == (replace(TRUNK, used_at=now), other)


def test_the_folder_does_not_grow_without_end() -> None:
    many = tuple(replace(BRANCH, tips=(f"{number:040x}",), used_at=number + 1) for number in range(100))
    left = kept((TRUNK, *many), (TRUNK,), now=100)
    assert len(left) == MOST_KEPT
    assert many[-1] in left
    assert many[0] not in left
    large = tuple(replace(parcel, size_bytes=60 * MIB) for parcel in many)
    assert kept((TRUNK, *large), (TRUNK,), now=100) == (replace(TRUNK, used_at=100), large[-1])


def test_parcels_are_read_as_they_were_written_and_nothing_of_a_damaged_list() -> None:
    text = to_text((TRUNK, BRANCH, TAG))
    assert from_text(text) == (TRUNK, BRANCH, TAG)
    for damaged in (b"", text[:-5], b"{}", b"[]", text.replace(b'"version": 1', b'"version": 2'), b"\xff"):
        assert from_text(damaged) == ()
