"""What could stand where the cursor is. A shell asks on every Tab: names of folders are read, no command is loaded.

Never raises and never complains; without a home there are the commands and their options. Only names of harmless
characters are offered, since some are an agent's choice and a shell would run what else they may say.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence

from scopecraft.cli.completion_table import AGENTS, COMMANDS, SETTINGS, WORKFLOWS

Answer = tuple[str, str, str]  # plain, open (more follows without a space), file or folder; the word; what it is
Option = tuple[tuple[str, ...], str, str, bool]  # its names, the kind of its value or "", its help, whether it repeats

MOST_BYTES = 256 * 1024
MOST_NAMES = 200
_HARMLESS = re.compile(r"[\w.@%+,/=:-]+")
_AGENT = re.compile(r"^\s*\[\s*agents\s*\.\s*([\w-]+)", re.MULTILINE)
_WORKFLOW = re.compile(r'"workflow_id": "([\w.-]+)"')
_PROJECT = re.compile(r'"name": "([\w.-]+)"')


def print_answers(arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """`arguments` are the number of the word with the cursor, and all words; one answer a line."""
    try:
        at, words = int(arguments[0]), list(arguments[1:])
        lines = ["\t".join(answer) for answer in answers(words[1:at], (words[at:] or [""])[0], environ)]
        os.write(1, "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
    except (ValueError, IndexError, OSError):
        return


def answers(before: Sequence[str], incomplete: str, environ: Mapping[str, str]) -> list[Answer]:
    """For the words between `sc` and the cursor."""
    before, incomplete = _joined(before, incomplete)
    name, rest = _command(before)
    _, options, arguments = COMMANDS[name]
    given, open_option, ended = _walked(rest, options)
    if open_option is not None:
        return _of_kind(open_option[1], incomplete, given, environ)
    if not ended and incomplete.startswith("--") and "=" in incomplete:
        return _after_equals(incomplete, options, given, environ)
    if not ended and incomplete.startswith("-"):
        return _options(options, rest, incomplete)
    below = [each for each in COMMANDS if each.rpartition(" ")[0] == name and each != name]
    if below and not given:
        return [("plain", each.rpartition(" ")[2], COMMANDS[each][0]) for each in below if _begins(each, incomplete)]
    kind = _argument(arguments, len(given))
    return _of_kind(kind, incomplete, given, environ) if kind else []


def _begins(command: str, incomplete: str) -> bool:
    return command.rpartition(" ")[2].startswith(incomplete)


def _joined(before: Sequence[str], incomplete: str) -> tuple[list[str], str]:
    """bash gives `--agent=x` as three words; a value is completed by itself there."""
    words: list[str] = []
    for word in before:
        if word == "=" and words and words[-1].startswith("--"):
            continue
        words.append(word)
    return words, "" if incomplete == "=" else incomplete


def _command(words: list[str]) -> tuple[str, list[str]]:
    """The longest name of a command that they begin with, and what follows it; options of groups are skipped."""
    name = ""
    while words:
        further = f"{name} {words[0]}".strip()
        if further in COMMANDS:
            name, words = further, words[1:]
        elif words[0] in ("-v", "--verbose"):
            words = words[1:]
        else:
            break
    return name, words


def _walked(words: list[str], options: Sequence[Option]) -> tuple[list[str], Option | None, bool]:
    """The arguments that were given, the option that waits for its value, and whether `--` ended the options."""
    given: list[str] = []
    waiting: Option | None = None
    ended = False
    for word in words:
        if waiting is not None:
            waiting = None
        elif ended or not word.startswith("-") or word == "-":
            given.append(word)
        elif word == "--":
            ended = True
        else:
            found = _option(options, word)
            waiting = found if found is not None and found[1] else None
    return given, waiting, ended


def _option(options: Sequence[Option], word: str) -> Option | None:
    return next((option for option in options if word in option[0]), None)


def _after_equals(
    incomplete: str, options: Sequence[Option], given: Sequence[str], environ: Mapping[str, str]
) -> list[Answer]:
    name, _, value = incomplete.partition("=")
    option = _option(options, name)
    if option is None or not option[1]:
        return []
    return [(how, f"{name}={word}", words) for how, word, words in _of_kind(option[1], value, given, environ)]


def _options(options: Sequence[Option], words: Sequence[str], incomplete: str) -> list[Answer]:
    found: list[Answer] = []
    for names, _, text, repeats in options:
        if repeats or not set(names) & set(words):
            found += [("plain", name, text) for name in names if name.startswith(incomplete)][-1:]
    return found


def _argument(arguments: Sequence[str], number: int) -> str:
    """The kind of the argument at this place; the last one may repeat."""
    if number < len(arguments):
        return arguments[number].removesuffix("*")
    return arguments[-1].removesuffix("*") if arguments and arguments[-1].endswith("*") else ""


def _of_kind(kind: str, incomplete: str, given: Sequence[str], environ: Mapping[str, str]) -> list[Answer]:
    if kind in ("file", "folder"):
        return [(kind, "", "")]
    if kind.startswith("choice:"):
        return _plain(kind.removeprefix("choice:").split("|"), incomplete)
    if kind in ("key", "set"):
        return _settings(kind, incomplete, environ)
    if kind == "agents":  # a list with commas
        first, comma, last = incomplete.rpartition(",")
        return [("plain", first + comma + name, text) for _, name, text in _of_kind("agent", last, (), environ)]
    reader = _READERS.get(kind)
    if reader is None:
        return []
    return _plain((name for name in reader(_home(environ), given) if name not in given), incomplete)


def _plain(names: Iterator[str] | Sequence[str], incomplete: str) -> list[Answer]:
    fitting = (name for name in names if name.startswith(incomplete) and _HARMLESS.fullmatch(name))
    return [("plain", name, "") for _, name in zip(range(MOST_NAMES), dict.fromkeys(fitting), strict=False)]


def _settings(kind: str, incomplete: str, environ: Mapping[str, str]) -> list[Answer]:
    """Keys; those of agents once `agents.` is typed. For `--set` with the `=` that follows."""
    ending, how = ("=", "open") if kind == "set" else ("", "plain")
    found: list[Answer] = [(how, key + ending, text) for key, text in SETTINGS.items() if not key.startswith("agents.")]
    fields = [(key.rpartition(".")[2], text) for key, text in SETTINGS.items() if key.startswith("agents.")]
    if incomplete.startswith("agents."):
        for agent in dict.fromkeys(_agents(_home(environ), ())):
            found += [(how, f"agents.{agent}.{field}{ending}", text) for field, text in fields]
    else:
        found.append(("open", "agents.", "settings of one agent"))
    return [answer for answer in found if answer[1].startswith(incomplete) and "=" not in incomplete]


def _home(environ: Mapping[str, str]) -> str:
    chosen = environ.get("SCOPECRAFT_HOME")
    return os.path.expanduser(chosen) if chosen else os.path.join(environ.get("HOME", "/"), ".scopecraft")  # noqa: PTH111,PTH118


def _names(*folder: str) -> list[str]:
    """Of folders, the newest first where names begin with a time, as our ids do."""
    try:
        return sorted(os.listdir("/".join(folder)), reverse=True)  # noqa: PTH208
    except (OSError, ValueError):
        return []


def _text(file: str) -> str:
    """Of a plain file of a harmless size."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            is_plain = stat.S_ISREG(os.fstat(descriptor).st_mode)
            return os.read(descriptor, MOST_BYTES).decode("utf-8", "replace") if is_plain else ""
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        return ""


def _tasks(home: str, _: Sequence[str]) -> Iterator[str]:
    """Slugs first, then ids; what is under way before what is over."""
    folders = [*_names(home, "missions/active"), *_names(home, "missions/completed")]
    yield from _slugs_and_ids(folders)


def _new_tasks(home: str, given: Sequence[str]) -> Iterator[str]:
    """What `sc run` takes: a task that is there, or one of `.tasks` of the repository that the person stands in."""
    yield from _tasks(home, given)
    folder = os.getcwd()  # noqa: PTH109
    while not os.path.lexists(f"{folder}/.git") and folder != "/":
        folder = folder.rpartition("/")[0] or "/"
    yield from _task_files(f"{folder}/.tasks")


def _task_files(top: str) -> Iterator[str]:
    """Ids of the files below it, without those that are archived; as many folders as a person can wait for."""
    folders = [] if os.path.islink(top) else [top]  # noqa: PTH114
    for _ in range(MOST_NAMES):
        if not folders:
            return
        folder = folders.pop(0)
        try:
            with os.scandir(folder) as entries:
                seen = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
        except OSError:
            continue
        below = [name for name, is_folder in seen if is_folder and not name.startswith(".")]
        folders += [f"{folder}/{name}" for name in below if (folder, name) != (top, "archive")]
        yield from (name[:-8] for name, is_folder in seen if name.endswith(".task.md") and not is_folder)


def _removed(home: str, _: Sequence[str]) -> Iterator[str]:
    yield from _slugs_and_ids(_names(home, "missions/trash"))


def _slugs_and_ids(folders: Sequence[str]) -> Iterator[str]:
    parts = [name.partition("--") for name in folders]
    yield from (slug for _, _, slug in parts if slug)
    yield from (mission_id for mission_id, _, slug in parts if slug)


def _sessions(home: str, given: Sequence[str]) -> Iterator[str]:
    """A session is also named by its task, which may wait for its mission to be made."""
    yield from _tasks(home, given)
    yield from _queued(home, given)
    yield from (name for name in _names(home, "sessions") if name.startswith("r-"))


def _queued(home: str, _: Sequence[str]) -> Iterator[str]:
    from scopecraft.state.waiting_names import waiting_names

    yield from waiting_names(f"{home}/scopecraft.db", MOST_NAMES)


def _sessions_that(which: str) -> Callable[[str, Sequence[str]], Iterator[str]]:
    def read(home: str, _: Sequence[str]) -> Iterator[str]:
        from scopecraft.state.session_names import session_names

        yield from session_names(f"{home}/scopecraft.db", which, MOST_NAMES)

    return read


def _agents(home: str, _: Sequence[str]) -> Iterator[str]:
    yield from AGENTS
    yield from _AGENT.findall(_text(f"{home}/config/settings.toml"))


def _projects(home: str, _: Sequence[str]) -> Iterator[str]:
    yield from _PROJECT.findall(_text(f"{home}/config/projects.json"))


def _artifacts(home: str, given: Sequence[str]) -> Iterator[str]:
    """Of the task that was named before."""
    wanted = given[0] if given else ""
    for where in ("missions/active", "missions/completed"):
        for name in _names(home, where):
            if wanted and wanted in (name, *name.split("--", 1)):
                yield from sorted(_names(home, where, name, "artifacts"))


def _workflows(home: str, _: Sequence[str]) -> Iterator[str]:
    """By the names of their files, here and in the home, then those shipped."""
    for folder in ("workflows", f"{home}/config/workflows"):
        for name in sorted(_names(folder)):
            stem, middle, _ending = name.rpartition(".workflow.")
            if middle:
                yield stem
        yield from _WORKFLOW.findall(_text(f"{folder}/workflows.json"))
    yield from WORKFLOWS


_READERS: Mapping[str, Callable[[str, Sequence[str]], Iterator[str]]] = {
    "task": _tasks,
    "new task": _new_tasks,
    "session": _sessions,
    "removed": _removed,
    "queued": _queued,
    "ended session": _sessions_that("ended"),
    "autonomous session": _sessions_that("autonomous"),
    "dispatch session": _sessions_that("dispatch"),
    "agent": _agents,
    "workflow": _workflows,
    "project": _projects,
    "artifact": _artifacts,
}
