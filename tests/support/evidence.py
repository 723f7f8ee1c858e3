"""Candidates and ledgers for tests, with values that differ wherever a mix-up could hide."""

from __future__ import annotations

from collections.abc import Sequence

from rag.messages import Reason
from rag.types import Candidate, Chunk, Ranked, StoredChunk


def candidate(
    text: str,
    *,
    document: str = "guide.md",
    path: Sequence[str] = (),
    number: int | None = None,
    log_odds: float | None = None,
    dropped: Reason | None = None,
    start: int = 0,
    ranked: bool = False,
) -> Candidate:
    """A candidate with one chunk; `ranked` gives it a place in every list."""
    chunk = Chunk(0, start, start + len(text), tuple(path), text, len(text.split()))
    stored = StoredChunk(f"{document}#{start}", document, "0" * 64, "en", chunk)
    return Candidate(
        stored,
        dense=Ranked(3, 0.71234) if ranked else None,
        full_text=Ranked(2, 8.456) if ranked else None,
        fused=Ranked(1, 0.03226) if ranked else None,
        log_odds=log_odds,
        rank=number,
        number=number,
        dropped=dropped,
    )
