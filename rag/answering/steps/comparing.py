"""Two things side by side: which ones a question compares, and what stands on each side. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from rag.ledger import Search, contexts_of
from rag.messages import reason
from rag.text.differences import DiffPiece
from rag.text.highlight import best_sentence
from rag.text.reading import BlockKind
from rag.text.terms import telling_words
from rag.types import Candidate
from rag.types.steps import AnswerStep, ComparedPlace, StepComparison, StepKind

from ..draft import evidence_of
from .parts import Division, QuestionPart, parts_of

PASSAGES = 3
"""Passages on each side."""
LONGEST = 420
"""Characters shown of each."""

Sides = tuple[Search, Search]


def sides(question: str, searches: Sequence[Search], steps: Sequence[AnswerStep]) -> Sides | None:
    """The searches for the two sides of a comparison; None where it is none, or one of them found nothing to send."""
    parts = parts_of(question)
    if parts is None or parts.division is not Division.COMPARISON or len(parts.parts) != 2:
        return None
    found = [search for part in parts.parts if (search := _search_for(part, searches, steps))]
    if len(found) < 2 or found[0] is found[1]:
        return None
    contexts = contexts_of(searches)
    return (found[0], found[1]) if all(evidence_of(search, contexts) for search in found) else None


def _search_for(part: QuestionPart, searches: Sequence[Search], steps: Sequence[AnswerStep]) -> Search | None:
    """The search a step made for this part alone: a model words it in its own way."""
    wanted = set(telling_words(part.name))
    taken = [step for step in steps[1:] if step.kind is StepKind.SEARCH and step.search]
    named = max((step for step in taken if step.purpose == part.name), key=lambda step: step.kept > 0, default=None)
    worded = next((step for step in taken if wanted and wanted <= set(telling_words(step.query))), None)
    step = named or worded
    return next((search for search in searches if step and search.number == step.search), None)


def beside(of: Sides, searches: Sequence[Search]) -> StepComparison:
    """The best passages of both sides. A passage that is about both stands where it was judged the better."""
    contexts = contexts_of(searches)
    merits = [{c.stored.id: c.log_odds or 0.0 for c in side.candidates} for side in of]
    columns: list[list[ComparedPlace]] = []
    for place, side in enumerate(of):
        found = evidence_of(side, contexts)
        own = [c for c in found if _belongs(c, merits[place], merits[1 - place], first=not place)]
        columns.append([_place(c, side.query) for c in (own or found)[:PASSAGES]])
    names = of[0].purpose or of[0].query, of[1].purpose or of[1].query
    left, right = columns
    rows = tuple(zip_longest(left, right))
    return StepComparison(reason("steps.beside", first=names[0], second=names[1]), names, rows, len(rows))


def beside_anew(steps: Sequence[AnswerStep], searches: Sequence[Search]) -> tuple[AnswerStep, ...]:
    """The same steps with the sides of a comparison as they are now that other passages are kept."""

    def again(step: AnswerStep) -> AnswerStep:
        if step.comparison is None or step.comparison.of_versions:
            return step
        of = sides(searches[0].query, searches, steps)
        return replace(step, comparison=beside(of, searches) if of else None)

    return tuple(map(again, steps))


def _belongs(c: Candidate, mine: dict[str, float], others: dict[str, float], *, first: bool) -> bool:
    other = others.get(c.stored.id)
    return other is None or mine[c.stored.id] > other or (first and mine[c.stored.id] == other)


def _place(c: Candidate, query: str) -> ComparedPlace:
    stored = c.stored
    return ComparedPlace(
        (DiffPiece(_words(c, query)),), stored.document, stored.chunk.heading_path, stored.collection, stored.id
    )


def _words(c: Candidate, query: str) -> str:
    """A passage below its headings; of a long one what begins with the sentence that has most of the query."""
    read = c.stored.chunk.reading
    above = c.stored.chunk.heading_path
    bodies = (
        b for b in read.blocks if b.kind is not BlockKind.HEADING or read.text[b.start : b.end].strip() not in above
    )
    below = next((block.start for block in bodies), 0)
    text = " ".join(read.text[below:].split())
    if len(text) <= LONGEST:
        return text or " ".join(c.stored.chunk.text.split())[:LONGEST]
    best = best_sentence(query, read.text)
    return clipped(" ".join(read.text[max(below, best[0] if best else 0) :].split()), LONGEST)


def clipped(text: str, most: int) -> str:
    """The beginning of a text, to the end of a word where there are words."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    return f"{cut.rpartition(' ')[0] if ' ' in cut[most // 2 :] else cut}…"
