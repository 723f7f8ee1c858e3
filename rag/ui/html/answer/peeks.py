"""What a chip of an answer stands for at a glance: the sentence it cites, its source, its score."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from rag.citations.summary import cited_for, quotes_of
from rag.ledger import Search
from rag.messages import Language
from rag.types import Candidate

from ...state.turn import Turn
from ..markup import Span, html, joined, t, where
from ..reading import passage


def peeks(one: Turn, language: Language) -> Markup:
    """Hidden pieces for the page's script, one for each context the answer cites."""
    return joined(_peek(one, c, search, language) for c, search in _cited(one))


def _cited(one: Turn) -> Iterator[tuple[Candidate, Search]]:
    for search in one.searches:
        for c in search.contexts:
            if c.number in one.cited:
                yield c, search


def _peek(one: Turn, c: Candidate, search: Search, language: Language) -> Markup:
    words = passage.view(
        c.stored.chunk, search.query, quote_spans(one, c), language, cited_for=said_of(one, c)
    ).sentence
    score = html('<b title="{}">{}</b>')(t("score_short", language), f"{c.probability:.3f}") if c.probability else ""
    shown = html(
        '<template id="peek-{}-{}"><p class="peek-words">{}</p><p class="peek-from"><span>{}</span>{}</p></template>'
    )
    return shown(one.number, c.number or 0, words, where(c.stored, language), score)


def quote_spans(one: Turn, c: Candidate) -> tuple[tuple[int, Span], ...]:
    """Place of a quote in the ledger, and its span in the passage."""
    found = quotes_of(one.ledger, c.number) if one.ledger and c.number else []
    return tuple((position, (quote.start, quote.end)) for position, quote in found if quote.end)


def said_of(one: Turn, c: Candidate) -> str:
    """What the answer says that cites a context; "" for nothing."""
    return cited_for(one.ledger, c.number) if one.ledger and c.number else ""
