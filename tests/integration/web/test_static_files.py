"""Scripts and styles: compressed for who can read that, kept by who asked for their version."""

from __future__ import annotations

import os

from scopecraft.config.paths import home_of, make_home
from scopecraft.web.page import asset
from scopecraft.web.static_files import FOLDER
from tests.support.served import served


def test_a_script_is_small_on_the_wire_whole_on_arrival_and_sent_once() -> None:
    make_home(home_of(os.environ))
    wanted = (FOLDER / "vendor" / "htmx.js").read_bytes()
    with served() as house:
        pressed = house.client.get(asset("vendor/htmx.js"))
        assert pressed.content == wanted
        assert int(pressed.headers["content-length"]) < len(wanted) / 2
        assert "immutable" in pressed.headers["cache-control"]
        plain = house.client.get("/static/vendor/htmx.js", headers={"accept-encoding": "identity"})
        assert plain.content == wanted and "content-encoding" not in plain.headers
        assert plain.headers["cache-control"] == "private, no-cache"
        again = house.client.get("/static/vendor/htmx.js", headers={"if-none-match": pressed.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert house.client.get("/static/../page.py").status_code == 404
