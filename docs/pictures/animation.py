"""What a terminal showed, as an SVG that plays by itself: a strip of frames, moved on by CSS.

It plays where a page shows it as a picture, without any script; whoever wants no motion sees the last frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from recording import HEIGHT, WIDTH, Shown
from rich.ansi import AnsiDecoder
from rich.color import Color
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

CELL, LINE, FONT = 8.4, 19, 14  # pixels
PADDING, BAR = 14, 34
KEY_SECONDS, SHORT_SECONDS = 0.07, 0.5  # what comes sooner than that is typed or drawn, and how fast this machine is
LONGEST_SECONDS, LAST_SECONDS, WHOLE_SECONDS = (
    1.1,
    3.0,
    30.0,
)  # is no matter; nothing happens for no longer than the longest
THEME = TerminalTheme(
    (16, 20, 28),
    (216, 222, 233),
    [(59, 66, 82), (229, 105, 108), (120, 190, 110), (224, 180, 90), (100, 155, 240), (185, 135, 220), (90, 190, 195),
     (216, 222, 233)],
    [(110, 120, 140), (240, 130, 132), (150, 210, 135), (240, 200, 120), (135, 180, 250), (205, 160, 235),
     (125, 210, 215), (240, 244, 250)],
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    until: float  # seconds from the beginning
    shown: Shown


def animated(shown: Sequence[Shown]) -> str:
    return "".join(_svg(_timed(shown)))


def still(shown: Shown) -> str:
    return "".join(_svg([Frame(LAST_SECONDS, shown)]))


def _timed(shown: Sequence[Shown]) -> list[Frame]:
    """At a speed that one can follow, with the waits cut short."""
    frames, at = [], 0.0
    for this, following in pairwise(shown):
        seconds = following.at - this.at
        at += min(seconds, KEY_SECONDS if seconds < SHORT_SECONDS else LONGEST_SECONDS)
        frames.append(Frame(at, this))
    return [*frames, Frame(at + LAST_SECONDS, shown[-1])]


def _svg(frames: Sequence[Frame]) -> Iterator[str]:
    width, height = round(WIDTH * CELL + 2 * PADDING), HEIGHT * LINE + BAR + PADDING
    lines = list(dict.fromkeys(line for frame in frames for line in _drawn(frame.shown) if line))
    names = {line: f"l{number}" for number, line in enumerate(lines)}
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
    yield f"<style>{_style(frames)}</style>\n<defs>\n"
    yield from (f'<g id="{names[line]}">{line}</g>\n' for line in lines)
    yield f'</defs>\n<rect width="{width}" height="{height}" rx="8" fill="{_hex(THEME.background_color)}"/>\n'
    yield from (f'<circle cx="{18 + 18 * at}" cy="17" r="5" fill="#3b4252"/>\n' for at in range(3))
    yield f'<svg x="{PADDING}" y="{BAR}" width="{width - 2 * PADDING}" height="{HEIGHT * LINE}"><g class="strip">\n'
    for number, frame in enumerate(frames):
        yield f'<g transform="translate(0 {number * HEIGHT * LINE})">{_frame(frame.shown, names)}</g>\n'
    yield "</g></svg>\n</svg>\n"


def _style(frames: Sequence[Frame]) -> str:
    """Each frame for its time; without motion the last one."""
    look = (
        f"svg{{font:{FONT}px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}}"
        "text{white-space:pre}"
    )
    if len(frames) == 1:
        return look
    whole, tall = frames[-1].until, HEIGHT * LINE
    starts = [0.0, *(frame.until for frame in frames[:-1])]
    moves = "".join(
        f"{100 * start / whole:.3f}%{{transform:translateY(-{number * tall}px)}}" for number, start in enumerate(starts)
    )
    last = f"transform:translateY(-{(len(frames) - 1) * tall}px)"
    return (
        f"{look}.strip{{{last};animation:play {min(whole, WHOLE_SECONDS):.2f}s steps(1,end) infinite}}"
        f"@media (prefers-reduced-motion:reduce){{.strip{{animation:none}}}}"
        f"@keyframes play{{{moves}100%{{{last}}}}}"
    )


def _frame(shown: Shown, names: dict[str, str]) -> str:
    parts = [f'<use href="#{names[line]}" y="{row * LINE}"/>' for row, line in enumerate(_drawn(shown)) if line]
    if shown.cursor is not None:
        x, y = shown.cursor
        at = f'x="{x * CELL:.1f}" y="{y * LINE + 1}" width="{CELL}" height="{LINE - 2}"'
        parts.append(f'<rect {at} fill="{_hex(THEME.foreground_color)}" opacity=".6"/>')
    return "".join(parts)


def _drawn(shown: Shown) -> list[str]:
    # one decoder for all lines: tmux says only what changes from one to the next
    decoder = AnsiDecoder()
    return [_line(decoder.decode_line(line)) for line in shown.lines]


def _line(text: Text) -> str:
    """What stands behind, then the words; each as wide as its cells, whatever the font."""
    behind, words, column = [], [], 0
    for piece, style in _pieces(text):
        front, back = _colours(style)
        x, width = f"{column * CELL:.1f}", f"{len(piece) * CELL:.1f}"
        if back:
            behind.append(f'<rect x="{x}" width="{width}" height="{LINE}" fill="{back}"/>')
        if piece.strip():
            words.append(_words(piece, x, front, style))
        column += len(piece)
    return "".join((*behind, *words))


def _words(piece: str, x: str, front: str, style: Style) -> str:
    kept = piece.rstrip()
    marks = f' fill="{front}"' + (' font-weight="bold"' if style.bold else "") + (' opacity=".65"' if style.dim else "")
    if style.underline:
        marks += ' text-decoration="underline"'
    length = quoteattr(f"{len(kept) * CELL:.1f}")
    return f'<text x="{x}" y="14" textLength={length}{marks}>{escape(kept)}</text>'


def _pieces(text: Text) -> Iterator[tuple[str, Style]]:
    """Runs of one style."""
    marks = sorted({0, len(text.plain), *(edge for span in text.spans for edge in (span.start, span.end))})
    for start, end in pairwise(marks):
        here = [span.style for span in text.spans if span.start <= start < span.end]
        yield text.plain[start:end], Style.combine([Style.null(), *(each for each in here if isinstance(each, Style))])


def _colours(style: Style) -> tuple[str, str | None]:
    front = _hex(style.color.get_truecolor(THEME)) if _is_set(style.color) else _hex(THEME.foreground_color)
    back = _hex(style.bgcolor.get_truecolor(THEME, foreground=False)) if _is_set(style.bgcolor) else None
    if style.reverse:
        return back or _hex(THEME.background_color), front
    return front, back


def _is_set(colour: Color | None) -> bool:
    return colour is not None and not colour.is_default


def _hex(colour: Sequence[int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
