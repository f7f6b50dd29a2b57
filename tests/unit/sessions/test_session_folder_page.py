"""The page that explains a session's folder names what the code names."""

from __future__ import annotations

import re

from scopecraft.sessions import folder
from tests.support.documents import ROOT


def test_the_page_and_the_code_name_the_same_files() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    section = page.partition("## A session's folder\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    on_the_page = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    lines = [line for line in (folder.__doc__ or "").splitlines()[2:] if line]
    in_the_code = {name for line in lines for name in re.split(r"\s{2,}", line)[0].split(", ")}
    assert on_the_page == in_the_code


def test_every_path_that_the_code_makes_is_named() -> None:
    made = folder.SessionFolder(ROOT)
    paths = [name for name in dir(made) if isinstance(getattr(folder.SessionFolder, name, None), property)]
    named = (folder.__doc__ or "").replace("/", "")
    assert {getattr(made, name).name for name in paths} <= set(re.findall(r"[\w.]+", named))
