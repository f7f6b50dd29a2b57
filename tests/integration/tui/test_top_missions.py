"""The list of `sc top`: what needs a person first, found, followed, and shown as it is."""

from __future__ import annotations

from scopecraft.config.paths import Home
from scopecraft.missions.folder import changing, folder_of, save_mission
from scopecraft.missions.moves import completed
from scopecraft.missions.recipe import load_workflow
from scopecraft.model.event import Event
from scopecraft.model.session import Queued
from scopecraft.state.store import Store
from tests.support.dashboard import Seat, seated
from tests.support.queue_processes import guard
from tests.support.sessions import AT, a_session
from tests.support.standing_missions import stand


def order(seat: Seat, *names: str) -> list[str]:
    """Which of them are to be seen, from the top."""
    text = seat.text()
    return sorted((name for name in names if name in text), key=text.index)


def test_what_needs_a_person_stands_first_and_moves_as_it_happens(home: Home, store: Store) -> None:
    in_line = stand(home, "in-line", phases={"research": "running"})
    store.queue.enqueue(a_session(mission_id=in_line.id, step_id="research", status=Queued(AT)), AT, guard)
    stand(home, "draft", status="draft")
    stand(home, "failed", phases={"research": "failed"})
    gate = stand(home, "gate", "research")
    names = ("Gate", "Failed", "Draft", "In line")

    async def visit(seat: Seat) -> None:
        await seat.sees(*names)
        assert order(seat, *names) == list(names)
        assert "place 1 in the queue" in seat.text() and "a approve" in seat.text()
        with changing(home, gate.id) as mission:
            save_mission(home, completed(mission, load_workflow(folder_of(home, mission)), AT))
        store.append(Event(0, AT, "mission_completed", gate.id))
        await seat.until(lambda: order(seat, *names) == ["Failed", "Draft", "In line", "Gate"], "the complete one last")

    seated(visit)


def test_a_filter_narrows_by_words_and_escape_shows_all(home: Home) -> None:
    stand(home, "login-page", "research")
    stand(home, "login-api", project="attic")
    stand(home, "cart", "research")

    async def visit(seat: Seat) -> None:
        await seat.sees("Cart")
        await seat.press("slash")
        await seat.type("login review")
        await seat.until(lambda: order(seat, "Login page", "Login api", "Cart") == ["Login page"])
        await seat.press("enter", "escape")
        await seat.sees("Login api", "Cart")
        await seat.press("slash")
        await seat.type("nothing")
        await seat.sees("no mission fits 'nothing'")

    seated(visit)


def test_titles_of_strangers_are_text(home: Home) -> None:
    evil = "[red]x[/red] [@click=app.quit]q[/] \x1b]52;c;aGk=\x07 " + "long " * 60
    stand(home, "evil", "research", title=evil)

    async def visit(seat: Seat) -> None:
        text = await seat.sees("[red]x[/red] [@click=app")
        assert all(len(line) <= 120 for line in text.splitlines())
        await seat.press("enter")
        await seat.sees("[red]x[/red] [@click=app.quit]q[/] \\x1b]52;c;", "Review research")
        await seat.press("C")
        await seat.sees("say that it is complete?", "[red]x[/red]")

    seated(visit)


def test_an_empty_home_says_how_to_begin(home: Home) -> None:
    async def visit(seat: Seat) -> None:
        await seat.sees("no repository is linked yet", "sc link", "no supervisor is up")
        await seat.press("n")
        await seat.sees("in one of yours: sc link")
        await seat.press("a")
        await seat.sees("there is no mission here to approve")
        await seat.press("g", "q")
        await seat.sees("nothing runs, and nothing waits", "0 of 3 run")
        await seat.press("g", "s")
        await seat.sees("no session yet")

    seated(visit, columns=60, rows=20)
