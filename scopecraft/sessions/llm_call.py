"""The process of a call of a model: asks once, writes the session's stream, and the answer as the step's artifact.

    python -m scopecraft.sessions.llm_call FOLDER TOKEN

It needs nobody to be alive, and writes down itself how it ended, as the launcher in a container does.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from scopecraft.agents import llm_stream
from scopecraft.agents.llm_outcome import Answer, Failure, Question, Retry
from scopecraft.agents.llm_prices import TAKEN_ON, cost_of, own_price, price_of
from scopecraft.agents.llm_provider import PROVIDERS, ask, question_of
from scopecraft.atomic import replace_file
from scopecraft.config.paths import Home
from scopecraft.errors import CredentialsMissing, ScopecraftError, StorageFailed
from scopecraft.executors.process import ProcessExecutor
from scopecraft.missions.artifact_writing import write_artifact
from scopecraft.missions.folder import changing
from scopecraft.sessions.folder import SessionFolder
from scopecraft.sessions.llm_claim import Call, claim, read_call, read_prompt
from scopecraft.sessions.llm_prompt import document_of
from scopecraft.sessions.settle_facts import boot_id

PIECE_SECONDS = 0.1  # what comes faster is written together
ALIVE_SECONDS = 10.0
STOPPED = (143, "stopped")
TIMED_OUT = (124, "timeout")


class _Stopped(BaseException):
    """Somebody wants it to end. Not an Exception: the libraries try again after those."""


class _TimeOver(BaseException):
    """Its time limit is reached."""


def main(arguments: Sequence[str]) -> None:
    """Ends the process, but for one that finds the call not to be had any more: it does nothing."""
    path, token = arguments
    folder = SessionFolder(Path(path))
    if not claim(folder, token, ProcessExecutor(boot_id()).myself()):
        return
    call = read_call(folder)
    if call is None or call.token != token:
        return
    code, reason = 1, "exit"
    try:
        code, reason = _made(folder, call)
    finally:
        kind, error, trace = sys.exc_info()
        if kind is not None and error is not None:
            sys.excepthook(kind, error, trace)
        sys.stderr.flush()
        _write_end(folder, code, reason)
        # at once: who reads that it is over expects it to be gone, and an interpreter takes its time
        os._exit(code)


def _made(folder: SessionFolder, call: Call) -> tuple[int, str]:
    """The exit code, and why it ended."""
    with _Stream.opened(folder) as stream:
        try:
            with _until(call.timeout_seconds):
                stream.write(llm_stream.begun_line(call.model))
                outcome = _asked(folder, call, stream)
        except _Stopped:
            stream.write(llm_stream.cut_off_line())
            return STOPPED
        except _TimeOver:
            stream.write(llm_stream.cut_off_line())
            return TIMED_OUT
        return _finished(call, outcome, stream), "exit"


def _asked(folder: SessionFolder, call: Call, stream: _Stream) -> Answer | Failure:
    try:
        question = _question(folder, call)
    except CredentialsMissing as error:
        return Failure(error.message)
    outcome = ask(question, stream)
    stream.flush()
    return outcome


def _question(folder: SessionFolder, call: Call) -> Question:
    return question_of(PROVIDERS[call.provider], read_prompt(folder), call.model, call.effort, os.environ)


def _finished(call: Call, outcome: Answer | Failure, stream: _Stream) -> int:
    """The artifact is there before anybody can read that the call went well."""
    if isinstance(outcome, Failure):
        return _failed(call, outcome, stream)
    cost = _cost(call, outcome, stream)
    stream.write(llm_stream.message_line(outcome))
    try:
        if call.output is not None:
            with changing(Home(Path(call.home)), call.mission_id) as mission:
                content = document_of(outcome.text).encode("utf-8", "replace")
                write_artifact(Home(Path(call.home)), mission, call.output, content)
    except ScopecraftError as error:
        said = f"the answer could not be written to {call.output}: {error.message}"
        stream.write(llm_stream.failure_line(Failure(said, answer=outcome), cost))
        return 1
    stream.write(llm_stream.result_line(outcome, cost))
    return 0


def _failed(call: Call, failure: Failure, stream: _Stream) -> int:
    cost = _cost(call, failure.answer, stream) if failure.answer else None
    stream.write(llm_stream.failure_line(failure, cost))
    return 1


def _cost(call: Call, answer: Answer, stream: _Stream) -> float | None:
    """By what a person set, else by the published prices; None, and said so, where nobody knows."""
    price = own_price(call.price) or price_of(answer.model) or price_of(call.model)
    if price is None:
        stream.write(llm_stream.note_line(f"what {answer.model} costs is not known (prices of {TAKEN_ON})"))
    return cost_of(price, answer.usage) if price else None


@contextlib.contextmanager
def _until(seconds: int) -> Iterator[None]:
    """A polite signal raises _Stopped in the block, the time limit _TimeOver; after it no signal does anything."""

    def heard(number: int, _: FrameType | None) -> None:
        raise _TimeOver if number == signal.SIGALRM else _Stopped

    try:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
            signal.signal(number, heard)
        # and again: what is raised while an object is being thrown away is lost
        signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)


def _write_end(folder: SessionFolder, code: int, reason: str) -> None:
    try:
        replace_file(folder.out / "exit", f"{code} {reason}\n".encode())
    except StorageFailed:
        (folder.out / "exit").touch()  # empty: there was no space to say so


class _Stream:
    """The session's stream: each line whole and at once. Hears of the call while it runs."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: list[str] = []
        self._written_at = 0.0

    @classmethod
    @contextlib.contextmanager
    def opened(cls, folder: SessionFolder) -> Iterator[_Stream]:
        descriptor = os.open(
            folder.stream, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        try:
            yield cls(descriptor)
        finally:
            os.close(descriptor)

    def write(self, line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        self._written_at = time.monotonic()

    def flush(self) -> None:
        if self._waiting:
            said = "".join(self._waiting)
            self._waiting.clear()
            self.write(llm_stream.piece_line(said))

    def piece(self, text: str) -> None:
        self._waiting.append(text)
        if time.monotonic() - self._written_at >= PIECE_SECONDS:
            self.flush()

    def alive(self) -> None:
        self.flush()
        if time.monotonic() - self._written_at >= ALIVE_SECONDS:
            self.write(llm_stream.alive_line())

    def retried(self, retry: Retry) -> None:
        self.flush()
        self.write(llm_stream.retry_line(retry))


if __name__ == "__main__":
    gc.disable()  # a sixth of the time that importing a library takes; one call leaves little behind
    main(sys.argv[1:])
