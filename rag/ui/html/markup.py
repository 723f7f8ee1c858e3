"""Helpers every view needs: HTML that is known to be safe, numbers, times, icons."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from html import escape
from itertools import count
from string import Formatter
from typing import LiteralString, Protocol
from urllib.parse import urlsplit

from markupsafe import Markup

from rag.messages import Language, Reason, text
from rag.retrieval.source_names import base_called
from rag.types import StoredChunk

from ..i18n import say

Span = tuple[int, int]
"""Characters `[start, end)`."""

_BIDI_CONTROLS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Value = str | int | float
_as_markup = str.__new__
"""`Markup(...)` itself would look for other ways to be HTML first."""


class Shape(Protocol):
    """HTML with places for values. `Markup` is filled in as it is, everything else escaped."""

    def __call__(self, *values: Value, **named: Value) -> Markup: ...


@cache
def html(written: LiteralString) -> Shape:
    """HTML written in the program, with places `{}` or `{name}`, to be filled by a call.

    `Markup.format` does the same ten times as slowly, too slowly for an answer that is drawn anew with every few words.
    """
    parts = [(text.replace("%", "%%"), name) for text, name, _, _ in Formatter().parse(written)]
    pattern = "".join(text if name is None else f"{text}%s" for text, name in parts)
    numbers = count()
    order = [name or next(numbers) for _, name in parts if name is not None]

    def filled(*values: Value, **_: Value) -> Markup:
        safe = [value if type(value) is Markup else _escaped(value) for value in values]
        return _as_markup(Markup, pattern % tuple(safe))

    def filled_by_name(*values: Value, **named: Value) -> Markup:
        return filled(*[named[place] if isinstance(place, str) else values[place] for place in order])

    return filled_by_name if any(isinstance(place, str) for place in order) else filled


def esc(value: Value) -> Markup:
    """Text made safe between tags and inside quoted attributes; `Markup` as it is."""
    return value if type(value) is Markup else _as_markup(Markup, _escaped(value))


def joined(pieces: Iterable[Value], between: str = "") -> Markup:
    """Pieces in a row; they and what stands between them are escaped where they are no `Markup`."""
    safe = [piece if type(piece) is Markup else _escaped(piece) for piece in pieces]
    return _as_markup(Markup, str.join(esc(between), safe) if between else "".join(safe))


@lru_cache(maxsize=2048, typed=True)  # most of what is filled in comes again: classes, ids, numbers, names
def _escaped(value: Value) -> str:
    words = str(value)
    if not (words.isprintable() or words.replace("\n", "").isprintable()):
        words = _INVISIBLE.sub("\ufffd", words)
    return escape(words)


def button(
    kind: str, act: str, inside: Value, *, label: str = "", title: str = "", off: bool = False, **data: Value | None
) -> Markup:
    """A button of class `kind` that has the page's script do `act` with `data`; it does not work while `off`."""
    told = {f"data-{key}": value for key, value in data.items()}
    given = {"class": kind or None, "data-act": act, **told, "aria-label": label or None, "title": title or None}
    made = html('<button type="button"{} disabled>{}</button>') if off else html('<button type="button"{}>{}</button>')
    return made(attributes(given), inside)


def attributes(values: Mapping[str, Value | None]) -> Markup:
    """Attributes with their values, each after a blank; those without a value are left out."""
    given = {key: value for key, value in values.items() if value is not None}
    return _named(tuple(given))(*given.values())


@cache
def _named(names: tuple[str, ...]) -> Shape:
    return html("".join(f' {name}="{{}}"' for name in names))


def passage_button(kind: str, act: str, inside: Markup, of: StoredChunk, turn: int) -> Markup:
    """A button that tells which passage it is about, and beside which answer."""
    return button(kind, act, inside, turn=turn, base=of.collection, name=of.document, chunk=of.id)


def tool(act: str, sign: str, caption: Markup, *, size: int, off: bool = False, **data: Value | None) -> Markup:
    """A small button that shows an icon; its caption is spoken, and shown as a hint."""
    return button("tool", act, icon(sign, size=size), label=caption, title=caption, off=off, **data)


def warning(kind: str, said: Markup, *, size: int) -> Markup:
    """A line of class `kind` behind the sign of a warning."""
    return html('<p class="{}">{}<span>{}</span></p>')(kind, icon("warning", size=size), said)


_PATHS = {
    "mark": Markup(
        '<path d="M2.2 12S5.8 5.3 12 5.3 21.8 12 21.8 12 18.2 18.7 12 18.7 2.2 12 2.2 12Z"/>'
        '<path d="M8.8 10.3h6.400M8.8 13.7h4"/>'
    ),
    "theme": Markup('<circle cx="12" cy="12" r="7.5"/><path d="M12 4.5v15a7.5 7.5 0 0 0 0-15Z" fill="currentColor"/>'),
    "panel": Markup('<rect x="3.5" y="4.5" width="17" height="15" rx="2.5"/><path d="M14.5 4.5v15"/>'),
    "copy": Markup(
        '<rect x="8.5" y="8.5" width="11" height="11" rx="2"/>'
        '<path d="M5.5 15.5h-.5a1.5 1.5 0 0 1-1.5-1.5V5a1.5 1.5 0 0 1 1.5-1.5h9A1.5 1.5 0 0 1 15.5 5v.5"/>'
    ),
    "wrap": Markup('<path d="M4 6h16M4 12h12.5a3.5 3.5 0 0 1 0 7H13"/><path d="m15.5 16.5-2.5 2.5 2.5 2.5M4 18h5"/>'),
    "wide": Markup(
        '<path d="M9 5H4.5v14H9M15 5h4.5v14H15"/><path d="M8 12h8m-5.5-2.5L8 12l2.5 2.5m3-5L16 12l-2.5 2.5"/>'
    ),
    "retry": Markup('<path d="M4.5 12a7.5 7.5 0 1 1 2.3 5.4"/><path d="M4 19.5v-4.2h4.2"/>'),
    "edit": Markup('<path d="m14.5 5.5 4 4L8 20H4v-4L14.5 5.5Z"/>'),
    "close": Markup('<path d="m6 6 12 12M18 6 6 18"/>'),
    "previous": Markup('<path d="m14.5 6-6 6 6 6"/>'),
    "next": Markup('<path d="m9.5 6 6 6-6 6"/>'),
    "plus": Markup('<path d="M12 5v14M5 12h14"/>'),
    "talks": Markup('<path d="M4 6h16M4 12h16M4 18h10"/>'),
    "warning": Markup('<path d="M12 4 2.8 19.5h18.400L12 4Z"/><path d="M12 10v4.5M12 17.2v.1"/>'),
    "more": Markup('<path stroke-width="2.6" d="M5.5 12h.01M12 12h.01M18.5 12h.01"/>'),
    "clip": Markup('<path d="m20 11-8 8a4.600 4.600 0 0 1-6.500-6.500l8-8a3 3 0 0 1 4.300 4.300l-8 8"/>'),
    "pin": Markup('<path d="M9 4h6l-1 6 3.500 3.500h-11L10 10 9 4ZM12 13.500V20"/>'),
    "search": Markup('<circle cx="10.5" cy="10.5" r="6"/><path d="m15 15 5 5"/>'),
}


@cache
def icon(name: str, *, size: int = 18) -> Markup:
    """One of our line icons; decoration only, so it has no accessible name."""
    return html(
        '<svg class="icon" viewBox="0 0 24 24" width="{size}" height="{size}" fill="none" stroke="currentColor" '
        'stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>'
    )(_PATHS[name], size=size)


@lru_cache(maxsize=2048)
def name(value: str) -> Markup:
    """A file name or heading: escaped, and without the controls that turn the direction of the text around it."""
    return esc(_BIDI_CONTROLS.sub("\ufffd", value))


def t(key: str, language: Language, /, **values: Value) -> Markup:
    """A sentence of the page, escaped together with its values."""
    return esc(say(key, language, **values)) if values else _fixed(key, language)


@cache
def _fixed(key: str, language: Language) -> Markup:
    return esc(say(key, language))


def why(reason: Reason, language: Language) -> Markup:
    """The sentence of a reason, escaped together with its values."""
    return esc(text(reason, language))


def is_web(url: str) -> bool:
    """True if an address may become a link: http or https."""
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:  # such as an open bracket in the host
        return False


def milliseconds(value: float) -> str:
    """A duration such as `7 ms`, `340 ms` or `2.4 s`: three digits say enough."""
    return f"{value / 1000:.1f} s" if value >= 1000 else f"{value:.0f} ms"


def size(octets: int) -> str:
    """A number of bytes in B, KB or MB."""
    if octets < 1024:
        return f"{octets} B"
    return f"{octets / 1024:.1f} KB" if octets < 1024 * 1024 else f"{octets / 1024 / 1024:.1f} MB"


def moment(seconds: float) -> Markup:
    """A time in UTC that the page's script rewrites in the reader's own zone."""
    utc = time.gmtime(seconds)
    iso, shown = time.strftime("%Y-%m-%dT%H:%M:%SZ", utc), time.strftime("%Y-%m-%d %H:%M", utc)
    return html('<time datetime="{}">{}</time>')(iso, shown)


def source(stored: StoredChunk, language: Language) -> Markup:
    """The document that holds a passage, after its knowledge base where several were searched."""
    base = in_base(stored.base_name, language) if stored.base_name else ""
    return html('{}<bdi class="file">{}</bdi>')(base, name(stored.document))


def where(stored: StoredChunk, language: Language) -> Markup:
    """The document that holds a passage, and the headings it stands under."""
    return html('{} <span class="path">{}</span>')(source(stored, language), path(stored.chunk.heading_path))


def in_base(called: str, language: Language) -> Markup:
    """The name of a knowledge base, before that of a document in it."""
    shown = name(base_called(called, language))
    return html('<span class="in-base"><bdi>{}</bdi><span class="sep"> › </span></span>')(shown)


@lru_cache(maxsize=1024)
def path(headings: tuple[str, ...]) -> Markup:
    """A heading path with quiet separators."""
    between = Markup('<span class="sep" aria-hidden="true"> › </span>')
    return joined((html("<span>{}</span>")(name(h)) for h in headings), between)
