"""How a session ended, decided from everything that was observed. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from scopecraft.model.activity import Activity
from scopecraft.model.handle import Exited, Gone
from scopecraft.model.session import Completed, Failed, Interrupted, InterruptionCause, Killed, Outcome, TimedOut
from scopecraft.model.text import clean_line

# What the launcher says about why the agent ended (`out/exit`)
LAUNCHER_REASONS = frozenset({"exit", "stopped", "timeout", "output", "processes", "result", "full", "memory"})
MOST_WORDS = 300  # characters
NOT_FOUND = 127  # by a shell that has no such program
SIGNALS = {130: "SIGINT", 134: "SIGABRT", 137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM"}

_WENT_AWAY: dict[str, InterruptionCause] = {"container": "engine", "process": "machine"}
_MISSING = re.compile(r"exec: (?:line \d+: )?(\S+): not found\s*$")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about a session that is over; `launcher` fields are claims of the container."""

    look: Exited | Gone
    activity: Activity
    has_protocol: bool  # the dialect ends with a result line
    executor: str
    exit_code: int | None  # the agent's own
    launcher_reason: str | None
    stop_requested_by: str | None
    timeout_seconds: int | None
    output_bytes: int
    last_words: str  # the end of stderr, or the last lines of the window
    was_rebooted: bool = False  # the machine, since the session began
    code_meaning: str = ""  # what the agent means by its exit code
    program_mend: str = ""  # how its program gets into the image, should it not be there


def believed(look: Exited | Gone, code: int | None, reason: str | None) -> tuple[int | None, str | None]:
    """What a container's `out/exit` is worth: nothing where the engine saw another code. The agent can write it."""
    if isinstance(look, Exited) and code is not None and code != look.exit_code:
        return None, None
    return code, reason


def decide_outcome(evidence: Evidence) -> Outcome:
    claim = evidence.activity.claim
    if claim is not None and not claim.aborted and claim.stop_reason != "max_turn_requests":
        # the agent's last word counts, however its process ended after it
        return Failed(_claimed_failure(evidence), evidence.exit_code) if claim.is_error else Completed()
    if evidence.stop_requested_by is not None:
        return Killed(evidence.stop_requested_by)
    if evidence.launcher_reason == "timeout" and evidence.timeout_seconds is not None:
        return TimedOut(evidence.timeout_seconds)
    if evidence.was_rebooted and evidence.launcher_reason is None:
        return Interrupted("machine", "it was restarted")
    if isinstance(evidence.look, Gone):
        return Interrupted(_WENT_AWAY.get(evidence.executor, "tmux"), evidence.look.why)
    if evidence.executor == "process" and evidence.launcher_reason is None:
        return Interrupted("process")  # it writes down how it ended, unless it is killed
    if evidence.look.out_of_memory or evidence.launcher_reason == "memory":
        return Failed("it ran out of memory: container.memory is the limit", evidence.exit_code)
    if evidence.launcher_reason == "output":
        return Failed(f"it printed more than {evidence.output_bytes} bytes: container.output_limit", evidence.exit_code)
    if evidence.launcher_reason == "full":
        # whatever its exit code: nobody knows what of its log and its work is there
        return Failed("the disk was full when it ended (No space left on device)", evidence.exit_code)
    if evidence.launcher_reason == "processes":
        return Failed("it took all the processes that it may have: container.pids is the limit", evidence.exit_code)
    if _was_killed_from_outside(evidence):
        return Interrupted("engine", "its container was stopped from outside")
    if _is_success(evidence):
        return Completed()
    return Failed(_failure(evidence), evidence.exit_code)


def with_refusal(outcome: Outcome, why: str) -> Outcome:
    """No success while commits are left behind; another end says so too, where it has words."""
    said = f"not all that it did could be taken: {why}"
    match outcome:
        case _ if not why:
            return outcome
        case Completed():
            return Failed(said)
        case Failed(reason):
            return replace(outcome, reason=f"{reason}; {said}")
        case Interrupted(_, detail):
            return replace(outcome, detail=f"{detail}; {said}" if detail else said)
        case _:
            return outcome


def _is_success(evidence: Evidence) -> bool:
    """A program without a result line is judged by its exit code; an interactive agent has none either."""
    silent = not evidence.has_protocol or evidence.executor == "tmux"
    return silent and evidence.exit_code == 0


def _was_killed_from_outside(evidence: Evidence) -> bool:
    """The container is over and its launcher did not get to say why, or was told to stop by somebody else."""
    if evidence.executor != "container":
        return False
    return evidence.launcher_reason == "stopped" or (
        evidence.launcher_reason is None and isinstance(evidence.look, Exited) and evidence.look.exit_code in (137, 143)
    )


def _claimed_failure(evidence: Evidence) -> str:
    claim = evidence.activity.claim
    text = claim.text if claim is not None else ""
    return clean_line(text, MOST_WORDS) or _failure(evidence)


def _failure(evidence: Evidence) -> str:
    claim = evidence.activity.claim
    if claim is not None and claim.stop_reason == "max_turn_requests":
        return "it reached the agent's own limit of turns"
    code = evidence.exit_code
    missing = _MISSING.search(evidence.last_words) if code == NOT_FOUND and evidence.executor == "container" else None
    if missing is not None:
        mend = f": {evidence.program_mend}" if evidence.program_mend else ""
        return f"its image has no {clean_line(missing[1], MOST_WORDS)}{mend}"
    if code is None:
        said = "it ended, and how was not recorded"
    elif code in SIGNALS:
        said = f"Agent was ended by {SIGNALS[code]}"
    else:
        said = f"Agent exited with code {code}"
        said += f" ({evidence.code_meaning})" if evidence.code_meaning else ""
    if code == 0:
        said = "Agent exited with code 0 without a result"
    words = _end_of(evidence.last_words)
    return f"{said}: {words}" if words else said


def _end_of(words: str) -> str:
    """A program says last what matters most."""
    line = clean_line(words)
    return line if len(line) <= MOST_WORDS else "…" + line[1 - MOST_WORDS :]
