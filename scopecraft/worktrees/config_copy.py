"""Which of a person's git settings an agent's git directory gets: how files and commits look, nothing that runs.

No include, hook, alias, editor, pager, credential, URL, remote, signing, filter or merge driver is ever in the list.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from scopecraft.worktrees.git import Git
from scopecraft.worktrees.repository import ObjectFormat

_ALLOWED: Mapping[str, str] = {
    "core": "autocrlf eol safecrlf filemode symlinks ignorecase precomposeunicode sparsecheckout sparsecheckoutcone"
    " quotepath checkstat trustctime whitespace commentchar abbrev bigfilethreshold",
    "index": "sparse version",
    "user": "name email",
    "author": "name email",
    "committer": "name email",
    "diff": "algorithm renames renamelimit mnemonicprefix noprefix",
    "merge": "conflictstyle renames renamelimit ff",
    "pull": "rebase ff",
    "rebase": "autosquash autostash updaterefs",
    "commit": "cleanup verbose",
    "column": "ui",
    "tag": "sort",
    "branch": "sort",
}
ALLOWED = frozenset(f"{section}.{name}" for section, names in _ALLOWED.items() for name in names.split())
# Git refuses to commit without a name; an agent has nobody to ask for one.
_NAMELESS: Mapping[str, str] = {"user.name": "scopecraft", "user.email": "scopecraft@localhost"}
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\t": r"\t", "\b": r"\b"})
_QUOTED = str.maketrans({"\\": r"\\", '"': r"\""})  # of a subsection

Settings = Mapping[str, str | None]


def effective_settings(git: Git) -> Settings:
    """Every setting that holds where `git` runs, the last value of each; None is a name without a value: true."""
    listing = os.fsdecode(git.run("config", "--list", "--null").stdout)
    pairs = (entry.partition("\n") for entry in listing.split("\0") if entry)
    return {key: value if newline else None for key, newline, value in pairs}


def is_true(settings: Settings, key: str) -> bool:
    if key not in settings:
        return False
    value = settings[key]
    return value is None or value.lower() in ("true", "yes", "on", "1")


def is_allowed(key: str) -> bool:
    section, _, name = key.partition(".")
    return key in ALLOWED or (section == "i18n" and name.isalnum())


def private_config(settings: Settings, object_format: ObjectFormat, added: Mapping[str, str] | None = None) -> bytes:
    """The text of the private directory's `config`; `added` are settings of ours."""
    is_sha256 = object_format == "sha256"
    fixed: dict[str, str | None] = {
        "core.repositoryformatversion": "1" if is_sha256 else "0",
        "core.bare": "false",
        "core.logallrefupdates": "true",
        "gc.auto": "0",
        "maintenance.auto": "false",
    }
    if is_sha256:
        fixed["extensions.objectformat"] = "sha256"
    copied = {key: value for key, value in settings.items() if is_allowed(key)}
    return os.fsencode("".join(_lines({**_NAMELESS, **copied, **(added or {}), **fixed})))


def _lines(settings: Settings) -> Iterator[str]:
    for key, value in sorted(settings.items()):
        section, _, name = key.partition(".")
        if "." in name:
            middle, _, name = name.rpartition(".")
            section = f'{section} "{middle.translate(_QUOTED)}"'
        yield f"[{section}]\n\t{name}" + ("\n" if value is None else f' = "{value.translate(_ESCAPES)}"\n')
