"""Answers without a language model: the sentences of the contexts that answer best, letter by letter, each cited."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag.citations import markers as citations
from rag.protocols import Embedder
from rag.text.highlight import rarity
from rag.text.language import detect
from rag.text.markdown_spans import open_fence
from rag.text.sentences import Form, Sentence, sentences
from rag.text.terms import query_terms, terms
from rag.types import HEADING_SEPARATOR, Candidate

CONTEXTS = 3
"""Contexts quoted from: below them a sentence hardly ever answered."""
QUOTES = 3
MARGIN = 0.35
"""Quotes this far below the best one say nothing it does not say."""
OVERLAP = 0.3
"""Weight of the question's words a quote holds, beside its similarity."""
LATER_CONTEXT = 0.08
"""Cost of each place down the contexts: the reranker has read the whole passage, a single sentence says less."""
LATER_QUOTE = 0.01
"""Cost of each place inside a passage."""
OPENING = 0.05
"""Bonus of a passage's first quote: answers begin with the answer."""
POINTER = 0.1
"""Cost of a sentence that is mostly a link: `See [Limits](limits.md).`"""

_LINK = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")


@dataclass(frozen=True, slots=True)
class _Scored:
    """A quote of context number `number`, place `place` in it."""

    number: int
    place: int
    quote: QuotableSpan
    text: str
    score: float


class Extractive:
    """Answers from any embedder's vectors; in languages it does not know, from the words alone."""

    def __init__(self, embedder: Embedder, *, detect_language: Callable[[str], str] = detect) -> None:
        self._embedder = embedder
        self._detect_language = detect_language

    def answer(self, question: str, contexts: Sequence[Candidate]) -> Iterator[str]:
        """Yield the best quotes with their `[n]`, in the order of the contexts and of the text; nothing without any."""
        scored = self._scored(question, self._readable(question, contexts))
        best = sorted(scored, key=lambda s: -s.score)[:QUOTES]
        chosen = sorted((s for s in best if s.score >= best[0].score - MARGIN), key=lambda s: (s.number, s.place))
        before: _Scored | None = None
        for one in chosen:
            yield _separator(before, one) + _cited(one)
            before = one

    def _readable(self, question: str, contexts: Sequence[Candidate]) -> Sequence[Candidate]:
        """The contexts in the question's language; all of them where none is."""
        readable = (self._detect_language(question), "und")
        return [context for context in contexts if context.stored.language in readable] or contexts

    def _scored(self, question: str, contexts: Sequence[Candidate]) -> list[_Scored]:
        found = [
            (rank, place, context, quote)
            for rank, context in enumerate(contexts[:CONTEXTS])
            for place, quote in enumerate(quotes(context.stored.chunk.text))
        ]
        texts = [context.stored.chunk.text[quote.start : quote.end] for _, _, context, quote in found]
        titles = [HEADING_SEPARATOR.join(context.stored.chunk.heading_path) for _, _, context, _ in found]
        return [
            _Scored(
                context.number or rank + 1,
                place,
                quote,
                text,
                match - LATER_CONTEXT * rank + _standing(text, place),
            )
            for (rank, place, context, quote), text, match in zip(
                found, texts, self._matches(question, texts, titles), strict=True
            )
        ]

    def _matches(self, question: str, texts: Sequence[str], titles: Sequence[str]) -> list[float]:
        """Score of each quote as an answer: its similarity, read below its title, and the question's words in it."""
        if not texts:
            return []
        held = _overlap(question, texts)
        known = self._embedder.info.languages
        if known and self._detect_language(question) not in known:
            return held
        asked = self._embedder.embed_query(question, instruction="")[0]
        titled = [f"{title}\n{text}" if title else text for title, text in zip(titles, texts, strict=True)]
        similar = self._embedder.embed_documents(titled) @ asked
        return [float(cosine) + OVERLAP * share for cosine, share in zip(similar, held, strict=True)]


def _standing(text: str, place: int) -> float:
    """Gain (or loss, below 0) of a quote for where it stands and what it is."""
    linked = sum(len(label) for label in _LINK.findall(text))
    pointer = linked > 0.4 * len(_LINK.sub(r"\1", text))
    return (OPENING if place == 0 else 0.0) - LATER_QUOTE * place - (POINTER if pointer else 0.0)


def _overlap(question: str, texts: Sequence[str]) -> list[float]:
    """Share of the question's words in each text, from 0 to 1, rare ones counting more."""
    asked = query_terms(question)
    held = [frozenset(terms(text)) for text in texts]
    weights = rarity(asked, held)
    total = sum(weights.values())
    return [sum(weights[t] for t in asked if t in found) / total if total else 0.0 for found in held]


def _separator(before: _Scored | None, one: _Scored) -> str:
    if before is None:
        return ""
    inline = before.number == one.number and not before.quote.is_block and not one.quote.is_block
    return " " if inline else "\n\n"


def _cited(one: _Scored) -> str:
    """The quote and its number. Brackets the document itself has must not look like citations of ours."""
    text = one.text
    for marker in reversed(citations.markers(text)):
        text = f"{text[: marker.start]}\\{text[marker.start :]}"
    fence = open_fence(text)
    closed = f"{text}\n{fence}" if fence else text
    return f"{closed}\n\n[{one.number}]" if one.quote.is_block else f"{closed} [{one.number}]"


SHORT = 25
"""Letters; an ideograph counts as three. A shorter sentence (`Yes.`) says something only with the next one."""
LONGEST = 1200
"""Characters. More list items or code are not attached to their introduction."""
_WHOLE = (Form.CODE, Form.TABLE)


@dataclass(frozen=True, slots=True)
class QuotableSpan:
    """Characters `[start, end)` of a passage. `is_block`: it must stand on lines of its own."""

    start: int
    end: int
    is_block: bool


def quotes(text: str) -> list[QuotableSpan]:
    """The spans of `text` that can be quoted, in order; headings cannot."""
    pieces = [piece for piece in sentences(text) if piece.form is not Form.HEADING]
    found: list[QuotableSpan] = []
    at = 0
    while at < len(pieces):
        last = _last_of_quote(text, pieces, at)
        is_block = any(p.form in _WHOLE for p in pieces[at : last + 1]) or pieces[last].block != pieces[at].block
        found.append(QuotableSpan(pieces[at].start, pieces[last].end, is_block))
        at = last + 1
    return found


def _last_of_quote(text: str, pieces: Sequence[Sentence], at: int) -> int:
    """Position of the last piece that belongs to the quote beginning at `at`."""
    last, first = at, pieces[at]
    if first.form in _WHOLE:
        return at
    while (
        _letters(text[first.start : pieces[last].end]) < SHORT
        and last + 1 < len(pieces)
        and pieces[last + 1].block == first.block
    ):
        last += 1
    if not text[: pieces[last].end].endswith((":", "：")):
        return last
    return _last_attached(pieces, first, last)


def _last_attached(pieces: Sequence[Sentence], first: Sentence, last: int) -> int:
    """The end of the list, or the code block or table, that an introduction ending in a colon introduces."""
    following = last + 1
    if following < len(pieces) and pieces[following].form in _WHOLE:
        return following if pieces[following].end - first.start <= LONGEST else last
    while (
        following < len(pieces)
        and pieces[following].form is Form.ITEM
        and pieces[following].end - first.start <= LONGEST
    ):
        last = following
        following += 1
    return last


def _letters(text: str) -> int:
    return sum(1 if character.isascii() else 3 for character in text)
