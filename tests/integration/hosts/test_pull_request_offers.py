"""Pushing and offering a mission's branch: real git, the real PyGithub, and GitHub played on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scopecraft.errors import HostFailed
from scopecraft.hosts.github import GitHub, Offer, Reach
from scopecraft.missions.folder import folder_of, read_mission
from scopecraft.model.mission import Mission, PullRequest
from scopecraft.model.text import clean_line
from scopecraft.state.store import Store
from tests.support.command_line import Said
from tests.support.missions import Desk, make_desk
from tests.support.played_github import REPOSITORY, TOKEN, PlayedGitHub, played_github
from tests.support.repos import bare_copy, commit, git


@pytest.fixture
def github() -> Iterator[PlayedGitHub]:
    with played_github() as played:
        yield played


@pytest.fixture
def desk(clean_environment: Path) -> Desk:
    """Its remote is called GitHub's, and stands beside it."""
    desk = make_desk(clean_environment)
    bare = bare_copy(desk.folder, clean_environment / "origin.git")
    git(desk.folder, "remote", "add", "origin", f"https://github.com/{REPOSITORY}.git")
    git(desk.folder, "config", f"url.{bare}.insteadOf", f"https://github.com/{REPOSITORY}.git")
    git(desk.folder, "fetch", "-q", "origin")
    return desk


@pytest.fixture
def mission(desk: Desk) -> Mission:
    mission = desk.mission("fix-login")
    commit(Path(mission.worktree), "login.txt")
    return mission


def origin(desk: Desk) -> Path:
    return desk.folder.parent / "origin.git"


def kinds(desk: Desk, mission: Mission) -> list[str]:
    with Store.open(desk.home.root) as store:
        return [event.kind for event in store.events(mission_id=mission.id)]


def pr(desk: Desk, github: PlayedGitHub, *options: str, token: str = TOKEN) -> Said:
    desk.done("config", "set", "github.api", github.api)
    return desk.sc("pr", "fix-login", *options, GITHUB_TOKEN=token)


def test_a_branch_is_pushed_once_and_no_hook_runs_for_it(desk: Desk, mission: Mission) -> None:
    hook = desk.folder / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    before = (desk.folder / ".git" / "config").read_bytes()
    assert json.loads(desk.done("push", "fix-login", "--json").out)["pushed"] is True
    assert git(origin(desk), "rev-parse", mission.branch) == git(desk.folder, "rev-parse", mission.branch)
    assert json.loads(desk.done("push", "fix-login", "--json").out)["pushed"] is False
    assert (desk.folder / ".git" / "config").read_bytes() == before
    assert kinds(desk, mission) == ["branch_pushed"]


def test_other_commits_on_the_remote_are_replaced_only_on_request_and_only_as_last_seen(
    desk: Desk, mission: Mission
) -> None:
    desk.done("push", "fix-login")
    git(Path(mission.worktree), "commit", "-q", "--amend", "-m", "Another")
    said = desk.sc("push", "fix-login")
    assert said.code == 3
    assert "has commits that are not on this one" in said.err
    assert "--force-with-lease" in said.err
    theirs = git(origin(desk), "rev-parse", "main")
    git(origin(desk), "update-ref", f"refs/heads/{mission.branch}", theirs)
    said = desk.sc("push", "fix-login", "--force-with-lease")
    assert said.code == 3
    assert "moved since it was last fetched" in said.err
    assert git(origin(desk), "rev-parse", mission.branch) == theirs
    git(desk.folder, "fetch", "-q")
    desk.done("push", "fix-login", "--force-with-lease")
    assert git(origin(desk), "rev-parse", mission.branch) == git(desk.folder, "rev-parse", mission.branch)


def test_what_the_remote_says_no_to_is_told_in_its_words(desk: Desk, mission: Mission) -> None:
    hook = origin(desk) / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nprintf 'only on \\033[31mFridays\\n' >&2\nexit 1\n")
    hook.chmod(0o755)
    said = desk.sc("push", "fix-login")
    assert said.code == 1
    assert "Fridays" in said.err
    assert "\x1b" not in said.err
    assert kinds(desk, mission) == []


def test_a_pull_request_is_opened_with_what_was_asked_and_found_again(
    desk: Desk, mission: Mission, github: PlayedGitHub
) -> None:
    key = "sk-test-0123456789"
    desk.home.secrets_file.write_text(f"SOME_KEY={key}\n")
    desk.home.secrets_file.chmod(0o600)
    folder = folder_of(desk.home, mission)
    (folder / "artifacts" / "raw-input.md").write_text(f"Mend the login, @everyone, with {key}\n````\n</details>\n")
    said = pr(desk, github, "--draft")
    assert said.code == 0, said.err
    assert said.out == f"https://github.com/{REPOSITORY}/pull/1\n"
    [made] = github.made
    assert (made["head"], made["base"], made["title"], made["draft"]) == (mission.branch, "main", "fix-login", True)
    assert "`````text\nMend the login, @everyone, with [secret SOME_KEY]" in made["body"]
    tip = git(desk.folder, "rev-parse", mission.branch)
    assert git(origin(desk), "rev-parse", mission.branch) == tip
    assert read_mission(folder).pull_request == PullRequest(1, tip)

    commit(Path(mission.worktree), "more.txt")
    again = json.loads(pr(desk, github, "--json").out)
    assert (again["came"], again["number"]) == ("there", 1)
    assert len(github.made) == 1
    assert read_mission(folder).pull_request == PullRequest(1, git(desk.folder, "rev-parse", mission.branch))
    assert kinds(desk, mission) == ["branch_pushed", "pull_request_opened", "branch_pushed"]


def test_one_that_was_opened_and_not_recorded_is_found(desk: Desk, mission: Mission, github: PlayedGitHub) -> None:
    """Killed in between, or opened by hand; also where it comes between our question and our request."""
    github.add(mission.branch)
    answers = iter([(200, [], {})])
    github.instead = lambda method, _path: next(answers, None) if method == "GET" else None
    said = pr(desk, github)
    assert said.code == 0, said.err
    assert github.made == []
    assert [method for method, _ in github.asked] == ["GET", "POST", "GET"]
    assert kinds(desk, mission) == ["branch_pushed", "pull_request_opened"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, {"message": "Bad credentials"}, {}), "does not accept the token of GITHUB_TOKEN"),
        ((403, {"message": "Resource not accessible"}, {}), "does not allow it: Resource not accessible"),
        ((403, {"message": "API rate limit exceeded"}, {"x-ratelimit-reset": "1700000000"}), "takes no more requests"),
        ((404, {"message": "Not Found"}, {}), "has no repository acme/shop that this token may see"),
        ((422, {"message": "Validation Failed", "errors": ["No commits between \x1b[1m"]}, {}), "No commits between"),
        ((500, {"message": "Oops"}, {}), "failed with 500: Oops"),
        ((201, b"<html>", {}), "none of GitHub's"),
        ((201, [1], {}), "none of GitHub's"),
    ],
    ids=["401", "403", "rate", "404", "422", "500", "html", "list"],
)
def test_each_refusal_is_one_sentence(
    github: PlayedGitHub, answer: tuple[int, object, dict[str, str]], words: str
) -> None:
    github.instead = lambda method, _path: answer if method == "POST" else None
    reach = Reach(github.api, REPOSITORY, TOKEN, "GITHUB_TOKEN")
    with GitHub(reach) as client, pytest.raises(HostFailed) as raised:
        client.open(Offer("fix/login", "main", "Fix", ""))
    assert words in raised.value.message
    assert raised.value.message == clean_line(raised.value.message)
    assert [method for method, _ in github.asked] == ["POST"]


def test_a_token_that_is_refused_is_said_and_not_shown(desk: Desk, mission: Mission, github: PlayedGitHub) -> None:
    said = pr(desk, github, token="ghp_another-one-0123456789")
    assert said.code == 1
    assert "does not accept the token of GITHUB_TOKEN" in said.err
    assert "ghp_another" not in said.err + said.out
    assert read_mission(folder_of(desk.home, mission)).pull_request is None


def test_a_question_is_asked_again_and_a_request_is_not(desk: Desk, mission: Mission, github: PlayedGitHub) -> None:
    answers = iter([(502, {"message": "Bad gateway"}, {}), (503, {"message": "Busy"}, {})])
    github.instead = lambda method, _path: next(answers, None) if method == "GET" else None
    assert pr(desk, github).code == 0
    assert [method for method, _ in github.asked] == ["GET", "GET", "GET", "POST"]


def test_without_a_network_it_says_so(desk: Desk, mission: Mission) -> None:
    with played_github() as gone:
        pass
    said = pr(desk, gone)
    assert said.code == 1
    assert "does not answer" in said.err


def test_without_a_token_nothing_is_pushed_and_the_link_is_told(desk: Desk, mission: Mission) -> None:
    said = desk.sc("pr", "fix-login")
    assert said.code == 4
    assert f"https://github.com/{REPOSITORY}/compare/main...{mission.branch}?expand=1" in said.err
    assert git(origin(desk), "for-each-ref", f"refs/heads/{mission.branch}") == ""


def test_a_token_goes_over_tls_only(desk: Desk, mission: Mission) -> None:
    desk.done("config", "set", "github.api", "http://github.example.com/api/v3")
    said = desk.sc("pr", "fix-login", GITHUB_TOKEN=TOKEN)
    assert said.code == 2
    assert "over https only" in said.err


def test_gh_lends_its_token_and_the_one_of_github_stays_there(
    desk: Desk, mission: Mission, github: PlayedGitHub, clean_environment: Path
) -> None:
    program = clean_environment / "bin" / "gh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$*" = "auth token --hostname github.example.com" ] && echo {TOKEN}\n')
    program.chmod(0o755)
    git(desk.folder, "config", "remote.origin.url", "git@github.example.com:acme/shop.git")
    git(desk.folder, "config", "remote.origin.pushurl", "git@github.example.com:acme/shop.git")
    git(desk.folder, "config", f"url.{origin(desk)}.insteadOf", "git@github.example.com:acme/shop.git")
    desk.done("config", "set", "github.api", github.api)
    path = f"{program.parent}:/usr/bin:/bin"
    said = desk.sc("pr", "fix-login", GITHUB_TOKEN="ghp_of-another-host", PATH=path)
    assert said.code == 0, said.err
    assert len(github.made) == 1


def test_another_host_gets_the_branch_and_we_its_link(desk: Desk, mission: Mission) -> None:
    git(desk.folder, "remote", "set-url", "origin", "git@gitlab.example.com:acme/shop.git")
    git(desk.folder, "config", f"url.{origin(desk)}.insteadOf", "git@gitlab.example.com:acme/shop.git")
    found = json.loads(desk.done("pr", "fix-login", "--json").out)
    assert found["came"] == "link"
    assert found["url"].startswith("https://gitlab.example.com/acme/shop/-/merge_requests/new?")
    assert git(origin(desk), "rev-parse", mission.branch) == git(desk.folder, "rev-parse", mission.branch)
    git(desk.folder, "remote", "set-url", "origin", str(origin(desk)))
    said = desk.done("pr", "fix-login")
    assert said.out == ""
    assert "nobody knows how to open a pull request there" in said.err


def test_title_text_and_base_are_as_said(desk: Desk, mission: Mission, github: PlayedGitHub, tmp_path: Path) -> None:
    text = tmp_path / "text.md"
    text.write_text("My own words.\n")
    assert pr(desk, github, "--title", "Mend the login", "--body", str(text)).code == 0
    assert (github.made[0]["title"], github.made[0]["body"]) == ("Mend the login", "My own words.\n")
    assert "into release: base is invalid" in pr(desk, github_without(github), "--base", "release").err


def github_without(github: PlayedGitHub) -> PlayedGitHub:
    github.pulls.clear()
    return github
