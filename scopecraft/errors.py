"""Every error that scopecraft raises on purpose.

    ScopecraftError
    |-- UsageProblem              the request itself is wrong                        exit 2
    |   |-- BadName               a task, project or session name that cannot be one
    |   |-- BadInput              an option or a file that makes no sense
    |   |-- BadSettings           a settings file that cannot be used
    |   `-- BadWorkflow           a workflow, role or batch file that cannot be used
    |-- Refused                   right request, wrong moment                         exit 3
    |   |-- NotFound              nothing by that name
    |   |-- Ambiguous             several things by that name
    |   |-- AlreadyRunning        a session of the mission lives
    |   |-- Overtaken             the mission has moved since it was looked at
    |   |-- LockHeld              another process is at the same thing for too long
    |   |-- RepositoryRefused     a repository that cannot carry a mission as it is
    |   |-- BranchBusy            the branch is checked out elsewhere
    |   |-- QueueFull             as many requests wait as may
    |   |-- TurnLost              a session was taken out of the queue before it began
    |   |-- Superseded            another supervisor has taken the home over
    |   |-- NotConfirmed          a repository's own settings that nobody has confirmed
    |   |-- UnsafeTree            the worktree's git pointer is not what the host wrote
    |   `-- CommitsRefused        what the agent committed did not pass the checks
    |-- ToolMissing               something that must be there is not                exit 4
    |   |-- GitMissing
    |   |-- TmuxMissing
    |   |-- EngineUnavailable     no engine, or it does not answer
    |   |-- ImageMissing
    |   |-- AgentMissing          the agent's program is not there
    |   `-- CredentialsMissing
    |-- OperationFailed           it was tried, and did not work                     exit 1
    |   |-- GitFailed
    |   |-- TmuxFailed
    |   |-- EngineFailed
    |   |-- StartFailed           the agent did not come to life
    |   |-- SetupFailed           a set-up or teardown command of a worktree failed
    |   |-- NotDelivered          a message or an answer did not reach the agent
    |   |-- MergeConflict         two branches change the same lines; nothing was merged
    |   |-- HostFailed            GitHub, or another host of the repository, refused or did not answer
    |   |-- NotPinned             a worktree's work could not be kept, so nothing was removed
    |   |-- ImageBuildFailed
    |   |-- SupervisorFailed      it could not be started, or did not answer
    |   |   `-- SupervisorBusy    it listens, and takes nobody up
    |   `-- StorageFailed         disk full, home not writable
    `-- StateUnreadable           a state file that cannot be read                   exit 1
        `-- StateTooNew           written by a newer scopecraft

A message says what happened in one sentence; the hint says what to do next. How a session ended is a value
(`scopecraft.model.session.Outcome`), not an exception.
"""

from __future__ import annotations


class ScopecraftError(Exception):
    """What happened, with a hint that says what to do about it.

    Args:
        message: one sentence, without a full stop at the end.
        hint: what to do next; empty when nothing can be said.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class UsageProblem(ScopecraftError):
    """The request itself is wrong."""

    exit_code = 2


class BadName(UsageProblem):
    """A name that cannot name a task, a project or a session."""


class BadInput(UsageProblem):
    """An option, a prompt or a file that makes no sense."""


class BadSettings(UsageProblem):
    """A settings file that cannot be used as it is."""


class BadWorkflow(UsageProblem):
    """A workflow, role or batch file that cannot be used; the message names file and path in it."""


class Refused(ScopecraftError):
    """The request is fine, but not as things stand."""

    exit_code = 3


class NotFound(Refused):
    """Nothing goes by that name."""


class Ambiguous(Refused):
    """Several things go by that name; the message lists them."""


class AlreadyRunning(Refused):
    """A session of the mission lives already."""


class Overtaken(Refused):
    """The mission is not any more as it was when the decision was made; somebody else moved it."""


class LockHeld(Refused):
    """Another process holds a lock for longer than we wait."""


class RepositoryRefused(Refused):
    """The repository cannot carry a mission as it is."""


class BranchBusy(Refused):
    """The branch is checked out somewhere else."""


class QueueFull(Refused):
    """As many requests wait as may; the message names the limits."""


class TurnLost(Refused):
    """A session that waited was taken out of the queue, or may not begin after all."""


class Superseded(Refused):
    """A supervisor that another one has taken over from may not start anything any more."""


class NotConfirmed(Refused):
    """A repository's own settings take effect only after a person has seen and confirmed them."""


class UnsafeTree(Refused):
    """The worktree's `.git` is not the pointer that the host wrote."""


class CommitsRefused(Refused):
    """What the agent committed did not pass the checks; the private git directory is kept."""


class ToolMissing(ScopecraftError):
    """Something that scopecraft needs is not there."""

    exit_code = 4


class GitMissing(ToolMissing):
    """No usable git."""


class TmuxMissing(ToolMissing):
    """No usable tmux."""


class EngineUnavailable(ToolMissing):
    """No container engine, or one that does not answer in time."""


class ImageMissing(ToolMissing):
    """The engine does not have the agent image."""


class AgentMissing(ToolMissing):
    """The agent's program is not installed where it should run."""


class CredentialsMissing(ToolMissing):
    """The agent has no key or token to work with."""


class OperationFailed(ScopecraftError):
    """It was tried, and it did not work."""


class GitFailed(OperationFailed):
    """A git command failed; the message carries its last words."""


class TmuxFailed(OperationFailed):
    """A tmux command failed."""


class EngineFailed(OperationFailed):
    """The engine refused or failed a request."""


class StartFailed(OperationFailed):
    """The agent died before it did anything; the message carries its last words."""


class SetupFailed(OperationFailed):
    """A set-up or teardown command failed or took too long; the message names its log."""


class NotDelivered(OperationFailed):
    """A message or an answer did not demonstrably reach the agent."""


class MergeConflict(OperationFailed):
    """Two branches change the same places; nothing was merged, and the message lists the files."""


class HostFailed(OperationFailed):
    """GitHub, or whatever hosts the repository, refused or did not answer."""


class NotPinned(OperationFailed):
    """A worktree's work could not be kept and read back, so nothing was removed."""


class ImageBuildFailed(OperationFailed):
    """The agent image could not be built."""


class SupervisorFailed(OperationFailed):
    """The home's supervisor could not be started, or did not answer."""


class SupervisorBusy(SupervisorFailed):
    """Somebody listens for the home, but takes nobody up."""


class StorageFailed(OperationFailed):
    """A file could not be written: disk full, or no permission."""


class StateUnreadable(ScopecraftError):
    """A state file cannot be read; it was moved aside, and the message says where."""


class StateTooNew(StateUnreadable):
    """The state was written by a newer scopecraft than this one."""
