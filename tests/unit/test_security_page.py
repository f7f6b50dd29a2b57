"""The page on security names a test for each attack, and those tests are there."""

from __future__ import annotations

import re

from tests.support.documents import ROOT

ATTACKS = {*(f"F{number}" for number in (1, 2, 3, 4, 5, 7)), *(f"C{number}" for number in range(1, 8)), "G1"}


def table() -> list[str]:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    section = page.split("## Each attack is a test")[1].split("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| attack ")]


def test_every_attack_has_its_row() -> None:
    named = {found for row in table() for found in re.findall(r"\b[FCG][0-9]+\b", row.split("|")[1])}
    assert named >= ATTACKS


def test_every_test_that_the_page_names_is_there() -> None:
    for row in table():
        files = re.findall(r"`([\w/]+\.py)`", row)
        assert files, row
        assert [file for file in files if not (ROOT / "tests" / file).is_file()] == [], row
