"""What became of a move of a mission or its branch, for programs: `--json` and HTTP tell it in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scopecraft.model.mission import Approval, Mission
    from scopecraft.sessions.merging import Merged
    from scopecraft.sessions.offering import Offered
    from scopecraft.sessions.syncing import Synced
    from scopecraft.worktrees.pushing import Pushed


def approval_dict(approval: Approval) -> dict[str, Any]:
    return {
        "by": approval.by,
        "at": approval.at,
        "artifact": approval.artifact,
        "sha256": approval.sha256,
        "commit": approval.commit,
        "host_files": list(approval.host_files),
    }


def merged_dict(merged: Merged) -> dict[str, Any]:
    return {
        **_of(merged.mission),
        "into": merged.into,
        "commit": merged.commit,
        "how": merged.how,
        "merged": merged.is_news,
        "commits": merged.commits,
        "checkout": str(merged.checkout) if merged.checkout else None,
        "left_out": list(merged.left_out),
    }


def synced_dict(synced: Synced) -> dict[str, Any]:
    return {
        **_of(synced.mission),
        "base": synced.base,
        "commit": synced.commit,
        "how": synced.how,
        "synced": synced.is_news,
        "commits": synced.commits,
    }


def pushed_dict(mission: Mission, pushed: Pushed) -> dict[str, Any]:
    return {
        **_of(mission),
        "branch": pushed.branch,
        "remote": pushed.remote,
        "commit": pushed.commit,
        "pushed": pushed.is_news,
        "said": pushed.said,
    }


def offered_dict(offered: Offered) -> dict[str, Any]:
    return {
        **_of(offered.mission),
        "branch": offered.pushed.branch,
        "remote": offered.pushed.remote,
        "commit": offered.pushed.commit,
        "base": offered.base,
        "came": offered.came,
        "number": offered.number,
        "url": offered.url,
    }


def _of(mission: Mission) -> dict[str, Any]:
    return {"task": mission.slug, "mission_id": mission.id, "branch": mission.branch}
