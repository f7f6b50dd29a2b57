from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scopecraft.errors import GitFailed, GitMissing, RepositoryRefused
from scopecraft.worktrees.git import Git
from tests.support.repos import git, make_repository
from tests.support.wait import until


def test_output_is_bytes_and_text_loses_one_newline_only(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    seam = Git(project)
    assert seam.run("rev-parse", "--show-toplevel").stdout == os.fsencode(project) + b"\n"
    name = os.fsdecode(b"latin-\xe9")
    (project / name).write_text("x\n\n")
    assert seam.text("ls-files", "-z", "--others") == name + "\0"
    blob = seam.run("hash-object", "-w", "--stdin", input=b"a\n\n").stdout.decode().strip()
    assert seam.text("cat-file", "blob", blob) == "a\n"


def test_input_comes_from_bytes_or_from_a_file_and_never_from_the_terminal(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    (tmp_path / "content").write_bytes(b"content")
    by_bytes = Git(project).run("hash-object", "--stdin", input=b"content").stdout
    with (tmp_path / "content").open("rb") as file:
        assert Git(project).run("hash-object", "--stdin", stdin_file=file).stdout == by_bytes
    assert Git(project).text("hash-object", "--stdin") == git(project, "hash-object", "/dev/null")


def test_a_failure_says_what_git_said(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    with pytest.raises(GitFailed, match="git rev-parse failed: Needed a single revision"):
        Git(project).run("rev-parse", "--verify", "nothing")
    assert Git(project).run("rev-parse", "--verify", "nothing", check=False).exit_code == 128
    assert not Git(project).succeeds("rev-parse", "--verify", "nothing")
    with pytest.raises(GitFailed, match="cannot be given such a name"):
        Git(project).run("rev-parse", "a\0b")


def test_records_come_while_git_still_writes_and_git_ends_when_nobody_reads_on(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    endless = Git(project).with_config({"alias.endless": "!while :; do printf '%s\\0' $$; done"})
    records = endless.records("endless")
    process = int(next(records))
    assert Path(f"/proc/{process}").exists()
    records.close()
    until(lambda: not Path(f"/proc/{process}").exists(), 5)


def test_records_end_with_gits_failure_or_after_their_time(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    with pytest.raises(GitFailed, match="git ls-tree failed: Not a valid object name nothing"):
        list(Git(project).records("ls-tree", "-z", "nothing"))
    silent = Git(project).with_config(
        {"alias.silent": "!sleep 60", "alias.long": "!head -c 3000000 /dev/zero | tr '\\0' x"}
    )
    with pytest.raises(GitFailed, match="did not finish within"):
        list(silent.records("silent", timeout_seconds=0.2))
    with pytest.raises(GitFailed, match="a name of more than 1 MiB"):
        list(silent.records("long"))


def test_no_git_and_no_folder_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RepositoryRefused, match="any more"):
        Git(tmp_path / "gone").run("status")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitMissing):
        Git(tmp_path).run("status")


def test_a_call_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    pid = tmp_path / "pid"
    git(project, "config", "alias.hang", f"!echo $$ > {pid}; exec sleep 1000")
    with pytest.raises(GitFailed, match="did not finish within"):
        Git(project).run("hang", timeout_seconds=0.5)
    until(lambda: not Path(f"/proc/{pid.read_text().strip()}").exists(), what="the child is gone")


_HANG = (
    "import sys; from pathlib import Path; from scopecraft.worktrees.git import Git; Git(Path(sys.argv[1])).run('hang')"
)


def test_ctrl_c_ends_git_in_order(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    script = f"trap 'touch {tmp_path}/ended; exit' TERM; touch {tmp_path}/started; while :; do sleep 0.1; done"
    git(project, "config", "alias.hang", f"!{script}")
    process = subprocess.Popen(
        [sys.executable, "-c", _HANG, str(project)], cwd=Path(__file__).parents[3], stderr=subprocess.PIPE
    )
    until((tmp_path / "started").exists, 60)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert b"KeyboardInterrupt" in error
    assert (tmp_path / "ended").exists()


def test_hooks_external_diffs_and_fsmonitor_do_not_run(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    script = tmp_path / "ran.sh"
    script.write_text(f'#!/bin/sh\necho "$0 $@" >> {tmp_path}/ran\n')
    script.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "diff.x.command", "diff.x.textconv", "core.pager", "gpg.program"):
        git(project, "config", key, str(script))
    git(project, "config", "log.showSignature", "true")
    (project / ".gitattributes").write_text("* diff=x\n")
    (project / ".git/hooks/reference-transaction").symlink_to(script)
    (project / "file-0.txt").write_text("other\n")
    seam = Git(project)
    for arguments in (("status",), ("diff",), ("log", "-p"), ("show",), ("update-ref", "refs/x/y", "HEAD")):
        seam.run(*arguments)
    assert not (tmp_path / "ran").exists()


def test_a_folder_shaped_like_a_bare_repository_is_not_one(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    git(trap, "init", "--quiet", "--bare", ".")
    with pytest.raises(GitFailed, match="bare repository"):
        Git(trap).run("status")
    assert Git(trap, git_dir=trap).text("rev-parse", "--is-bare-repository") == "true"
