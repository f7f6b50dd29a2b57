"""What a workflow file may not say: each rule broken once, and told with file, line, place and reason."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from scopecraft.config.workflow_reading import read_roles, read_workflows
from scopecraft.config.workflow_rules import RESERVED
from scopecraft.errors import BadWorkflow
from scopecraft.missions.advance import VISIT_STEP
from scopecraft.missions.recipe import workflow_dict
from scopecraft.model.workflow import Loop, QuickCommand, Workflow

GOOD: dict[str, Any] = {
    "workflow_id": "w",
    "steps": [
        {"step_id": "plan", "type": "agent", "agent": "planning", "inputArtifact": "raw-input.md",
         "outputArtifact": "plan.md", "workspaceMode": "document"},
        {"step_id": "review-plan", "type": "human-gate", "reviewArtifact": "plan.md"},
        {"step_id": "build", "type": "agent", "agent": "implementation", "inputArtifacts": ["plan.md", "raw-input.md"],
         "outputArtifact": "result.json"},
        {"step_id": "judge", "type": "llm", "prompt": "Judge it.", "inputArtifact": "result.json",
         "outputArtifact": "verdict.md", "loop": {"artifact": "verdict.md", "when": "changes", "to": "build"}},
        {"step_id": "review-impl", "type": "code-review", "quickCommands": ["make test"]},
    ],
}  # fmt: skip
GONE = object()


def changed(place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    document = copy.deepcopy(GOOD)
    at: Any = document
    for part in place[:-1]:
        at = at[part]
    if value is GONE:
        del at[place[-1]]
    else:
        at[place[-1]] = value
    return document


def read(document: object) -> tuple[Workflow | None, tuple[str, ...]]:
    [entry] = read_workflows(json.dumps(document).encode(), "w.json", "project")
    return entry.workflow, entry.problems


def step(number: int, **fields: Any) -> dict[str, Any]:
    document = copy.deepcopy(GOOD)
    document["steps"][number] |= fields
    return document


def test_a_good_one_becomes_a_value() -> None:
    workflow, problems = read(GOOD)
    assert problems == ()
    assert workflow is not None and workflow.source == "project"
    plan, gate, build, judge, review = workflow.steps
    assert (plan.name, plan.role, plan.workspace, plan.mode) == ("Plan", "planning", "document", "autonomous")
    assert gate.review == "plan.md"
    assert build.inputs == ("plan.md", "raw-input.md") and build.workspace == "codegen"
    assert judge.loop == Loop("verdict.md", ("changes",), "build") and judge.workspace == "document"
    assert review.quick_commands == (QuickCommand("make test", "make test"),)


def test_friendly_fields_become_settings_and_seconds() -> None:
    workflow, problems = read(
        step(0, image="my/image:1", network="none", limits={"cost": 2, "time": "1h", "memory": "8g"}, timeout="2h",
             settings=["container.tmp_size=2g"])
    )  # fmt: skip
    assert problems == () and workflow is not None
    assert workflow.steps[0].timeout_seconds == 7200
    assert workflow.steps[0].settings == (
        "container.image=my/image:1", "container.network=none", "limits.time=1h", "limits.cost=2.0",
        "container.memory=8g", "container.tmp_size=2g",
    )  # fmt: skip


def test_what_a_mission_keeps_can_be_taken_for_a_workflow_file() -> None:
    workflow, _ = read(GOOD)
    assert workflow is not None
    again, problems = read(workflow_dict(workflow))
    assert problems == ()
    assert again == workflow


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (changed(("workflow_id",), "a b"), "workflow_id: 'a b' is no name"),
        (changed(("workflow_id",), GONE), "workflow_id: is missing"),
        (changed(("steps",), []), "steps: is empty"),
        (changed(("stepz",), 1), "stepz: is not a field"),
        (changed(("name",), "a\x1b[31mb"), "name: must be one line of plain text"),
        (changed(("description",), "a\u202eb"), "description: must hold no control characters"),
        (step(0, step_id="review-plan"), "steps[1].step_id: review-plan is the id of steps[0] already"),
        (step(0, step_id="BUILD"), "steps[2].step_id: build is the id of steps[0] already"),
        (step(0, step_id="../x"), "steps[0].step_id: '../x' is no name"),
        (step(0, step_id="visit"), "steps[0].step_id: visit is a name of scopecraft's own"),
        (step(0, type="magic"), "steps[0].type: should be 'llm', 'agent', 'human-gate' or 'code-review'"),
        (step(0, outputArtifact="../mission.json"), "steps[0].outputArtifact: '../mission.json' is no name"),
        (step(0, outputArtifact="raw-input.md"), "steps[0].outputArtifact: raw-input.md is what the person wrote"),
        (step(2, outputArtifacts=["x"]), "steps[2].outputArtifacts: outputArtifact says the same"),
        (changed(("steps", 2, "outputArtifact"), GONE), "steps[3].inputArtifact: result.json: no step writes it"),
        (step(0, inputArtifact="later.md"), "steps[0].inputArtifact: later.md: no step writes it"),
        (step(0, inputArtifact="result.json"), "result.json: build writes it, and this step does not wait for that"),
        (changed(("steps", 1), "foo"), "steps[1]: must be fields and their values"),
        (step(2, inputArtifacts=[None]), "steps[2].inputArtifacts[0]: must be a text"),
        (step(2, inputArtifacts=["plan.md", "x"]), "steps[2].inputArtifacts[1]: x: no step writes it"),
        (step(1, reviewArtifact="result.json"), "steps[1].reviewArtifact: result.json: build writes it"),
        (step(1, agent="planning"), "steps[1].agent: a human-gate has no use for it"),
        (step(4, loop={"artifact": "a", "when": "b", "to": "c"}), "steps[4].loop: a code-review has no use for it"),
        (step(0, reviewArtifact="plan.md"), "steps[0].reviewArtifact: only a gate reviews"),
        (changed(("steps", 0, "agent"), GONE), "steps[0].agent: is missing: a role, or a prompt in its place"),
        (changed(("steps", 3, "outputArtifact"), GONE), "steps[3].outputArtifact: an llm step writes one artifact"),
        (step(0, mode="dispatch", image="x"), "steps[0].image: a step in a window runs on your machine"),
        (step(3, mode="dispatch"), "steps[3].mode: an llm step is one call"),
        (step(3, image="x"), "steps[3].image: an llm step has no container"),
        (step(2, needs=["nope"]), "steps[2].needs[0]: there is no step nope; above stand plan, review-plan"),
        (step(2, needs=["build"]), "steps[2].needs[0]: a step cannot need itself"),
        (step(0, needs=["build"]), "steps[0].needs[0]: build comes later; put it above plan"),
        (step(2, needs=["plan", "plan"]), "steps[2].needs[1]: plan is named twice"),
        (step(2, needs=[], inputArtifacts=["raw-input.md"], outputArtifact="plan.md"),
         "steps[2].outputArtifact: plan.md: plan writes it too, and neither"),
        (step(3, loop={"artifact": "verdict.md", "when": "changes", "to": "review-impl"}),
         "steps[3].loop.to: review-impl is no step that comes before this one"),
        (step(3, loop={"artifact": "verdict.md", "when": "changes", "to": "review-plan"}),
         "steps[3].loop.to: review-plan waits for a person"),
        (changed(("steps", 0, "outputArtifact"), GONE), "steps[0].outputArtifact: is missing: a step that may not"),
        (step(3, loop={"artifact": "plan.md", "when": ["changes"], "to": "build"}),
         "steps[3].loop.artifact: plan.md is no output of this step, which writes verdict.md"),
        (step(3, loop={"artifact": "verdict.md", "when": [], "to": "build"}), "steps[3].loop.when: is empty"),
        (step(3, loop={"artifact": "verdict.md", "when": "x", "to": "build", "atMost": 0}), "steps[3].loop.atMost: "),
        (step(0, timeout="2 weeks"), "steps[0].timeout: '2 weeks' is no length of time"),
        (step(0, timeout=60, timeoutSeconds=60), "steps[0].timeoutSeconds: timeout says the same"),
        (step(0, image="--privileged"), "steps[0].image: '--privileged' is no name: no spaces, and no dash in front"),
        (step(0, model="a b"), "steps[0].model: 'a b' is no name"),
        (step(0, effort="HIGH!"), "steps[0].effort: 'HIGH!' is no name: small letters"),
        (step(0, limits={"money": 2}), "steps[0].limits.money: is not a field"),
        (step(0, limits={"cost": 0}), "steps[0].limits.cost: limits.cost: must be greater than 0"),
        (step(0, settings=["container.memory=lots"]), "steps[0].settings[0]: container.memory: 'lots' is no size"),
        (step(0, settings=["container.memry=1g"]), "there is no setting 'container.memry' (did you mean"),
        (step(0, settings=["notify.command=id"]), "a step may set what begins with container, limits, agents"),
        (step(4, quickCommands=[{"name": "x"}]), "steps[4].quickCommands[0].command: is missing"),
        (step(4, quickCommands=[{"name": "x", "command": "y", "where": "moon"}]), "steps[4].quickCommands[0].where: "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(document: dict[str, Any], told: str) -> None:
    workflow, problems = read(document)
    assert workflow is None
    assert any(told in problem for problem in problems), problems
    assert all(problem.startswith("w.json:") for problem in problems)


def test_everything_that_is_wrong_is_told_at_once_with_the_lines() -> None:
    text = b"workflow_id: w\nsteps:\n  - step_id: a b\n    type: agent\n  - step_id: c\n    type: agnt\n    foo: 1\n"
    [entry] = read_workflows(text, "w.yaml", "home")
    assert [problem.partition(": ")[0] for problem in entry.problems] == ["w.yaml:3", "w.yaml:6", "w.yaml:7"]


def test_one_bad_workflow_does_not_hide_the_others_of_its_file() -> None:
    bad = changed(("steps", 0, "type"), "magic") | {"workflow_id": "bad"}
    text = json.dumps({"workflows": [bad, GOOD]}, indent="\t").encode()
    one, other = read_workflows(text, "workflows.json", "project")
    assert (one.id, one.workflow) == ("bad", None)
    assert "workflows[0].steps[0].type: " in one.problems[0]
    assert other.workflow is not None


@pytest.mark.parametrize("text", [b"[]", b"hello", b"", b'{"workflows": {}}', b'{"workflows": [], "x": 1}'])
def test_what_is_no_workflow_at_all_is_refused(text: bytes) -> None:
    with pytest.raises(BadWorkflow):
        read_workflows(text, "w.yaml", "project")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            b'{"agents": {"a": {"promptFile": "../../etc/passwd"}}}',
            "agents.a.promptFile: '../../etc/passwd' is no name",
        ),
        (b'{"agents": {"a": {"promptFile": "/etc/passwd"}}}', "it is a path from the root"),
        (b'{"agents": {"a": {}}}', "agents.a.promptFile: is missing"),
        (b'{"agents": {"a b": {"promptFile": "x.md"}}}', "is no name"),
        (b'{"agents": {"a": {"promptFile": "x.md", "model": "-x"}}}', "agents.a.model: '-x' is no name"),
        (b"{}", "agents: is missing"),
    ],
)
def test_a_bad_agents_file_is_told_with_its_place(text: bytes, told: str) -> None:
    with pytest.raises(BadWorkflow) as refused:
        read_roles(text, "agents.json")
    assert told in refused.value.message


def test_names_that_sessions_of_no_workflow_go_by_are_taken() -> None:
    assert VISIT_STEP in RESERVED
