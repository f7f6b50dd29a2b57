"""The token that GitHub's own command line keeps, for who has logged in with it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping

from scopecraft.hosts.address import GITHUB

_SECONDS = 10
LONGEST_TOKEN = 1024


def token_names(host: str) -> tuple[str, ...]:
    """The variables that hold a token for the host; one of github.com is never sent anywhere else."""
    if host == GITHUB:
        return ("GITHUB_TOKEN", "GH_TOKEN")
    return ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")


def token_of_gh(host: str, environ: Mapping[str, str]) -> str | None:
    """What `gh auth token` says; None without gh, or without a login there."""
    program = shutil.which("gh", path=environ.get("PATH"))
    if program is None:
        return None
    try:
        said = subprocess.run(
            [program, "auth", "token", "--hostname", host],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    token = said.stdout.decode("utf-8", "replace").strip()
    return token if said.returncode == 0 and 0 < len(token) <= LONGEST_TOKEN and token.isprintable() else None
