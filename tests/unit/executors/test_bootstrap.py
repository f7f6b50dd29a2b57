"""The mirror that an image is made from is one that apt uses here."""

from __future__ import annotations

import pytest

from scopecraft.errors import ImageBuildFailed
from scopecraft.executors.bootstrap import choose_mirror

LINES = (
    "https://tools.example.net/deb/|bookworm|main",
    "http://mirror.example.org/debian/|bookworm|main",
    "http://mirror.example.org/debian/|bookworm|contrib",
    "http://mirror.example.org/debian/|bookworm-updates|main",
    "http://mirror.example.org/debian-security/|bookworm-security|main",
)


def test_the_mirror_is_the_first_that_has_the_suite() -> None:
    assert choose_mirror(LINES[1:], "bookworm") == ("http://mirror.example.org/debian/", ("main",))


def test_ubuntus_second_component_is_kept_since_ripgrep_is_in_it() -> None:
    lines = [f"http://mirror.example.org/ubuntu/|noble|{name}" for name in ("main", "restricted", "universe")]
    assert choose_mirror(lines, "noble") == ("http://mirror.example.org/ubuntu/", ("main", "universe"))


def test_a_mirror_that_debootstrap_cannot_read_is_passed_over() -> None:
    lines = ("cdrom://disc/|trixie|main", "mirror+file:/etc/apt/mirrors|trixie|main", "file:/srv/debian|trixie|main")
    assert choose_mirror(lines, "trixie") == ("file:/srv/debian", ("main",))


@pytest.mark.parametrize("suite", ["sid", ""])
def test_without_a_mirror_the_person_hears_of_the_other_way(suite: str) -> None:
    with pytest.raises(ImageBuildFailed) as caught:
        choose_mirror(LINES, suite)
    assert "apt knows no mirror" in caught.value.message
    assert "--from" in caught.value.hint
