"""The page of alerts names every one that can be raised, and no other."""

from __future__ import annotations

from tests.support import alerts_page
from tests.support.documents import ROOT


def test_the_page_of_alerts_is_what_the_rules_say() -> None:
    page, made = alerts_page.PAGE, alerts_page.alerts_page()
    assert (ROOT / page).read_text(encoding="utf-8") == made, f"python -m tests.support.alerts_page > {page}"


def test_every_alert_that_is_raised_has_its_meaning() -> None:
    written = {code for rows in alerts_page.OTHERS.values() for code in rows}
    assert alerts_page.named_codes() == written, "tests/support/alerts_page.py names them all"
