"""The text of `.tasks` files: what is read from it, and that only two places of it ever change."""

from __future__ import annotations

import pytest

from scopecraft.missions.task_text import log_lines, parts_of, with_log, with_status

# as the earlier Scopecraft writes them: the title before the front matter
NEW = """\
# Fix the login

---
type: bug
status: todo
area: auth
tags:
  - status
---


## Instruction
Mend it.

```
## Log
no section
```

## Tasks
- [ ] look

## Deliverable

## Log
- 2025-06-04: created

## Root cause
unknown
"""
OLD = '---\ntype: feature\nstatus: "🟡 To Do"  # for now\n---\n# Login\n## Instruction\nDo it.\n'


def test_parts_of_both_layouts() -> None:
    new, old = parts_of(NEW), parts_of(OLD)
    assert (new.title, old.title) == ("Fix the login", "Login")
    assert new.front_text.splitlines()[:2] == ["type: bug", "status: todo"]
    assert old.front_text.startswith("type: feature\nstatus:")
    assert new.section("Tasks") == "- [ ] look"
    assert new.section("Instruction").endswith("```") and "no section" in new.section("Instruction")
    assert (new.section("deliverable"), new.section("Nothing")) == ("", "")


def test_only_the_status_line_changes() -> None:
    assert with_status(NEW, "in_progress") == NEW.replace("status: todo", "status: in_progress")
    assert with_status(OLD, "done") == OLD.replace('"🟡 To Do"', "done")


def test_a_status_that_is_missing_is_added_and_one_that_is_more_than_a_word_stays() -> None:
    bare = "---\ntype: bug\nstatus_note: x\n---\n# T\n"
    assert with_status(bare, "done") == bare.replace("x\n", "x\nstatus: done\n")
    for odd in ("---\nstatus: >\n  todo\n---\n", "---\nstatus: &a todo\n---\n", "no front matter\nstatus: todo\n"):
        assert with_status(odd, "done") == odd


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_log_lines_go_behind_the_last_one(ending: str) -> None:
    text = NEW.replace("\n", ending)
    assert with_log(text, ["- a", "- b"]) == NEW.replace("created\n", "created\n- a\n- b\n").replace("\n", ending)
    assert log_lines(with_log(text, ["- a"]))[:2] == ["- 2025-06-04: created", "- a"]


def test_a_log_without_a_newline_at_the_end_of_the_file() -> None:
    assert with_log("## Log\n- x", ["- a", "- b"]) == "## Log\n- x\n- a\n- b"
    assert with_log("## Log", ["- a"]) == "## Log\n- a"
    assert with_log("## Log\r\n- x", ["- a", "- b"]) == "## Log\r\n- x\r\n- a\r\n- b"


def test_a_log_is_made_where_there_is_none() -> None:
    assert with_log("# T\n\n", ["- a"]) == "# T\n\n## Log\n- a\n"
    assert with_log("", ["- a"]) == "## Log\n- a\n"
    assert with_log("# T\r\n\r\nx", ["- a"]) == "# T\r\n\r\nx\r\n\r\n## Log\r\n- a\r\n"


def test_nothing_else_changes_whatever_stands_there() -> None:
    odd = "\ufeff# T\x0b\u2028 \t\n---\nstatus: todo\n---\n\n\n## Log\n\n\n\n# End\n\x0c"
    changed = with_log(with_status(odd, "done"), ["- a"])
    assert changed.replace("status: done", "status: todo").replace("- a\n", "") == odd


def test_headings_as_markdown_has_them() -> None:
    text = "# One #\n#no\n####### no\n## Log ##\nx\n## C#\ny\n##\tTasks\nz\n"
    parts = parts_of(text)
    assert (parts.title, list(parts.sections)) == ("One", ["log", "c#", "tasks"])


def test_lines_that_are_made_to_take_long_take_no_longer() -> None:
    for line in (
        "## " + "#" * 500_000 + "x",
        "status: a" + " " * 500_000 + "b",
        "```" * 300_000,
        "# " + " #" * 300_000,
    ):
        text = f"---\n{line}\n---\n{line}\n"
        assert with_log(with_status(text, "done"), ["- a"]).endswith("- a\n")
