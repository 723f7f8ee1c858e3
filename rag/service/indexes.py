"""The indexes of the knowledge bases, as fronts may ask for them. `base` is the id of one, "" the default one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.accounts.actor import Actor
from rag.errors import LibraryError
from rag.evaluation.dataset import Question
from rag.evaluation.index_comparison import Comparison, compare
from rag.events import Cancel, IngestEvent
from rag.knowledge.indexes import Indexes, IndexState
from rag.knowledge.knowledge_base import shown
from rag.knowledge.library import Library
from rag.messages import reason
from rag.retrieval.scope import SearchTarget
from rag.runtime import Runtime
from rag.types import RetrievalOptions


class IndexService:
    """The indexes of all knowledge bases: they belong to everybody."""

    def __init__(self, runtime: Runtime, library: Library, indexes: Indexes, usual: RetrievalOptions) -> None:
        """`usual` are the options of a question unless its knowledge base sets others."""
        self._runtime = runtime
        self._library = library
        self._indexes = indexes
        self._usual = usual

    def state(self, actor: Actor, base: str = "") -> IndexState:
        """Return an index's state, compared with what runs. Raises LibraryError, StoreError, or ModelsNotReady."""
        return self._indexes.state(base)

    def notable(self, actor: Actor) -> list[IndexState]:
        """Return the states to tell of: an index made differently, with a new one beside it, or an earlier one kept."""
        return self._indexes.notable()

    def rebuild(self, actor: Actor, base: str, *, cancel: Cancel) -> Iterator[IngestEvent]:
        """Build the new index, or go on with it: events of every document. Raises RagError when it cannot be begun."""
        return self._indexes.rebuild(base, cancel=cancel)

    def switch(self, actor: Actor, base: str = "") -> IndexState:
        """Make the new index the live one; the old one is kept. Raises LibraryError when there is no complete one."""
        return self._indexes.switch(base)

    def back(self, actor: Actor, base: str = "") -> IndexState:
        """Make the earlier index the live one again, as it was left. Raises LibraryError when none is kept."""
        return self._indexes.back(base)

    def delete_former(self, actor: Actor, base: str = "") -> str:
        """Delete the earlier index; returns its name. Raises LibraryError when none is kept."""
        return self._indexes.delete_former(base)

    def compare(self, actor: Actor, base: str, questions: Sequence[Question], *, cancel: Cancel) -> Comparison:
        """Ask the live index of a knowledge base and the new one beside it the same questions, and compare the results.

        Raises LibraryError when there is no new index, or RagError when one of the two cannot be searched at all.
        """
        state = self._indexes.state(base)
        if not state.building:
            raise LibraryError(reason("reindexing.not_ready", name=shown(state.base)))
        id = state.base.id
        new = SearchTarget(id, shown(state.base), self._library.beside(id, state.building))
        old = self._library.place(id)
        options = replace(self._library.defaults(self._usual, [id]), collections=(id,), threshold=0.0)
        return compare(self._runtime.retriever(old), self._runtime.retriever(new), questions, options, cancel=cancel)
