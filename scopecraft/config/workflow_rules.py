"""What must be true of a workflow as a whole: who needs whom, and what is there before a step reads it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scopecraft.model.workflow import RAW_INPUT, Step, Workflow

Place = tuple[str | int, ...]
# Steps of sessions that belong to no workflow go by these names.
RESERVED = frozenset({"visit"})


@dataclass(frozen=True, slots=True)
class Flaw:
    """`place` is the path in the workflow: ("steps", 2, "needs", 0)."""

    place: Place
    reason: str


def flaws_of(workflow: Workflow) -> list[Flaw]:
    """All of them, in the order of the steps. Of two steps by one id only that is told."""
    names = list(_names(workflow))
    if names:
        return names
    found = [flaw for number in range(len(workflow.steps)) for flaw in _needs(workflow, number)]
    if found:
        return found  # what comes before what cannot be told
    before = _before(workflow)
    return [
        flaw
        for number in range(len(workflow.steps))
        for flaw in (
            *_files(workflow, before, number),
            *_outputs(workflow, before, number),
            *_loop(workflow, before, number),
        )
    ]


def place_text(place: Place) -> str:
    """`steps[2].needs[0]`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _names(workflow: Workflow) -> Iterator[Flaw]:
    seen: dict[str, int] = {}
    for number, step in enumerate(workflow.steps):
        place = ("steps", number, "step_id")
        folded = step.id.lower()  # their logs are files, and some systems take the two for one
        if folded in seen:
            yield Flaw(place, f"{step.id} is the id of steps[{seen[folded]}] already")
        elif folded in RESERVED:
            yield Flaw(place, f"{step.id} is a name of scopecraft's own")
        seen.setdefault(folded, number)


def _needs(workflow: Workflow, number: int) -> Iterator[Flaw]:
    """Only steps that stand above: so none can wait for itself, and people read them in the order in which they run."""
    step = workflow.steps[number]
    for index, needed in enumerate(step.needs or ()):
        place = ("steps", number, "needs", index)
        at = workflow.index(needed)
        if at is None:
            yield Flaw(place, f"there is no step {needed}; {_known(workflow.steps[:number])}")
        elif needed == step.id:
            yield Flaw(place, "a step cannot need itself")
        elif at > number:
            yield Flaw(place, f"{needed} comes later; put it above {step.id}")
        elif needed in (step.needs or ())[:index]:
            yield Flaw(place, f"{needed} is named twice")


def _before(workflow: Workflow) -> list[frozenset[str]]:
    """For each step those that are finished when it begins."""
    known: dict[str, frozenset[str]] = {}
    for number, step in enumerate(workflow.steps):
        needed = workflow.needs_of(number)
        known[step.id] = frozenset(needed).union(*(known[each] for each in needed))
    return [known[step.id] for step in workflow.steps]


def _files(workflow: Workflow, before: list[frozenset[str]], number: int) -> Iterator[Flaw]:
    """What a step reads was written by one that it waits for."""
    step = workflow.steps[number]
    wanted = [(_key("inputArtifact", step.inputs, index), name) for index, name in enumerate(step.inputs)]
    if step.review is not None:
        wanted.append((("reviewArtifact",), step.review))
    for key, name in wanted:
        writers = [other.id for other in workflow.steps if name in other.outputs]
        if name == RAW_INPUT or before[number].intersection(writers):
            continue
        others = [writer for writer in writers if writer != step.id]
        told = f"{', '.join(others)} writes it, and this step does not wait for that" if others else "no step writes it"
        yield Flaw(("steps", number, *key), f"{name}: {told}")


def _outputs(workflow: Workflow, before: list[frozenset[str]], number: int) -> Iterator[Flaw]:
    step = workflow.steps[number]
    for index, name in enumerate(step.outputs):
        place = ("steps", number, *_key("outputArtifact", step.outputs, index))
        if name == RAW_INPUT:
            yield Flaw(place, f"{name} is what the person wrote; no step writes it")
        if name in step.outputs[:index]:
            yield Flaw(place, f"{name} is named twice")
        for other in workflow.steps[:number]:
            if name in other.outputs and other.id not in before[number]:
                yield Flaw(place, f"{name}: {other.id} writes it too, and neither waits for the other")


def _loop(workflow: Workflow, before: list[frozenset[str]], number: int) -> Iterator[Flaw]:
    step = workflow.steps[number]
    if step.loop is None:
        return
    place = ("steps", number, "loop")
    if step.loop.artifact not in step.outputs:
        told = ", ".join(step.outputs) or "nothing"
        yield Flaw((*place, "artifact"), f"{step.loop.artifact} is no output of this step, which writes {told}")
    target = workflow.step(step.loop.to)
    if target is None or target.id not in before[number]:
        yield Flaw((*place, "to"), f"{step.loop.to} is no step that comes before this one")
    elif target.is_gate:
        yield Flaw((*place, "to"), f"{target.id} waits for a person; name the step whose work is to be done again")


def _key(name: str, names: tuple[str, ...], index: int) -> Place:
    return (name,) if len(names) == 1 else (f"{name}s", index)


def _known(steps: tuple[Step, ...]) -> str:
    return f"above stand {', '.join(step.id for step in steps)}" if steps else "none stands above this one"
