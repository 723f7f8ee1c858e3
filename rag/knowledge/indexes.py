"""Change of model without a gap: a new index is built beside the live one, compared, switched to, and the old one kept.

A knowledge base keeps its id; what changes is which Milvus collection is live (`catalogue`). Every step is one line in
the catalogue, so a crash leaves either the state before or the one after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rag.documents.chunking import ChunkLimits
from rag.errors import IndexMismatch, LibraryError, RagError
from rag.events import Cancel, IngestEvent
from rag.messages import Reason, reason
from rag.protocols import Embedder
from rag.reindexing import Reindexing, align, holds, new_name
from rag.types import Fingerprint

from .catalog import KnowledgeBase, shown
from .library import Library


@dataclass(frozen=True, slots=True)
class IndexState:
    """How the index of a knowledge base stands to what runs now."""

    base: KnowledgeBase
    mismatch: Reason | None
    """What differs; None when the live index was made with what runs."""
    building: str = ""
    """The collection that is being built, or is ready, beside the live one; "" for none."""
    done: int = 0
    """Documents in it."""
    total: int = 0
    """Documents in the live one."""
    chunks: int = 0
    former: str = ""
    """The collection that was live before; "" when none is kept."""
    in_full: bool = True
    """Whether the live index is searched by its vectors, too."""

    @property
    def ready(self) -> bool:
        """Whether the new index holds all that the live one holds."""
        return bool(self.building) and self.done >= self.total


class Indexes:
    """The indexes of all knowledge bases. `made_with` is what an index made now is made with."""

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
        """Raises LibraryError, StoreError, or ModelsNotReady."""
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
        """Knowledge bases with something to say: made differently, with a new index beside, or with an earlier one.

        Those that cannot be looked at now are left out; the status says why.
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
