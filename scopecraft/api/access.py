"""Who may come in: programs by the home's token, browsers by a cookie that a one-time link was exchanged for.

The token is a file that only its person can read. A cookie is signed with it, so that a browser stays in over a
restart, and every browser is out when the file is removed.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from itsdangerous import BadSignature, TimestampSigner

from scopecraft.atomic import file_lock, replace_file
from scopecraft.config.paths import Home
from scopecraft.errors import StateUnreadable
from scopecraft.model import clock

TOKEN_FILE = "http.token"
CODE_SECONDS = 300.0
COOKIE_SECONDS = 30 * 86400
MOST_CODES = 64
_LEAST_CHARACTERS = 32


def token_file(home: Home) -> Path:
    return home.config / TOKEN_FILE


def read_token(home: Home) -> str:
    """The home's token, made when it has none. Raises StateUnreadable, StorageFailed and LockHeld."""
    file = token_file(home)
    with file_lock(file.with_suffix(".lock"), timeout=5):
        try:
            token = file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            token = secrets.token_urlsafe(32)
            replace_file(file, token.encode() + b"\n")
        except (OSError, UnicodeDecodeError) as error:
            raise StateUnreadable(f"{file} cannot be read", f"remove it for a new one: rm {file}") from error
    if len(token) < _LEAST_CHARACTERS:
        raise StateUnreadable(f"{file} holds no token", f"remove it for a new one: rm {file}")
    return token


@dataclass
class Access:
    """From any thread."""

    token: str = field(repr=False)
    cookie_name: str
    _codes: dict[str, float] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def of(cls, home: Home) -> Access:
        # one browser may be in several homes, and cookies do not tell ports apart
        return cls(read_token(home), f"scopecraft_{home.label}")

    def is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode("utf-8", "replace"), self.token.encode())

    def new_code(self) -> str:
        """For a link that lets one browser in, once, within five minutes."""
        code, now = secrets.token_urlsafe(24), time.monotonic()
        with self._lock:
            self._codes = {each: end for each, end in self._codes.items() if end > now}
            while len(self._codes) >= MOST_CODES:
                del self._codes[next(iter(self._codes))]
            self._codes[code] = now + CODE_SECONDS
        return code

    def redeem(self, code: str) -> str | None:
        """The cookie's value for a code that holds, which does not hold any more then."""
        with self._lock:
            end = self._codes.pop(code, 0.0)
        return self._signer.sign(secrets.token_urlsafe(12)).decode() if end > time.monotonic() else None

    def is_cookie(self, value: str) -> bool:
        """Signed here, and not too long ago. One from later than now is ours as well: the clock was set back."""
        try:
            _, signed_at = self._signer.unsign(value, return_timestamp=True)
        except BadSignature:
            return False
        return clock.now() - signed_at <= timedelta(seconds=COOKIE_SECONDS)

    @property
    def _signer(self) -> TimestampSigner:
        return TimestampSigner(self.token, salt="scopecraft.browser")
