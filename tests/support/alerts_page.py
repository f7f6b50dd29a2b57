"""The page of all alerts, made from the rules and the table below: `python -m tests.support.alerts_page`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import product
from typing import get_args

from scopecraft.sessions.limit_rules import LimitName, VerdictKind
from scopecraft.streams.danger import LOOKED_AT_CHARACTERS, OWN_CODE, OWN_TEXT, RULES
from tests.support.documents import ROOT

PAGE = "docs/reference/alerts.md"

# Every code that is raised but by a rule or a limit, with what it means
OTHERS: dict[str, dict[str, str]] = {
    "While a session runs": {
        "quota": "the provider's limit of the agent is used up; the queue waits until it is reset",
        "alerts_capped": "its stream caused a hundred alerts, or takes too long to look at; no further ones are told",
        "stream_polled": "the system has no more watches to give, so streams are looked at five times a second",
        "stream_overflow": "more changed at once than the system could tell of; every stream was looked at anew",
        "stream_unreadable": "a stream is no file any more, or may not be read",
        "stream_rewritten": "a stream was cut, exchanged or taken away; nothing is read or shown twice",
    },
    "When it ends": {
        "overdue": "its time limit did not end it from inside, so it was ended from outside",
        "out_of_memory": "something in its container was killed for want of memory",
        "message_unread": "a message to it came too late to be read",
        "left_behind": "what it ran in could not be removed",
        "stream_too_long": "its stream went beyond its limit; the rest was not read",
        "mission_unreadable": "its mission's file could not be read",
        "task_untold": "the file below `.tasks` that it carries out could not be told what became of it",
    },
    "When its commits are taken back": {
        "commits_refused": "they were not taken, with the reason; they are kept where the alert says",
        "commits_postponed": "they are taken later",
        "branch_changed": "somebody else moved or removed the branch meanwhile",
        "branch_kept": "the branch stays as it was, the session's own state is kept beside it",
        "history_rewritten": "the agent rewrote the branch; what it was before is kept",
        "head_adopted": "the agent worked on another branch that goes on from the mission's",
        "head_elsewhere": "the agent left the branch; where it went is kept",
        "refs_kept": "the agent made other branches or tags; they are kept",
        "refs_left_out": "the agent made more refs than are taken, or some with names that cannot be kept",
        "unfinished": "a merge, a rebase or the like is half done",
        "index_left": "the worktree's index was left as it was",
        "gitlink_added": "the agent committed links to other repositories instead of files",
        "large_files_refused": "large files were not what their names say",
        "nested_repository": "the agent left a repository inside of the worktree; it was moved away",
        "nested_stuck": "the same, but it could not be moved away",
        "bare_repository": "a folder looks like a repository with settings by the agent",
        "special_file": "the agent left pipes where git expects files; they were moved away",
        "unreadable_folder": "a folder could not be searched for hidden repositories",
    },
}

_LIMITS = {
    "time": "the time that a session may work",
    "turns": "the turns that it may take",
    "cost": "what it may cost",
    "mission_cost": "what its mission may cost",
}

_INTRODUCTION = f"""\
# Alerts

Made by `python -m tests.support.alerts_page`; a test keeps it true.

An alert is something that you should see. It stands in the journal (`sc events`), and you hear of it as
[`notify`](settings.md) says. It stops nobody: an agent in a container is held by [its walls](../security.md), and at a
limit [`limits.on_limit`](settings.md) decides.

## Dangerous operations

What a tool of the agent is told to do, before anybody knows whether it works. Commands are read as a shell runs them:
what stands in messages, comments and documents is no danger. Only the first {LOOKED_AT_CHARACTERS:,} characters are
looked at.
"""

_OWN = """\
Add your own by regular expressions, which look at commands, at other inputs of tools and at the files that they write.
One that could look for ever, such as `(a+)+$`, is refused where settings are read:

```toml
[alerts]
dangerous = ['\\bprod-\\d+\\b', 'migrations/']
```
"""


def alerts_page() -> str:
    """The whole page, as Markdown."""
    rules = {rule.code: rule.text for rule in RULES} | {OWN_CODE: OWN_TEXT}
    parts = [_INTRODUCTION, _table(rules), _OWN, "## Limits\n", _table(limit_rows())]
    for title, rows in OTHERS.items():
        parts += [f"## {title}\n", _table(rows)]
    return "\n".join(parts)


def limit_rows() -> dict[str, str]:
    rows = {"limit_stall_reached": "it gives no sign of life; see `limits.stall_after`"}
    for name, kind in product(get_args(LimitName), get_args(VerdictKind)):
        if name != "stall":
            rows[f"limit_{name}_{kind}"] = f"{_LIMITS[name]} is {'nearly ' if kind == 'near' else ''}used up"
    return rows


def named_codes() -> set[str]:
    """The codes that stand in the code as such, and those of constants that it names."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in sorted((ROOT / "scopecraft").rglob("*.py"))]
    constants = dict(pair for tree in trees for pair in _constants(tree))
    return {code for tree in trees for code in _raised(tree, constants)}


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                yield name, text


def _raised(tree: ast.Module, constants: dict[str, str]) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="Alert"), args=[ast.Constant(value=str(code)), *_]):
                yield code
            case ast.Call(func=ast.Name(id="Alert"), args=[ast.Name(id=name), *_]) if name in constants:
                yield constants[name]


def _table(rows: dict[str, str]) -> str:
    return "\n".join(
        ["| alert | what it tells |", "|---|---|", *(f"| `{code}` | {text} |" for code, text in rows.items()), ""]
    )


if __name__ == "__main__":
    print(alerts_page(), end="")
