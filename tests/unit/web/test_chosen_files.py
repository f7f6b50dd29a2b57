"""Which file of a mission is shown first, and which patches come with the list."""

from __future__ import annotations

import pytest

from scopecraft.errors import BadInput
from scopecraft.missions.artifacts import Artifact
from scopecraft.sessions.artifacts_seen import ArtifactSeen
from scopecraft.web.diff_pages import asked_paths, unfolded
from scopecraft.web.file_pages import default_of
from scopecraft.web.shown_file import LONGEST_SHOWN, of_pieces
from scopecraft.worktrees.difference import FileChange


def seen(name: str, at: float = 0.0, *, written_by: tuple[str, ...] = (), refusal: str = "") -> ArtifactSeen:
    return ArtifactSeen(Artifact(name, 1, at, refusal), None, (), written_by, (), ())


FILES = (
    seen("a.md"),
    seen("link.md", 9.0, written_by=("x",), refusal="a link"),
    seen("old.md", 1.0, written_by=("x",)),
    seen("raw-input.md", 5.0),
    seen("research.md", 2.0, written_by=("x",)),
)


def test_what_waits_for_a_person_is_shown_first_then_the_newest_output() -> None:
    shown = [default_of(files, reviewed) for files, reviewed in ((FILES, ("old.md",)), (FILES, ()), (FILES[:1], ()))]
    assert [each.artifact.name for each in shown if each] == ["old.md", "research.md", "a.md"]
    assert default_of((FILES[1],), ("link.md",)) is None


def test_the_first_files_are_unfolded_but_not_what_is_long_gone_or_no_text() -> None:
    files = [
        FileChange("long", "added", additions=5000, deletions=0),
        FileChange("binary", "added"),
        FileChange("gone", "deleted", additions=0, deletions=3),
        FileChange("link", "type changed", additions=1, deletions=1),
        *(FileChange(f"{number}", "modified", additions=10, deletions=10) for number in range(9)),
    ]
    assert [file.path for file in unfolded(files, 70)] == ["0", "1", "2"]


def test_a_path_that_is_no_utf_8_arrives_as_git_has_it() -> None:
    assert asked_paths(b"part=committed&path=caf%E9%20x&old=a%2Fb") == ("caf\udce9 x", "a/b")


@pytest.mark.parametrize("query", [b"", b"path=", b"path=a%00b", b"path=a&old=%00"])
def test_a_path_that_is_none_is_refused(query: bytes) -> None:
    with pytest.raises(BadInput):
        asked_paths(query)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("plan.md", b"# plan", "markdown"),
        ("plan.md", b"x" * 200_000, "text"),
        ("x.json", b"{}", "text"),
        ("plan.md", b"a\0b", "binary"),
        ("plan.md", b"caf\xe9", "binary"),
        ("plan.md", b"x" * (LONGEST_SHOWN + 1), "long"),
    ],
)
def test_a_file_is_shown_by_what_it_holds(name: str, content: bytes, kind: str) -> None:
    assert of_pieces(name, [content]).kind == kind
