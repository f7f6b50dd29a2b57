"""One step of a workflow file: what its type has no use for, and the value that it becomes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scopecraft.config.workflow_rules import Flaw, Place
from scopecraft.errors import BadInput, BadSettings
from scopecraft.model.text import clean_line
from scopecraft.model.workflow import GATES, Loop, QuickCommand, Step

if TYPE_CHECKING:
    from scopecraft.config.workflow_schema import StepRow

_OF_WORKERS = (
    "agent", "mode", "workspaceMode", "inputArtifact", "inputArtifacts", "outputArtifact", "outputArtifacts",
    "autostart", "loop", "prompt", "dialect", "model", "effort", "timeout", "timeoutSeconds", "image", "network",
    "limits", "settings",
)  # fmt: skip
_OF_CONTAINERS = ("image", "network", "quickCommands")
SAME_ARTIFACTS = (("inputArtifact", "inputArtifacts"), ("outputArtifact", "outputArtifacts"))
_TWO_WAYS = (*SAME_ARTIFACTS, ("timeout", "timeoutSeconds"))
SECTIONS = ("container", "limits", "agents")  # whose settings a step may bring
_OF_CONTAINER_SETTINGS = ("memory", "cpus", "pids")


def flaws_of_type(step: StepRow, place: Place) -> Iterator[Flaw]:
    """Fields that its type has no use for, or cannot do without."""
    said = step.model_fields_set
    if step.type in GATES:
        yield from (Flaw((*place, name), f"a {step.type} has no use for it") for name in _OF_WORKERS if name in said)
    else:
        yield from _of_worker(step, place)
    for one, other in _TWO_WAYS:
        if one in said and other in said:
            yield Flaw((*place, other), f"{one} says the same: keep one of the two")
    yield from _settings_flaws(step, place)


def _of_worker(step: StepRow, place: Place) -> Iterator[Flaw]:
    if "reviewArtifact" in step.model_fields_set:
        yield Flaw((*place, "reviewArtifact"), "only a gate reviews; inputArtifact is what a step works from")
    if step.agent is None and step.prompt is None:
        yield Flaw((*place, "agent"), "is missing: a role, or a prompt in its place")
    outputs = [*([step.outputArtifact] if step.outputArtifact else []), *step.outputArtifacts]
    if step.type == "agent" and step.workspaceMode == "document" and not outputs:
        yield Flaw((*place, "outputArtifact"), "is missing: a step that may not change the code leaves nothing else")
    if step.mode == "dispatch":
        for name in ("image", "network"):
            if name in step.model_fields_set:
                yield Flaw((*place, name), "a step in a window runs on your machine, without a container")
    if step.type != "llm":
        return
    if len(outputs) != 1:
        yield Flaw((*place, "outputArtifact"), f"an llm step writes one artifact, its answer; not {len(outputs)}")
    if step.mode == "dispatch" or step.workspaceMode == "codegen":
        field = "mode" if step.mode == "dispatch" else "workspaceMode"
        yield Flaw((*place, field), "an llm step is one call of a model, without a worktree")
    for name in _OF_CONTAINERS:
        if name in step.model_fields_set:
            yield Flaw((*place, name), "an llm step has no container")


def _settings_flaws(step: StepRow, place: Place) -> Iterator[Flaw]:
    limits = step.limits.model_fields_set if step.limits else ()
    places = [(*place, "image")] if step.image else []
    places += [(*place, "network")] if step.network else []
    places += [(*place, "limits", name) for name in _limit_names(step) if name in limits]
    places += [(*place, "settings", number) for number in range(len(step.settings))]
    for at, word in zip(places, _settings(step), strict=True):
        reason = _setting_problem(word)
        if reason:
            yield Flaw(at, reason)


def _setting_problem(word: str) -> str:
    from scopecraft.config.spoken import flag_layer

    if word.partition(".")[0].strip() not in SECTIONS:
        return f"{clean_line(word, 60)}: a step may set what begins with {', '.join(SECTIONS)}"
    try:
        flag_layer([word])
    except (BadInput, BadSettings) as error:
        hint = f" ({error.hint})" if error.hint.startswith("did you mean") else ""
        return error.message.removeprefix("--set: ").removeprefix("--set ") + hint
    return ""


def step_of(row: StepRow) -> Step:
    return Step(
        id=row.step_id,
        name=row.name or _in_words(row.step_id),
        type=row.type,
        role=row.agent,
        mode=row.mode or "autonomous",
        workspace=row.workspaceMode or ("document" if row.type == "llm" else "codegen"),
        inputs=tuple([row.inputArtifact] if row.inputArtifact else row.inputArtifacts),
        outputs=tuple([row.outputArtifact] if row.outputArtifact else row.outputArtifacts),
        review=row.reviewArtifact,
        quick_commands=tuple(QuickCommand(each.name, each.command, each.where) for each in row.quickCommands),
        needs=None if row.needs is None else tuple(row.needs),
        autostart=row.autostart,
        loop=_loop(row),
        prompt=row.prompt,
        dialect=row.dialect,
        model=row.model,
        effort=row.effort,
        timeout_seconds=row.timeout or row.timeoutSeconds,
        settings=tuple(_settings(row)),
    )


def _loop(row: StepRow) -> Loop | None:
    loop = row.loop
    return Loop(loop.artifact, tuple(loop.when), loop.to, loop.field, loop.atMost) if loop else None


def _in_words(step_id: str) -> str:
    return step_id.replace("-", " ").replace("_", " ").strip().capitalize()


def _limit_names(row: StepRow) -> list[str]:
    return list(type(row.limits).model_fields) if row.limits else []


def _settings(row: StepRow) -> list[str]:
    """All that becomes a setting, in the notation of `--set`; what is said last wins."""
    words = [f"container.image={row.image}"] if row.image else []
    words += [f"container.network={row.network}"] if row.network else []
    for name in _limit_names(row):
        if row.limits and name in row.limits.model_fields_set:
            section = "container" if name in _OF_CONTAINER_SETTINGS else "limits"
            words.append(f"{section}.{name}={getattr(row.limits, name)}")
    return [*words, *row.settings]
