"""What waits at a gate, and what of it a person has seen."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from scopecraft.sessions.gate_content import Seen


class SeenAtGate(BaseModel):
    """The artifact's SHA-256, the commit of the branch, the tree of what is not committed; null where there is none."""

    sha256: str | None = None
    commit: str | None = None
    tree: str | None = None

    def of_gate(self, gate_id: str) -> Seen:
        return Seen(gate_id, self.sha256, self.commit, self.tree)


class FileChangeShape(BaseModel):
    path: str
    kind: Literal["added", "modified", "deleted", "renamed", "copied", "type changed"]
    old_path: str | None
    additions: int | None
    deletions: int | None


class HostFileShape(BaseModel):
    """A file that runs on the person's own machine, and why."""

    path: str
    why: str


class WorkShape(BaseModel):
    """`uncommitted` is null where the worktree cannot be read; `is_partial`: some of it no commit can hold."""

    base: str
    tip: str
    committed: list[FileChangeShape]
    uncommitted: list[FileChangeShape] | None
    host_files: list[HostFileShape]
    notes: list[str]
    is_partial: bool


class GateShape(BaseModel):
    step: str
    name: str
    type: Literal["human-gate", "code-review"]
    seen: SeenAtGate = Field(description="to be sent back with the approval")
    artifact: str | None
    content: str | None = Field(description="of the artifact, where it is text")
    work: WorkShape | None = Field(description="of a code review")
