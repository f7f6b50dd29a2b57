"""Offering a mission's branch for review: pushed, then a pull request where the host has a client, else a link."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlsplit

from scopecraft.config.projects import load_projects, project_named
from scopecraft.config.secrets import gather_secrets
from scopecraft.errors import BadSettings, CredentialsMissing
from scopecraft.hosts.address import GITHUB, Address, HostKind, address_in, api_of, compare_link, kind_of
from scopecraft.hosts.github import GitHub, Offer, OpenRequest, Reach
from scopecraft.hosts.github_token import token_names, token_of_gh
from scopecraft.missions.folder import changing, save_mission
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.mission import Mission, PullRequest
from scopecraft.model.text import clean_line
from scopecraft.sessions.branch_moves import branches_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.offer_text import body_of
from scopecraft.sessions.places import repository_of
from scopecraft.sessions.pushing import push_to
from scopecraft.worktrees.pull_request import choose_remote
from scopecraft.worktrees.pushing import PushAs, Pushed, address_of

Came = Literal["opened", "there", "link"]
LONGEST_TITLE = 250


@dataclass(frozen=True, slots=True)
class OfferAs:
    """Without a title and a body they are the mission's own. `is_by_hand`: only the link, for a browser."""

    remote: str | None = None
    base: str | None = None
    title: str | None = None
    body: str | None = None
    is_draft: bool = False
    is_by_hand: bool = False
    push: PushAs = field(default_factory=PushAs)


@dataclass(frozen=True, slots=True)
class Offered:
    """`opened` now, `there` already, or a `link` to open it by; `url` is None where the host has no known address."""

    mission: Mission
    came: Came
    pushed: Pushed
    base: str
    url: str | None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class _Host:
    address: Address | None
    kind: HostKind
    api: str | None = None  # of GitHub


def offer_mission(context: Context, mission: Mission, how: OfferAs) -> Offered:
    """Twice the same is once: a pull request of the branch that is open already is found, and recorded.

    Raises what `push_mission` raises, CredentialsMissing before anything is pushed, HostFailed.
    """
    repository = repository_of(project_named(load_projects(context.home), mission.project))
    remote = choose_remote(repository, how.remote)
    # one that is named may be the host's alone
    base = how.base or branches_of(context, mission, None).base
    host = _host_of(context, address_of(repository, remote))
    link = compare_link(host.address, host.kind, base, mission.branch) if host.address else None
    reach = _reach(context, host, link) if host.api and not how.is_by_hand else None
    pushed = push_to(context, mission, repository, remote, how.push)
    if reach is None:
        return Offered(mission, "link", pushed, base, link or (host.address.web if host.address else None))
    with GitHub(reach) as github:
        found = github.find(mission.branch)
        came: Came = "there" if found else "opened"
        request = found or github.open(_offer(context, mission, base, how))
    mission = _record(context, mission, request, pushed.commit, opened=came == "opened")
    return Offered(mission, came, pushed, request.base, request.url, request.number)


def _host_of(context: Context, addresses: tuple[str, str]) -> _Host:
    """The remote's address as git uses it, or as it was written down where that leads to this machine."""
    address = next((found for text in addresses if (found := address_in(text)) is not None), None)
    # never a project's: a token goes there
    api = context.outermost().settings.github.api
    if address is None:
        return _Host(None, "unknown")
    kind = kind_of(address.host)
    if api is not None and (kind == "unknown" or (kind == "github" and address.host != GITHUB)):
        return _Host(address, "github", _checked(api))
    if kind != "github":
        return _Host(address, kind)
    return _Host(address, kind, _checked(api) if api else api_of(address.host))


def _checked(api: str) -> str:
    """A token goes there: over TLS, or not beyond this machine."""
    parts = urlsplit(api)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")):
        return api.rstrip("/")
    raise BadSettings(
        f"github.api is {clean_line(api, 80)!r}, and a token is sent over https only",
        "sc config set github.api https://HOST/api/v3",
    )


def _reach(context: Context, host: _Host, link: str | None) -> Reach:
    """With a token of the environment, of `config/secrets.env`, or of gh. Raises CredentialsMissing."""
    assert host.address is not None and host.api is not None
    names = token_names(host.address.host)
    values = gather_secrets(context.home, context.environ, names).values
    name = next((name for name in names if name in values), None)
    token = values[name] if name else token_of_gh(host.address.host, context.environ)
    if token is None:
        by_hand = f"   or open it by hand: {link}" if link else ""
        raise CredentialsMissing(
            f"no token for {host.address.host}: {' and '.join(names)} are not set, and gh has no login there",
            f"gh auth login, or put {names[0]}=… into config/secrets.env of the home{by_hand}",
        )
    return Reach(host.api, host.address.path, token, name or "gh")


def _offer(context: Context, mission: Mission, base: str, how: OfferAs) -> Offer:
    title = clean_line(how.title if how.title is not None else mission.title, LONGEST_TITLE)
    body = how.body if how.body is not None else body_of(context, mission)
    return Offer(mission.branch, base, title, body, how.is_draft)


def _record(context: Context, mission: Mission, request: OpenRequest, head: str, *, opened: bool) -> Mission:
    """In mission.json, and in the journal where it is news."""
    at = clock.to_text(clock.now())
    known = PullRequest(request.number, head)
    with changing(context.home, mission.id) as current:
        before = current.pull_request
        if before != known:
            current = replace(current, pull_request=known, updated_at=at)
            save_mission(context.home, current)
    if opened or before is None or before.number != request.number:
        data: dict[str, str | int | bool] = {
            "number": request.number,
            "url": request.url,
            "base": request.base,
            "draft": request.is_draft,
        }
        context.store.append(Event(0, at, "pull_request_opened", mission.id, data=data))
    return current
