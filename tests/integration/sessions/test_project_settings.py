"""A repository's own settings: read once and safely, counted once confirmed, and edited without losing anything."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scopecraft.config.confirmed import confirmation_of, forget_confirmations, load_confirmations
from scopecraft.config.editing import with_value
from scopecraft.config.projects import Project
from scopecraft.config.repository_file import MOST_BYTES
from scopecraft.errors import BadInput, BadSettings, NotConfirmed, Refused, RepositoryRefused, StateUnreadable
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import project_here
from scopecraft.sessions.project_settings import Answer, Question, with_confirmed, within_project
from scopecraft.sessions.settings_files import change, home_file, project_file, replace_text, text_of
from scopecraft.worktrees.repository import Repository
from tests.support.command_line import sc
from tests.support.repos import bare_copy, commit, git, make_repository

IMAGE = '[container]\nimage = "theirs"\n'


class Person:
    """Answers in the given order, and remembers what was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[Question] = []

    def __call__(self, question: Question) -> Answer:
        self.asked.append(question)
        return self.answers.pop(0)


@pytest.fixture
def shop(clean_environment: Path) -> Path:
    folder = make_repository(clean_environment / "shop")
    assert sc("init").code == 0
    assert sc("link", cwd=folder).code == 0
    return folder


@pytest.fixture
def context(shop: Path) -> Iterator[Context]:
    yield Context.of(os.environ)


def place(context: Context, folder: Path) -> tuple[Project, Repository]:
    return project_here(context, folder, None)


def bring(shop: Path, text: str = IMAGE) -> Path:
    file = shop / ".scopecraft.toml"
    file.write_text(text)
    return file


def image(context: Context) -> str | None:
    return context.settings.container.image


def test_they_count_once_confirmed_and_are_asked_about_once_for_each_content(context: Context, shop: Path) -> None:
    bring(shop)
    person = Person("use", "use")
    assert image(within_project(context, place(context, shop), ask=person)) == "theirs"
    assert image(within_project(context, place(context, shop))) == "theirs"
    assert image(context) is None, "the home's own view does not change"
    bring(shop, IMAGE.replace("theirs", "others"))
    with pytest.raises(NotConfirmed) as caught:
        within_project(context, place(context, shop))
    assert "sc config trust --project shop" in caught.value.hint
    assert image(within_project(context, place(context, shop), ask=person)) == "others"
    assert [question.was_confirmed for question in person.asked] == [False, True]
    bring(shop)
    assert image(within_project(context, place(context, shop))) == "theirs", "what was confirmed stays so"


def test_ignored_they_count_for_nothing_and_the_next_time_asks_again(context: Context, shop: Path) -> None:
    bring(shop)
    person = Person("ignore", "stop")
    assert image(within_project(context, place(context, shop), ask=person)) is None
    assert image(within_project(context, place(context, shop), ask=person)) is None
    assert len(person.asked) == 1, "the same command does not ask twice"
    later = Context.of(os.environ)
    with pytest.raises(NotConfirmed):
        within_project(later, place(later, shop), ask=person)
    assert load_confirmations(context.home) == []


def test_what_must_not_wait_for_an_answer_takes_what_is_confirmed_and_nothing_else(
    context: Context, shop: Path
) -> None:
    bring(shop)
    assert image(with_confirmed(context, place(context, shop))) is None
    within_project(context, place(context, shop), ask=Person("use"))
    assert image(with_confirmed(context, place(context, shop))) == "theirs"


def test_what_is_read_is_what_was_shown_though_the_file_is_changed_while_the_person_reads(
    context: Context, shop: Path
) -> None:
    file = bring(shop)

    def person(question: Question) -> Answer:
        file.write_text('[container]\nimage = "swapped"\nnetwork = "host"\n')
        return "use"

    found = within_project(context, place(context, shop), ask=person)
    assert (image(found), found.settings.container.network) == ("theirs", "bridge")
    with pytest.raises(NotConfirmed):
        within_project(context, place(context, shop))


def test_the_order_is_home_repository_environment_option(shop: Path) -> None:
    home = Context.of(os.environ).home
    home.settings_file.write_text('[container]\nimage = "mine"\ncpus = 7\nmemory = "1g"\npids = 7\n')
    bring(shop, '[container]\nimage = "theirs"\nmemory = "2g"\npids = 8\n')
    context = Context.of(
        {**os.environ, "SCOPECRAFT_SET_CONTAINER__MEMORY": "3g", "SCOPECRAFT_SET_CONTAINER__PIDS": "9"}
    )
    found = within_project(context, place(context, shop), ask=Person("use"), overrides=("container.pids=10",))
    box = found.settings.container
    assert (box.image, box.cpus, box.memory, box.pids) == ("theirs", 7.0, 3 * 1024**3, 10)
    assert [found.effective.origin(("container", name))[0] for name in ("image", "cpus", "memory", "pids")] == [
        "project",
        "home",
        "environment",
        "flag",
    ]


def test_a_file_that_sets_nothing_needs_no_confirmation(context: Context, shop: Path) -> None:
    bring(shop, "# nothing yet\n[container]\n")
    assert image(within_project(context, place(context, shop))) is None


def test_commands_on_the_machine_itself_need_a_word_of_their_own(context: Context, shop: Path) -> None:
    bring(shop, '[setup]\ncommands = ["make"]\nrun_on = "host"\n')
    person = Person("use", "ignore")
    found = within_project(context, place(context, shop), ask=person)
    assert [question.about for question in person.asked] == ["settings", "host"]
    assert (found.settings.setup.commands, found.settings.setup.run_on) == (("make",), "container")
    context = Context.of(os.environ)
    with pytest.raises(NotConfirmed) as caught:
        within_project(context, place(context, shop))
    assert "--host-setup" in caught.value.hint
    assert within_project(context, place(context, shop), ask=Person("use")).settings.setup.run_on == "host"
    assert within_project(context, place(context, shop)).settings.setup.run_on == "host"


@pytest.mark.parametrize("where", ["home", "option"])
def test_a_repositorys_commands_need_it_too_where_the_person_chose_the_host(shop: Path, where: str) -> None:
    context = Context.of(os.environ)
    overrides = ("setup.run_on=host",) if where == "option" else ()
    if where == "home":
        context.home.settings_file.write_text('[setup]\nrun_on = "host"\n')
    bring(shop, '[setup]\nteardown = ["make"]\n')
    person = Person("use", "stop")
    with pytest.raises(NotConfirmed):
        within_project(context, place(context, shop), ask=person, overrides=overrides)
    assert person.asked[-1].about == "host"


def test_a_persons_own_commands_run_on_the_host_without_a_question(shop: Path) -> None:
    context = Context.of(os.environ)
    context.home.settings_file.write_text('[setup]\nrun_on = "host"\ncommands = ["mine"]\n')
    bring(shop, "[setup]\nports = 3\n")
    found = within_project(context, place(context, shop), ask=Person("use"))
    assert (found.settings.setup.run_on, found.settings.setup.ports) == ("host", 3)


@pytest.mark.parametrize("kind", ["link", "dangling link", "fifo", "folder", "socket", "device", "huge", "unreadable"])
def test_what_is_no_small_plain_file_is_refused_at_once(context: Context, shop: Path, kind: str) -> None:
    file = shop / ".scopecraft.toml"
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        match kind:
            case "link":
                secret = shop.parent / "secret.toml"
                secret.write_text(IMAGE)
                file.symlink_to(secret)
            case "dangling link":
                file.symlink_to(shop / "nowhere")
            case "fifo":
                os.mkfifo(file)
            case "folder":
                file.mkdir()
            case "socket":
                listening.bind(str(file))
            case "device":
                file.symlink_to("/dev/zero")
            case "huge":
                with file.open("wb") as stream:
                    stream.truncate(10 * 1024**3)
            case "unreadable":
                file.write_bytes(b"\xff\x00")
        with pytest.raises(BadSettings) as caught:
            within_project(context, place(context, shop), ask=Person("use"))
    assert str(file) in caught.value.message


def test_a_repository_without_a_checkout_is_asked_for_what_its_head_has(context: Context, shop: Path) -> None:
    commit(shop, ".scopecraft.toml", IMAGE)
    bare = bare_copy(shop, shop.parent / "bare.git")
    assert sc("link", cwd=bare).code == 0
    found = within_project(context, place(context, bare), ask=Person("use"))
    assert image(found) == "theirs"
    assert "HEAD" in found.effective.origin(("container", "image"))[1].where
    with pytest.raises(BadInput, match="no main checkout"):
        project_file(place(context, bare))


@pytest.mark.parametrize("kind", ["link", "huge", "none", "empty"])
def test_what_head_has_is_judged_as_a_file_is(context: Context, shop: Path, kind: str) -> None:
    match kind:
        case "link":
            (shop / ".scopecraft.toml").symlink_to("file-0.txt")
            git(shop, "add", ".scopecraft.toml")
            git(shop, "commit", "-qm", "link")
        case "huge":
            commit(shop, ".scopecraft.toml", "#" * (MOST_BYTES + 1))
    bare = bare_copy(shop, shop.parent / "bare.git")
    if kind == "empty":
        git(bare, "symbolic-ref", "HEAD", "refs/heads/nothing")
    assert sc("link", cwd=bare).code == 0
    if kind in ("link", "huge"):
        with pytest.raises(RepositoryRefused, match=r"regular file|larger than"):
            within_project(context, place(context, bare), ask=Person("use"))
    else:
        assert image(within_project(context, place(context, bare))) is None


def test_a_damaged_record_of_confirmations_confirms_nothing(context: Context, shop: Path) -> None:
    bring(shop)
    within_project(context, place(context, shop), ask=Person("use"))
    record = context.home.config / "confirmed.json"
    rows = json.loads(record.read_text())
    rows["confirmed"][0]["host_setup"] = "yes"
    record.write_text(json.dumps(rows))
    with pytest.raises(StateUnreadable, match="moved to"):
        within_project(context, place(context, shop))
    with pytest.raises(NotConfirmed):
        within_project(context, place(context, shop))


def test_a_confirmation_is_of_one_project(context: Context, shop: Path) -> None:
    bring(shop)
    within_project(context, place(context, shop), ask=Person("use"))
    other = make_repository(shop.parent / "other")
    assert sc("link", cwd=other).code == 0
    bring(other)
    with pytest.raises(NotConfirmed):
        within_project(context, place(context, other))
    assert forget_confirmations(context.home, "other") == 0
    assert forget_confirmations(context.home, "shop") == 1
    with pytest.raises(NotConfirmed):
        within_project(context, place(context, shop))


def test_what_a_person_changes_themselves_stays_confirmed_and_what_they_did_not_read_does_not(
    context: Context, shop: Path
) -> None:
    file = project_file(place(context, shop))
    assert change(context, file, lambda text: with_value(text, ("container", "cpus"), 3))
    assert within_project(context, place(context, shop)).settings.container.cpus == 3
    bring(shop)
    assert change(context, file, lambda text: with_value(text, ("container", "cpus"), 4))
    with pytest.raises(NotConfirmed):
        within_project(context, place(context, shop))
    confirmed = load_confirmations(context.home)
    assert len(confirmed) == 1 and not confirmed[0].host_setup
    assert confirmation_of(context.home, "shop", confirmed[0].sha256) == confirmed[0]


def test_twenty_changes_at_once_are_all_there(context: Context) -> None:
    def set_one(number: int) -> None:
        key = ("agents", "a", "env", f"V{number}")
        change(context, home_file(context), lambda text: with_value(text, key, str(number)))

    threads = [threading.Thread(target=set_one, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Context.of(os.environ).settings.agent("a").env == {f"V{number}": str(number) for number in range(20)}


def test_an_edit_of_what_somebody_changed_meanwhile_is_refused(context: Context) -> None:
    file = home_file(context)
    before = text_of(file)
    change(context, file, lambda text: with_value(text, ("container", "cpus"), 3))
    with pytest.raises(Refused, match="meanwhile"):
        replace_text(context, file, before, b"[container]\ncpus = 4\n")
    assert Context.of(os.environ).settings.container.cpus == 3


def test_a_settings_file_that_is_a_link_of_the_persons_stays_one(context: Context, clean_environment: Path) -> None:
    kept = clean_environment / "dotfiles.toml"
    kept.write_text("# mine\n")
    context.home.settings_file.symlink_to(kept)
    change(context, home_file(context), lambda text: with_value(text, ("container", "cpus"), 3))
    assert context.home.settings_file.is_symlink()
    assert kept.read_text() == "# mine\n\n[container]\ncpus = 3\n"
