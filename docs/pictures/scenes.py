"""What the played agent does: by the mission's title and the name of the step. Data only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scene:
    acts: tuple[tuple[str, ...], ...]
    cost_usd: float
    pause_seconds: float = 0.0
    failure: str = ""


GREETING = "Greet customers"
SEARCH = "Search that forgives typos"
TOML = "Move the settings to TOML"
LEAK = "Find the memory leak"
LIMITER = "Add a rate limiter"
FLAKY = "Mend the flaky checkout test"

GREETING_PLAN = """\
# Greet customers

1. `greeting(name)` in a file of its own, `shop/greeting.py`.
2. Nobody known: *Welcome to the tea shop*, as today.
3. A test for each of the two.
"""
GREETING_CODE = '''\
"""What a customer is greeted with."""


def greeting(name: str = "") -> str:
    return f"Welcome to the tea shop, {name}" if name else "Welcome to the tea shop"
'''
GREETING_TEST = """\
import unittest

from shop.greeting import greeting


class Greeting(unittest.TestCase):
    def test_a_customer_is_called_by_name(self):
        self.assertEqual(greeting("Grace"), "Welcome to the tea shop, Grace")

    def test_a_stranger_is_welcome_too(self):
        self.assertEqual(greeting(), "Welcome to the tea shop")
"""
SEARCH_PLAN = """\
# Search that forgives typos

The index holds names of teas only. A query that finds nothing is asked again, with one letter wrong.

1. `shop/search.py`: trigrams of each name, made once at the start.
2. At most five hits, the closest first.
3. A page `/search`, with the query in its title.
"""
SEARCH_EDITED = SEARCH_PLAN.replace("At most five hits", "At most **ten** hits").replace(
    "with one letter wrong.", "with one letter wrong; never with two."
)
SETTINGS_CODE = '''\
"""What can be chosen: in shop.toml, and over it in the environment."""

import os
import tomllib
from pathlib import Path

FILE = Path(os.environ.get("SHOP_SETTINGS", "shop.toml"))
CHOSEN = tomllib.loads(FILE.read_text()) if FILE.exists() else {}


def chosen(name: str, default: str) -> str:
    return os.environ.get(f"SHOP_{name.upper()}", str(CHOSEN.get(name, default)))


HOST = chosen("host", "127.0.0.1")
PORT = int(chosen("port", "8080"))
CURRENCY = chosen("currency", "EUR")
MAIL_FROM = chosen("mail_from", "tea@example.com")
'''
SETTINGS_FILE = """\
host = "127.0.0.1"
port = 8080
currency = "EUR"
"""
SETTINGS_TEST = """\
import unittest

from shop import settings


class Settings(unittest.TestCase):
    def test_the_file_is_read(self):
        self.assertEqual(settings.CURRENCY, "EUR")
"""
LIMITS_CODE = '''\
"""How often a client may ask: a bucket of tokens for each, which fills again with time."""

from dataclasses import dataclass


@dataclass
class Bucket:
    size: float
    per_second: float
    tokens: float
    at: float = 0.0

    def take(self, now: float) -> bool:
        """Whether there was a token."""
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.per_second)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
'''
LIMITS_TEST = """\
import unittest

from shop.limits import Bucket


class Limits(unittest.TestCase):
    def test_a_burst_is_let_in(self):
        bucket = Bucket(size=3, per_second=1, tokens=3)
        self.assertEqual([bucket.take(0) for _ in range(4)], [True, True, True, False])

    def test_it_fills_again(self):
        bucket = Bucket(size=3, per_second=1, tokens=0)
        self.assertTrue(bucket.take(1))

    def test_a_clock_that_goes_back_takes_nothing(self):
        bucket = Bucket(size=3, per_second=1, tokens=1, at=10)
        self.assertTrue(bucket.take(9))
"""
COMMIT = "git add -A && git commit -q -m '{}' && git log --oneline -1"
TESTS = "python3 -m unittest -v 2>&1 | sed -n 's/ (.*) / /p; /^Ran/p'"

SCENES: dict[tuple[str, str], Scene] = {
    (GREETING, "Plan"): Scene(
        (("says", "I look at what greets them today."), ("bash", "grep -rn Welcome shop"), ("plan", GREETING_PLAN)),
        0.08,
        0.5,
    ),
    (GREETING, "Build"): Scene(
        (
            ("says", "The plan is approved: first the greeting, then its tests."),
            ("write", "shop/greeting.py", GREETING_CODE),
            ("write", "tests/test_greeting.py", GREETING_TEST),
            ("bash", TESTS),
            ("bash", COMMIT.format("Greet customers by name")),
            ("says", "Customers are greeted by name, and it is committed."),
        ),
        0.31,
        1.0,
    ),
    (SEARCH, "Plan"): Scene((("read", "shop/gateway.py"), ("plan", SEARCH_PLAN)), 0.42),
    (TOML, "Plan"): Scene((("read", "shop/settings.py"), ("plan", "# Settings in TOML\n\nA file first.\n")), 0.27),
    (TOML, "Build"): Scene(
        (
            ("read", "shop/settings.py"),
            ("write", "shop/settings.py", SETTINGS_CODE),
            ("write", "shop.toml", SETTINGS_FILE),
            ("write", "tests/test_settings.py", SETTINGS_TEST),
            ("edit", "Makefile", "\tpython3 -m shop.gateway", "\tSHOP_SETTINGS=shop.toml python3 -m shop.gateway"),
            ("bash", TESTS),
            ("bash", COMMIT.format("Settings come from shop.toml")),
            ("says", "The settings come from `shop.toml` now; the environment still wins."),
        ),
        1.36,
    ),
    (LEAK, "Plan"): Scene((("bash", "ls shop"), ("plan", "# The leak\n\nMeasure, then mend.\n")), 0.19),
    (LEAK, "Build"): Scene(
        (
            ("says", "I let the shop run first, and look at its memory."),
            ("bash", "python3 -m shop.gateway"),
        ),
        0.74,
        failure="The shop ends before it serves a page: there is nothing here that I can measure.",
    ),
    (LIMITER, "Plan"): Scene(
        (("read", "shop/gateway.py"), ("plan", "# Rate limiter\n\nA bucket for each client.\n")), 0.38
    ),
    (LIMITER, "Build"): Scene(
        (
            ("says", "I begin with the way in, where every request comes through."),
            ("read", "shop/gateway.py"),
            ("bash", "git log --oneline -3 && ls shop tests"),
            ("says", "A bucket for each client, in a module of its own; time is an argument, so tests need no clock."),
            ("write", "shop/limits.py", LIMITS_CODE),
            ("write", "tests/test_limits.py", LIMITS_TEST),
            ("bash", f"{TESTS}; python3 -m unittest -q 2>/dev/null"),
            ("says", "Where the clock goes back, tokens are lost. Time never counts as less than none."),
            ("edit", "shop/limits.py", "(now - self.at)", "max(0.0, now - self.at)"),
            ("bash", "python3 -m unittest tests.test_limits 2>&1 | tail -n 3"),
            ("stays", "Three of three. Now the gateway: one bucket for each client, and forgetting old ones."),
        ),
        0.0,
        0.35,
    ),
    (FLAKY, "Plan"): Scene((("plan", "# Flaky\n"),), 0.1),
}
