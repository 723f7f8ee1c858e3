"""Search for the passage of the knowledge base that somebody means who pastes a sentence of it.

Letter by letter first, white space and Markdown's marks aside; then nearly, as with another hyphen or a lost word. A
sentence that was cut in two is found in the text of its document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice

from rapidfuzz import fuzz

from rag.documents.reconstruction import own_spans, stretches
from rag.protocols import Embedder, Store
from rag.types import Chunk, StoredChunk

MOST_PASTED = 2000
"""Characters looked for. A longer text is a document, not a sentence of one."""

HITS = 50
"""Chunks that are compared letter by letter: those that share the rarest words."""

WHOLE_DOCUMENTS = 5
"""Documents whose text is searched for a sentence that lies in no single chunk."""

LEFT_OUT_CHUNKS = 5_000
"""Chunks of documents that searches leave out which are looked through."""

CLOSE = 0.85
"""Similarity from which a passage is taken for the one that was meant."""

_BETWEEN = re.compile(r"[\s*_`~#>|]++")
_EDGES = "*_`~#>|"


class Fit(StrEnum):
    """Closeness of a passage to the text that is looked for."""

    EXACT = "exact"
    CLOSE = "close"
    NEAREST = "nearest"
    """It does not hold it; nothing is nearer."""


@dataclass(frozen=True, slots=True)
class Passage:
    """The chunk that holds a text, or nearly, or is nearest to it."""

    stored: StoredChunk
    fit: Fit
    similarity: float = 1.0
    """In [0, 1]; 1 is exact."""


def find_passage(
    text: str, known: Sequence[StoredChunk], stores: Mapping[str, Store], embedder: Embedder
) -> Passage | None:
    """The passage that holds `text`, else the nearest; None when nothing is even near.

    `known` are looked at first, then `stores`, by the id of their knowledge base, in order.

    Documents that searches leave out are looked through as well, so that a sentence of one is found.
    """
    text = text.strip()[:MOST_PASTED]
    words = _squeezed(text).strip()
    if not words:
        return None
    near = list(known)
    exact = _first(words, known)
    for base, store in stores.items():
        if exact:
            break
        hits = _hits(text, store, embedder)
        near += (replace(hit, collection=base) for hit in hits)
        found = _first(words, hits) or _in_documents(words, hits, store) or _left_out(words, store)
        exact = replace(found, collection=base) if found else None
    return Passage(exact, Fit.EXACT) if exact else _nearest(text, near)


def _first(words: str, chunks: Iterable[StoredChunk]) -> StoredChunk | None:
    return next((stored for stored in chunks if _stands(words, stored.chunk)), None)


def _stands(words: str, chunk: Chunk) -> bool:
    """True if words stand in a passage as it is typed, or as a reader reads it and an answer quotes it."""
    return any(_offset(words, text) is not None for text in (chunk.text, chunk.reading.text))


def _squeezed(text: str) -> str:
    """A text with one blank for whatever white space and marks stand between its words."""
    return _BETWEEN.sub(" ", text)


def _offset(words: str, text: str) -> int | None:
    """Position in `text` at which `words`, which are squeezed, begin; None where they do not stand in it."""
    at = _squeezed(text).find(words)
    if at < 0:
        return None
    for gap in _BETWEEN.finditer(text):
        if gap.start() >= at:
            break
        at += len(gap[0]) - 1
    return at


def _hits(text: str, store: Store, embedder: Embedder) -> list[StoredChunk]:
    if store.full_text_missing() is None:
        return [hit.stored for hit in store.search_full_text(text, limit=HITS)]
    return [hit.stored for hit in store.search_dense(embedder.embed_documents([text]), limit=HITS)]


def _in_documents(words: str, hits: Sequence[StoredChunk], store: Store) -> StoredChunk | None:
    names = list(dict.fromkeys(hit.document for hit in hits))[:WHOLE_DOCUMENTS]
    found = (_in_text(words, store.chunks(name)) for name in names)
    return next((stored for stored in found if stored), None)


def _in_text(words: str, chunks: Sequence[StoredChunk]) -> StoredChunk | None:
    """The chunk in which what matches begins, also where it goes on in the next one."""
    plain = [stored.chunk for stored in chunks]
    for stretch in stretches(plain):
        found = _offset(words, stretch.text)
        if found is not None:
            at = stretch.start + found
            owned = zip(chunks, own_spans(plain), strict=True)
            return next((stored for stored, (start, end) in owned if start <= at < end), None)
    return None


def _left_out(words: str, store: Store) -> StoredChunk | None:
    chunks = (stored for d in store.documents() if not d.enabled for stored in store.chunks(d.name))
    return _first(words, islice(chunks, LEFT_OUT_CHUNKS))


def _nearest(text: str, chunks: Sequence[StoredChunk]) -> Passage | None:
    def similarity(stored: StoredChunk) -> float:
        other = _plain(stored.chunk.text)
        if len(other) < len(wanted) // 2:  # a short chunk would fit into any long text
            return fuzz.ratio(wanted, other) / 100
        return fuzz.partial_ratio(wanted, other) / 100

    wanted = _plain(text)
    if not chunks:
        return None
    best = max(chunks, key=similarity)
    value = similarity(best)
    return Passage(best, Fit.CLOSE if value >= CLOSE else Fit.NEAREST, min(value, 0.999))


def _plain(text: str) -> str:
    return " ".join(text.translate(str.maketrans("", "", _EDGES)).split()).casefold()
