"""Who is let in: the name by which the server is called, the page that asks, and then the person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scopecraft.api.door import Checks, Knock, Rules, judge

RULES = Rules.at(4000, ("box.example:8080",), ("http://localhost:3000/",), needs_token=True)
CHECKS = Checks(is_token=lambda text: text == "right", is_cookie=lambda text: text == "baked")
PROGRAM = Knock("GET", "/api/missions", "127.0.0.1:4000", None, "right", None)
BROWSER = Knock("POST", "/api/missions", "localhost:4000", "http://localhost:4000", None, "baked", site="same-origin")


def status(knock: Knock, rules: Rules = RULES) -> int:
    refusal = judge(knock, rules, CHECKS)
    return refusal.status if refusal else 200


@pytest.mark.parametrize("knock", [PROGRAM, BROWSER, replace(BROWSER, is_socket=True, method="GET")])
def test_a_program_with_its_token_and_a_browser_with_its_cookie_come_in(knock: Knock) -> None:
    assert status(knock) == 200


@pytest.mark.parametrize(
    "host", ["evil.example:4000", "127.0.0.1:4001", "127.0.0.1", "localhost.evil.example:4000", "", None]
)
def test_a_name_that_is_not_ours_is_refused_before_anything_else(host: str | None) -> None:
    assert status(replace(PROGRAM, host=host)) == 421
    assert status(replace(PROGRAM, host=host, path="/health", bearer=None)) == 421


@pytest.mark.parametrize("host", ["LOCALHOST:4000", "[::1]:4000", "box.example:8080"])
def test_our_own_names_and_those_that_a_person_allowed_are_fine(host: str) -> None:
    assert status(replace(PROGRAM, host=host)) == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:4001", "http://127.0.0.1:4000.evil.example"]
)
@pytest.mark.parametrize("knock", [PROGRAM, BROWSER, replace(BROWSER, is_socket=True)])
def test_a_page_of_another_origin_is_refused_whatever_it_shows(knock: Knock, origin: str) -> None:
    assert status(replace(knock, origin=origin)) == 403
    assert status(replace(knock, origin=origin), replace(RULES, needs_token=False)) == 403


def test_a_page_of_an_allowed_origin_needs_a_token_all_the_same() -> None:
    asked = replace(BROWSER, origin="http://localhost:3000", cookie=None)
    assert status(asked) == 401
    assert status(replace(asked, bearer="right")) == 200
    assert status(asked, replace(RULES, needs_token=False)) == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_browser_that_says_where_it_comes_from_in_another_way_is_believed(site: str) -> None:
    assert status(replace(PROGRAM, site=site, mode="no-cors")) == 403
    assert status(replace(PROGRAM, site=site, mode="navigate")) == 200
    assert status(replace(PROGRAM, site=site, mode="navigate", method="POST")) == 403


def test_a_cookie_alone_changes_nothing_without_the_page_that_asks() -> None:
    assert status(replace(BROWSER, origin=None)) == 403
    assert status(replace(BROWSER, origin=None, is_socket=True)) == 403
    assert status(replace(BROWSER, origin=None, method="GET")) == 200


@pytest.mark.parametrize(
    "knock", [replace(PROGRAM, bearer="wrong"), replace(PROGRAM, bearer=None), replace(BROWSER, cookie="stale")]
)
def test_whoever_shows_nothing_that_holds_is_asked_who_they_are(knock: Knock) -> None:
    assert status(knock) == 401
    assert status(replace(knock, is_unix=True, host="anything")) == 200


def test_what_is_needed_to_come_in_is_open_and_nothing_near_it() -> None:
    nobody = replace(PROGRAM, bearer=None)
    assert [status(replace(nobody, path=path)) for path in ("/login", "/health", "/static/css/base.css")] == [200] * 3
    assert [status(replace(nobody, path=path)) for path in ("/login/x", "/staticx", "/api/missions")] == [401] * 3
