"""Slugs as git and the file system see them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scopecraft.model.naming import branch_name, slug_of

THOROUGH = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TITLES = st.text(st.characters(), min_size=1, max_size=120)


@THOROUGH
@given(TITLES)
@example("refs.lock")
@example("a..b@{c}^~:?*[\\")
@example("HEAD")
@example("@")
@example("x.lock.lock 05A")
def test_git_accepts_the_branch_of_any_title(title: str) -> None:
    slug = slug_of(title)
    if slug:
        branch = branch_name("{type}/{slug}", type_="feature", slug=slug)
        command = ["git", "check-ref-format", "--branch", branch]
        checked = subprocess.run(command, capture_output=True, text=True)
        assert (checked.returncode, checked.stdout) == (0, f"{branch}\n"), checked.stderr


@THOROUGH
@given(TITLES)
@example("界" * 120)
def test_the_file_system_takes_the_folder_of_any_title(clean_environment: Path, title: str) -> None:
    slug = slug_of(title)
    if slug:
        # Beside an id, as a mission's folder is named.
        folder = clean_environment / f"m-0123456789abcdef--{slug}"
        folder.mkdir(exist_ok=True)
        assert folder.name in {entry.name for entry in clean_environment.iterdir()}
