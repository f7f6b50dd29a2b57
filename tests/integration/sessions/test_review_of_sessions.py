"""What a person is told of an agent's changes while it works, when it has ended, and before they work there."""

from __future__ import annotations

import json

import pytest

from tests.support.played import HANG, STARTED, Shop
from tests.support.repos import commit
from tests.support.wait import until

pytestmark = pytest.mark.engine

COMMIT_TWO = "for n in 1 2; do echo $n >$n.txt; git add $n.txt; git commit -qm $n; done; echo draft >draft.txt"


def test_while_a_session_works_its_commits_show_as_not_committed_and_are_counted(shop: Shop) -> None:
    assert shop.run("busy", f"{COMMIT_TWO}; {STARTED}; {HANG}").code == 0
    session = shop.wait_started("busy")
    said = shop.sc("diff", "busy", "--json")
    found = json.loads(said.out)
    assert {row["path"]: row["uncommitted"] for row in found["files"]} == {
        "1.txt": True,
        "2.txt": True,
        "draft.txt": True,
    }
    assert (found["session_at_work"], found["commits_to_come"]) == (session.id, 2)
    said = shop.sc("diff", "busy", "--name-only")
    assert f"session {session.id} is still at work; 2 commits come when it ends" in said.err
    assert shop.sc("stop", "busy", "--now").code == 0
    found = json.loads(shop.sc("diff", "busy", "--json").out)
    assert {row["path"]: row["uncommitted"] for row in found["files"]} == {
        "1.txt": False,
        "2.txt": False,
        "draft.txt": True,
    }
    assert found["session_at_work"] is None
    # one that waits for its turn has not begun either
    assert shop.sc("queue", "pause").code == 0
    assert shop.sc("queue", "add", "busy", "--agent", "plain", "--", "true").code == 0
    assert json.loads(shop.sc("diff", "busy", "--json").out)["session_at_work"] is None


def test_an_agents_log_of_commits_that_is_a_link_elsewhere_is_not_followed(shop: Shop) -> None:
    script = f"{COMMIT_TWO}; rm -rf /session/git/logs; ln -s /etc /session/git/logs; {STARTED}; {HANG}"
    assert shop.run("busy", script).code == 0
    shop.wait_started("busy")
    found = json.loads(shop.sc("diff", "busy", "--json").out)
    assert found["commits_to_come"] is None
    assert shop.sc("stop", "busy", "--now").code == 0


def test_what_would_run_here_is_named_when_a_session_ends_and_before_a_window_opens(shop: Shop) -> None:
    commit(shop.folder, ".gitignore", ".claude/settings.local.json\n")
    script = """
        mkdir -p .claude .github/workflows
        echo '{}' >.claude/settings.local.json
        echo 'on: push' >.github/workflows/x.yml
        git add .github && git commit -qm workflow
        echo 'touch /tmp/x' >.envrc
    """
    done = shop.run("fix", script, "--follow")
    assert done.code == 0, done.err
    for name in (".claude/settings.local.json", ".github/workflows/x.yml", ".envrc"):
        assert f"  {name}: " in done.err
    opened = shop.dispatch("fix", "sleep 600")
    assert opened.code == 0, opened.err
    warned, up = opened.err.index("runs on your machine"), opened.err.index("is up in the worktree")
    assert warned < up
    assert ".claude/settings.local.json: agents" in opened.err
    assert "see what it is: sc diff fix\n" in opened.err
    assert shop.sc("stop", "fix", "--now").code == 0


def test_a_new_mission_or_ordinary_changes_warn_of_nothing(shop: Shop) -> None:
    opened = shop.dispatch("new", "echo x >x.txt; sleep 600")
    assert opened.code == 0
    assert "runs on your machine" not in opened.err
    until((shop.worktree("new") / "x.txt").exists, 30)
    assert shop.sc("stop", "new", "--now").code == 0
    assert "runs on your machine" not in shop.dispatch("new", "true").err
