"""Markdown of agents as a page shows it: nothing in it can run, load or deceive. See docs/decisions/0044.

Raw HTML stays text. Images are named and not loaded. A link leads to another artifact, or openly out of the house.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from urllib.parse import unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup, escape

from scopecraft.model.text import clean

LONGEST = 64 * 1024  # characters; a longer text is shown as it is written, since parsing holds up the server
_DEEPER = 2  # the page's own headings are above
_OUT = ("http://", "https://", "mailto:")
_TASKS = {"[ ] ": ("☐", "to do"), "[x] ": ("☑", "done"), "[X] ": ("☑", "done")}
_TAGS = {
    *("h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "s", "hr", "br"),
    *("a", "span", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "span": {"role", "aria-label", "title"},
    "ol": {"start"},
    "th": {"style"},
    "td": {"style"},
}
_CLASSES = {"span": {"task", "no-link", "no-image"}, "a": {"out"}}
# what scrolls sideways can be reached by keyboard
_SET = {"pre": {"tabindex": "0"}, "table": {"tabindex": "0"}}

Places = Callable[[str], str | None]


def rendered(text: str, place_of: Places) -> Markup:
    """Safe HTML. `place_of` has the address of a page for the name of an artifact that a link may lead to."""
    plain = clean(text.replace("\r\n", "\n"))
    html = _parser().render(plain, {"place_of": place_of})
    safe = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes={"http", "https", "mailto"},
        filter_style_properties={"text-align"},
        set_tag_attribute_values=_SET,
        link_rel="noopener noreferrer",
    )
    # once more: an entity such as &#8238; is a character only now
    return Markup(clean(safe))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    parser.enable(["table", "strikethrough"])
    parser.core.ruler.push("our_headings", _shift_headings)
    parser.core.ruler.push("our_tasks", _mark_tasks)
    parser.core.ruler.push("our_links", _lead_links)
    parser.add_render_rule("image", _image)
    parser.add_render_rule("task", _task)
    return parser


def _shift_headings(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + _DEEPER)}"


def _mark_tasks(state: StateCore) -> None:
    """`- [x] done` at the beginning of a point."""
    for at, token in enumerate(state.tokens[2:], 2):
        children = token.children or []
        if token.type != "inline" or state.tokens[at - 2].type != "list_item_open" or not children:
            continue
        first = children[0]
        mark = first.content[:4] if first.type == "text" else ""
        if mark in _TASKS:
            first.content = first.content[4:]
            children.insert(0, Token("task", "span", 0, content=mark))


def _lead_links(state: StateCore) -> None:
    place_of: Places = state.env["place_of"]
    for token in state.tokens:
        opened: list[Token] = []
        for child in token.children or ():
            if child.type == "link_open":
                _lead(child, place_of)
                opened.append(child)
            elif child.type == "link_close" and opened:
                child.tag = opened.pop().tag


def _lead(link: Token, place_of: Places) -> None:
    href = str(link.attrGet("href") or "")
    if href.lower().startswith(_OUT):
        link.attrs = {"href": href, "class": "out", "title": clean(unquote(href))}
        return
    place = place_of(unquote(href).removeprefix("./"))
    if place is not None:
        link.attrs = {"href": place}
        return
    link.tag = "span"  # a path of this very server, or of a host that it does not name
    link.attrs = {"class": "no-link", "title": f"leads nowhere here: {clean(unquote(href))}"}


def _image(_renderer: object, tokens: list[Token], at: int, _options: object, _env: object) -> str:
    token = tokens[at]
    words = " ".join(filter(None, (token.content, str(token.attrGet("src") or ""))))
    return f'<span class="no-image">image: {escape(clean(unquote(words))[:300])}</span>'


def _task(_renderer: object, tokens: list[Token], at: int, _options: object, _env: object) -> str:
    box, said = _TASKS[tokens[at].content]
    return f'<span class="task" role="img" aria-label="{said}">{box}</span> '
