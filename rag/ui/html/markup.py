"""Helpers every view needs: escaping, numbers, times, marked passages, icons."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from urllib.parse import urlsplit

from rag.messages import Language, Reason, text
from rag.retrieval.source_names import base_called
from rag.types import StoredChunk

from ..i18n import say

Span = tuple[int, int]
"""Characters `[start, end)`."""

_BIDI_CONTROLS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

_PATHS = {
    "mark": '<path d="M2.2 12S5.8 5.3 12 5.3 21.8 12 21.8 12 18.2 18.7 12 18.7 2.2 12 2.2 12Z"/>'
    '<path d="M8.8 10.3h6.400M8.8 13.7h4"/>',
    "theme": '<circle cx="12" cy="12" r="7.5"/><path d="M12 4.5v15a7.5 7.5 0 0 0 0-15Z" fill="currentColor"/>',
    "panel": '<rect x="3.5" y="4.5" width="17" height="15" rx="2.5"/><path d="M14.5 4.5v15"/>',
    "copy": '<rect x="8.5" y="8.5" width="11" height="11" rx="2"/>'
    '<path d="M5.5 15.5h-.5a1.5 1.5 0 0 1-1.5-1.500V5a1.5 1.5 0 0 1 1.5-1.5h9A1.5 1.5 0 0 1 15.5 5v.5"/>',
    "retry": '<path d="M4.5 12a7.5 7.5 0 1 1 2.3 5.4"/><path d="M4 19.5v-4.2h4.2"/>',
    "edit": '<path d="m14.5 5.5 4 4L8 20H4v-4L14.5 5.500Z"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "previous": '<path d="m14.5 6-6 6 6 6"/>',
    "next": '<path d="m9.5 6 6 6-6 6"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "talks": '<path d="M4 6h16M4 12h16M4 18h10"/>',
    "warning": '<path d="M12 4 2.8 19.5h18.400L12 4Z"/><path d="M12 10v4.500M12 17.2v.1"/>',
    "more": '<path stroke-width="2.6" d="M5.5 12h.01M12 12h.01M18.5 12h.01"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6"/><path d="m15 15 5 5"/>',
}


def icon(name: str, *, size: int = 18) -> str:
    """One of our line icons; decoration only, so it has no accessible name."""
    return (
        f'<svg class="icon" viewBox="0 0 24 24" width="{size}" height="{size}" fill="none" stroke="currentColor" '
        f'stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{_PATHS[name]}</svg>'
    )


def esc(value: object) -> str:
    """Text made safe between tags and inside quoted attributes."""
    return html.escape(_INVISIBLE.sub("\ufffd", str(value)), quote=True)


def name(value: str) -> str:
    """A file name or heading: escaped, and without the controls that turn the direction of the text around it."""
    return esc(_BIDI_CONTROLS.sub("\ufffd", value))


def t(key: str, language: Language, /, **values: str | int | float) -> str:
    """A sentence of the page, escaped together with its values."""
    return esc(say(key, language, **values))


def why(reason: Reason, language: Language) -> str:
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


def moment(seconds: float) -> str:
    """A time in UTC that the page's script rewrites in the reader's own zone."""
    utc = time.gmtime(seconds)
    iso = time.strftime("%Y-%m-%dT%H:%M:%SZ", utc)
    return f'<time datetime="{iso}">{time.strftime("%Y-%m-%d %H:%M", utc)}</time>'


def source(stored: StoredChunk, language: Language) -> str:
    """The document that holds a passage, after its knowledge base where several were searched."""
    file = f'<bdi class="file">{name(stored.document)}</bdi>'
    return f"{in_base(stored.base_name, language)}{file}" if stored.base_name else file


def in_base(called: str, language: Language) -> str:
    """The name of a knowledge base, before that of a document in it."""
    return f'<span class="in-base"><bdi>{name(base_called(called, language))}</bdi><span class="sep"> › </span></span>'


def path(headings: Sequence[str]) -> str:
    """A heading path with quiet separators."""
    return '<span class="sep" aria-hidden="true"> › </span>'.join(f"<span>{name(h)}</span>" for h in headings)


def marked(source: str, *, best: Span | None, terms: Sequence[Span], quotes: Mapping[int, Span] | None = None) -> str:
    """The source with its best sentence, the question's words and the answer's quotes marked.

    Spans are of the raw, unescaped text. `quotes` are by their number, which the marks carry.
    """
    inside = [(max(0, a), min(len(source), b)) for a, b in terms]
    inside = [(a, b) for a, b in inside if a < b]
    quoted = quotes or {}
    cuts = {0, len(source), *(x for span in (*inside, *quoted.values()) for x in span), *(best or ())}
    edges = sorted(x for x in cuts if 0 <= x <= len(source))
    said = _covered(edges, dict(enumerate(inside)))
    cited = _covered(edges, quoted)
    out: list[str] = []
    for start, end in pairwise(edges):
        piece = esc(source[start:end])
        if said[start]:
            piece = f'<mark class="term">{piece}</mark>'
        if numbers := " ".join(map(str, cited[start])):
            piece = f'<mark class="quote" data-quotes="{numbers}">{piece}</mark>'
        if best and best[0] <= start and end <= best[1]:
            piece = f'<mark class="best">{piece}</mark>'
        out.append(piece)
    return "".join(out)


def _covered(edges: Sequence[int], spans: Mapping[int, Span]) -> dict[int, tuple[int, ...]]:
    """Edge -> numbers of the spans, in their order, that go on from there. Every span begins and ends at an edge."""
    order = {number: position for position, number in enumerate(spans)}
    begin: dict[int, list[int]] = {}
    for number, (start, _) in spans.items():
        begin.setdefault(max(0, start), []).append(number)
    going_on: list[int] = []
    covered: dict[int, tuple[int, ...]] = {}
    for edge in edges:
        going_on = [number for number in [*going_on, *begin.get(edge, ())] if spans[number][1] > edge]
        covered[edge] = tuple(sorted(going_on, key=order.__getitem__))
    return covered


def clipped(source: str, span: Span, terms: Sequence[Span], *, limit: int = 320) -> str:
    """The span alone, its terms marked, with an ellipsis where it had to be cut."""
    start, end = span
    cut = min(end, start + limit)
    body = marked(source[start:cut], best=None, terms=[(a - start, b - start) for a, b in terms])
    return body + ("…" if cut < end else "")
