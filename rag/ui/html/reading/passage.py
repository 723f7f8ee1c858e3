"""A passage as its card shows it: a sentence of it in plain words, and the whole, rendered as the viewer renders it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from rag.messages import Language
from rag.text.formulas import formulas
from rag.text.highlight import best_sentence, term_spans
from rag.text.reading import BlockKind, ReadingText
from rag.text.sentences import sentences
from rag.types import Chunk

from ..formulas import formula
from ..highlights import Highlights
from ..markdown import SafeRenderer, safe_parser
from ..markup import Span, joined
from .document import PassageRenderer, rendered

SENTENCE, BEGINNING = 320, 180
"""Characters shown of a sentence, and of a passage in which none stands out."""


@dataclass(frozen=True, slots=True)
class PassageView:
    """A passage for a card."""

    sentence: Markup
    """What the answer quotes first, else what fits best what it cites the passage for, or the query; else the start."""
    whole: Markup


@lru_cache(maxsize=512)  # a panel is drawn anew with every mark
def view(
    chunk: Chunk, query: str, quotes: tuple[tuple[int, Span], ...], language: Language, *, cited_for: str = ""
) -> PassageView:
    """A passage found with `query`; `quotes` are the answer's, with their characters in the passage.

    `cited_for` is what an answer says that cites the passage without quoting it.
    """
    read = chunk.reading
    best = best_sentence(query, read.text)
    quoted = _cited(read, quotes[0][1]) if quotes else None
    span = quoted or (best_sentence(cited_for, read.text) if cited_for else None) or best
    words = clipped(plain(read, span), SENTENCE) if span else beginning(chunk)
    terms = term_spans(query, chunk.text)
    typed = read.source_span(*best) if best else None
    highlights = Highlights(best=typed, terms=terms, quotes=dict(quotes))
    return PassageView(_in_words(words, query), whole(chunk, highlights, language))


def _in_words(words: str, query: str) -> Markup:
    """A sentence with the query's words marked and its formulas drawn."""
    highlights = Highlights(terms=term_spans(query, words))
    parts: list[Markup] = []
    last = 0
    for start, end in formulas(words):
        parts += [highlights.text(words[last:start], range(last, start)), formula(words[start:end])]
        last = end
    return joined([*parts, highlights.text(words[last:], range(last, len(words)))])


def whole(chunk: Chunk, highlights: Highlights, language: Language) -> Markup:
    """All of a passage, after what opens it, such as the head of its table."""
    lead = chunk.lead if not chunk.lead or chunk.lead.endswith(("\n", "\r")) else f"{chunk.lead}\n"
    return rendered(lead + chunk.text, highlights, language, PassageRenderer, start=-len(lead))


def beginning(chunk: Chunk, most: int = BEGINNING) -> str:
    """The first words below a passage's own headings, which stand over its card already."""
    read = chunk.reading
    below = next((block.start for block in read.blocks if block.kind is not BlockKind.HEADING), 0)
    return clipped(plain(read, (below, below + 4 * most)) or " ".join(chunk.text.split()), most)


def clipped(words: str, most: int) -> str:
    """The words, with an ellipsis where they had to be cut."""
    return words if len(words) <= most else f"{words[:most]}…"


def plain(read: ReadingText, span: Span) -> str:
    """The words of a reading text in one line, without the marks of emphasis and code."""
    start, end = span
    inside = [block for block in read.blocks if block.start < end and start < block.end]
    pieces = [(b.kind, read.text[max(start, b.start) : min(end, b.end)]) for b in inside]
    return " ".join(" ".join(p if kind is BlockKind.CODE else _unmarked(p) for kind, p in pieces).split())


def in_words(markdown: str) -> str:
    """Markdown in one line, without its marks; tags stay, since nothing a model says is out of sight."""
    pieces = (token.content if token.children is None else _shown(token) for token in _parser().parse(markdown))
    return " ".join(" ".join(pieces).split()) or " ".join(markdown.split())


def _unmarked(inline: str) -> str:
    return _shown(_parser().parseInline(inline)[0])


def _shown(inline: Token) -> str:
    return "".join(" " if child.type.endswith("break") else child.content for child in inline.children or [])


@cache
def _parser() -> MarkdownIt:
    return safe_parser(SafeRenderer)


def _cited(read: ReadingText, quote: Span) -> Span | None:
    """The sentences of a reading text in which a quote stands."""
    places = [i for i, origin in enumerate(read.origins) if quote[0] <= origin < quote[1]]
    if not places:
        return None
    found = [s for s in sentences(read.text) if s.start <= places[-1] and places[0] < s.end]
    return (found[0].start, found[-1].end) if found else (places[0], places[-1] + 1)
