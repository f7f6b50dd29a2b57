"""Workflows, roles and prompts on disk: who goes before whom, and files of a repository that mean harm."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from scopecraft.config.paths import Home
from scopecraft.config.workflow_shelves import Folder, Shelf, shelves_of
from scopecraft.config.workflows import DEFAULT, find_workflows, load_recipe
from scopecraft.errors import BadWorkflow, NotFound
from scopecraft.missions.recipe import load_recipe as load_kept
from scopecraft.missions.recipe import save_recipe
from scopecraft.model.workflow import DIRECT

ONE: dict[str, Any] = {
    "workflow_id": "quick",
    "steps": [
        {"step_id": "build", "type": "agent", "agent": "builder", "inputArtifact": "raw-input.md"},
        {"step_id": "review", "type": "code-review"},
    ],
}


class Place:
    """A home and a repository's checkout, both empty at first."""

    def __init__(self, folder: Path) -> None:
        self.top, self.home = folder / "repo", Home(folder / "home")
        self.top.mkdir()
        (self.home.config / "workflows").mkdir(parents=True)

    @property
    def shelves(self) -> tuple[Shelf, ...]:
        return shelves_of(self.home, Folder(self.top))

    def put(self, name: str, content: object, *, home: bool = False) -> Path:
        file = (self.home.config / "workflows" if home else self.top) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return file


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_what_is_shipped_is_as_the_contract_has_it(place: Place) -> None:
    listing = find_workflows(place.shelves)
    assert [entry.id for entry in listing.entries] == [DEFAULT, "standard-feature", "oneshot"]
    assert not listing.problems and not any(entry.problems for entry in listing.entries)
    standard = load_recipe(place.shelves, "standard-feature").recipe.workflow
    assert [step.id for step in standard.steps] == [
        "cleanup", "review-structured", "research", "review-research", "planning", "review-plan", "implementation",
        "review-impl",
    ]  # fmt: skip
    assert [step.workspace for step in standard.steps if not step.is_gate] == [*["document"] * 3, "codegen"]
    assert [step.outputs for step in standard.steps if not step.is_gate] == [
        ("structured-text.md",), ("research-output.md",), ("implementation-plan.md",), ("implementation-result.json",),
    ]  # fmt: skip
    default = load_recipe(place.shelves, DEFAULT).recipe.workflow
    assert default.steps[:-1] == standard.steps[:-1]
    assert default.steps[-1].type == "code-review" and default.steps[-1].quick_commands


def test_one_shot_is_what_a_plain_run_does(place: Place) -> None:
    steps = load_recipe(place.shelves, "oneshot").recipe.workflow.steps
    assert [(step.id, step.name, step.type, step.mode, step.workspace, step.inputs) for step in steps] == [
        (step.id, step.name, step.type, step.mode, step.workspace, step.inputs) for step in DIRECT.steps
    ]


def test_a_recipe_of_any_shipped_workflow_is_kept_whole_with_a_mission(place: Place, tmp_path: Path) -> None:
    for entry in find_workflows(place.shelves).entries:
        recipe = load_recipe(place.shelves, entry.id).recipe
        save_recipe(tmp_path, recipe)
        assert load_kept(tmp_path) == recipe


def test_the_repository_goes_before_the_home_and_the_home_before_what_is_shipped(place: Place) -> None:
    place.put("oneshot.workflow.yaml", "workflow_id: oneshot\nsteps: [{step_id: a, type: human-gate}]", home=True)
    assert load_recipe(place.shelves, "oneshot").recipe.workflow.source == "home"
    place.put("workflows/workflows.json", {"workflows": [ONE | {"workflow_id": "oneshot"}]})
    place.put("workflows/agents.json", {"agents": {"builder": {"promptFile": "b.md", "dialect": "codex"}}})
    place.put("workflows/b.md", "Build it.")
    loaded = load_recipe(place.shelves, "oneshot")
    assert loaded.recipe.workflow.source == "project"
    role = loaded.recipe.roles["builder"]
    assert (role.prompt, role.dialect, role.source) == ("Build it.", "codex", "project")
    assert [entry.source for entry in find_workflows(place.shelves).entries] == ["shipped", "project", "shipped"]


def test_a_prompt_is_looked_for_in_four_places_in_order(place: Place) -> None:
    place.put("quick.workflow.json", ONE, home=True)
    for name, home in ((".claude/agents/builder.md", False), ("workflows/builder.md", False), ("builder.md", True)):
        place.put(name, f"---\nname: builder\ntools: Bash\n---\nFrom {name}.\n", home=home)
    found = []
    for name, top in ((".claude/agents/", place.top), ("workflows/", place.top), ("", place.home.config / "workflows")):
        role = load_recipe(place.shelves, "quick").recipe.roles["builder"]
        found.append((role.prompt, role.source))
        (top / name / "builder.md").unlink()
    assert found == [
        ("From .claude/agents/builder.md.", "project"),
        ("From workflows/builder.md.", "project"),
        ("From builder.md.", "home"),
    ]
    with pytest.raises(BadWorkflow, match=r"steps\[0\]\.agent: the role builder has no prompt: builder\.md is nowhere"):
        load_recipe(place.shelves, "quick")


def test_only_what_the_repository_brings_to_a_recipe_counts_for_its_hash(place: Place) -> None:
    place.put("quick.workflow.json", ONE, home=True)
    place.put("builder.md", "Build.", home=True)
    assert load_recipe(place.shelves, "quick").files == ()
    prompt = place.put("workflows/builder.md", "Build.")
    first = load_recipe(place.shelves, "quick")
    assert [file.name for file in first.files] == ["workflows/builder.md"]
    place.put("workflows/other.workflow.json", ONE | {"workflow_id": "other"})
    place.put("workflows/other.md", "Else.")
    assert load_recipe(place.shelves, "quick").sha256 == first.sha256
    prompt.write_text("Build. ")  # a byte is enough, even one that changes nothing
    assert load_recipe(place.shelves, "quick").sha256 != first.sha256
    prompt.write_text("Build.")
    place.put("workflows/quick.workflow.json", ONE)
    place.put("workflows/agents.json", {"agents": {"builder": {"promptFile": "builder.md"}}})
    assert [file.name for file in load_recipe(place.shelves, "quick").files] == [
        "workflows/agents.json", "workflows/builder.md", "workflows/quick.workflow.json",
    ]  # fmt: skip


def test_an_unknown_name_is_told_with_those_that_there_are(place: Place) -> None:
    with pytest.raises(NotFound) as refused:
        load_recipe(place.shelves, "onshot")
    assert "oneshot" in refused.value.hint


def test_a_bad_file_of_the_repository_is_not_passed_over_for_what_is_shipped(place: Place) -> None:
    place.put("workflows/mine.workflow.yaml", "workflow_id: [")
    with pytest.raises(BadWorkflow, match=r"mine\.workflow\.yaml:1"):
        load_recipe(place.shelves, "oneshot")
    listing = find_workflows(place.shelves)
    assert "mine.workflow.yaml:1" in listing.problems[0]
    assert len(listing.entries) == 3, "the others are listed all the same"


def test_a_name_that_stands_twice_means_neither(place: Place) -> None:
    place.put("workflows/a.workflow.json", ONE)
    place.put("workflows/b.workflow.json", ONE)
    place.put("workflows/builder.md", "Build.")
    with pytest.raises(BadWorkflow, match=r"quick stands in .*b\.workflow\.json too"):
        load_recipe(place.shelves, "quick")


@pytest.mark.parametrize(
    "name",
    ["workflows/quick.workflow.json", "workflows/agents.json", "workflows/builder.md", ".claude/agents/builder.md"],
)
@pytest.mark.parametrize("kind", ["link", "pipe", "socket", "folder", "huge"])
def test_a_file_of_a_repository_that_is_no_small_plain_file_is_refused(
    place: Place, tmp_path: Path, name: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put("workflows/quick.workflow.json", ONE)
    place.put("builder.md", "Build.", home=True)
    secret = tmp_path / "secret"
    secret.write_text(json.dumps(ONE) if name.endswith("json") else "the key")
    target = place.top / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    if kind == "link":
        target.symlink_to(secret)
    elif kind == "pipe":
        os.mkfifo(target)
    elif kind == "socket":
        monkeypatch.chdir(target.parent)  # a socket's path is short
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(target.name)
    elif kind == "folder":
        target.mkdir()
    else:
        with target.open("wb") as sparse:
            sparse.truncate(10 * 1024**3)
    with pytest.raises(BadWorkflow, match=r"cannot be used"):
        load_recipe(place.shelves, "quick")
    assert find_workflows(place.shelves).entries


@pytest.mark.parametrize("folder", ["workflows", ".claude", ".claude/agents"])
def test_a_folder_that_is_a_link_leads_nowhere(place: Place, tmp_path: Path, folder: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "agents").mkdir(parents=True)
    for where in (elsewhere, elsewhere / "agents"):
        (where / "builder.md").write_text("the key")
    place.put("quick.workflow.json", ONE, home=True)
    place.put("builder.md", "Build.", home=True)
    link = place.top / folder
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere)
    with pytest.raises(BadWorkflow, match=r"is a link"):
        load_recipe(place.shelves, "quick")


@pytest.mark.parametrize(
    ("text", "told"),
    [(b"a\xff", "is not UTF-8"), (b"---\nx: 1\n---\n", "is empty"), (b"a\xe2\x80\xaeb", "nobody sees")],
)
def test_a_prompt_is_text_that_a_person_can_see(place: Place, text: bytes, told: str) -> None:
    place.put("workflows/quick.workflow.json", ONE)
    place.put("workflows/builder.md", "").write_bytes(text)
    with pytest.raises(BadWorkflow, match=told):
        load_recipe(place.shelves, "quick")


def test_a_home_may_keep_its_workflows_elsewhere(place: Place, tmp_path: Path) -> None:
    place.put("quick.workflow.json", ONE, home=True)
    place.put("builder.md", "Build.", home=True)
    kept = tmp_path / "dotfiles"
    (place.home.config / "workflows").rename(kept)
    (place.home.config / "workflows").symlink_to(kept)
    assert load_recipe(place.shelves, "quick").recipe.workflow.source == "home"
