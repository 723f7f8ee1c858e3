"""Documents for the store's tests, with vectors that can be reasoned about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from rag.store import IndexOptions, MilvusStore
from rag.store.indexes import search_params
from rag.types import Chunk, Document, Fingerprint, Hit, Vectors
from tests.support.fakes import BagEmbedder

DIMENSION = 32
FINGERPRINT = Fingerprint(model="bag", revision="1", dimension=DIMENSION, chunker="test", schema="1")
EMBEDDER = BagEmbedder(DIMENSION)
EXACT = search_params("FLAT", IndexOptions(), is_lite=True)
GRAPH = search_params("HNSW", IndexOptions(ef=16), is_lite=False)


@dataclass(frozen=True)
class Sample:
    """A document with its chunks and vectors, ready to put."""

    document: Document
    chunks: tuple[Chunk, ...]
    vectors: Vectors

    def put(self, store: MilvusStore, *, again: bool = False) -> None:
        store.put(self.document, self.chunks, self.vectors, again=again)


def sample(name: str, *texts: str, headings: Sequence[str] = (), language: str = "en") -> Sample:
    """A document of one chunk for each text; its revision follows from the texts."""
    chunks, start = [], 0
    for index, text in enumerate(texts):
        chunks.append(Chunk(index, start, start + len(text), tuple(headings), text, len(text.split())))
        start += len(text) + 1
    whole = "\n".join(texts)
    document = Document(
        name=name,
        sha256=sha256(whole.encode()).hexdigest(),
        title=name.rpartition("/")[2],
        language=language,
        size=len(whole.encode()),
        chunks=len(chunks),
        tokens=sum(chunk.tokens for chunk in chunks),
        ingested_at=1_700_000_000.25,
    )
    return Sample(document, tuple(chunks), EMBEDDER.embed_documents([chunk.embedded_text for chunk in chunks]))


def question(text: str) -> Vectors:
    return EMBEDDER.embed_query(text, instruction="")


def axis(position: int, dimension: int = DIMENSION) -> Vectors:
    """The `[1, dimension]` unit vector along one axis."""
    vector = np.zeros((1, dimension), np.float32)
    vector[0, position] = 1
    return vector


def names(hits: Sequence[Hit]) -> list[str]:
    return [hit.stored.document for hit in hits]


def searched(store: MilvusStore, words: str, *, limit: int, documents: Sequence[str] = ()) -> list[list[Hit]]:
    """The hits of every kind of search this store has: dense, and full text where Milvus has it."""
    found = [store.search_dense(question(words), limit=limit, documents=documents)]
    if not store.full_text_missing():
        found.append(store.search_full_text(words, limit=limit, documents=documents))
    return found


def texts(hits: Sequence[Hit]) -> list[str]:
    return [hit.stored.chunk.text for hit in hits]
