"""`sc serve`: the supervisor in the foreground."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import warn
from scopecraft.config.paths import home_of, require_home
from scopecraft.errors import BadInput

if TYPE_CHECKING:
    from scopecraft.api.surface import HttpOptions


@dataclass(frozen=True, slots=True)
class Said:
    """What the options say of HTTP; None and nothing leave it to the settings."""

    port: int | None
    auth: str | None
    origins: tuple[str, ...]

    def over(self, options: HttpOptions) -> HttpOptions:
        return replace(
            options,
            port=self.port or options.port,
            needs_token=options.needs_token if self.auth is None else self.auth == "token",
            origins=(*options.origins, *self.origins),
        )


@command(
    "serve",
    examples=(
        ("sc serve", "until Ctrl-C; what it says goes to the terminal and to its log"),
        ("sc serve --port 4100", "pages and programs find it at 127.0.0.1:4100"),
        (
            "sc serve --auth none --allow-origin http://localhost:3000",
            "for programs that know no token: any of this machine may do anything",
        ),
        ("sc up", "the same in the background"),
    ),
)
@click.option("--port", type=click.IntRange(1, 65535), help="The port of 127.0.0.1; default: the setting http.port.")
@click.option("--auth", type=click.Choice(("token", "none")), help="Who may ask; default: the setting http.auth.")
@click.option("--allow-origin", "origins", metavar="URL", multiple=True, help="Pages of this origin may use it, too.")
def serve(port: int | None, auth: str | None, origins: tuple[str, ...]) -> int:
    """Run the supervisor here, in the foreground: it starts what waits, settles what ended, follows what runs.

    It answers HTTP on 127.0.0.1 and on a Unix socket: see sc open. Ctrl-C or SIGTERM lets it leave in order, sessions
    run on unless supervisor.on_down says otherwise; a second one ends it at once. A home has one supervisor: where
    there is one already, this says so and ends with exit code 3.
    """
    from scopecraft.api.surface import http_surface
    from scopecraft.supervisor.process import serve as supervise

    for origin in origins:
        _require_origin(origin)
    said = Said(port, auth, origins)
    if auth == "none":
        warn("every program of this machine may do here what you may", "http.auth token is the safe way: sc open")
    return supervise(require_home(home_of(os.environ)), os.environ, make_surface=http_surface(said.over))


def _require_origin(origin: str) -> None:
    from urllib.parse import urlsplit

    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
        raise BadInput(f"{origin!r} is no origin", "for example: --allow-origin http://localhost:3000")
