"""When an image counts as out of date, and what its Dockerfiles say."""

from __future__ import annotations

import pytest

from scopecraft.cli.image import build
from scopecraft.errors import BadInput
from scopecraft.executors import claude_release
from scopecraft.executors import image_recipe as recipe
from scopecraft.executors.agent_releases import RELEASES, RUNTIMES, programs_of

PINNED = recipe.agent_labels("debootstrap", {"claude": claude_release.VERSION}, "aa")


def test_an_image_made_by_this_recipe_with_the_pinned_agent_is_up_to_date() -> None:
    assert recipe.outdated_because(PINNED) is None
    assert recipe.outdated_because(PINNED, agents=["claude"]) is None


def test_an_image_that_somebody_else_made_is_built_again() -> None:
    assert recipe.outdated_because({}) == "it was made by another version of scopecraft"


def test_an_image_with_another_agent_says_which_one_it_holds() -> None:
    labels = recipe.agent_labels("debootstrap", {"claude": "1.0.0"}, "aa")
    assert recipe.outdated_because(labels) == f"it holds Claude Code 1.0.0, and {claude_release.VERSION} is pinned"


def test_a_program_of_the_persons_own_is_known_by_its_bytes() -> None:
    labels = recipe.agent_labels("debootstrap", {"claude": "1.0.0"}, "aa")
    assert recipe.outdated_because(labels, claude_sha256="aa") is None
    assert recipe.outdated_because(labels, claude_sha256="bb") == "it holds another Claude Code"


def test_an_agent_that_is_wanted_and_not_there_is_a_reason() -> None:
    assert recipe.agents_in(PINNED) == ("claude",)
    assert recipe.outdated_because(PINNED, agents=["claude", "codex"]) == "it holds no Codex"


def test_what_an_agent_needs_to_run_is_looked_after_as_well() -> None:
    gemini = {"gemini": RELEASES["gemini"].version}
    assert recipe.outdated_because(recipe.agent_labels("x", gemini, None)) == "it holds no Node.js"
    old = recipe.agent_labels("x", gemini | {"node": "18.0.0"}, None)
    assert recipe.outdated_because(old) == f"it holds Node.js 18.0.0, and {RUNTIMES['node'].version} is pinned"
    assert recipe.outdated_because(recipe.agent_labels("x", gemini | {"node": RUNTIMES["node"].version}, None)) is None


def test_a_release_may_be_of_another_version_on_another_machine() -> None:
    for version in RELEASES["opencode"].versions:
        assert recipe.outdated_because(recipe.agent_labels("x", {"opencode": version}, None)) is None


def test_the_agents_that_can_be_asked_for_are_those_of_the_command() -> None:
    [option] = [each for each in build.params if each.name == "agents"]
    assert list(option.type.choices) == sorted(RELEASES)  # type: ignore[attr-defined]
    with pytest.raises(BadInput, match="no program is pinned for 'robot'"):
        programs_of(["claude", "robot"])


def test_each_program_is_a_layer_of_its_own() -> None:
    assert recipe.program_dockerfile("base", programs_of(["claude", "gemini"])) == (
        "FROM base\nCOPY claude/ /\nCOPY gemini/ /\nCOPY node/ /\n"
    )


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
