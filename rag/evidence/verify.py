"""Checks that the evidence of a saved answer still holds: from the file alone, and against the knowledge base at hand.

Pure: the knowledge base is handed in, as something that tells which documents there are and what their chunks hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from rag.citations import markers as citations
from rag.citations.matching import MISSING, SearchableText
from rag.documents.reconstruction import stands_in
from rag.ledger import Ledger, Match, Quote
from rag.messages import Language, Reason, label, reason, text
from rag.types import Candidate, Chunk

from .bundle import Bundle, DocumentHash, Opened, passages

LONGEST_SHOWN = 80
"""Characters of a quote in a sentence about it."""


class Verdict(StrEnum):
    """Result of one check."""

    MATCHES = "matches"
    DIFFERS = "differs"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check and what it found, in words."""

    verdict: Verdict
    what: Reason

    def line(self, language: Language) -> str:
        """The finding as a line for a terminal, which must not obey what stands in a file from elsewhere."""
        said = text(self.what, language)
        return f"{label(f'verify.{self.verdict}', language)}  {''.join(c if c.isprintable() else '�' for c in said)}"


class Knowledge(Protocol):
    """Knowledge bases to compare with, by id, "" for the default one. Raises RagError when one cannot be read."""

    def hashes(self, base: str) -> Mapping[str, str]:
        """Document -> sha256 of its file as it was last added; none where the knowledge base is gone."""

    def chunks(self, base: str, document: str) -> Sequence[Chunk]:
        """The chunks of one document, in order."""


def examine(found: Opened) -> Iterator[Finding]:
    """Every check that needs nothing but the file."""
    yield _one(found.intact, "verify.intact", "verify.changed")
    if found.shown is not None:
        yield _one(found.shown, "verify.page", "verify.page_changed")
    bundle = found.bundle
    yield from _passages(bundle)
    yield from _messages(bundle.record)
    yield from _quotes(bundle.record)
    yield from _citations(bundle.record)


def compare(bundle: Bundle, knowledge: Knowledge) -> Iterator[Finding]:
    """The documents of the answer against those at hand. Raises RagError when they cannot be read."""
    for document in bundle.documents:
        yield from _document(document, bundle.record, knowledge)


def no_knowledge(why: Reason) -> Finding:
    """The finding that documents were not compared."""
    return Finding(Verdict.UNCHECKED, reason("verify.no_knowledge", why=why))


def _one(well: bool, code: str, wrong: str) -> Finding:
    return Finding(Verdict.MATCHES, reason(code)) if well else Finding(Verdict.DIFFERS, reason(wrong))


def _passages(bundle: Bundle) -> Iterator[Finding]:
    """Texts against their hashes and offsets, probabilities against log-odds, documents against both."""
    candidates = bundle.record.candidates
    kept = {(one.search, one.id): one for one in bundle.passages}
    wrong = [
        c
        for c, now in zip(candidates, passages(bundle.record), strict=True)
        if kept.get((now.search, now.id)) != now
        or len(c.stored.chunk.text) != c.stored.chunk.end - c.stored.chunk.start
    ]
    for c in wrong:
        yield Finding(Verdict.DIFFERS, reason("verify.passage_changed", **_place(c)))
    named = {(d.collection, d.name, d.sha256) for d in bundle.documents}
    strange = [c for c in candidates if (c.stored.collection, c.stored.document, c.stored.sha256) not in named]
    for c in strange:
        yield Finding(Verdict.DIFFERS, reason("verify.document_unnamed", **_place(c)))
    if not wrong and not strange:
        yield Finding(Verdict.MATCHES, reason("verify.passages", count=len(candidates)))


def _messages(ledger: Ledger) -> Iterator[Finding]:
    """Check that the contexts were sent as they stand here."""
    contexts = _contexts(ledger)
    if not ledger.messages or not contexts:
        return
    sent = "\n".join(message.content for message in ledger.messages)
    missing = [c for c in contexts.values() if not all(part in sent for part in _as_sent(c.stored.chunk))]
    for c in missing:
        yield Finding(Verdict.DIFFERS, reason("verify.not_sent", **_place(c)))
    if not missing:
        yield Finding(Verdict.MATCHES, reason("verify.sent", count=len(contexts)))


def _as_sent(chunk: Chunk) -> tuple[str, str]:
    return chunk.lead.strip("\n"), chunk.text.strip("\n")


def _quotes(ledger: Ledger) -> Iterator[Finding]:
    """Every quote looked up again in the context it names."""
    chunks = {number: c.stored.chunk for number, c in _contexts(ledger).items()}
    # Earlier versions looked into the text as it is typed alone.
    ways = [
        {n: SearchableText.of(c) for n, c in chunks.items()},
        {n: SearchableText(c.text) for n, c in chunks.items()},
    ]
    wrong = [q for q in ledger.quotes if not any(_stands(q, contexts.get(q.number)) for contexts in ways)]
    for quote in wrong:
        code = "verify.quote_found" if quote.match is Match.MISSING else "verify.quote_missing"
        yield Finding(Verdict.DIFFERS, reason(code, quote=_short(quote.text), number=quote.number))
    if ledger.quotes and not wrong:
        lost = sum(quote.match is Match.MISSING for quote in ledger.quotes)
        code = "verify.quotes_and_lost" if lost else "verify.quotes"
        yield Finding(Verdict.MATCHES, reason(code, count=len(ledger.quotes) - lost, lost=lost))


def _stands(quote: Quote, context: SearchableText | None) -> bool:
    """True if the quote is where the record says, as exactly as it says; or nowhere in its context, if it says so."""
    found = context.look_up(quote.text) if context else MISSING
    there = (found.start < quote.end and quote.start < found.end) or not (found.end or quote.end)
    return found.match is quote.match and (there or quote.match is Match.MISSING)


def _citations(ledger: Ledger) -> Iterator[Finding]:
    """The citations of the answer as it stands here, against those of the record."""
    contexts = _contexts(ledger)
    yield _one(
        set(citations.find(ledger.answer, len(contexts))) == set(ledger.citations)
        and [c.number for c in ledger.contexts] == list(range(1, len(contexts) + 1)),
        "verify.citations",
        "verify.citations_changed",
    )


def _document(document: DocumentHash, ledger: Ledger, knowledge: Knowledge) -> Iterator[Finding]:
    """A document against the one of its name in the knowledge base."""
    mine = [
        c for c in ledger.candidates if (c.stored.collection, c.stored.document) == (document.collection, document.name)
    ]
    now = knowledge.hashes(document.collection).get(document.name)
    if now is None:
        yield Finding(Verdict.DIFFERS, reason("verify.document_gone", document=document.name))
        return
    chunks = knowledge.chunks(document.collection, document.name)
    if now != document.sha256:
        still = sum(any(c.stored.chunk.text in chunk.text for chunk in chunks) for c in mine)
        why = reason("verify.document_changed", document=document.name, still=still, count=len(mine))
        yield Finding(Verdict.DIFFERS, why)
        return
    moved = [c for c in mine if not stands_in(c.stored.chunk, chunks)]
    for c in moved:
        yield Finding(Verdict.DIFFERS, reason("verify.passage_moved", **_place(c)))
    if not moved:
        yield Finding(Verdict.MATCHES, reason("verify.document", document=document.name, count=len(mine)))


def _contexts(ledger: Ledger) -> dict[int, Candidate]:
    return {c.number: c for c in ledger.contexts if c.number is not None}


def _place(c: Candidate) -> dict[str, str | int]:
    chunk = c.stored.chunk
    return {"document": c.stored.document, "start": chunk.start, "end": chunk.end}


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]}…"
