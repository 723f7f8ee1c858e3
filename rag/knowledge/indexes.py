"""Change of model without a gap: a new index is built beside the live one, compared, switched to, and the old one kept.

A knowledge base keeps its id; what changes is which Milvus collection is live (`catalogue`). Every step is one line in
the catalogue, so a crash leaves either the state before or the one after.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rag.documents.chunking import ChunkLimits, chunk
from rag.documents.reconstruction import stretches
from rag.errors import IndexMismatch, LibraryError, RagError, Stopped
from rag.events import Cancel, DocumentOutcome, IngestEvent, IngestStage
from rag.messages import Reason, reason
from rag.protocols import Embedder, Store
from rag.types import Chunk, Document, Fingerprint, Vectors

from .knowledge_base import KnowledgeBase, shown
from .library import Library


@dataclass(frozen=True, slots=True)
class IndexState:
    """State of a knowledge base's index, compared with the model and chunker that run now."""

    base: KnowledgeBase
    mismatch: Reason | None
    """The differences; None when the live index was made with what runs."""
    building: str = ""
    """The collection that is being built, or is ready, beside the live one; "" for none."""
    done: int = 0
    """Documents in the new index that are as good as those of the live one."""
    total: int = 0
    """Documents in the live one."""
    chunks: int = 0
    former: str = ""
    """The collection that was live before; "" when none is kept."""
    in_full: bool = True
    """True if the live index is searched by its vectors, too."""

    @property
    def ready(self) -> bool:
        """True if the new index holds all that the live one holds."""
        return bool(self.building) and self.done >= self.total


class Indexes:
    """The indexes of all knowledge bases. `made_with` gives the fingerprint of an index made now."""

    def __init__(
        self,
        library: Library,
        embedder: Callable[[], Embedder],
        limits: Callable[[Embedder], ChunkLimits],
        made_with: Callable[[Embedder], Fingerprint],
    ) -> None:
        """`embedder` gives the running one; it raises while models load."""
        self._library = library
        self._embedder = embedder
        self._limits = limits
        self._made_with = made_with

    def state(self, base: str = "") -> IndexState:
        """Return the state of one index. Raises LibraryError, StoreError, or ModelsNotReady."""
        known = self._library.catalogue.base(base)
        building, former = self._library.catalogue.beside(known.id)
        self._embedder()
        try:
            self._library.store(known.id)
            mismatch, in_full = None, True
        except IndexMismatch as e:
            mismatch, in_full = e.reason, self._same_vectors(known)
        if not building:
            return IndexState(known, mismatch, former=former, in_full=in_full)
        old = {d.name: d for d in self._library.documents(known.id)}
        built = self._library.beside(known.id, building).documents()
        new = [document for document in built if document.name in old and holds(document, old[document.name])]
        chunks = sum(d.chunks for d in new)
        return IndexState(known, mismatch, building, len(new), len(old), chunks, former, in_full)

    def _same_vectors(self, base: KnowledgeBase) -> bool:
        made_with = self._library.fingerprint(base.id)
        return made_with is not None and made_with.vectors == self._made_with(self._embedder()).vectors

    def notable(self) -> list[IndexState]:
        """Return the states to tell of: an index made differently, with a new one beside it, or an earlier one kept.

        Knowledge bases that cannot be read now are left out; the status says why.
        """
        found: list[IndexState] = []
        for base in self._library.catalogue.all():
            try:
                state = self.state(base.id)
            except RagError:
                continue
            if state.mismatch or state.building or state.former:
                found.append(state)
        return found

    def rebuild(self, base: str, *, cancel: Cancel) -> Iterator[IngestEvent]:
        """Build the new index, or go on with it: events of every document. Raises RagError when it cannot be begun."""
        known = self._library.catalogue.base(base)
        self._library.stock.check_whole(known.id)
        embedder = self._embedder()
        fresh = self._made_with(embedder)
        old_with = self._library.fingerprint(known.id)
        if old_with is None or old_with == fresh:
            raise LibraryError(reason("reindexing.nothing_to_do", name=shown(known)))
        building = new_name(known.live, fresh)
        _, former = self._library.catalogue.beside(known.id)
        self._library.catalogue.keep_beside(known.id, building=building, former=former)
        work = Reindexing(
            self._library.as_made(known.live),
            self._library.beside(known.id, building),
            embedder,
            self._limits(embedder),
            same_model=old_with.vectors == fresh.vectors,
        )
        yield from work.run(cancel=cancel)

    def switch(self, base: str = "") -> IndexState:
        """Make the new index the live one, without what was deleted since it was built; the old one is kept.

        Raises LibraryError when there is no complete one.
        """
        state = self.state(base)
        if not state.ready:
            raise LibraryError(reason("reindexing.not_ready", name=shown(state.base)))
        self._library.stock.check_whole(state.base.id)
        align(self._library.beside(state.base.id, state.building), self._library.as_it_is(state.base.id))
        return self._exchange(state.base, state.building)

    def back(self, base: str = "") -> IndexState:
        """Make the earlier index the live one again, as it was left. Raises LibraryError when none is kept."""
        state = self.state(base)
        if not state.former:
            raise LibraryError(reason("reindexing.none_kept", name=shown(state.base)))
        return self._exchange(state.base, state.former)

    def delete_former(self, base: str = "") -> str:
        """Delete the earlier index; returns its name. Raises LibraryError when none is kept."""
        state = self.state(base)
        if not state.former:
            raise LibraryError(reason("reindexing.none_kept", name=shown(state.base)))
        self._library.catalogue.keep_beside(state.base.id, building=state.building)
        self._library.forget(state.former)
        return state.former

    def _exchange(self, base: KnowledgeBase, collection: str) -> IndexState:
        before = self._library.catalogue.switch(base.id, collection)
        self._library.catalogue.keep_beside(base.id, former=before)
        self._library.forget(before)
        return self.state(base.id)


@dataclass(frozen=True, slots=True)
class Reindexing:
    """A move from one index to another. `same_model`: vectors of texts that stay the same can be taken over."""

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
    """True if a document of the new index is as good as that of the old one: the same file, not taken again since."""
    return new.sha256 == old.sha256 and new.ingested_at >= old.ingested_at


def whole_text(chunks: Sequence[Chunk]) -> str:
    """Return a document's text from its chunks, every character at its offset; line ends where nothing is known."""
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
    """Return the name of a second index: the first one's without an earlier mark, and a mark of what it is made with.

    The same fingerprint gives the same name, so that an index that was begun is found again.
    """
    stem = re.sub(r"_i[0-9a-f]{8}\Z", "", live)
    return f"{stem}_i{hashlib.sha256(repr(made_with).encode()).hexdigest()[:8]}"
