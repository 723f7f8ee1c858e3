"""Questions that an answer leads to: what its documents hold beside what it cited. Pure, without a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag.ledger import Ledger, Outcome
from rag.retrieval.suggestions import lacking
from rag.types import Candidate

from .heading_questions import question_of

MOST = 3
OF_ONE_DOCUMENT = 2
"""Questions of one document, where others have some too."""
ANSWERED = (Outcome.GENERATED, Outcome.EXTRACTIVE)

Section = tuple[str, str, tuple[str, ...]]
"""Knowledge base, document and heading path."""


def next_questions(ledger: Ledger, asked: Sequence[str] = ()) -> tuple[str, ...]:
    """Up to three questions, nearest first, each of a section that the answer did not cite.

    They are about the documents it cites, then about others whose passages it was given. None repeats what was `asked`
    in the conversation; none follows a refusal.
    """
    if ledger.outcome not in ANSWERED:
        return ()
    numbers = {c.number for c in ledger.citations if c.valid}
    cited = [c for c in ledger.contexts if c.number in numbers]
    if not cited:
        return ()
    before = [ledger.question, *asked]
    found: dict[str, str] = {}
    for c in _beside(ledger, cited):
        question = _asking(c)
        document = c.stored.document
        if question and question not in found and not any(_asks_the_same(question, c, each) for each in before):
            found[question] = document
    most_of_one = OF_ONE_DOCUMENT if len(set(found.values())) > 1 else MOST
    told: list[str] = []
    for question, document in found.items():
        if sum(found[each] == document for each in told) < most_of_one:
            told.append(question)
    return tuple(told[:MOST])


def _beside(ledger: Ledger, cited: Sequence[Candidate]) -> Iterator[Candidate]:
    """The best candidate of each section that is not cited: of the cited documents, then of others that were kept."""
    seen = {_section(c) for c in cited}
    documents = {_section(c)[:2] for c in cited}
    every = [c for search in ledger.searches for c in search.candidates]
    near = [c for c in every if _section(c)[:2] in documents]
    kept = [c for c in every if c.kept and _section(c)[:2] not in documents]
    for c in (*near, *kept):
        if _section(c) not in seen:
            seen.add(_section(c))
            yield c


def _section(c: Candidate) -> Section:
    return c.stored.collection, c.stored.document, c.stored.chunk.heading_path


def _asking(c: Candidate) -> str:
    """The question of a candidate's section; "" for one without a heading of its own."""
    path = c.stored.chunk.heading_path
    return question_of(path[-1], path[0]) if len(path) > 1 else ""


def _asks_the_same(question: str, c: Candidate, asked: str) -> bool:
    """True if what was asked holds all that the heading says."""
    return question == asked or not lacking(c.stored.chunk.heading_path[-1], asked)
