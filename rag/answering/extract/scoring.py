"""Scores of quotes as answers to a question: meaning, words, and where a quote stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rag.protocols import Embedder, Reranker
from rag.text.highlight import rarity
from rag.text.language import UNDETERMINED
from rag.text.question import bare
from rag.text.reading import BlockKind
from rag.text.terms import query_terms, terms
from rag.types import HEADING_SEPARATOR, PassagePart, Vectors

from .excerpts import Excerpt
from .units import Passage, Unit
from .wording import ended, leads, points, refers

EMBEDDED = 12
"""Quotes whose vectors are made: the best by their words and place. More cost time and hardly ever answered."""
LONGEST_EMBEDDED = 240
"""Characters of a quote that are embedded: a long list or code is told by its beginning."""
UNRELATED = (
    "The gardener watered the roses before breakfast.",
    "Two swans crossed the lake at dusk.",
    "她昨天在海边捡了三个贝壳。",
)
"""What no question is about. Some models give any two texts a similarity of 0.8: what counts is what is above that."""
OVERLAP = 0.3
"""Weight of the question's words a quote holds, beside its similarity."""
BELOW_HEADING = 0.1
"""Weight of the question's words that the headings over a quote hold."""
LABELLED = 0.15
"""Weight of the question's words in the label of a quote's tab or admonition."""
LATER_CONTEXT = 0.05
"""Cost of each place down the contexts: the reranker has read the whole passage, a single sentence says less."""
LATER_QUOTE = 0.01
"""Cost of each place inside a passage."""
OPENING = 0.05
"""Bonus of a passage's first quote: answers begin with the answer."""
POINTER = 0.15
"""Cost of a sentence that is mostly a link, or says where to read on: `See [Limits](limits.md).`"""
FOREIGN = 0.15
"""Cost of a passage in another language than the question's."""
ECHO = 0.5
"""Cost of a caption that says no more than the question does: the answer is what follows it."""
SAME_WORDS = 0.85
"""Share of the question's words, and of its own, from which a sentence echoes the question."""
UNRESOLVED = 0.08
"""Cost of a sentence that refers to one that does not stand before it."""
JUDGED = 0.05
"""Weight of the log-odds that a quote by itself answers, where a reranker judges it. Of 72 questions about 403 pages 51
answers then open with the fact instead of 48; with 0.1 and more the quotes that are added hold fewer of them."""
SUREST = 4.0
"""Log-odds beyond which a quote is not better or worse."""
CHANGE = 0.15
"""Cost of a line of a change log, which ends in the number of its issue: it says what was, not what is."""
BARE_CODE = 0.05
"""Cost of code of which no sentence says what it does."""
FIGURE = 0.06
"""Bonus of a figure where the question asks for a number."""

_NUMBER_WANTED = re.compile(
    r"\b(?:how (?:many|much|long|often|large|big|far|old|fast|high|deep)"
    r"|what (?:is|are) the (?:default|max|min|limit)\w*|maximum|minimum"
    r"|default (?:value|port|size)|price|cost|when|which (?:year|port|version))\b"
    r"|多少|多久|多长|多大|多高|几|默认值|上限|最大|最多|最小|至少|什么时候|何时|哪一?年",
    re.IGNORECASE,
)
_CHANGE = re.compile(r"(?<![\w/])#\d{2,}\b")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Scored:
    """A quote with its score, and what of it says that the question is answered."""

    excerpt: Excerpt
    score: float
    share: float
    """Share of the question's words that it, its label and its headings hold, rare ones counting more."""
    similar: float | None
    """Its similarity to the question; None where the model does not know the language."""
    foreign: bool = False
    """True if its passage is in another language than the question."""
    log_odds: float | None = None
    """Log-odds that the quote by itself answers; None where nobody judges it."""


class Scoring:
    """Scores by any embedder's vectors; in languages it does not know, by the words alone. `judge` reads quotes."""

    def __init__(
        self, embedder: Embedder, detect_language: Callable[[str], str], judge: Reranker | None = None
    ) -> None:
        self._embedder = embedder
        self._judge = judge
        self._detect_language = detect_language

    def scored(
        self, question: str, offered: Sequence[Excerpt], found: Sequence[Passage], language: str
    ) -> list[Scored]:
        """The quotes with their scores, the best first; those that have no chance are left out.

        `language` is the one it was asked in.
        """
        if not offered:
            return []
        asked = _asked(question)
        held = [frozenset(terms(one.text)) for one in offered]
        over = [frozenset(terms(f"{one.units[0].path} {one.units[0].label}")) for one in offered]
        weights = rarity(asked, [h | o for h, o in zip(held, over, strict=True)])
        shares = [_share(asked, weights, h) for h in held]
        wholes = [_share(asked, weights, h | o) for h, o in zip(held, over, strict=True)]
        labels = [_share(asked, weights, frozenset(terms(one.units[0].label))) for one in offered]
        basis = [
            OVERLAP * share
            + BELOW_HEADING * (whole - share)
            + LABELLED * label
            + _standing(question, one, found[one.passage], asked, words)
            for one, share, whole, label, words in zip(offered, shares, wholes, labels, held, strict=True)
        ]
        foreign = self._foreign(language, found)
        basis = [gain - FOREIGN * foreign[one.passage] for one, gain in zip(offered, basis, strict=True)]
        order = sorted(range(len(offered)), key=lambda i: -basis[i])[:EMBEDDED]
        similar = self._similarity(question, [offered[i] for i in order])
        judged = self._judged(question, [offered[i] for i in order])
        rated = [
            Scored(
                offered[i],
                basis[i] + (shares[i] if s is None else s) + JUDGED * max(-SUREST, min(SUREST, odds or 0.0)),
                wholes[i],
                s,
                foreign[offered[i].passage],
                odds,
            )
            for i, s, odds in zip(order, similar, judged, strict=True)
        ]
        return sorted(rated, key=lambda one: -one.score)

    def _judged(self, question: str, offered: Sequence[Excerpt]) -> list[float | None]:
        """Log-odds of each quote, read below its heading; None where nobody judges."""
        if self._judge is None:
            return [None] * len(offered)
        odds = dict(self._judge.score(question, [_titled(one) for one in offered], instruction=""))
        return [odds.get(at) for at in range(len(offered))]

    def _foreign(self, language: str, found: Sequence[Passage]) -> list[bool]:
        """For each passage whether it is in another language than the question, by its own words: code has none."""
        own = [self._detect_language("\n".join(_written(unit) for unit in passage)) for passage in found]
        return [each not in (language, UNDETERMINED) for each in own]

    def _similarity(self, question: str, offered: Sequence[Excerpt]) -> Sequence[float | None]:
        """Similarity of each quote, read below its heading, to the question, above that of what is not related to it;
        None where the model does not know the question's language."""
        known = self._embedder.info.languages
        if known and self._detect_language(question) not in known:
            return [None] * len(offered)
        texts = [_titled(one) for one in offered]
        asked = self._embedder.embed_query(question, instruction="")[0]
        base = float(np.mean(self._unrelated @ asked))
        return [(float(cosine) - base) / (1 - base) for cosine in self._embedder.embed_documents(texts) @ asked]

    @cached_property
    def _unrelated(self) -> Vectors:
        return self._embedder.embed_documents([PassagePart.of(text, text) for text in UNRELATED])


def _asked(question: str) -> list[str]:
    """The terms of a question; single ideographs only where it has nothing longer."""
    found = query_terms(bare(question))
    return [term for term in found if len(term) > 1 or term.isascii()] or found


def _titled(one: Excerpt) -> PassagePart:
    heading = one.units[0].path.rpartition(HEADING_SEPARATOR)[2]
    title = " ".join(part for part in (heading, one.units[0].label) if part)
    text = "\n".join(_written(unit) for unit in one.units)[:LONGEST_EMBEDDED]
    return PassagePart.of(f"{title}\n{text}" if title else text, one.units[0].passage)


def _written(unit: Unit) -> str:
    """A unit as a document has it: what stands between fences says nothing of the language."""
    return f"```\n{unit.text}\n```" if unit.kind is BlockKind.CODE else unit.text


def _share(asked: Sequence[str], weights: dict[str, float], held: frozenset[str]) -> float:
    total = sum(weights.values())
    return sum(weights[term] for term in asked if term in held) / total if total else 0.0


def _standing(question: str, one: Excerpt, passage: Passage, asked: Sequence[str], words: frozenset[str]) -> float:
    """Gain (or loss, below 0) of a quote for where it stands and what it is."""
    gain = OPENING if one.first == 0 else 0.0
    gain -= LATER_QUOTE * one.first + LATER_CONTEXT * one.units[0].place
    if len(one.units) == 1 and points(one.units[0]):
        gain -= POINTER
    if all(unit.kind is BlockKind.CODE for unit in one.units):
        gain -= BARE_CODE
    if not _CHANGE.search(question) and all(_CHANGE.search(unit.text) for unit in one.units if not leads(unit)):
        gain -= CHANGE
    if _echoes(one, asked, words):
        gain -= ECHO
    if refers(one.units[0]) and one.first > 0:
        gain -= UNRESOLVED
    if _NUMBER_WANTED.search(question) and _DIGIT.search(one.text):
        gain += FIGURE
    return gain


def _echoes(one: Excerpt, asked: Sequence[str], words: frozenset[str]) -> bool:
    if len(one.units) > 1 or not words or ended(one.units[0]):
        return False
    telling = frozenset(query_terms(one.text))
    common = telling.intersection(asked)
    return len(common) >= SAME_WORDS * len(asked) and len(common) >= SAME_WORDS * len(telling)
