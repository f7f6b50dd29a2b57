"""When an image counts as out of date, and what its Dockerfiles say."""

from __future__ import annotations

from scopecraft.executors import claude_release
from scopecraft.executors import image_recipe as recipe

PINNED = recipe.agent_labels("debootstrap", claude_release.VERSION, "aa")


def test_an_image_made_by_this_recipe_with_the_pinned_agent_is_up_to_date() -> None:
    assert recipe.outdated_because(PINNED) is None


def test_an_image_that_somebody_else_made_is_built_again() -> None:
    assert recipe.outdated_because({}) == "it was made by another version of scopecraft"


def test_an_image_with_another_agent_says_which_one_it_holds() -> None:
    labels = recipe.agent_labels("debootstrap", "1.0.0", "aa")
    assert recipe.outdated_because(labels) == f"it holds Claude Code 1.0.0, and {claude_release.VERSION} is pinned"


def test_a_program_of_the_persons_own_is_known_by_its_bytes() -> None:
    labels = recipe.agent_labels("debootstrap", "1.0.0", "aa")
    assert recipe.outdated_because(labels, claude_sha256="aa") is None
    assert recipe.outdated_because(labels, claude_sha256="bb") == "it holds another Claude Code"


def test_a_base_is_used_again_unless_it_was_made_from_something_else() -> None:
    labels = recipe.base_labels("debian:bookworm-slim")
    assert recipe.base_fits(labels, None)
    assert recipe.base_fits(labels, "debian:bookworm-slim")
    assert not recipe.base_fits(labels, recipe.DEBOOTSTRAP)
    assert not recipe.base_fits({}, None)


def test_a_base_on_a_registry_image_installs_every_package_in_one_layer() -> None:
    lines = recipe.base_dockerfile("debian:bookworm-slim").splitlines()
    assert lines[0] == "FROM debian:bookworm-slim"
    runs = [line for line in lines if line.startswith("RUN")]
    assert len(runs) == 1
    assert all(f" {package}" in runs[0] for package in recipe.PACKAGES)


def test_labels_are_quoted_as_a_dockerfile_wants_them() -> None:
    assert recipe.label_line({"a.b": 'x "y"'}) == 'LABEL a.b="x \\"y\\""'
