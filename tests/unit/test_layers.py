"""What the design says about imports, read from the code: they point down, and one library has one home."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import scopecraft

ROOT = Path(scopecraft.__file__).parent
# Packages and modules by layer; the ones of layer 1 are adapters and stores that do not know each other.
LAYERS: dict[str, int] = {
    **dict.fromkeys(("errors", "atomic", "model"), 0),
    **dict.fromkeys(("config", "worktrees", "executors", "agents", "streams", "state", "hosts"), 1),
    **dict.fromkeys(("missions", "queueing", "sessions"), 2),
    "supervisor": 3,
    **dict.fromkeys(("api", "web", "cli", "tui"), 4),
}
HOMES: dict[str, set[str]] = {
    "docker": {"executors"},
    "libtmux": {"executors"},
    "watchdog": {"streams"},
    "sqlite3": {"state"},
    "click": {"cli"},
    "tomlkit": {"config"},
    "rich": {"cli", "tui"},
    "ruamel": {"config"},
    "anthropic": {"agents"},
    "openai": {"agents"},
    "github": {"hosts"},
    "fastapi": {"api", "web"},
    "starlette": {"api", "web"},
    "uvicorn": {"api"},
    "itsdangerous": {"api"},
    "jinja2": {"web"},
    "markdown_it": {"web"},
    "nh3": {"web"},
    "textual": {"tui"},
    "git": set(),  # GitPython: git is called as a program, in one place
}
FILES = sorted(ROOT.rglob("*.py"))


def package_of(file: Path) -> str:
    inside = file.relative_to(ROOT)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Dotted names with their lines, wherever they stand: at the top, in a function or under TYPE_CHECKING."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute here"
            module = node.module or ""
            # `from scopecraft import state` names a package just as well
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "scopecraft" else [module]
            yield from ((name, node.lineno) for name in names)


def broken_layers(file: Path, source: str) -> list[str]:
    mine = package_of(file)
    found = []
    for name, line in imports(ast.parse(source)):
        parts = name.split(".")
        theirs = parts[1] if parts[0] == "scopecraft" and len(parts) > 1 else None
        if theirs not in LAYERS or mine not in LAYERS or theirs == mine:
            continue
        if LAYERS[theirs] > LAYERS[mine]:
            found.append(f"{file.name}:{line} {mine} imports {theirs}, which stands above it")
        elif LAYERS[theirs] == LAYERS[mine] == 1:
            found.append(f"{file.name}:{line} {mine} imports {theirs}, its neighbour")
    return found


def strangers(file: Path, source: str) -> list[str]:
    mine = package_of(file)
    return [
        f"{file.name}:{line} {mine} imports {name}, whose home is {', '.join(sorted(home)) or 'nowhere'}"
        for name, line in imports(ast.parse(source))
        if (home := HOMES.get(name.split(".")[0])) is not None and mine not in home
    ]


def git_commands(file: Path, source: str) -> list[str]:
    """Lists and tuples that begin with "git" are commands; only worktrees/ calls git."""
    if package_of(file) == "worktrees":
        return []
    return [
        f"{file.name}:{node.lineno} calls git itself"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.List)
        and node.elts
        and isinstance(first := node.elts[0], ast.Constant)
        and first.value == "git"
    ]


def relative(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", FILES, ids=relative)
def test_imports_point_down_and_neighbours_do_not_know_each_other(file: Path) -> None:
    assert broken_layers(file, file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("file", FILES, ids=relative)
def test_one_library_has_one_home(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    assert strangers(file, source) == []
    assert git_commands(file, source) == []


def test_every_package_has_its_layer() -> None:
    assert {package_of(file) for file in FILES} <= {*LAYERS, "__init__", "__main__"}


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("state/sessions.py", "from scopecraft.cli.main import main"),
        ("state/sessions.py", "from scopecraft.worktrees import git"),
        ("model/ids.py", "def f():\n    import scopecraft.state.db"),
        ("missions/folder.py", "from scopecraft import cli"),
    ],
)
def test_a_wrong_import_is_seen(where: str, source: str) -> None:
    assert broken_layers(ROOT / where, source)


@pytest.mark.parametrize("source", ["import docker.errors", "def f():\n    from libtmux import Server"])
def test_a_library_away_from_home_is_seen(source: str) -> None:
    assert strangers(ROOT / "sessions/launch.py", source)
    assert not strangers(ROOT / "executors/container.py", source)


def test_a_git_command_elsewhere_is_seen() -> None:
    source = 'run(["git", "status"])'
    assert git_commands(ROOT / "cli/main.py", source)
    assert not git_commands(ROOT / "worktrees/git.py", source)
