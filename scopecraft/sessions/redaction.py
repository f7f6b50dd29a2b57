"""What scopecraft itself writes about a session holds none of the keys that are known here."""

from __future__ import annotations

import contextlib

from scopecraft.agents.base import dialect_of_record
from scopecraft.config.secrets import Secrets, read_secrets_file
from scopecraft.errors import ScopecraftError
from scopecraft.model.event import Alert
from scopecraft.model.session import Session
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.kept_request import load_caller
from scopecraft.sessions.settle_facts import load_facts


def secrets_of(context: Context, session: Session) -> Secrets:
    """All of `config/secrets.env`, and what the session's agent takes, or took, from the environment.

    Of another caller's environment only until the agent has it: see `kept_request`.

    Never raises: damaged settings must not keep a session from ending, nor let a key out that the other file tells.
    """
    names: list[str] = []
    values: dict[str, str] = {}
    with contextlib.suppress(ScopecraftError):
        values |= read_secrets_file(context.home)
    with contextlib.suppress(ScopecraftError):
        names += load_facts(context.folder(session.id)).secret_names
    with contextlib.suppress(ScopecraftError):
        names += dialect_of_record(session.dialect).environment_names
        names += context.settings.agent(session.agent).pass_env
    values |= load_caller(context.folder(session.id).path)
    values |= {name: context.environ[name] for name in names if context.environ.get(name)}
    return Secrets(values)


def kept_line(secrets: Secrets, text: str, limit: int) -> str:
    """One safe line for the journal. Keys are taken out first: one that is cut off would not be known for one."""
    return clean_line(secrets.redact(text), limit)


def redacted_alert(alert: Alert, secrets: Secrets) -> Alert:
    return Alert(alert.code, secrets.redact(alert.text))
