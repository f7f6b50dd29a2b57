"""Many requests in a file: what a line may say, and which line is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.cli.queue_file import entries_of
from scopecraft.errors import BadInput


def test_lines_in_words_and_in_json_stand_beside_each_other() -> None:
    text = (
        "fix-login: the page: mend it\n\n  # later\nsearch\r\n"
        '{"task": "cart", "prompt": "write\\ntests", "agent": "codex", "type": "fix", "pr": null, "no_setup": true,'
        ' "arguments": ["-x", "y"], "set": ["container.cpus=1"], "worktree": "../w"}'
    )
    found = entries_of(text)
    assert [entry.number for entry in found] == [1, 4, 5]
    assert found[0].options == {"task": "fix-login", "message": "the page: mend it"}
    assert found[1].options == {"task": "search"}
    assert found[2].options == {
        "task": "cart",
        "message": "write\ntests",
        "agent": "codex",
        "type_": "fix",
        "no_setup": True,
        "arguments": ("-x", "y"),
        "set_": ("container.cpus=1",),
        "worktree": Path("../w"),
    }


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (": do it", "no task before the colon"),
        ("{", "no JSON"),
        ('{"task": "x"} y', "no JSON"),
        ("{" * 100_000, "no JSON"),
        ('{"task": "x", "shell": true}', "'shell' says nothing"),
        ('{"task": 7}', "task is not text"),
        ('{"task": "x", "pr": true}', "pr is not a number"),
        ('{"task": "x", "pr": "7"}', "pr is not a number"),
        ('{"task": "x", "arguments": "a b"}', "arguments is not a list"),
        ('{"task": "x", "arguments": ["a", 1]}', "arguments is not a list"),
        ('{"task": "x", "no_setup": 1}', "no_setup is not true or false"),
        ('{"task": "x", "type": "epic"}', "no type 'epic'"),
        ('{"task": "x", "prompt": "\\ud800"}', "half a character"),
    ],
)
def test_a_wrong_line_is_named(line: str, says: str) -> None:
    with pytest.raises(BadInput, match=r"^line 3: ") as refused:
        entries_of(f"fine: do it\n\n{line}\nfine: as well\n")
    assert says in refused.value.message
    assert refused.value.hint


def test_a_file_without_a_task_has_none() -> None:
    assert entries_of("\n# nothing yet\n \n") == []
