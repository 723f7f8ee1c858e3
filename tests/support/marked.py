"""Ledgers to mark and marks, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from rag.evidence.marks import Judge, Mark, Relevance
from rag.ledger import Ledger
from rag.status import ModelInfo
from rag.types import Candidate, Retrieval
from tests.evidence.test_conversation_store import make_ledger

from .evidence import candidate
from .searches import with_found

RERANKER = ModelInfo("maxsim", "1", "cpu", "float32", score_name="offline_estimate")
JUDGE = Judge.of(RERANKER)


def answered(query: str, candidates: Sequence[Candidate], *, reranker: ModelInfo = RERANKER) -> Ledger:
    """The record of an answer to `query` that found `candidates`."""
    ledger = make_ledger(query)
    retrieval = Retrieval(query, ledger.options, tuple(candidates))
    return replace(with_found(ledger, retrieval), models={"reranker": reranker})


def mark(
    query: str,
    text: str,
    verdict: Relevance = Relevance.RIGHT,
    *,
    log_odds: float | None = 0.5,
    judge: Judge = JUDGE,
    owner: str = "",
    path: tuple[str, ...] = (),
) -> Mark:
    """A mark of a passage."""
    digest = sha256(text.encode()).hexdigest()
    return Mark(verdict, query, "a1", "c1", "guide.md", path, text, digest, log_odds, judge, 0.0, owner)


def passage(text: str, log_odds: float | None = 0.5, *, document: str = "guide.md", start: int = 0) -> Candidate:
    return candidate(text, document=document, start=start, log_odds=log_odds, number=1)
