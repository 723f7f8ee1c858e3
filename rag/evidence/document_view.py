"""A document as it is read beside an answer: where each chunk stands for the question, and what is to be highlighted.

Pure: chunks, the answer's record and who cited what are given. An answer keeps its evidence longer than the knowledge
base keeps the document: what is gone or changed is then read from the record, and said to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rag.documents.reconstruction import stands_in
from rag.ledger import Ledger, Match
from rag.text.highlight import best_sentence
from rag.types import Candidate, StoredChunk

from .kept import CitedIn


class DocumentState(StrEnum):
    """State of a document now, against the one the answer used."""

    CURRENT = "current"
    CHANGED = "changed"
    GONE = "gone"


class Heat(StrEnum):
    """Furthest stage a chunk reached for the question."""

    SENT = "sent"
    JUDGED = "judged"
    SEARCHED = "searched"
    """A search returned it; the reranker did not judge it."""
    NEVER = "never"
    """It was no candidate."""


@dataclass(frozen=True, slots=True)
class ChunkPlace:
    """A chunk in its document."""

    stored: StoredChunk
    candidate: Candidate | None = None
    cited_in: tuple[CitedIn, ...] = ()
    """The reader's own answers that cited it, newest first."""

    @property
    def heat(self) -> Heat:
        c = self.candidate
        if c is None:
            return Heat.NEVER
        if c.kept:
            return Heat.SENT
        return Heat.SEARCHED if c.log_odds is None else Heat.JUDGED


class HighlightKind(StrEnum):
    """Reason for a highlight."""

    QUOTE = "quote"
    """The answer quotes it letter by letter."""
    CLOSE = "close"
    """The answer quotes it nearly."""
    BEST = "best"
    """The best sentence of a context the answer cites without a quote."""
    WHOLE = "whole"
    """A context the answer cites, in which no sentence stands out."""


@dataclass(frozen=True, slots=True)
class Highlight:
    """Characters `[start, end)` of the document that the answer rests on, by the number of the context."""

    start: int
    end: int
    number: int
    kind: HighlightKind


@dataclass(frozen=True, slots=True)
class Reading:
    """A document, or what an answer kept of one, in the order of its text."""

    document: str
    base: str
    """Id of the knowledge base; "" for the default one."""
    state: DocumentState
    places: tuple[ChunkPlace, ...]
    highlights: tuple[Highlight, ...] = ()
    ledger: Ledger | None = None
    """The answer whose question is shown."""


def reading(
    document: str,
    base: str,
    now: Sequence[StoredChunk],
    ledger: Ledger | None = None,
    citing: Mapping[str, Sequence[CitedIn]] | None = None,
) -> Reading:
    """The reading of a document whose chunks are `now`, which is empty when it is not there any more."""
    found = {c.stored.id: c for c in _of_document(ledger, document, base)}
    chunks, state = list(now), DocumentState.CURRENT
    if found and not _as_used([c.stored for c in found.values()], now):
        state = DocumentState.CHANGED if now else DocumentState.GONE
        chunks = sorted((c.stored for c in found.values()), key=lambda stored: stored.chunk.index)
    elif not now:
        state = DocumentState.GONE
    standing = {c.stored.chunk: c for c in found.values()}  # taken again, a chunk that stayed has another id
    places = tuple(
        ChunkPlace(s, found.get(s.id) or standing.get(s.chunk), tuple((citing or {}).get(s.id, ()))) for s in chunks
    )
    return Reading(document, base, state, places, _highlights(ledger, list(found.values())), ledger)


def _as_used(used: Sequence[StoredChunk], now: Sequence[StoredChunk]) -> bool:
    """True if the document is the one those chunks are of: the same file, and read from it in the same way."""
    chunks = [stored.chunk for stored in now]
    return bool({s.sha256 for s in used} & {s.sha256 for s in now}) and all(stands_in(s.chunk, chunks) for s in used)


def _of_document(ledger: Ledger | None, document: str, base: str) -> list[Candidate]:
    """The document's candidates, each once, as the search to which it belongs has it."""
    searches = ledger.searches if ledger else ()
    found = [(s, c) for s in searches for c in s.candidates if c.stored.document == document]
    same = [c for s, c in found if ledger and (len(searches) == 1 or ledger.finder(c.stored.id) is s)]
    return [c for c in same if not base or c.stored.collection in ("", base)]


def _highlights(ledger: Ledger | None, candidates: Sequence[Candidate]) -> tuple[Highlight, ...]:
    """Quotes where the answer gives some; else the best sentence of each context it cites."""
    if ledger is None:
        return ()
    cited = {citation.number for citation in ledger.citations if citation.valid}
    found: list[Highlight] = []
    for c in candidates:
        if c.number is None or c.number not in cited:
            continue
        quotes = [q for q in ledger.quotes if q.number == c.number and q.match is not Match.MISSING and q.start < q.end]
        at = c.stored.chunk.start
        found += (
            Highlight(
                at + q.start,
                at + q.end,
                c.number,
                HighlightKind.QUOTE if q.match is Match.EXACT else HighlightKind.CLOSE,
            )
            for q in quotes
        )
        if not quotes:
            found.append(_best(ledger, c, c.number))
    return tuple(sorted(set(found), key=lambda h: (h.start, h.end, h.number)))


def _best(ledger: Ledger, c: Candidate, number: int) -> Highlight:
    chunk = c.stored.chunk
    finder = ledger.finder(c.stored.id) or ledger.main
    best = best_sentence(finder.query, chunk.text)
    if best is None:
        return Highlight(chunk.start, chunk.end, number, HighlightKind.WHOLE)
    return Highlight(chunk.start + best[0], chunk.start + best[1], number, HighlightKind.BEST)
