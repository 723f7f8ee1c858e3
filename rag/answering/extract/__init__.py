"""Answers without a language model: what the contexts say, letter by letter, each quote with its number.

units      contexts to passages of units: sentences, rows, code blocks, formulas
wording    whether a unit leads on, asks, refers back or points elsewhere
excerpts   runs of units that say something by themselves
scoring    how well a quote answers a question
choosing   the window that answers, and what adds to it
writing    quotes as Markdown with their numbers
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rag.messages import FIRST, SHIPPED, reason, text
from rag.protocols import Embedder, Reranker
from rag.text.identifiers import naming
from rag.text.language import UNDETERMINED, detect
from rag.text.terms import query_terms, terms
from rag.types import Candidate

from .choosing import answers, asks_for_section, chosen, doubts
from .excerpts import Excerpt, excerpts
from .scoring import Scoring
from .units import Passage, passages
from .wording import asks
from .writing import closest, written

__all__ = ["Extractive"]


class Extractive:
    """Answers from any embedder's vectors; in languages it does not know, from the words alone."""

    def __init__(
        self, embedder: Embedder, judge: Reranker | None = None, *, detect_language: Callable[[str], str] = detect
    ) -> None:
        """`judge` reads single quotes, where it takes no time to speak of."""
        self._scoring = Scoring(embedder, detect_language, judge)
        self._detect_language = detect_language

    def answer(
        self, question: str, contexts: Sequence[Candidate], *, unknown: Sequence[str] = (), asked_in: str = ""
    ) -> Iterator[str]:
        """Yield the best quotes with their `[n]`, the one that answers first, all in its language; nothing without any.

        Where none answers, it says so and quotes the closest alone. `asked_in` is the reader's language, where the
        question is only a part of what was typed.
        """
        asked = asked_in or self._detect_language(question)
        found = passages(contexts)
        offered = [one for number, passage in enumerate(found) for one in excerpts(passage, number)]
        telling = [one for one in offered if not all(asks(unit) for unit in one.units)]
        scored = self._scoring.scored(question, telling or offered, found, asked)
        language = SHIPPED.fitting(asked) or FIRST
        told: list[str] = []
        scored = [one for one in scored if one.foreign == scored[0].foreign]
        first = scored[0].excerpt.units[0] if scored else None
        direct = first is None or asks_for_section(question, first)
        if first and not (direct or answers(scored, contexts, doubts(question, unknown, foreign=scored[0].foreign))):
            told.append(closest(first, language))
            scored = [one for one in scored if one.excerpt.passage == scored[0].excerpt.passage]
        quotes = chosen(scored, found, naming(question))
        if any(self._foreign(asked, one, contexts) for one in quotes):
            told.append(text(reason("extract.foreign"), language))
        told += [written(one, language, labelled=_labelled(question, one, found[one.passage])) for one in quotes]
        for place, piece in enumerate(told):
            yield f"\n\n{piece}" if place else piece

    def _foreign(self, asked: str, one: Excerpt, contexts: Sequence[Candidate]) -> bool:
        """True if a quote is in another language than `asked`, as its context is: code alone shows none."""
        alike = (asked, UNDETERMINED)
        sources = [c.stored.language for c in contexts if c.number == one.units[0].number]
        return bool(sources) and sources[0] not in alike and self._detect_language(one.text) not in alike


def _labelled(question: str, one: Excerpt, passage: Passage) -> bool:
    """True if the label of a quote tells it from others: the question names it, or there are other tabs."""
    label = one.units[0].label
    others = {unit.label for unit in passage} - {"", label}
    return bool(others) or bool(frozenset(query_terms(question)).intersection(terms(label)))
