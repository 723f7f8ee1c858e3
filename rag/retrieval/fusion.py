"""Reciprocal rank fusion of result lists (Cormack, Clarke, Büttcher, SIGIR 2009), with weights. Pure.

Only ranks count: inner products and BM25 scores live on scales that cannot be compared, and the BM25 scores of two
Milvus versions differ even in sign.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from rag.text.language import UNDETERMINED
from rag.types import Candidate, Fusion, Hit, Ranked

FOREIGN_WORDS = 0.8
"""Weight of full text's rank for a passage in another language than the query's: a rare name it found still gets in,
after the first dense ones."""


def fuse(dense: Sequence[Hit], full_text: Sequence[Hit], fusion: Fusion) -> list[Candidate]:
    """Candidates of both lists, best fused score first; ties go by the better single rank, then document and place."""
    found: dict[str, Candidate] = {}
    for hit in dense:
        found[hit.stored.id] = Candidate(hit.stored, dense=Ranked(hit.rank, hit.score))
    for hit in full_text:
        known = found.get(hit.stored.id, Candidate(hit.stored))
        found[hit.stored.id] = replace(known, full_text=Ranked(hit.rank, hit.score))
    return fuse_again(list(found.values()), fusion)


def fuse_again(candidates: Sequence[Candidate], fusion: Fusion) -> list[Candidate]:
    """Candidates whose ranks in each list are known, in the order that `fusion` gives them."""
    ordered = sorted(candidates, key=lambda c: (-_score(c, fusion), _best_rank(c), *_place(c)))
    return [replace(c, fused=Ranked(rank, _score(c, fusion))) for rank, c in enumerate(ordered, 1)]


def _score(candidate: Candidate, fusion: Fusion) -> float:
    dense = fusion.dense_weight / (fusion.k + candidate.dense.rank) if candidate.dense else 0.0
    full_text = fusion.full_text_weight / (fusion.k + candidate.full_text.rank) if candidate.full_text else 0.0
    if _read_alike(candidate, fusion):
        return dense + full_text
    return 2 * max(dense, FOREIGN_WORDS * full_text)


def _read_alike(candidate: Candidate, fusion: Fusion) -> bool:
    """False where full text sees but the names that question and passage share, and its silence says nothing."""
    return not fusion.language or candidate.stored.language in (fusion.language, UNDETERMINED)


def _place(candidate: Candidate) -> tuple[str, int, str]:
    # not the id alone: it holds the collection's name, and the order must not change with that
    return candidate.stored.document, candidate.stored.chunk.index, candidate.stored.id


def _best_rank(candidate: Candidate) -> int:
    """The better of its ranks; one that was only looked up by name has none."""
    return min((ranked.rank for ranked in (candidate.dense, candidate.full_text) if ranked), default=sys.maxsize)
