"""`sc diff`, as a person and as a program sees it: real repositories, hostile files, a patch that applies."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.command_line import on_a_terminal, sc, sc_bytes
from tests.support.made_missions import add_mission, linked_repository
from tests.support.repos import commit, git


@pytest.fixture
def shop(clean_environment: Path) -> Path:
    return linked_repository(clean_environment / "shop")


def work(shop: Path, task: str = "fix") -> Path:
    """The worktree of a new mission."""
    return Path(add_mission(shop, task).worktree)


def seen(*arguments: str, **env: str) -> str:
    """At a terminal without a pager, with single line ends."""
    return on_a_terminal("diff", "--project", "shop", *arguments, PAGER="cat", **env).replace("\r\n", "\n")


def applied(shop: Path, patch: bytes, folder: Path) -> Path:
    """A checkout of main with the patch applied by git."""
    git(shop, "worktree", "add", "-q", "--detach", str(folder), "main")
    subprocess.run(["git", "apply", "--index", "-"], cwd=folder, input=patch, check=True)
    return folder


def test_the_change_is_shown_and_what_is_not_committed_stands_apart(shop: Path) -> None:
    there = work(shop)
    commit(there, "file-0.txt", "line of file 0\ncommitted\n")
    (there / "file-1.txt").write_text("line of file 1\nnot committed\n")
    (there / "new.txt").write_text("new\n")
    shown = seen("fix", NO_COLOR="1")
    head, _, tail = shown.partition("\nnot committed: 2 files, +2 -0\n")
    assert head.startswith("feature/fix since ")
    assert "+committed" in head and "file-1.txt" not in head
    assert "+not committed" in tail and "new.txt" in tail and "file-0.txt" not in tail


def test_into_a_pipe_goes_a_patch_that_git_applies_byte_for_byte(shop: Path, clean_environment: Path) -> None:
    there = work(shop)
    (there / "logo.png").write_bytes(bytes(range(256)) * 20)
    (there / "odd\tname \x1b[31m.txt").write_text("x\r\ny")
    git(there, "mv", "file-2.txt", "moved.txt")
    git(there, "add", "-A")
    git(there, "commit", "-qm", "one")
    (there / "moved.txt").write_text("line of file 2\nand more\n")
    (there / "logo.png").write_bytes(bytes(range(255, -1, -1)) * 20)
    (there / "script.sh").write_text("#!/bin/sh\n")
    (there / "script.sh").chmod(0o755)
    (there / "link").symlink_to("file-0.txt")
    (there / "file-1.txt").unlink()
    done = sc_bytes("diff", "fix", cwd=shop)
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout
    patched = applied(shop, done.stdout, clean_environment / "patched")
    assert subprocess.run(["diff", "-r", "--no-dereference", "-x", ".git", there, patched]).returncode == 0
    assert (patched / "script.sh").stat().st_mode & 0o100


def test_only_the_branch_is_in_the_patch_when_that_is_asked_for(shop: Path) -> None:
    there = work(shop)
    commit(there, "a.txt")
    (there / "b.txt").write_text("b\n")
    assert "b.txt" not in sc("diff", "fix", "--committed", cwd=shop).out
    assert sc("diff", "fix", "--name-only", cwd=shop).out.split() == ["a.txt", "b.txt"]


def test_files_can_be_named(shop: Path) -> None:
    there = work(shop)
    commit(there, "src/a.txt")
    (there / "b.txt").write_text("b\n")
    assert sc("diff", "fix", "src", "--name-only", cwd=shop).out.split() == ["src/a.txt"]
    assert sc("diff", "fix", "*.txt", "--name-only", cwd=shop).out.split() == ["src/a.txt", "b.txt"]
    nothing = sc("diff", "fix", "nowhere", cwd=shop)
    assert (nothing.code, nothing.out) == (0, "")
    assert "has changed nothing there" in nothing.err


def test_files_are_named_from_where_the_person_is(shop: Path) -> None:
    (shop / "src" / "deep").mkdir(parents=True)
    there = work(shop)
    commit(there, "src/a.txt")
    commit(there, "a.txt")
    for place in (shop / "src", there / "src"):
        assert sc("diff", "fix", "a.txt", "--name-only", cwd=place).out.split() == ["src/a.txt"]
        assert sc("diff", "fix", "../a.txt", "--name-only", cwd=place).out.split() == ["a.txt"]
        assert sc("diff", "fix", str(place / "a.txt"), "--name-only", cwd=place).out.split() == ["src/a.txt"]
    away = shop.parent
    assert sc("diff", "fix", "a.txt", "--name-only", "--project", "shop", cwd=away).out.split() == ["a.txt"]
    assert sc("diff", "fix", str(there / "src/a.txt"), "--name-only", cwd=away).out.split() == ["src/a.txt"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../elsewhere"])
def test_a_path_outside_of_the_repository_is_wrong_usage(shop: Path, path: str) -> None:
    work(shop)
    for place in (shop, shop.parent):
        said = sc("diff", "fix", path, cwd=place)
        assert (said.code, said.out) == (2, "")
        assert f"{path!r} is outside of the repository" in said.err


def test_a_mission_without_changes_says_so(shop: Path) -> None:
    work(shop)
    said = sc("diff", "fix", cwd=shop)
    assert (said.code, said.out) == (0, "")
    assert "fix has changed nothing since" in said.err


def test_json_has_every_file_with_its_lines_and_marks(shop: Path) -> None:
    there = work(shop)
    commit(there, ".github/workflows/x.yml", "on: push\n")
    (there / "b.txt").write_text("1\n2\n")
    found = json.loads(sc("diff", "fix", "--json", cwd=shop).out)
    first, second = found["files"]
    assert (first["path"], first["status"], first["additions"], first["uncommitted"]) == (
        ".github/workflows/x.yml",
        "added",
        1,
        False,
    )
    assert "CI" in first["runs_on_host"]
    assert (second["path"], second["additions"], second["uncommitted"], second["runs_on_host"]) == (
        "b.txt",
        2,
        True,
        None,
    )
    assert [row["path"] for row in found["runs_on_host"]] == [".github/workflows/x.yml"]


def test_what_would_run_on_the_machine_is_named_also_where_git_ignores_it(shop: Path) -> None:
    commit(shop, ".gitignore", ".claude/settings.local.json\n.envrc\n")
    (shop / ".envrc").write_text("export MINE=1\n")
    there = work(shop)
    (there / ".envrc").write_text("export MINE=1\n")  # copied from the main checkout: no news
    (there / ".claude").mkdir()
    (there / ".claude/settings.local.json").write_text('{"hooks": {}}')
    said = sc("diff", "fix", cwd=shop)
    assert ".claude/settings.local.json: agents" in said.err
    assert ".envrc" not in said.err
    assert ".claude/settings.local.json: agents" in seen("fix", NO_COLOR="1")


def test_work_on_main_is_not_shown_as_the_missions_after_a_rebase_or_a_merge(shop: Path) -> None:
    rebased, merged = work(shop, "rebased"), work(shop, "merged")
    for there in (rebased, merged):
        commit(there, f"{there.name}.txt")
    commit(shop, "of-main.txt")
    git(rebased, "rebase", "-q", "main")
    git(merged, "merge", "-q", "-m", "m", "main")
    for there in (rebased, merged):
        assert sc("diff", there.name, "--name-only", cwd=shop).out.split() == [f"{there.name}.txt"]
    # and once main has all of it, it still is what the mission did
    git(shop, "merge", "-q", "--no-ff", "-m", "m2", "feature/merged")
    assert sc("diff", "merged", "--name-only", cwd=shop).out.split() == ["merged.txt"]


def test_after_a_fast_forward_the_missions_change_is_still_there_to_be_seen(shop: Path) -> None:
    commit(work(shop), "a.txt")
    git(shop, "merge", "-q", "--ff-only", "feature/fix")
    assert sc("diff", "fix", "--name-only", cwd=shop).out.split() == ["a.txt"]


def test_nothing_that_a_hostile_tree_names_is_run(shop: Path, clean_environment: Path) -> None:
    sign = clean_environment / "CANARY"
    program = clean_environment / "canary.sh"
    program.write_text(f"#!/bin/sh\ntouch '{sign}'\ncat 2>/dev/null\n")
    program.chmod(0o755)
    there = work(shop)
    # settings that a person might well have, which a tree that an agent wrote calls upon
    for key in ("diff.evil.textconv", "diff.evil.command", "filter.evil.clean", "filter.evil.process", "diff.external"):
        git(shop, "config", key, str(program))
    git(shop, "config", "core.pager", str(program))
    (there / ".gitattributes").write_text("* diff=evil filter=evil\n*.txt -diff\n")
    (there / "file-0.txt").write_text("changed\n")
    git(there, "-c", "core.attributesFile=/dev/null", "add", ".gitattributes", check=False)
    sign.unlink(missing_ok=True)
    nested = there / "sub"
    git(there, "init", "-q", "sub")
    git(nested, "config", "core.fsmonitor", str(program))
    (nested / "x").write_text("x\n")
    for said in (sc("diff", "fix", cwd=shop), sc("diff", "fix", "--stat", cwd=shop), sc("diff", "fix", cwd=there)):
        assert said.code == 0
        assert not sign.exists()
    shown = seen("fix", NO_COLOR="1")
    assert not sign.exists()
    assert "+changed" in shown  # `-diff` of the tree hides nothing


def test_what_a_file_holds_cannot_steer_the_terminal(shop: Path) -> None:
    there = work(shop)
    (there / "evil\x1b]0;name\x07.txt").write_text("\x1b]52;c;aGk=\x07 \x1b[2J \u202e\n")
    commit(there, "file-0.txt", "\x1b[31mred\n")
    shown = seen("fix", NO_COLOR="1")
    assert "\x1b" not in shown and "\x07" not in shown and "\u202e" not in shown
    assert "\\x1b]52;c;" in shown
    ours = {f"\x1b[{code}m" for code in ("0", "1", "1;33", "31", "32", "36")}
    assert set(re.findall("\x1b[^m]*m", seen("fix"))) <= ours


def test_a_worktree_whose_pointer_was_rewritten_is_not_read(shop: Path) -> None:
    there = work(shop)
    commit(there, "a.txt")
    (there / "b.txt").write_text("b\n")
    (there / ".git").write_text("gitdir: /tmp/elsewhere\n")
    said = sc("diff", "fix", "--name-only", cwd=shop)
    assert said.out.split() == ["a.txt"]
    assert "what is not committed cannot be told" in said.err


def test_a_branch_or_worktree_that_is_gone_is_one_sentence(shop: Path) -> None:
    there = work(shop)
    commit(there, "a.txt")
    git(shop, "worktree", "remove", "-f", "-f", str(there))
    said = sc("diff", "fix", "--name-only", cwd=shop)
    assert (said.code, said.out.split()) == (0, ["a.txt"])
    assert "the worktree is not there any more" in said.err
    git(shop, "branch", "-D", "feature/fix")
    gone = sc("diff", "fix", cwd=shop)
    assert gone.code == 3
    assert "the branch feature/fix of fix is gone" in gone.err


def test_a_huge_change_is_capped_at_a_terminal_and_whole_in_a_pipe(shop: Path) -> None:
    there = work(shop)
    commit(there, "big.txt", "".join(f"{number}\n" for number in range(25_000)))
    shown = seen("fix", NO_COLOR="1")
    assert "+19000\n" in shown and "+24999\n" not in shown
    assert "the first 20,000 lines; all of them: sc diff fix | less" in shown
    assert "+24999\n" in sc("diff", "fix", cwd=shop).out


def test_a_pager_that_the_person_leaves_early_is_no_error(shop: Path) -> None:
    there = work(shop)
    commit(there, "big.txt", "".join(f"{number}\n" for number in range(15_000)))
    shown = on_a_terminal("diff", "fix", "--project", "shop", PAGER="head -n 3")
    assert "error" not in shown and shown.count("\n") == 3


def test_a_link_to_another_repository_is_named_and_nothing_in_it_is_run(shop: Path, clean_environment: Path) -> None:
    sign = clean_environment / "CANARY"
    there = work(shop)
    nested = there / "lib"
    git(there, "init", "-q", "lib")
    inner = commit(nested, "x.txt", "x\n")
    git(there, "update-index", "--add", "--cacheinfo", f"160000,{inner},lib")
    git(there, "commit", "-q", "-m", "a link")
    for key in ("core.fsmonitor", "filter.evil.clean", "filter.evil.process"):
        git(nested, "config", key, f"touch '{sign}'; cat")
    (nested / ".gitattributes").write_text("* filter=evil\n")
    (nested / "x.txt").write_text("changed\n")
    said = sc("diff", "fix", cwd=shop)
    assert said.code == 0, said.err
    assert "lib: a repository inside this one" in said.err
    assert f"+Subproject commit {inner}" in said.out
    assert not sign.exists()


def test_a_submodule_at_another_commit_is_no_new_repository(shop: Path) -> None:
    link = git(shop, "rev-parse", "HEAD")
    git(shop, "update-index", "--add", "--cacheinfo", f"160000,{link},lib")
    git(shop, "commit", "-q", "-m", "a link")
    there = work(shop)
    git(there, "update-index", "--cacheinfo", f"160000,{git(shop, 'rev-parse', 'HEAD')},lib")
    git(there, "commit", "-q", "-m", "the link goes on")
    said = sc("diff", "fix", cwd=shop)
    assert said.code == 0, said.err
    assert "Subproject commit" in said.out
    assert "a repository inside" not in said.err
