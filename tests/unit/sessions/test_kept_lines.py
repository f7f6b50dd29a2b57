"""What is kept of a long text holds no part of a key."""

from __future__ import annotations

from scopecraft.config.secrets import Secrets
from scopecraft.sessions.redaction import kept_line

KEY = "sk-ant-0123456789"


def test_a_key_at_the_cut_is_not_kept_by_half() -> None:
    kept = kept_line(Secrets({"KEY": KEY}), f"{'x' * 90} {KEY} and more", 100)
    assert kept == f"{'x' * 90} [secret …"
