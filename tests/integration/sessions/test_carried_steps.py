"""A mission is carried through its steps by agents in containers; nothing begins twice, and claims are checked."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import MutableSequence
from dataclasses import replace

import pytest

from scopecraft.errors import Refused, ScopecraftError
from scopecraft.missions.folder import changing, folder_of, save_mission
from scopecraft.missions.moves import gone_on
from scopecraft.missions.recipe import load_workflow
from scopecraft.model import clock
from scopecraft.model.mission import Mission
from scopecraft.model.session import Ended, Queued, Session
from scopecraft.model.workflow import RAW_INPUT, Loop, Step, Workflow
from scopecraft.sessions.carrying_on import Carried, carry_on
from scopecraft.sessions.context import Context
from scopecraft.sessions.finishing import finish_window
from scopecraft.sessions.settle import settle
from scopecraft.supervisor.asking import ask_to_carry_on
from tests.support.gated import gated
from tests.support.missions import Desk
from tests.support.played import Shop
from tests.support.repos import git
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]


def agents(shop: Shop, **scripts: str) -> None:
    """Plain agents by these names, each a script for a shell."""
    text = "[container]\nstop_grace = 2\n"
    for name, script in scripts.items():
        text += f'[agents.{name}]\ndialect = "plain"\ncommand = ["sh", "-c", {json.dumps(script)}]\n'
    shop.home.settings_file.write_text(text)


def step(step_id: str, **settings: object) -> Step:
    return replace(Step(step_id, step_id.title(), "agent", dialect=step_id), **settings)  # type: ignore[arg-type]


def mission(shop: Shop, *steps: Step, slug: str = "fix-login") -> str:
    return gated(Desk(shop.folder), slug, Workflow("tried", "Tried", steps)).id


def wanted(mission_id: str) -> None:
    context = Context.of(os.environ)
    with changing(context.home, mission_id) as found:
        workflow = load_workflow(folder_of(context.home, found))
        save_mission(context.home, gone_on(found, workflow, clock.to_text(clock.now())))


def carried(mission_id: str) -> Carried:
    return ask_to_carry_on(Context.of(os.environ), mission_id)


def ended(shop: Shop, session: Session) -> Session:
    shop.wait_over(session.id)
    return settle(Context.of(os.environ), session.id)


def now(mission_id: str) -> Mission:
    with changing(Context.of(os.environ).home, mission_id) as found:
        return found


def phases(mission_id: str) -> dict[str, str]:
    return {state.step_id: state.phase for state in now(mission_id).steps}


PLAN = "echo a plan >/mission/artifacts/plan.md"
TRESPASS = (
    f"{PLAN}; (echo x >/workspace/new) 2>/dev/null && echo wrote the worktree;"
    " git commit -q --allow-empty -m no 2>/dev/null && echo committed;"
    " (echo y >/mission/artifacts/raw-input.md) 2>/dev/null && echo wrote the input;"
    " git log --oneline | grep -q . && echo reads history"
)


def test_a_document_step_reads_the_worktree_and_writes_its_artifact_only(shop: Shop) -> None:
    agents(shop, plan=TRESPASS)
    mission_id = mission(shop, step("plan", workspace="document", inputs=(RAW_INPUT,), outputs=("plan.md",)))
    wanted(mission_id)
    (session,) = carried(mission_id).begun
    assert session.workspace == "document"
    ended(shop, session)
    assert (shop.path(session.id) / "stream.jsonl").read_text() == "reads history\n"
    assert git(shop.worktree("fix-login"), "status", "--porcelain") == ""
    assert phases(mission_id) == {"plan": "done"}


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("true", "plan.md was not written"),
        (": >/mission/artifacts/plan.md", "is empty"),
        ("printf ' \\n' >/mission/artifacts/plan.md", "is empty"),
        ("ln -s /etc/passwd /mission/artifacts/plan.md", "a link"),
        ("mkfifo /mission/artifacts/plan.md", "a pipe"),
        (f"{PLAN}; exit 3", "code 3"),
    ],
)
def test_an_agent_that_says_it_is_done_has_failed_without_what_it_was_to_write(
    shop: Shop, script: str, said: str
) -> None:
    agents(shop, plan=script)
    mission_id = mission(shop, step("plan", outputs=("plan.md",)))
    wanted(mission_id)
    (session,) = carried(mission_id).begun
    ended(shop, session)
    failed = now(mission_id)
    assert (failed.status, failed.current_step) == ("failed", 0)
    assert said in failed.errors[-1]


def test_what_an_attempt_before_had_written_is_no_result_of_this_one(shop: Shop) -> None:
    agents(shop, plan="true")
    mission_id = mission(shop, step("plan", outputs=("plan.md",)))
    (folder_of(shop.home, now(mission_id)) / "artifacts" / "plan.md").write_text("an old plan\n")
    wanted(mission_id)
    (session,) = carried(mission_id).begun
    ended(shop, session)
    assert "is from before" in now(mission_id).errors[-1]


def test_what_a_finished_step_wrote_the_next_one_cannot_change(shop: Shop) -> None:
    spoil = "(echo z >/mission/artifacts/plan.md) 2>/dev/null; rm -f /mission/artifacts/plan.md 2>/dev/null; true"
    agents(shop, plan=PLAN, build=spoil)
    mission_id = mission(shop, step("plan", outputs=("plan.md",)), step("build", inputs=("plan.md",), autostart=True))
    wanted(mission_id)
    (session,) = carried(mission_id).begun
    ended(shop, session)
    (session,) = carried(mission_id).begun
    ended(shop, session)
    assert phases(mission_id) == {"plan": "done", "build": "done"}
    assert (folder_of(shop.home, now(mission_id)) / "artifacts" / "plan.md").read_text() == "a plan\n"


def test_steps_that_share_nothing_run_at_once(shop: Shop) -> None:
    meet = "until [ -s /mission/artifacts/{other}.md ]; do sleep 0.1; done"
    write = "echo {own} >/mission/artifacts/{own}.md; "
    one, two = ("one", "two"), ("two", "one")
    agents(shop, **{own: (write + meet).format(own=own, other=other) for own, other in (one, two)})
    document = {"workspace": "document", "needs": ()}
    mission_id = mission(
        shop, step("one", outputs=("one.md",), **document), step("two", outputs=("two.md",), **document)
    )
    wanted(mission_id)
    first, second = carried(mission_id).begun
    assert now(mission_id).status == "running_code_agent"
    ended(shop, first)
    ended(shop, second)
    assert phases(mission_id) == {"one": "done", "two": "done"}


@pytest.mark.tmux
def test_a_step_in_a_window_is_done_when_the_person_says_so_and_not_before_it_has_written(shop: Shop) -> None:
    talk = "until [ -e write ]; do sleep 0.1; done; echo talked >$SC_ARTIFACTS/talk.md; rm write; exec sleep 600"
    agents(shop, talk=talk)
    mission_id = mission(shop, step("talk", mode="dispatch", outputs=("talk.md",)), step("build", outputs=()))
    wanted(mission_id)
    (session,) = carried(mission_id).begun
    assert (session.mode, session.step_id, now(mission_id).status) == ("dispatch", "talk", "running_code_agent")
    with pytest.raises(Refused, match="was not written"):
        finish_window(Context.of(os.environ), now(mission_id))
    (shop.worktree("fix-login") / "write").touch()
    until(lambda: not (shop.worktree("fix-login") / "write").exists(), 20, every=0.05)
    assert finish_window(Context.of(os.environ), now(mission_id)) is not None
    assert phases(mission_id) == {"talk": "done", "build": "pending"}
    assert finish_window(Context.of(os.environ), now(mission_id)) is None
    assert shop.windows() == []


@pytest.mark.tmux
def test_a_window_that_is_closed_by_hand_leaves_the_step_as_it_was(shop: Shop) -> None:
    agents(shop, talk="exec sleep 600")
    mission_id = mission(shop, step("talk", mode="dispatch", outputs=("talk.md",)))
    wanted(mission_id)
    (session,) = carried(mission_id).begun
    assert shop.sc("stop", session.id).code == 0
    assert (phases(mission_id), now(mission_id).status) == ({"talk": "pending"}, "ready")


def _carry(mission_id: str, results: MutableSequence[object]) -> None:
    try:
        results.append(len(carry_on(Context.of(os.environ), mission_id).begun))
    except ScopecraftError as error:
        results.append(error.message)


def test_several_that_carry_a_mission_on_at_once_begin_its_step_once(shop: Shop) -> None:
    agents(shop, plan=PLAN)
    mission_id = mission(shop, step("plan", outputs=("plan.md",)))
    wanted(mission_id)
    with multiprocessing.Manager() as manager:
        results = manager.list()
        context = multiprocessing.get_context("spawn")
        processes = [context.Process(target=_carry, args=(mission_id, results)) for _ in range(3)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        assert sorted(results) == [0, 0, 1], list(results)
    (session,) = shop.sessions()
    assert isinstance(session.status, Queued)
    assert [state.run_id for state in now(mission_id).steps] == [session.id]


def test_a_step_whose_session_nobody_has_recorded_begins_under_the_id_that_was_reserved(shop: Shop) -> None:
    agents(shop, plan=PLAN)
    mission_id = mission(shop, step("plan", outputs=("plan.md",)))
    wanted(mission_id)

    def die(*_: object) -> Session:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_on(Context.of(os.environ), mission_id, die)
    (reserved,) = (state.run_id for state in now(mission_id).steps)
    (session,) = carried(mission_id).begun
    assert session.id == reserved
    ended(shop, session)
    assert phases(mission_id) == {"plan": "done"}


def test_a_verdict_sends_the_work_back_only_so_often(shop: Shop) -> None:
    agents(
        shop,
        build="echo built >>/mission/artifacts/built.md",
        judge='echo \'{"verdict": "again"}\' >/mission/artifacts/verdict.json',
    )
    loop = Loop("verdict.json", ("again",), "build", at_most=1)
    mission_id = mission(
        shop,
        step("build", outputs=("built.md",)),
        step("judge", workspace="document", outputs=("verdict.json",), autostart=True, loop=loop),
    )
    wanted(mission_id)
    for _ in range(4):
        (session,) = carried(mission_id).begun
        ended(shop, session)
    failed = now(mission_id)
    assert carried(mission_id).begun == ()
    assert "judge says again" in failed.errors[-1] and failed.status == "failed"
    assert len(failed.steps[0].feedback) == 1
    built = (folder_of(shop.home, failed) / "artifacts" / "built.md").read_text()
    assert built == "built\nbuilt\n"


def test_a_step_that_cannot_begin_now_begins_when_it_can(shop: Shop) -> None:
    agents(shop, plan="sleep 60")
    mission_id = mission(shop, step("plan", outputs=("plan.md",)))
    assert shop.run("fix-login", "sleep 60").code == 0  # beside the workflow
    wanted(mission_id)
    (refusal,) = carried(mission_id).refusals
    assert isinstance(refusal, Refused)
    assert phases(mission_id) == {"plan": "pending"}
    assert shop.session("fix-login").step_id == "aside"
    assert not isinstance(shop.session("fix-login").status, Ended)
    assert shop.sc("stop", "fix-login", "--now").code == 0
    (session,) = carried(mission_id).begun  # what a person wanted needs no second word of theirs
    assert session.step_id == "plan"
