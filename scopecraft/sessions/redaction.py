"""What scopecraft itself writes about a session holds none of the keys that are known here."""

from __future__ import annotations

from scopecraft.agents.base import dialect
from scopecraft.config.secrets import Secrets, gather_secrets, read_secrets_file
from scopecraft.errors import ScopecraftError
from scopecraft.model.event import Alert
from scopecraft.model.session import Session
from scopecraft.sessions.context import Context


def secrets_of(context: Context, session: Session) -> Secrets:
    """All of `config/secrets.env`, and what the session's agent takes from the environment. Never raises."""
    names: set[str] = set()
    try:
        names |= {*dialect(session.dialect).environment_names, *context.settings.agent(session.agent).pass_env}
        names |= set(read_secrets_file(context.home))
        return gather_secrets(context.home, context.environ, names)
    except ScopecraftError:
        # damaged settings must not keep a session from ending
        return Secrets({name: context.environ[name] for name in names if context.environ.get(name)})


def redacted_alert(alert: Alert, secrets: Secrets) -> Alert:
    return Alert(alert.code, secrets.redact(alert.text))
