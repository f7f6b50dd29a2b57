"""Which refs an agent finds in its git directory."""

from __future__ import annotations

from scopecraft.worktrees.seeds import MOST_BRANCHES, MOST_TAGS, Ref, Seeds, choose, packed_refs

OWN = "refs/scopecraft/m-1/"
A, B, C, D = "a" * 40, "b" * 40, "c" * 40, "d" * 40


def seeds(*refs: tuple[str, str]) -> Seeds:
    return choose([Ref(id_, name) for id_, name in refs], OWN, "refs/heads/work")


def test_branches_remotes_and_tags_are_seeded_and_kept_alive() -> None:
    given = seeds((A, "refs/heads/main"), (A, "refs/heads/work"), (B, "refs/remotes/origin/main"), (C, "refs/tags/v1"))
    assert [ref.name for ref in given.refs] == [
        "refs/heads/work",
        "refs/heads/main",
        "refs/remotes/origin/main",
        "refs/tags/v1",
    ]
    assert given.borrowed == (A, B, C)
    assert given.id_of("refs/heads/work") == A
    assert given.id_of("refs/heads/none") is None


def test_the_missions_own_branches_tags_and_stashes_come_back() -> None:
    given = seeds(
        (A, "refs/heads/work"),
        (B, OWN + "heads/idea"),
        (C, OWN + "tags/try"),
        *((f"{number:040x}", f"{OWN}stash/{number}") for number in (1, 10, 2)),
        (D, OWN + "old/" + D),
    )
    assert {ref.name for ref in given.refs} == {"refs/heads/work", "refs/heads/idea", "refs/tags/try"}
    assert [int(id_, 16) for id_ in given.stash] == [1, 2, 10]
    assert given.borrowed == (A,)


def test_the_project_outranks_the_mission() -> None:
    given = seeds((A, "refs/heads/main"), (A, "refs/heads/a"), (B, OWN + "heads/main"), (B, OWN + "heads/a/b"))
    assert {ref.name: ref.id for ref in given.refs} == {"refs/heads/main": A, "refs/heads/a": A}


def test_a_base_of_an_earlier_session_is_not_written_again() -> None:
    assert seeds((A, "refs/heads/work"), (A, f"{OWN}base/{A}")).borrowed == ()


def test_of_thousands_of_refs_those_that_matter_are_seeded() -> None:
    many = [(f"{number:040x}", f"refs/heads/a{number}") for number in range(1, 1000)]
    tags = [(f"{number:040x}", f"refs/tags/v1.{number}") for number in range(1, 1000)]
    given = seeds(*many, *tags, (A, "refs/heads/work"), (B, "refs/heads/main"), (B, "refs/remotes/origin/HEAD"))
    names = [ref.name for ref in given.refs]
    assert len(names) == MOST_BRANCHES + MOST_TAGS
    assert names[0] == "refs/heads/work"
    assert {"refs/heads/main", "refs/remotes/origin/HEAD", "refs/tags/v1.999"} <= set(names)
    assert "refs/tags/v1.9" not in names


def test_packed_refs_are_sorted_as_git_wants_them() -> None:
    text = packed_refs(Seeds((Ref(A, "refs/tags/v1"), Ref(B, "refs/heads/ü"), Ref(C, "refs/heads/z")), stash=(D, A)))
    lines = text.decode().splitlines()
    assert lines[0] == "# pack-refs with: sorted "
    assert [line.split(" ")[1] for line in lines[1:]] == ["refs/heads/z", "refs/heads/ü", "refs/stash", "refs/tags/v1"]
    assert f"{D} refs/stash" in lines
