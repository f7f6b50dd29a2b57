"""The one seam that every git call on the host goes through.

No shell, no pager, no hooks, no fsmonitor, no prompt, no lazy maintenance; nothing of the caller's `GIT_*` variables.
Nothing of a repository's own configuration that would run a program is trusted further than a person's git needs it.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, BinaryIO

from scopecraft.errors import GitFailed, GitMissing, RepositoryRefused, ScopecraftError, StorageFailed
from scopecraft.model.text import clean_line
from scopecraft.worktrees.pointer import check_pointer

FIXED_CONFIG: tuple[str, ...] = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "maintenance.auto=false",
    # a folder that is shaped like a bare repository is never one for us unless we name it by --git-dir
    "safe.bareRepository=explicit",
    "log.showSignature=false",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "advice.detachedHead=false",
)

# A submodule's own configuration can name filters and hooks, and an agent can make a submodule.
_DIFF = ("--no-ext-diff", "--no-textconv", "--ignore-submodules=all")
_ALWAYS: Mapping[str, tuple[str, ...]] = {
    "status": ("--ignore-submodules=all",),
    "diff": _DIFF,
    "diff-files": _DIFF,
    "diff-index": _DIFF,
    "diff-tree": _DIFF,
    "log": _DIFF,
    "show": _DIFF,
}
_DROPPED = {"PAGER", "EDITOR", "VISUAL", "SSH_ASKPASS", "LANGUAGE", "CDPATH", "BASH_ENV", "ENV"}
# For a full disk git often says no more than "unable to write file x".
_STORAGE = re.compile(
    r"^.*(?:No space left on device|Disk quota exceeded|Read-only file system|unable to write |write error).*$", re.M
)
_TERMINATE_SECONDS = 10
_PIECE_BYTES = 1 << 16
_RECORD_BYTES = 1 << 20
_WORDS_BYTES = 1 << 16  # of what git complains about


@dataclass(frozen=True, slots=True)
class GitResult:
    exit_code: int
    stdout: bytes
    stderr: str


@dataclass(frozen=True, slots=True)
class Git:
    """Git in a folder. With `git_dir` nothing is searched for; `config` outranks every configuration file.

    With `pointer` each call first compares `<work_tree>/.git` with it, and raises UnsafeTree. Children inherit the
    descriptors in `inherit`. `waiting` hears every `waiting_seconds` how long a `run` takes already.
    """

    directory: Path
    git_dir: Path | None = None
    work_tree: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)
    pointer: bytes | None = None
    inherit: tuple[int, ...] = ()
    waiting: Callable[[int], None] | None = None
    waiting_seconds: float = 10

    def run(
        self,
        *arguments: str,
        input: bytes | None = None,
        stdin_file: BinaryIO | None = None,
        check: bool = True,
        timeout_seconds: float = 600,
    ) -> GitResult:
        """Run `git <arguments>`; `stdin_file` needs a file descriptor.

        Raises GitFailed or StorageFailed for a non-zero exit (unless `check` is off) and for a timeout, GitMissing,
        and RepositoryRefused when the folder is gone.
        """
        stdin = subprocess.PIPE if input is not None else stdin_file or subprocess.DEVNULL
        # A Ctrl-C while git is being started waits until there is a process that we can end.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process = self._start(arguments, stdin)
            try:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
                out, err = self._communicate(process, input, timeout_seconds)
            except subprocess.TimeoutExpired as error:
                _end(process)
                raise self._late(arguments, timeout_seconds) from error
            except BaseException:
                _end(process)  # git takes its half-made files away itself when it is asked politely
                raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        result = GitResult(process.returncode, out, err.decode("utf-8", "replace"))
        if check and result.exit_code != 0:
            raise failure(arguments, result)
        return result

    def records(self, *arguments: str, timeout_seconds: float = 600) -> Generator[bytes, None, None]:
        """What it writes, cut at NUL, while it writes: never held as a whole. Git ends when the caller closes this.

        Raises like `run`, when the output ends, and GitFailed for a record of more than 1 MiB.
        """
        with closing(self.pieces(*arguments, timeout_seconds=timeout_seconds)) as pieces:
            yield from _cut(pieces)

    def pieces(
        self, *arguments: str, stdin_file: BinaryIO | None = None, timeout_seconds: float = 600
    ) -> Generator[bytes, None, None]:
        """What it writes, while it writes, in pieces of any size. Git ends when the caller closes this.

        `stdin_file` needs a file descriptor. Raises like `run`, when the output ends.
        """
        deadline = time.monotonic() + timeout_seconds
        import tempfile  # few calls need one, and it is much to load

        with tempfile.TemporaryFile() as errors:
            process = self._start(arguments, stdin_file or subprocess.DEVNULL, errors)
            try:
                yield from _read(process, deadline)
                exit_code = process.wait(max(0.0, deadline - time.monotonic()))
            except (TimeoutError, subprocess.TimeoutExpired) as error:
                raise self._late(arguments, timeout_seconds) from error
            finally:
                if process.poll() is None:
                    _end(process)
                if process.stdout is not None:
                    process.stdout.close()
            errors.seek(0)
            words = errors.read(_WORDS_BYTES).decode("utf-8", "replace")
        if exit_code != 0:
            raise failure(arguments, GitResult(exit_code, b"", words))

    def text(self, *arguments: str) -> str:
        """Its output without the last newline; bytes that are not UTF-8 survive as surrogates."""
        return self.run(*arguments).stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def succeeds(self, *arguments: str) -> bool:
        """Whether it exits with 0; for questions that git answers by exit code."""
        return self.run(*arguments, check=False).exit_code == 0

    def with_env(self, **env: str) -> Git:
        return replace(self, env={**self.env, **env})

    def with_config(self, config: Mapping[str, str]) -> Git:
        return replace(self, config={**self.config, **config})

    def _communicate(
        self, process: subprocess.Popen[bytes], input: bytes | None, seconds: float
    ) -> tuple[bytes, bytes]:
        began = time.monotonic()
        while self.waiting is not None and (rest := began + seconds - time.monotonic()) > self.waiting_seconds:
            try:
                return process.communicate(input, timeout=min(rest, self.waiting_seconds))
            except subprocess.TimeoutExpired:
                input = None  # it keeps what it was given
                self.waiting(round(time.monotonic() - began))
        return process.communicate(input, timeout=max(0.0, began + seconds - time.monotonic()))

    def _late(self, arguments: tuple[str, ...], seconds: float) -> GitFailed:
        return GitFailed(
            f"git {_verb(arguments)} did not finish within {seconds:g} s in {self.directory}",
            "is the disk very busy, or a network file system away?",
        )

    def _start(
        self, arguments: tuple[str, ...], stdin: int | BinaryIO, stderr: int | IO[bytes] = subprocess.PIPE
    ) -> subprocess.Popen[bytes]:
        if self.pointer is not None:
            check_pointer(self.work_tree or self.directory, self.pointer)
        try:
            return subprocess.Popen(
                command_line(arguments, git_dir=self.git_dir, work_tree=self.work_tree),
                cwd=self.directory,
                env=environment(os.environ, added=self.env, config=self.config),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                pass_fds=self.inherit,
                start_new_session=True,  # Ctrl-C reaches us, and we end git in order
            )
        except ValueError as error:  # NUL, or text that no file system can hold
            raise GitFailed(f"git {_verb(arguments)} cannot be given such a name: {error}") from error
        except OSError as error:
            raise self._not_started(error) from error

    def _not_started(self, error: OSError) -> ScopecraftError:
        if not self.directory.is_dir():
            return RepositoryRefused(
                f"there is no folder {clean_line(str(self.directory))} (any more)", "was it moved or deleted?"
            )
        if isinstance(error, FileNotFoundError):
            return GitMissing("git is not installed, or not on PATH", "apt install git, or your system's package of it")
        if isinstance(error, PermissionError):
            return RepositoryRefused(f"no permission to run git in {clean_line(str(self.directory))}")
        return GitFailed(f"git cannot be started: {error.strerror or error}")


def command_line(arguments: tuple[str, ...], *, git_dir: Path | None, work_tree: Path | None) -> list[str]:
    """The argv of a call, with what must hold for every call and for its subcommand."""
    argv = ["git", "--no-pager"]
    for setting in FIXED_CONFIG:
        argv += ["-c", setting]
    if git_dir is not None:
        argv.append(f"--git-dir={git_dir}")
    if work_tree is not None:
        argv.append(f"--work-tree={work_tree}")
    verb, *rest = arguments
    return [*argv, verb, *_ALWAYS.get(verb, ()), *rest]


def environment(
    caller: Mapping[str, str], *, added: Mapping[str, str], config: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The caller's environment without `GIT_*`, prompts, editors, languages and relative folders on PATH."""
    env = {name: value for name, value in caller.items() if not name.startswith("GIT_") and name not in _DROPPED}
    path = [folder for folder in env.get("PATH", os.defpath).split(os.pathsep) if folder.startswith("/")]
    env |= {
        "PATH": os.pathsep.join(path),
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_EDITOR": "true",
        "GIT_SEQUENCE_EDITOR": "true",
        "GIT_PAGER": "cat",
    }
    env |= added
    # through the environment, not by -c: the name of a filter may hold an equals sign
    for number, (key, value) in enumerate((config or {}).items()):
        env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return env | {"GIT_CONFIG_COUNT": str(len(config))} if config else env


def failure(arguments: tuple[str, ...], result: GitResult) -> GitFailed | StorageFailed:
    """The error for a failed call: the last words of git, made safe to show."""
    storage = _STORAGE.search(result.stderr)
    words = _last_words(storage.group() if storage else result.stderr) or f"exit code {result.exit_code}"
    message = f"git {_verb(arguments)} failed: {words}"
    if storage is not None:
        return StorageFailed(message, "is the disk full, or not writable? Free some space and try again")
    if ".lock': File exists" in result.stderr:
        return GitFailed(message, "another git is at work, or was killed: if none runs, remove that file")
    return GitFailed(message)


def _last_words(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    last = (told or lines)[-1:]
    return clean_line(last[0].removeprefix("fatal: ").removeprefix("error: "), 400) if last else ""


def _verb(arguments: tuple[str, ...]) -> str:
    return clean_line(" ".join(arguments[:2] if arguments[:1] == ("worktree",) else arguments[:1]), 60)


def _read(process: subprocess.Popen[bytes], deadline: float) -> Iterator[bytes]:
    """Its output as it comes. Raises TimeoutError."""
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    ready = select.poll()
    ready.register(descriptor, select.POLLIN)
    while True:
        if not ready.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError
        piece = os.read(descriptor, _PIECE_BYTES)
        if not piece:
            return
        yield piece


def _cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The records in them; what stands after the last NUL is left out."""
    rest = b""
    for piece in pieces:
        if len(rest) > _RECORD_BYTES:
            raise GitFailed(f"git wrote a name of more than {_RECORD_BYTES >> 20} MiB")
        *whole, rest = (rest + piece).split(b"\0")
        yield from whole


def _end(process: subprocess.Popen[bytes]) -> None:
    """End git and its children: asked first, since git removes its lock files then."""
    for request, patience in ((signal.SIGTERM, _TERMINATE_SECONDS), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, request)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=patience)
            return
