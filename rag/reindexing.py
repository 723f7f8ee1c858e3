"""A second index of the same documents, built beside the first: for another model, dimension or way of cutting.

What is indexed anew is the text the first index holds, so neither the files nor the model it was made with are needed.
Running it again goes on where it stopped: a document whose revision is in the new index already costs nothing. Knows
no database and no model by name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .documents.chunking import ChunkLimits, chunk
from .documents.reconstruction import stretches
from .errors import RagError, Stopped
from .events import Cancel, DocumentOutcome, IngestEvent, IngestStage
from .messages import reason
from .protocols import Embedder, Store
from .types import Chunk, Document, Fingerprint, Vectors


@dataclass(frozen=True, slots=True)
class Reindexing:
    """From one index to another. `same_model`: vectors of texts that stay the same can be taken over."""

    old: Store
    new: Store
    embedder: Embedder
    limits: ChunkLimits
    same_model: bool = False

    def run(self, *, cancel: Cancel) -> Iterator[IngestEvent]:
        """Events of every document, the last of each with an outcome; documents that are gone from the old index go
        from the new one too. Raises RagError when one of the two cannot be read or written at all."""
        align(self.new, self.old)
        done = {document.name: document for document in self.new.documents()}
        documents = self.old.documents()
        yield from (_waiting(document) for document in documents)  # how many there are is known from the start
        written = False
        try:
            for document in documents:
                for event in self._document(document, done.get(document.name), cancel):
                    written |= event.outcome is DocumentOutcome.ADDED
                    yield event
        finally:
            if written:
                self.new.flush()

    def _document(self, document: Document, there: Document | None, cancel: Cancel) -> Iterator[IngestEvent]:
        event = _waiting(document)
        if cancel:
            yield replace(event, outcome=DocumentOutcome.CANCELLED)
            return
        if there and holds(there, document):
            yield replace(event, chunks=there.chunks, outcome=DocumentOutcome.UNCHANGED)
            return
        again = there is not None and there.sha256 == document.sha256
        try:
            for moved in self._steps(document, event, cancel, again=again):
                event = moved
                yield event
        except Stopped:
            yield replace(event, outcome=DocumentOutcome.CANCELLED)

    def _steps(self, document: Document, event: IngestEvent, cancel: Cancel, *, again: bool) -> Iterator[IngestEvent]:
        yield event
        text = whole_text([stored.chunk for stored in self.old.chunks(document.name)])
        yield (event := replace(event, stage=IngestStage.SPLIT))
        chunks = chunk(text, count_tokens=self.embedder.count_tokens, limits=self.limits)
        if not chunks:
            raise RagError(reason("reindexing.lost", name=document.name))
        event = replace(event, stage=IngestStage.EMBED, total=len(chunks), chunks=len(chunks))
        known: dict[str, Vectors] = self.old.vectors(document.name) if self.same_model else {}
        vectors: list[Vectors | None] = [known.get(_key(each)) for each in chunks]
        missing = [i for i, vector in enumerate(vectors) if vector is None]
        yield (event := replace(event, done=len(chunks) - len(missing)))
        for positions, found in self.embedder.stream_documents([chunks[i].embedded_text for i in missing]):
            if cancel:
                raise Stopped(reason("ingest.cancelled"))
            for position, vector in zip(positions, found, strict=True):
                vectors[missing[position]] = vector
            embedded = event.embedded + len(positions)
            yield (event := replace(event, done=event.done + len(positions), embedded=embedded))
        yield (event := replace(event, stage=IngestStage.INDEX))
        tokens = sum(each.tokens for each in chunks)
        made = replace(document, chunks=len(chunks), tokens=tokens)
        self.new.put(made, chunks, np.stack(_all(vectors)), again=again)
        yield replace(event, outcome=DocumentOutcome.ADDED)


def _waiting(document: Document) -> IngestEvent:
    return IngestEvent(document.name, "", document.size, IngestStage.READ)


def align(new: Store, old: Store) -> None:
    """Take out of the new index what was deleted from the old one meanwhile, and search in it what is searched there.

    Raises StoreError.
    """
    documents = {document.name: document for document in old.documents()}
    there = new.documents()
    if gone := [document.name for document in there if document.name not in documents]:
        new.delete(gone)
    for enabled in (True, False):
        names = [d.name for d in there if d.name in documents and documents[d.name].enabled is enabled is not d.enabled]
        if names:
            new.enable(names, enabled)


def holds(new: Document, old: Document) -> bool:
    """Whether a document of the new index is as good as that of the old one: the same file, not taken again since."""
    return new.sha256 == old.sha256 and new.ingested_at >= old.ingested_at


def whole_text(chunks: Sequence[Chunk]) -> str:
    """The text of a document as its chunks hold it, every character at its offset; line ends where nothing is known."""
    text = ""
    for stretch in stretches(chunks):
        text += "\n" * (stretch.start - len(text)) + stretch.text
    return text


def _key(chunk: Chunk) -> str:
    return hashlib.sha256(chunk.embedded_text.encode()).hexdigest()


def _all(vectors: Sequence[Vectors | None]) -> list[Vectors]:
    found = [vector for vector in vectors if vector is not None]
    assert len(found) == len(vectors), "the embedder gave every text its vector"
    return found


def new_name(live: str, made_with: Fingerprint) -> str:
    """What a second index is called: the first one's name, without an earlier mark, and a mark of what it is made with.

    The same for the same, so that an index that was begun is found again.
    """
    stem = re.sub(r"_i[0-9a-f]{8}\Z", "", live)
    return f"{stem}_i{hashlib.sha256(repr(made_with).encode()).hexdigest()[:8]}"
