"""Files of a repository that run something on the machine of whoever works in it: a change of one is worth a look.

An agent in a container cannot reach the host, but what it writes may be run there later: by an editor that opens the
folder, by a person's own agent, by git, by a build, by the project's CI. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_AGENT = "agents that you start there run its hooks, or obey it"
_EDITOR = "editors run it when the folder is opened, or offer to"
_CI = "your CI runs it, with your project's secrets"
_SHELL = "your shell runs it when you enter the folder"
_HOOK = "git runs it, or a tool that puts it among git's hooks"
_GIT = "it changes what git itself does, or runs, with the files"
_BUILD = "your builds and tests run it"
_PYTHON = "Python runs it when it starts, tests or installs there"
_PACKAGES = "installing or running the package runs its scripts"
_LINK = "a repository inside this one, whose settings git can be made to run"

_KINDS: tuple[tuple[str, str], ...] = (
    (r"\.(claude|cursor|gemini|codex|qwen|opencode|amp|aider[^/]*|continue|windsurf|roo|kiro)/.+", _AGENT),
    (r"\.mcp\.json|opencode\.jsonc?|\.aider\.conf\.ya?ml|\.cursorrules|\.windsurfrules|\.clinerules(/.+)?", _AGENT),
    (r"CLAUDE(\.local)?\.md|AGENTS\.md|GEMINI\.md|QWEN\.md|\.github/copilot-instructions\.md", _AGENT),
    (r"\.scopecraft\.toml|\.worktreeinclude", "scopecraft uses it for the next worktree of this repository"),
    (r"\.vscode/.+|\.idea/.+|\.fleet/.+|\.zed/.+|[^/]+\.code-workspace|\.exrc|\.nvimrc|\.nvim\.lua|\.vimrc", _EDITOR),
    (r"\.dir-locals(-2)?\.el", _EDITOR),
    (r"\.devcontainer(/.+|\.json)", "editors build and run it as a container of yours"),
    (r"\.envrc(\..+)?|\.autoenv(\.zsh)?|\.mise(\.local)?\.toml|mise(\.local)?\.toml|\.tool-versions", _SHELL),
    (r"\.github/(workflows|actions)/.+|action\.ya?ml|\.gitlab-ci\.ya?ml|\.gitlab/ci/.+|\.circleci/.+", _CI),
    (r"\.travis\.ya?ml|azure-pipelines[^/]*\.ya?ml|Jenkinsfile[^/]*|bitbucket-pipelines\.ya?ml|appveyor\.ya?ml", _CI),
    (r"\.(drone|woodpecker|cirrus)(\.ya?ml|\.star|/.+)|\.buildkite/.+|\.forgejo/.+|\.gitea/.+|\.ci/.+", _CI),
    (r"\.husky/.+|\.githooks/.+|githooks/.+|\.pre-commit-(config|hooks)\.ya?ml|lefthook[^/]*|\.lefthook[^/]*", _HOOK),
    (r"\.gitattributes|\.gitmodules|\.gitconfig|\.lfsconfig", _GIT),
    (r"package\.json|\.npmrc|\.yarnrc(\.yml)?|\.yarn/.+|\.pnpmfile\.c?js|bunfig\.toml|deno\.jsonc?", _PACKAGES),
    (r"composer\.json|Gemfile|[^/]+\.gemspec|binding\.gyp", _PACKAGES),
    (r"setup\.(py|cfg)|conftest\.py|(site|user)customize\.py|[^/]+\.pth|noxfile\.py|tox\.ini|pyproject\.toml", _PYTHON),
    (r"GNUmakefile|[Mm]akefile|[^/]+\.mk|[Jj]ustfile|\.justfile|Taskfile\.ya?ml|Rakefile|CMakeLists\.txt", _BUILD),
    (r"build\.rs|\.cargo/.+|build\.gradle(\.kts)?|settings\.gradle(\.kts)?|gradlew(\.bat)?|gradle/wrapper/.+", _BUILD),
    (r"pom\.xml|mvnw(\.cmd)?|\.mvn/.+|Dockerfile[^/]*|(docker-)?compose[^/]*\.ya?ml|flake\.nix|shell\.nix", _BUILD),
    (r"(jest|vite|vitest|webpack|rollup|babel|eslint|prettier|next|postcss|tailwind)\.config\.[cm]?[jt]s", _BUILD),
    (
        r"\.eslintrc\.c?js|\.prettierrc\.c?js|gulpfile\.[cm]?[jt]s|Gruntfile\.js|WORKSPACE|BUILD(\.bazel)?|\.bazelrc",
        _BUILD,
    ),
)
# Case does not count: on many file systems `.VSCode` is `.vscode`, and so it is to the programs there.
_COMPILED = tuple((re.compile(rf"(?:.+/)?(?:{pattern})", re.IGNORECASE | re.DOTALL), why) for pattern, why in _KINDS)
GITLINK = "160000"

# What agents and editors read from the top of a worktree and projects commonly leave out of version control.
IGNORED_PLACES: tuple[str, ...] = (
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".mcp.json",
    ".vscode/tasks.json",
    ".vscode/settings.json",
    ".vscode/launch.json",
    ".envrc",
    ".cursor/mcp.json",
    ".gemini/settings.json",
    ".codex/config.toml",
    "opencode.json",
    ".npmrc",
    "CLAUDE.local.md",
)


@dataclass(frozen=True, slots=True)
class HostFile:
    """A path from the top of the worktree, as git has it, and what would run it."""

    path: str
    why: str


def why_it_runs(path: str, mode: str = "") -> str | None:
    """What would run a file on the host later; None for one that nothing runs by itself. `mode` is git's."""
    if mode == GITLINK:
        return _LINK
    return next((why for pattern, why in _COMPILED if pattern.fullmatch(path)), None)


def host_files(paths: Iterable[str]) -> tuple[HostFile, ...]:
    """Those of the paths that would run, in their order."""
    return tuple(HostFile(path, why) for path in dict.fromkeys(paths) if (why := why_it_runs(path)) is not None)
