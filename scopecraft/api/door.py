"""Whether a request is let in: its Host, then its Origin, then who sends it. Pure, and without the server's library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_PATHS = frozenset({"/health", "/api/health", "/login", "/api/login", "/favicon.ico"})
OPEN_FOLDER = "/static/"


@dataclass(frozen=True, slots=True)
class Rules:
    """`hosts` are the names, with port, by which the server may be called, `origins` the pages that may call it."""

    hosts: frozenset[str]
    origins: frozenset[str]
    needs_token: bool = True

    @classmethod
    def at(cls, port: int, hosts: tuple[str, ...], origins: tuple[str, ...], *, needs_token: bool) -> Rules:
        own = frozenset({*(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")), *map(str.lower, hosts)})
        if port == 80:
            own |= {"127.0.0.1", "localhost"}
        pages = {f"{scheme}://{host}" for host in own for scheme in ("http", "https")}
        return cls(own, frozenset({*pages, *(origin.lower().rstrip("/") for origin in origins)}), needs_token)


@dataclass(frozen=True, slots=True)
class Knock:
    """What a request says of itself; None for a header that it does not have."""

    method: str
    path: str
    host: str | None
    origin: str | None
    bearer: str | None
    cookie: str | None
    is_socket: bool = False  # it wants to become a WebSocket
    is_unix: bool = False  # it came over the Unix socket, whose file only its person can open
    site: str | None = None  # Sec-Fetch-Site
    mode: str | None = None  # Sec-Fetch-Mode

    @property
    def changes(self) -> bool:
        return self.is_socket or self.method not in SAFE_METHODS


@dataclass(frozen=True, slots=True)
class Refusal:
    status: Literal[400, 401, 403, 421]
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Checks:
    """How a token and a cookie are known; each in constant time."""

    is_token: Callable[[str], bool]
    is_cookie: Callable[[str], bool]


def judge(knock: Knock, rules: Rules, checks: Checks) -> Refusal | None:
    """Why it is not let in; None where it is."""
    return _host(knock, rules) or _origin(knock, rules) or _person(knock, rules, checks)


def _host(knock: Knock, rules: Rules) -> Refusal | None:
    if knock.is_unix or (knock.host is not None and knock.host.lower() in rules.hosts):
        return None
    return Refusal(421, "this server is not called that", "call it 127.0.0.1, or set http.allow_hosts")


def _origin(knock: Knock, rules: Rules) -> Refusal | None:
    if knock.origin is not None:
        if knock.origin.lower() in rules.origins:
            return None
        return Refusal(403, "pages of another origin may not use this server", "the setting http.allow_origins")
    # a browser that sends no Origin says so in this way; to follow a link here is no harm, since GET changes nothing
    is_visit = knock.mode == "navigate" and not knock.changes
    if knock.site in ("cross-site", "same-site") and not is_visit:
        return Refusal(403, "pages of another origin may not use this server", "the setting http.allow_origins")
    return None


def _person(knock: Knock, rules: Rules, checks: Checks) -> Refusal | None:
    is_open = knock.path in OPEN_PATHS or knock.path.startswith(OPEN_FOLDER)
    if not rules.needs_token or knock.is_unix or is_open or knock.method == "OPTIONS":
        return None
    if knock.bearer is not None and checks.is_token(knock.bearer):
        return None
    if knock.cookie is None or not checks.is_cookie(knock.cookie):
        return Refusal(401, "who are you?", "a browser: sc open; a program: the header Authorization: Bearer TOKEN")
    if knock.changes and knock.origin is None:
        return Refusal(403, "a browser says from which page it asks", "a program shows the token instead of a cookie")
    return None
