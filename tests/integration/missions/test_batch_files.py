"""The file of a batch: what it asks for, or all that is wrong with it at once; and its record in the home."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from scopecraft.config.paths import Home
from scopecraft.errors import BadInput, BadWorkflow, StateUnreadable
from scopecraft.missions.batch_file import batch_id, read_batch
from scopecraft.missions.batch_store import batches, load_batch, save_batch
from scopecraft.model.batch import Batch, BatchItem, BatchTask

GOOD = """\
defaults: {workflow: oneshot, type: fix}
missions:
  - id: cart
    text: Make it faster.
  - title: Pay by card
    file: pay.md
    type: feature
    needs: [cart]
    base: "@cart"
    ready_when: work
"""


@pytest.fixture
def folder(clean_environment: Path) -> Path:
    (clean_environment / "pay.md").write_text("Take cards.\n")
    return clean_environment


def batch(folder: Path, text: str, name: str = "b.yaml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_what_a_file_asks_for(folder: Path) -> None:
    tasks = read_batch(batch(folder, GOOD))
    assert tasks == (
        BatchTask("cart", "cart", "Make it faster.", "fix", "oneshot"),
        BatchTask(
            "pay-by-card", "Pay by card", "Take cards.\n", "feature", "oneshot",
            base="@cart", needs=("cart",), ready_when="work",
        ),
    )  # fmt: skip
    as_json = json.dumps([{"id": "cart", "text": "Make it faster."}])
    assert read_batch(batch(folder, as_json, "b.json")) == (BatchTask("cart", "cart", "Make it faster."),)


@pytest.mark.parametrize(("text", "told"), [("", "must be a list of missions"), ("[]", "names no mission")])
def test_a_file_that_asks_for_nothing_says_so(folder: Path, text: str, told: str) -> None:
    with pytest.raises(BadWorkflow, match=f"b.yaml:1: {told}"):
        read_batch(batch(folder, text))


def test_everything_that_is_wrong_is_told_with_its_line_and_place(folder: Path) -> None:
    file = batch(
        folder,
        """\
defaults: {colour: red, type: other}
missions:
  - id: cart
    text: x
    approve: auto
  - {id: cart, text: y, needs: [nobody]}
  - {title: "../etc", text: z}
  - {id: both, text: a, file: b}
  - {id: none, needs: last}
  - {id: last, file: missing.md, needs: [none], base: "@cart"}
  - words
  - {id: empty, text: "  ", agent: "-x", model: [1]}
surplus: 1
""",
    )
    with pytest.raises(BadWorkflow) as wrong:
        read_batch(file)
    told = [line.removeprefix(f"{file}:") for line in wrong.value.message.splitlines()]
    assert told == [
        "13: surplus: is not a field; there are: defaults, missions",
        "1: defaults.colour: is not a field; there are: workflow, project, base, agent, model, type, ready_when",
        "1: defaults.type: must be one of: feature, fix, bugfix, hotfix, enhance",
        "5: missions[0].approve: is not a field; there are: id, title, text, file, needs, workflow, project, base,"
        " agent, model, type, ready_when",
        "7: missions[2].title: a task name holds no '/', '\\' or '..': '../etc'",
        "8: missions[3]: needs either text or file: what is to be done",
        "9: missions[4]: needs either text or file: what is to be done",
        f"10: missions[5].file: {folder}/missing.md is not there, or no file",
        "11: missions[6]: must be fields and their values",
        "12: missions[7].text: must be a text that is not empty",
        "12: missions[7].agent: must be a name on one line",
        "12: missions[7].model: must be a name on one line",
        "6: missions[1]: the id is that of missions[0] too",
        "6: missions[1]: the mission's name is that of missions[0] too",
        "6: missions[1].needs: there is no 'nobody' in this file",
        "10: missions[5].base: @cart is none of what it needs",
        "2: missions: need each other in a circle: none -> last -> none",
    ]


@pytest.mark.parametrize("text", ["", "missions: []", "words", "[1", "missions: {a: 1}", "- {id: '!', text: x}"])
def test_what_is_no_batch_is_refused(folder: Path, text: str) -> None:
    with pytest.raises(BadWorkflow):
        read_batch(batch(folder, text))


def test_what_is_no_file_is_refused(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    for name in ("pipe", "missing", "."):
        with pytest.raises(BadInput):
            read_batch(folder / name)


def test_its_id_is_made_of_what_it_says(folder: Path) -> None:
    file = batch(folder, GOOD)
    first = batch_id(file, read_batch(file))
    assert first == batch_id(file, read_batch(batch(folder, f"# a comment\n{GOOD}")))
    (folder / "pay.md").write_text("Take no cards.\n")
    assert first != batch_id(file, read_batch(file))


def test_a_record_comes_back_as_it_was_and_a_damaged_one_is_moved_aside(folder: Path) -> None:
    home = Home(folder / "home")
    home.batches.mkdir(parents=True)
    items = tuple(BatchItem(task, f"m-{task.name}") for task in read_batch(batch(folder, GOOD)))
    made = Batch("b-1", "/x/b.yaml", "2026-03-01T10:00:00.000Z", (replace(items[0], is_begun=True), items[1]))
    save_batch(home, made)
    assert load_batch(home, "b-1") == made and load_batch(home, "b-2") is None
    (home.batches / "b-0.json").write_text("{")
    found, damaged = batches(home)
    assert found == [made] and len(damaged) == 1
    assert batches(home) == ([made], [])
    (home.batches / "b-0.json").write_text('{"version": 99}')
    with pytest.raises(StateUnreadable, match="newer"):
        load_batch(home, "b-0")
    assert (home.batches / "b-0.json").exists()
