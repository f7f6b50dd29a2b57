"""Markdown of agents on a page: it reads well, and nothing in it runs, loads or deceives."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest

from scopecraft.web.markdown import LONGEST, rendered

RUNS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<div onclick=alert(1)",
    "</p></article><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<style>@import url(//evil)</style>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<base href=//evil><form action=//evil><input name=a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "[x](//evil.example/p)",
    "[x](/\\evil.example)",
    "[x](/api/missions)",
    "[x](../../etc/passwd)",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    '[x](https://a.example "\' onmouseover=alert(1)")',
    "![x](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "![<img src=x onerror=alert(1)>](data:image/svg+xml,<svg onload=alert(1)>)",
    '```"><script>alert(1)</script>\nx\n```',
    "`<script>alert(1)</script>`",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62;",
)
HARMLESS = {"class", "title", "href", "rel", "role", "aria-label", "start", "style", "tabindex"}


class Elements(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(text: str) -> list[tuple[str, dict[str, str | None]]]:
    return Elements(rendered(text, {"research.md": "/m/x/files/research.md"}.get)).found


@pytest.mark.parametrize("text", RUNS)
def test_nothing_that_an_agent_writes_becomes_more_than_text(text: str) -> None:
    for around in ("{}", "# {}", "- {}\n  {}", "> {}", "**{}"):
        for tag, attributes in elements(around.replace("{}", text)):
            assert tag not in {"script", "img", "svg", "iframe", "style", "base", "form", "input", "math", "div"}
            assert set(attributes) <= HARMLESS
            assert re.match(r"https://a\.example", attributes.get("href") or "https://a.example")


def test_a_document_reads_as_it_is_meant() -> None:
    html = rendered("# Plan\n\n- [x] read\n- [ ] write\n\n| a |\n|--:|\n| 1 |\n\n~~old~~ gateway.py\n", lambda _: None)
    assert "<h3>Plan</h3>" in html  # the page has headings of its own
    assert 'aria-label="done"' in html and 'aria-label="to do"' in html
    assert '<td style="text-align:right">1</td>' in html
    assert "<s>old</s> gateway.py" in html  # a file name is no link


def test_a_link_leads_to_another_artifact_or_openly_out() -> None:
    out, inside = (
        attributes for tag, attributes in elements("[x](https://b.example) [y](./research.md)") if tag == "a"
    )
    assert out == {
        "href": "https://b.example",
        "class": "out",
        "title": "https://b.example",
        "rel": "noopener noreferrer",
    }
    assert inside["href"] == "/m/x/files/research.md"


def test_an_image_is_named_and_not_loaded() -> None:
    assert "image: shot https://b.example/x.png" in rendered("![shot](https://b.example/x.png)", lambda _: None)


@pytest.mark.parametrize("text", ["a \u202e b", "a &#8238; b", "`\u2066`", "[\u202e](https://a.example)", "\x1b[31m"])
def test_characters_that_reorder_text_or_steer_a_screen_are_written_out(text: str) -> None:
    html = rendered(text, lambda _: None)
    assert not set(html) & set("\u202e\u2066\x1b")
    assert "\\u20" in html or "\\x1b" in html


@pytest.mark.parametrize("text", ["![", "~~a", "|a|b|\n|-|-|\n"])
def test_no_text_keeps_the_server_busy(text: str) -> None:
    began = time.process_time()
    rendered((text * LONGEST)[:LONGEST], lambda _: None)
    assert time.process_time() - began < 4
