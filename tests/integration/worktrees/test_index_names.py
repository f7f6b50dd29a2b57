from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.worktrees.index import may_name
from tests.support.repos import commit, git, make_repository

NAME = ".gitattributes"


def names(project: Path) -> bool:
    return may_name(project / ".git", NAME)


def test_a_file_of_that_name_is_seen_in_any_folder_and_its_absence_is_certain(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    assert not names(project)
    (project / NAME).write_text("* text\n")
    assert not names(project)  # git does not know it yet
    commit(project, f"deep/down/{NAME}")
    assert names(project)


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_one_that_is_only_meant_to_be_added_counts(tmp_path: Path, object_format: str) -> None:
    project = make_repository(tmp_path / "project", f"--object-format={object_format}")
    assert not names(project)
    (project / NAME).write_text("* text\n")
    git(project, "add", "--intent-to-add", NAME)  # this takes version 3 of the format
    assert names(project)


def test_where_names_are_not_whole_git_is_to_be_asked(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    git(project, "update-index", "--index-version=4")
    assert names(project)
    git(project, "update-index", "--index-version=2")
    assert not names(project)
    git(project, "update-index", "--split-index")
    assert names(project)
    git(project, "update-index", "--no-split-index")
    assert not names(project)
    (project / ".git" / "index").unlink()
    assert names(project)


def test_a_sparse_index_does_not_open_every_folder(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    commit(project, f"closed/{NAME}")
    git(project, "sparse-checkout", "set", "--cone", "--sparse-index", "open")
    assert f"closed/{NAME}".encode() not in (project / ".git" / "index").read_bytes()
    assert names(project)
