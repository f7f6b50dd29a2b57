"""The address of a remote: which host, which repository there, and where a browser opens a pull request. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

HostKind = Literal["github", "gitlab", "bitbucket", "gitea", "unknown"]
GITHUB = "github.com"
PUBLIC_API = "https://api.github.com"
_SCHEMES = ("http", "https", "ssh", "git", "git+ssh", "ssh+git")
_SHORT = re.compile(r"(?:[^@/\s:]+@)?([A-Za-z0-9.-]+):(?!//)(.+)")  # user@host:owner/name, as ssh takes it
_NAME = re.compile(r"[A-Za-z0-9._~/-]+")


@dataclass(frozen=True, slots=True)
class Address:
    """`path` is `owner/name`, of GitLab perhaps with more parts; `port` only where the address is of the web."""

    host: str
    path: str
    port: int | None = None

    @property
    def web(self) -> str:
        return f"https://{self.host}{f':{self.port}' if self.port else ''}/{quote(self.path)}"

    @property
    def owner(self) -> str:
        return self.path.partition("/")[0]


def address_in(text: str) -> Address | None:
    """Of a remote's address; None for a path on this machine, and for what names no repository of a host."""
    scheme, separator, _ = text.partition("://")
    if separator:
        return _of_url(text) if scheme.lower() in _SCHEMES else None
    found = _SHORT.fullmatch(text)
    return _made(found.group(1), found.group(2), None) if found else None


def _of_url(text: str) -> Address | None:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    return _made(host, unquote(parts.path), port if parts.scheme.lower() in ("http", "https") else None)


def _made(host: str, path: str, port: int | None) -> Address | None:
    name = path.strip("/").removesuffix(".git").strip("/")
    is_whole = host and "/" in name and _NAME.fullmatch(name) and ".." not in name.split("/")
    host = {"ssh.github.com": GITHUB, "www.github.com": GITHUB, "altssh.gitlab.com": "gitlab.com"}.get(host, host)
    return Address(host.lower(), name, port) if is_whole else None


def kind_of(host: str) -> HostKind:
    """By its name, which is all that there is to go by."""
    names: dict[HostKind, tuple[str, ...]] = {
        "github": ("github",),
        "gitlab": ("gitlab",),
        "bitbucket": ("bitbucket",),
        "gitea": ("gitea", "forgejo", "codeberg"),
    }
    return next((kind for kind, parts in names.items() if any(part in host for part in parts)), "unknown")


def api_of(host: str) -> str:
    """GitHub's interface: of github.com, or of a GitHub Enterprise of one's own."""
    return PUBLIC_API if host == GITHUB else f"https://{host}/api/v3"


def compare_link(address: Address, kind: HostKind, base: str, branch: str) -> str | None:
    """Where a browser shows the change, with a button that opens the pull request; None where nobody knows."""
    old, new = quote(base, safe="/"), quote(branch, safe="/")
    if kind == "github":
        return f"{address.web}/compare/{old}...{new}?expand=1"
    if kind == "gitlab":
        source, target = quote(branch, safe=""), quote(base, safe="")
        wanted = f"merge_request%5Bsource_branch%5D={source}&merge_request%5Btarget_branch%5D={target}"
        return f"{address.web}/-/merge_requests/new?{wanted}"
    if kind == "bitbucket":
        return f"{address.web}/pull-requests/new?source={quote(branch, safe='')}&dest={quote(base, safe='')}"
    if kind == "gitea":
        return f"{address.web}/compare/{old}...{new}"
    return None
