"""The server and its pages: ready, first view, from an event to twenty screens, what a growing log costs.

    python -m bench.server [--tabs N] [--seconds N]

The browser is a real Chromium, and so are supervisor and session. Needs a container engine, the default image and
Chromium.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from bench.measure import Figure, print_figures
from bench.supervisor import memory, share, supervising
from bench.workshop import Workshop, workshop
from scopecraft.config.paths import Home
from scopecraft.missions.folder import changing, save_mission
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.state.store import Store
from scopecraft.supervisor import client
from tests.support.browser import chromium
from tests.support.standing_missions import stand

ROUNDS = 15
LOG_TABS = 4
LOG_BYTES = 100 * 1024  # a second
_SETTINGS = '[agents.idle]\ncommand = ["sh", "-c", "exec sleep 3600"]\n'
_SEEN = """(words) => new Promise((found) => {
  const look = () => document.body.textContent.includes(words) && (found(Date.now()), true);
  const observer = new MutationObserver(() => look() && observer.disconnect());
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
})"""
_ROW_AT = """() => new Promise((found) => {
  const look = () => document.querySelector('[data-rows] [data-offset]') && (found(performance.now()), true);
  if (look()) return;
  const observer = new MutationObserver(() => look() && observer.disconnect());
  observer.observe(document, { subtree: true, childList: true });
})"""
_SCRIPT_BYTES = """() => performance.getEntriesByType('resource')
  .filter((each) => /[.]js([?]|$)/.test(each.name)).reduce((sum, each) => sum + each.encodedBodySize, 0)"""
_WRITER = """
import json, sys, time
begun, bytes_a_second, seconds, written, number = time.monotonic(), int(sys.argv[2]), int(sys.argv[3]), 0, 0
with open(sys.argv[1], "ab", buffering=0) as stream:
    while time.monotonic() - begun < seconds:
        while written < (time.monotonic() - begun) * bytes_a_second:
            words = {"type": "text", "text": f"line {number} " + "x" * 700}
            line = {"type": "assistant", "message": {"id": f"m{number}", "role": "assistant", "content": [words]}}
            written += stream.write(json.dumps(line).encode() + b"\\n")
            number += 1
        time.sleep(0.02)
"""


def ready_seconds() -> float:
    """From `sc up` until the first request is answered, libraries and all."""
    with workshop() as shop:
        began = time.monotonic()
        shop.sc("up")
        address = client.ask(Home(shop.home), "health")["http"]["address"]
        with urllib.request.urlopen(f"{address}/health", timeout=10) as answer:
            answer.read()
        taken = time.monotonic() - began
        shop.sc("down")
        return taken


@contextmanager
def let_in(browser: Browser, shop: Workshop) -> Iterator[tuple[BrowserContext, str]]:
    """A browser that is known there, and the address."""
    link = client.ask(Home(shop.home), "link")
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{link['address']}/login#{link['code']}")
    page.wait_for_url(f"{link['address']}/")
    page.close()
    try:
        yield context, str(link["address"])
    finally:
        context.close()


def first_view(browser: Browser) -> tuple[float, float]:
    """Of a mission with a log of 20 MB: milliseconds until its first row, and bytes of script until then."""
    with workshop() as shop, supervising(shop), _working(shop) as (mission_id, stream):
        _write(stream, 20 * 1024**2, 1)
        with let_in(browser, shop) as (context, address):
            taken, size = [], 0.0
            for _ in range(5):
                page = context.new_page()
                page.goto(f"{address}/m/{mission_id}", wait_until="commit")
                taken.append(float(page.evaluate(_ROW_AT)))
                size = float(page.evaluate(_SCRIPT_BYTES))
                page.close()
            return statistics.median(taken), size


def to_screens(browser: Browser, tabs: int) -> list[float]:
    """From the event's commit until each of the tabs shows what changed, in milliseconds."""
    with workshop() as shop, supervising(shop):
        home = Home(shop.home)
        mission = stand(home, "fix-login", "research")
        with let_in(browser, shop) as (context, address), Store.open(shop.home) as store:
            pages = [context.new_page() for _ in range(tabs)]
            for page in pages:
                page.goto(f"{address}/")
                page.get_by_text("Fix login").first.wait_for()
            delays: list[float] = []
            for number in range(ROUNDS):
                words = f"Fix login {number:03d} now"
                _await(pages, words)
                with changing(home, mission.id) as known:
                    save_mission(home, replace(known, title=words, updated_at=clock.to_text(clock.now())))
                store.append(Event(0, clock.to_text(clock.now()), "mission_moved", mission.id))
                began = time.time() * 1000
                delays += [float(page.evaluate("() => window.seen")) - began for page in pages]
                time.sleep(0.2)
            return delays


def _await(pages: list[Page], words: str) -> None:
    for page in pages:
        page.evaluate(f"(words) => {{ window.seen = ({_SEEN})(words); }}", words)


def growing_log(browser: Browser, seconds: int) -> tuple[float, float]:
    """Share of a core in percent and memory in MiB, with four tabs on a log that grows by 100 KB a second."""
    with (
        workshop() as shop,
        supervising(shop) as pid,
        _working(shop) as (mission_id, stream),
        let_in(browser, shop) as (context, address),
    ):
        for _ in range(LOG_TABS):
            page = context.new_page()
            page.goto(f"{address}/m/{mission_id}")
        writer = _writer(stream, LOG_BYTES, seconds + 4)
        time.sleep(2)
        used = share(pid, seconds)
        writer.wait()
        return used, memory(pid)


@contextmanager
def _working(shop: Workshop) -> Iterator[tuple[str, Path]]:
    """A mission whose session is a real container in which something sleeps, and its stream."""
    (shop.home / "config" / "settings.toml").write_text(_SETTINGS)
    shop.sc("run", "box", "--agent", "idle", "-m", "x", "--detach")
    with Store.open(shop.home) as store:
        session = store.live()[0]
    yield session.mission_id, shop.home / "sessions" / session.id / "stream.jsonl"
    shop.sc("stop", "box", "--now")


def _writer(stream: Path, bytes_a_second: int, seconds: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _WRITER, str(stream), str(bytes_a_second), str(seconds)])


def _write(stream: Path, size: int, seconds: int) -> None:
    _writer(stream, size // seconds, seconds).wait()


def figures(tabs: int, seconds: int) -> list[Figure]:
    ready = ready_seconds()
    with chromium() as browser:
        row, script = first_view(browser)
        delays = to_screens(browser, tabs)
        used, megabytes = growing_log(browser, seconds)
    p95 = statistics.quantiles(delays, n=20)[18]
    log = f"{LOG_TABS} tabs, a log that grows by 100 KB/s"
    return [
        Figure("sc up until the first request is answered", None, ready * 1000, "ms", "1,500 ms"),
        Figure("first view of a mission: script", None, script / 1024, "KB", "60 KB"),
        Figure("first view of a mission, log of 20 MB: its first row", None, row, "ms", "500 ms"),
        Figure(f"event -> {tabs} tabs show it, median", None, statistics.median(delays), "ms", ""),
        Figure(f"event -> {tabs} tabs show it, p95", None, p95, "ms", "100 ms"),
        Figure(f"{log}: share of a core", None, used, "%", "5 %"),
        Figure(f"{log}: memory of the supervisor", None, megabytes, "MB", "120 MB"),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What the server costs, and how soon screens show what happens.")
    parser.add_argument("--tabs", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    print_figures(figures(options.tabs, options.seconds))
