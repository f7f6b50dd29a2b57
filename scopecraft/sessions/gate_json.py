"""What waits at a gate, for programs, and what of a mission has changed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scopecraft.sessions.gate_content import OpenGate, Seen, Work
    from scopecraft.worktrees.difference import FileChange


def gate_dict(gate: OpenGate) -> dict[str, Any]:
    """`seen` is what an approval is compared with; `content` None for an artifact that is no text."""
    return {
        "step": gate.step.id,
        "name": gate.step.name,
        "type": gate.step.type,
        "seen": _seen_dict(gate.seen),
        "artifact": gate.step.review,
        "content": _text(gate.content),
        "work": None if gate.work is None else _work_dict(gate.work),
    }


def change_dict(change: FileChange) -> dict[str, Any]:
    return {
        "path": change.path,
        "kind": change.kind,
        "old_path": change.old_path,
        "additions": change.additions,
        "deletions": change.deletions,
    }


def _seen_dict(seen: Seen) -> dict[str, Any]:
    return {"sha256": seen.sha256, "commit": seen.commit, "tree": seen.tree}


def _work_dict(work: Work) -> dict[str, Any]:
    return {
        "base": work.base,
        "tip": work.tip,
        "committed": [change_dict(each) for each in work.committed],
        "uncommitted": None if work.uncommitted is None else [change_dict(each) for each in work.uncommitted],
        "host_files": [asdict(each) for each in work.host_files],
        "notes": list(work.notes),
        "is_partial": work.is_partial,
    }


def _text(content: bytes | None) -> str | None:
    if content is None:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
