"""What the agent of a step is told: its role's prompt, then a section about this mission, made here. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from scopecraft.model.mission import Mission, StepState
from scopecraft.model.workflow import Loop, Role, Step

PROMISE = "<promise>COMPLETE</promise>"  # what prompts ask an agent to end with
_WITHOUT_ROLE = "Do what your input file asks for."


def step_prompt(mission: Mission, step: Step, role: Role | None, state: StepState, artifacts_at: str) -> str:
    """The whole prompt. The step's own wins over the role's; `artifacts_at` is the folder as the agent sees it.

    A step of type llm has no folder: its input follows in the request, and what it answers becomes its output file.
    """
    own = (step.prompt or (role.prompt if role is not None else "") or _WITHOUT_ROLE).strip()
    sections = [own, _about(mission, step, artifacts_at)]
    if step.loop is not None:
        sections.append(_verdict(step.loop, step, artifacts_at))
    if state.feedback:
        sections.append(_sent_back(state.feedback, step, artifacts_at))
    if step.type != "llm" and PROMISE not in own:
        sections.append(f"When all of this is done, and only then, end your last message with this line:\n\n{PROMISE}")
    return "\n\n".join(sections) + "\n"


def _about(mission: Mission, step: Step, artifacts_at: str) -> str:
    lines = [
        "# This mission",
        "",
        f"- Mission: {mission.title}",
        f"- Your step: {step.name}",
        *_files("input", step.inputs, step, artifacts_at),
        *_files("output", step.outputs, step, artifacts_at),
    ]
    return "\n".join([*lines, *_place(mission, step)])


def _files(what: str, names: tuple[str, ...], step: Step, artifacts_at: str) -> Iterator[str]:
    paths = [_path(name, step, artifacts_at) for name in names]
    if len(paths) == 1:
        yield f"- Your {what} file: {paths[0]}"
    elif paths:
        yield f"- Your {what} files:"
        yield from (f"  - {path}" for path in paths)


def _path(name: str, step: Step, artifacts_at: str) -> str:
    return name if step.type == "llm" else f"{artifacts_at.rstrip('/')}/{name}"


def _place(mission: Mission, step: Step) -> Iterator[str]:
    if step.type == "llm":
        yield "- You have no tools and no files: the text of your input follows."
        yield "- Your answer becomes your output file as it is: answer with nothing but its content."
        return
    if step.mode == "dispatch":
        yield "- A person sits with you: ask them where you would have to assume something."
    if step.workspace == "document":
        yield "- The code stands in the working folder. You may read all of it and change none of it."
    else:
        yield f"- The code stands in the working folder, on the branch {mission.branch}, which is yours alone."
    if step.outputs:
        which = "your output file" if len(step.outputs) == 1 else "each of your output files"
        yield f"- Write {which} at exactly that path. A missing or empty one fails the step, whatever else you did."
    if step.quick_commands:
        yield "- Check your work with:"
        yield from (f"  - {command.name}: `{command.command}`" for command in step.quick_commands)


def _verdict(loop: Loop, step: Step, artifacts_at: str) -> str:
    words = " or ".join(f"`{word}`" for word in loop.when)
    path = _path(loop.artifact, step, artifacts_at)
    is_json = loop.artifact.endswith(".json")
    where = f"the field `{loop.field}` of {path}" if is_json else f"the last line of {path}, `VERDICT: word`"
    return (
        f"# Your verdict\n\nIt is one word in {where}: {words} when the work must go back to the step {loop.to}, "
        "`pass` when it can go on."
    )


def _sent_back(feedback: tuple[str, ...], step: Step, artifacts_at: str) -> str:
    told = [f"{number}. {_indented(reason)}" for number, reason in enumerate(feedback, start=1)]
    lines = [
        "# Your earlier work was sent back",
        "",
        "These are the reasons, the newest last. Begin with what was done before and put right what they name:",
        "",
        *told,
    ]
    if step.type != "llm":
        lines += ["", f"Documents that they name stand in {artifacts_at.rstrip('/')}."]
    if step.outputs and step.type != "llm":
        lines += ["An output file of the earlier try may be there. It is not good enough: write it anew."]
    return "\n".join(lines)


def _indented(reason: str) -> str:
    """All of it belongs to its number, so that no reason looks like a section of this prompt."""
    return "\n   ".join(reason.strip().splitlines())
