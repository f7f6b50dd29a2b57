"""Pull requests of GitHub, through PyGithub; the one home of that library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from scopecraft.errors import HostFailed
from scopecraft.model.text import clean_line

if TYPE_CHECKING:
    from github import Github
    from github.GithubException import GithubException
    from github.PullRequest import PullRequest
    from github.Repository import Repository

TIMEOUT_SECONDS = 20
_TRIES = 3
_BACKOFF_SECONDS = 0.3
_PASSING = (500, 502, 503, 504)
_EXISTS = "already exists"


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a repository is, and with what right: `token_name` is how the person knows the token."""

    api: str
    repository: str  # owner/name
    token: str
    token_name: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A pull request to open: `branch` into `base`, both of the repository itself."""

    branch: str
    base: str
    title: str
    body: str
    is_draft: bool = False


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """One that is open; `head` is its newest commit as GitHub has it."""

    number: int
    url: str
    head: str
    base: str
    is_draft: bool = False


class GitHub:
    """One repository of GitHub's; a context manager, whose connections end with it. Each call raises HostFailed."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._client = _client(reach)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def find(self, branch: str) -> OpenRequest | None:
        """The pull request of the branch that is open."""
        with self._translated():
            owner = self._reach.repository.partition("/")[0]
            pulls = self._repository().get_pulls(state="open", head=f"{owner}:{branch}")
            # a host that does not know the filter answers with all of them
            return next((_told(pull) for pull in pulls if pull.head.ref == branch), None)

    def open(self, offer: Offer) -> OpenRequest:
        """Open it; where somebody else has done so meanwhile, theirs."""
        from github.GithubException import GithubException

        with self._translated(offer):
            try:
                pull = self._repository().create_pull(
                    offer.base, offer.branch, title=offer.title, body=offer.body, draft=offer.is_draft
                )
                return _told(pull)
            except GithubException as error:
                if error.status != 422 or _EXISTS not in _details(error):
                    raise
        found = self.find(offer.branch)
        if found is None:
            raise HostFailed(f"{self._reach.repository} says that the pull request exists, and shows none", "try again")
        return found

    def _repository(self) -> Repository:
        return self._client.get_repo(self._reach.repository)

    @contextmanager
    def _translated(self, offer: Offer | None = None) -> Iterator[None]:
        from github.GithubException import BadAttributeException, GithubException
        from requests.exceptions import RequestException

        try:
            yield
        except GithubException as error:
            raise _failed(error, self._reach, offer) from error
        except RequestException as error:
            raise HostFailed(f"{self._reach.api} does not answer: {_reason(error)}", "is there a network?") from error
        except (BadAttributeException, AssertionError, TypeError, ValueError, KeyError, AttributeError) as error:
            raise HostFailed(
                f"{self._reach.api} gives an answer that is none of GitHub's", "is it right? sc config get github.api"
            ) from error


def _client(reach: Reach) -> Github:
    """Never waits for a rate limit to pass, and asks again only for what changes nothing."""
    from github import Auth, Github
    from urllib3.util.retry import Retry

    retry = Retry(
        total=_TRIES - 1,
        backoff_factor=_BACKOFF_SECONDS,
        status_forcelist=_PASSING,
        allowed_methods=frozenset({"GET"}),
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    return Github(
        auth=Auth.Token(reach.token),
        base_url=reach.api,
        timeout=TIMEOUT_SECONDS,
        user_agent="scopecraft",
        retry=retry,
        seconds_between_requests=None,
        seconds_between_writes=None,
        lazy=True,
    )


def _told(pull: PullRequest) -> OpenRequest:
    return OpenRequest(pull.number, pull.html_url, pull.head.sha, pull.base.ref, bool(pull.draft))


def _failed(error: GithubException, reach: Reach, offer: Offer | None) -> HostFailed:
    from github.GithubException import RateLimitExceededException

    said = _details(error)
    if isinstance(error, RateLimitExceededException) or error.status == 429:
        return HostFailed(f"{reach.api} takes no more requests for now{_until(error)}", "wait for that, and try again")
    if error.status == 401:
        return HostFailed(
            f"{reach.api} does not accept the token of {reach.token_name}", "has it expired? Make a new one there"
        )
    if error.status == 403:
        return HostFailed(
            f"{reach.api} does not allow it: {said or 'no reason given'}",
            f"the token of {reach.token_name} needs the right to write pull requests of {reach.repository}",
        )
    if error.status == 404:
        return HostFailed(
            f"{reach.api} has no repository {reach.repository} that this token may see",
            f"is the remote's address right, and may the token of {reach.token_name} reach it?",
        )
    if error.status == 422 and offer is not None:
        return HostFailed(
            f"no pull request of {clean_line(offer.branch)} into {clean_line(offer.base)}: {said or 'it is refused'}",
            "another base: sc pr TASK --base BRANCH",
        )
    return HostFailed(f"{reach.api} failed with {error.status}: {said or 'no reason given'}", "try again later")


def _details(error: GithubException) -> str:
    """What GitHub says of it, its details before the general words."""
    data: Any = error.data if isinstance(error.data, dict) else {}
    errors = data.get("errors")
    found = [_detail(each) for each in errors] if isinstance(errors, list) else []
    said = "; ".join(text for text in found if text) or str(data.get("message") or "")
    return clean_line(said, 300)


def _detail(row: object) -> str:
    if isinstance(row, str):
        return row
    if not isinstance(row, dict):
        return ""
    if row.get("message"):
        return str(row["message"])
    return f"{row.get('field', 'something')} is {row.get('code', 'wrong')}"


def _until(error: GithubException) -> str:
    """`, until 14:05`, where GitHub says so."""
    reset = (error.headers or {}).get("x-ratelimit-reset", "")
    if not str(reset).isdecimal():
        return ""
    return f", until {datetime.fromtimestamp(int(reset), UTC).astimezone():%H:%M}"


def _reason(error: Exception) -> str:
    """The innermost words: what wraps them repeats addresses."""
    from requests.exceptions import ConnectTimeout, ReadTimeout, SSLError

    if isinstance(error, ConnectTimeout | ReadTimeout):
        return f"nothing within {TIMEOUT_SECONDS} s"
    if isinstance(error, SSLError):
        return "its certificate is not trusted"
    inner: Any = error.args[0] if error.args else error
    inner = getattr(inner, "reason", inner)
    return clean_line(str(inner).rpartition(": ")[2] or type(error).__name__, 160)
