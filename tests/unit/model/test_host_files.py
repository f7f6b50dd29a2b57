"""Which files of a repository run on the machine of whoever works in it."""

from __future__ import annotations

import pytest

from scopecraft.model.host_files import HostFile, host_files, why_it_runs


@pytest.mark.parametrize(
    ("path", "word"),
    [
        (".claude/settings.json", "agents"),
        (".claude/settings.local.json", "agents"),
        (".claude/commands/deploy.md", "agents"),
        (".mcp.json", "agents"),
        ("opencode.json", "agents"),
        (".cursor/mcp.json", "agents"),
        (".gemini/settings.json", "agents"),
        (".codex/config.toml", "agents"),
        (".scopecraft.toml", "scopecraft"),
        (".vscode/tasks.json", "editors"),
        (".devcontainer/devcontainer.json", "editors"),
        (".devcontainer.json", "editors"),
        (".envrc", "shell"),
        (".github/workflows/test.yml", "CI"),
        (".gitlab-ci.yml", "CI"),
        (".husky/pre-commit", "git"),
        (".pre-commit-config.yaml", "git"),
        (".gitattributes", "git"),
        (".gitmodules", "git"),
        ("package.json", "package"),
        ("web/shop/package.json", "package"),
        ("setup.py", "Python"),
        ("tests/conftest.py", "Python"),
        ("Makefile", "builds"),
        ("build.rs", "builds"),
    ],
)
def test_files_that_run_on_the_host_are_known_with_what_runs_them(path: str, word: str) -> None:
    assert word in (why_it_runs(path) or "")


@pytest.mark.parametrize("path", ["src/app.py", "README.md", "docs/claude/settings.json", "my-package.json", "envrc"])
def test_ordinary_files_are_not_warned_of(path: str) -> None:
    assert why_it_runs(path) is None


def test_another_spelling_or_a_line_break_in_the_way_does_not_hide_a_file() -> None:
    assert why_it_runs(".VSCode/tasks.json")
    assert why_it_runs("a\nb/.envrc")


def test_a_link_to_another_repository_is_one_whatever_its_name() -> None:
    assert "repository" in (why_it_runs("vendor/lib", "160000") or "")
    assert why_it_runs("vendor/lib", "100644") is None


def test_a_path_is_named_once() -> None:
    found = host_files([".envrc", "src/a.py", ".envrc"])
    assert found == (HostFile(".envrc", why_it_runs(".envrc") or ""),)
