"""Why a model could not be asked, in one sentence for a person. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from scopecraft.agents.llm_outcome import Failure, Question
from scopecraft.agents.quota import reset_at
from scopecraft.agents.records import one_line, record, text

MOST_WORDS = 300  # characters of what the server says
LONGEST_WAIT_SECONDS = 60  # a server that asks for more is not waited for: the limit is told of instead

_TOO_LONG = re.compile(
    r"prompt is too long|context[_ ](?:length|window)|maximum context|too many (?:input )?tokens|input is too long",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What a library told: `status` is 0 where no server answered."""

    title: str  # of the provider
    question: Question
    status: int = 0
    words: str = ""
    retry_after: float | None = None  # seconds
    is_broken: bool = False  # after the answer had begun


def failure_of(problem: Problem, now: float) -> Failure:
    """`now` in seconds since 1970."""
    said = one_line(problem.words, MOST_WORDS)
    told = f": {said}" if said else ""
    title, model = problem.title, problem.question.model
    is_long = problem.status == 413 or (problem.status in (0, 400) and bool(_TOO_LONG.search(said)))
    if is_long:
        return Failure(f"the input is too long for {model}{told}", problem.status)
    match problem.status:
        case 0:
            return Failure(f"{title} broke off its answer{told}", is_broken=True)
        case 401:
            return Failure(f"{title} does not take the key{told}", 401)
        case 402:
            return Failure(f"{title} wants to be paid first{told}", 402)
        case 403:
            return Failure(f"{title} does not let this key use {model}{told}", 403)
        case 404:
            return Failure(f"{title} knows no model {model}, or not at {place_of(problem.question)}{told}", 404)
        case 429:
            return _limited(problem, told, now)
        case 529:
            return Failure(f"{title} is overloaded, and stayed so{told}", 529, is_broken=problem.is_broken)
        case status if status >= 500:
            return Failure(f"{title} failed with status {status}{told}", status, is_broken=problem.is_broken)
        case status:
            return Failure(f"{title} refused the request with status {status}{told}", status)


def unreachable(problem: Problem) -> Failure:
    said = one_line(problem.words, MOST_WORDS)
    return Failure(f"{problem.title} cannot be reached at {place_of(problem.question)}" + (f": {said}" if said else ""))


def place_of(question: Question) -> str:
    """The address without a name or a password that may stand in it."""
    if question.base_url is None:
        return "its own address"
    try:
        parts = urlsplit(question.base_url)
        host = parts.hostname or ""
        return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "") + parts.path.rstrip("/")
    except ValueError:
        return "an address that is none"


def server_words(body: object, fallback: str) -> str:
    """What the body of an error says, in the form of either provider; else what the library makes of it."""
    inner = record(record(body).get("error")) or record(body)
    return text(inner.get("message")) or fallback


def seconds_of(header: str | None) -> float | None:
    """`retry-after` in seconds; a date is not read: both providers send a number."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < 1e8 else None


def _limited(problem: Problem, told: str, now: float) -> Failure:
    until = reset_at(None if problem.retry_after is None else now + problem.retry_after)
    when = f"; it resets at {until}" if until else ""
    return Failure(f"the limit of {problem.title} is reached{when}{told}", 429)
