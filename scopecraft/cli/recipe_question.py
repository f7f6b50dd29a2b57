"""What a repository brings to a workflow: shown whole, what is dangerous last, and used on a person's yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scopecraft.cli.choice import can_ask, choose
from scopecraft.cli.say import say, warn
from scopecraft.model.text import clean_line

if TYPE_CHECKING:
    from scopecraft.sessions.project_settings import Answer
    from scopecraft.sessions.recipes import RecipeQuestion

_ANSWERS: tuple[Answer, ...] = ("use", "ignore", "stop")


def ask_about_recipe(question: RecipeQuestion) -> Answer:
    """What the person at the terminal says; stop where there is none."""
    if not can_ask():
        return "stop"
    show_recipe(question)
    asked = "all of this: (u)se it from now on, (i)gnore what the repository brings this time, or (s)top?"
    answer = choose(asked, _ANSWERS, default="stop")
    return next(each for each in _ANSWERS if each == answer)


def show_recipe(question: RecipeQuestion) -> None:
    """All of it, as text: what is asked about is never shortened."""
    from scopecraft.cli.workflow_view import prompt_lines, workflow_lines

    recipe = question.loaded.recipe
    _head(question)
    say("its steps:\n" + "\n".join(workflow_lines(recipe.workflow, recipe.roles, width=0, colour=False)))
    if recipe.workflow.source == "project":
        for step in recipe.workflow.steps:
            if step.prompt is not None:
                say(f"prompt of the step {step.id}:\n" + "\n".join(prompt_lines(step.prompt)))
    for role in recipe.roles.values():
        named = [f"{what} {value}" for what, value in (("agent", role.dialect), ("model", role.model)) if value]
        named += [f"effort {role.effort}"] if role.effort else []
        if named or role.source == "project":
            say(f"role {role.name}: {', '.join(named) or 'no agent or model of its own'}")
        if role.source == "project":
            say("its prompt:\n" + "\n".join(prompt_lines(role.prompt)))
    _dangers(question)


def _head(question: RecipeQuestion) -> None:
    if question.is_confirmed:
        say(f"what the repository of {question.project} brings to the workflow {question.workflow_id} is confirmed:")
    else:
        changed = "has changed since you confirmed it" if question.was_confirmed else "has not been confirmed"
        warn(f"what the repository of {question.project} brings to the workflow {question.workflow_id} {changed}:")
    say("it stands in:\n" + "\n".join(clean_line(file.where) for file in question.loaded.files))


def _dangers(question: RecipeQuestion) -> None:
    from scopecraft.config.workflow_dangers import dangers_of

    dangers = dangers_of(question.loaded.recipe)
    for danger in dangers:
        say(f"! {clean_line(danger)}")
    if dangers:
        warn(f"{len(dangers)} of this, marked with !, can reach beyond what an agent may do otherwise")
