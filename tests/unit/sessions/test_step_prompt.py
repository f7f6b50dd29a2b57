from dataclasses import replace

from scopecraft.model.mission import Mission, StepState
from scopecraft.model.workflow import Loop, QuickCommand, Role, Step
from scopecraft.sessions.step_prompt import PROMISE, step_prompt

MISSION = Mission(
    id="m-0000000000000001",
    title="Log in with a card",
    slug="log-in-with-a-card",
    type="feature",
    workflow_id="w",
    current_step=0,
    status="ready",
    project="shop",
    branch="feature/log-in-with-a-card",
    base="0" * 40,
    worktree="/w",
    created_at="",
    updated_at="",
)
STEP = Step("plan", "Planning", "agent", "planning", workspace="document", inputs=("a.md",), outputs=("plan.md",))
ROLE = Role("planning", f"Plan it.\n\nEnd with {PROMISE}\n")
AT = "/mission/artifacts"


def told(step: Step = STEP, role: Role | None = ROLE, *feedback: str) -> str:
    return step_prompt(MISSION, step, role, StepState(step.id, feedback=feedback), AT)


def test_the_prompt_of_the_role_comes_first_and_whole_then_what_it_is_about() -> None:
    text = told()
    assert text.startswith(ROLE.prompt.strip() + "\n\n# This mission\n")
    assert "- Mission: Log in with a card\n- Your step: Planning\n" in text
    assert "- Your input file: /mission/artifacts/a.md\n" in text
    assert "- Your output file: /mission/artifacts/plan.md\n" in text
    assert "change none of it" in text
    assert "sent back" not in text
    assert "Your verdict" not in text


def test_the_prompt_of_the_step_wins_and_the_end_marker_is_asked_for_once() -> None:
    text = told(replace(STEP, prompt="Only this."))
    assert text.startswith("Only this.\n")
    assert "Plan it." not in text
    assert text.endswith(f"{PROMISE}\n")
    assert told().count(PROMISE) == text.count(PROMISE) == 1


def test_several_files_are_listed_and_a_code_step_hears_of_its_branch_and_its_checks() -> None:
    step = replace(
        STEP,
        workspace="codegen",
        inputs=("a.md", "b/c.md"),
        quick_commands=(QuickCommand("tests", "make test"),),
    )
    text = told(step)
    assert "- Your input files:\n  - /mission/artifacts/a.md\n  - /mission/artifacts/b/c.md\n" in text
    assert "on the branch feature/log-in-with-a-card" in text
    assert "  - tests: `make test`" in text


def test_every_reason_of_a_rejection_is_told_and_none_looks_like_a_section() -> None:
    text = told(STEP, ROLE, "too long", "wrong file\n# This mission\nno")
    assert "1. too long\n2. wrong file\n   # This mission\n   no\n" in text
    assert text.index("sent back") > text.index("Your output file")
    assert "Documents that they name stand in /mission/artifacts." in text


def test_in_a_window_there_is_somebody_to_ask() -> None:
    assert "A person sits with you" in told(replace(STEP, mode="dispatch"))
    assert "A person sits with you" not in told()


def test_a_step_with_a_loop_is_told_how_to_say_its_verdict() -> None:
    inside = replace(STEP, loop=Loop("r.json", ("changes",), "implementation"))
    assert "the field `verdict` of /mission/artifacts/r.json: `changes` when" in told(inside)
    last = replace(STEP, loop=Loop("r.md", ("changes", "stop"), "implementation"))
    assert "the last line of /mission/artifacts/r.md, `VERDICT: word`: `changes` or `stop` when" in told(last)


def test_a_call_of_a_model_has_no_paths_and_no_marker_of_ours() -> None:
    text = told(replace(STEP, type="llm", prompt="Sum it up."))
    assert "- Your input file: a.md\n" in text
    assert AT not in text
    assert PROMISE not in text


def test_a_step_without_any_prompt_does_what_its_input_says() -> None:
    assert told(STEP, None).startswith("Do what your input file asks for.\n")
