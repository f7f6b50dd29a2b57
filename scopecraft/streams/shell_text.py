"""What a shell would run of a command, without the prose in it: messages, comments and documents only look like it.

No parser of shells: good enough to tell `rm -rf /` from `git commit -m "never rm -rf /"`, and quick.
"""

from __future__ import annotations

import re

_HEREDOC = re.compile(
    r"^(?P<line>[^\n]*)<<-?[ \t]*(?P<quote>['\"]?)(?P<mark>\w+)(?P=quote)(?P<rest>[^\n]*)\n"
    r"(?P<text>.*?)(?:\n[ \t]*(?P=mark)[ \t]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
# Programs to which a document, or a quoted text, is something to run
_RUNS = re.compile(
    r"(?:^|[\s/;&|(`])(?:ba|z|da|k)?sh\b|\b(?:ssh|psql|mysql|mariadb|sqlite3|mongo|mongosh|redis-cli|sqlcmd|eval)\b"
)
_QUOTED = re.compile(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"")
_RUNS_TEXT = re.compile(r"(?:\s-\w*[ceQ]|--command|--execute|--eval|\beval)[ =]*$")
_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*")
_PATH = re.compile(r"(?:/|~|\$)")


def runs(command: str) -> str:
    """The command with nothing but what is run or named in it: quotes are off, and prose is gone."""
    command = command.replace("\\\n", " ")
    if "<<" in command:
        command = _HEREDOC.sub(_document, command)
    if "'" in command or '"' in command:
        command = _QUOTED.sub(_quoted, command)
    return _COMMENT.sub("", command) if "#" in command else command


def _document(found: re.Match[str]) -> str:
    line = f"{found['line']}{found['rest']}"
    return f"{line}\n{found['text']}\n" if _RUNS.search(line) else f"{line}\n"


def _quoted(found: re.Match[str]) -> str:
    text = found[1] if found[1] is not None else found[2]
    if not any(space in text for space in " \t\n"):
        return text
    before = found.string[max(0, found.start() - 200) : found.start()].rpartition("\n")[2]
    if _RUNS_TEXT.search(before) or re.search(r"\bssh\s[^;&|]*$", before):
        return f"\n{text}\n"
    if found[1] is None and ("$(" in text or "`" in text):
        return text
    return re.sub(r"\s", "_", text) if _PATH.match(text) else '""'
