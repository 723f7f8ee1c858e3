"""The knowledge bases, as fronts may ask for them. `base` is the id of one, "" the default one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.accounts.actor import Actor
from rag.events import Cancel
from rag.knowledge.knowledge_base import KnowledgeBase
from rag.knowledge.library import Library
from rag.messages import Reason
from rag.types import RetrievalOptions
from rag.types.contents import KnowledgeProfile


class KnowledgeBaseService:
    """All knowledge bases: they belong to everybody."""

    def __init__(self, library: Library, usual: RetrievalOptions, left: Callable[[str], object]) -> None:
        """`usual` are the options of a question; `left` is told the id of a knowledge base that is being deleted."""
        self._library = library
        self._usual = usual
        self._left = left

    def all(self, actor: Actor) -> list[KnowledgeBase]:
        """All knowledge bases, the default one first."""
        return self._library.catalogue.all()

    def base(self, actor: Actor, id: str = "") -> KnowledgeBase:
        """Return the knowledge base with that id. Raises LibraryError when it is not there."""
        return self._library.catalogue.base(id)

    def named(self, actor: Actor, name: str) -> KnowledgeBase:
        """Return the knowledge base called `name`, or with that id; "" for the default one. Raises LibraryError."""
        return self._library.catalogue.named(name)

    def create(self, actor: Actor, name: str, *, description: str = "") -> KnowledgeBase:
        """Make a new, empty knowledge base. Raises LibraryError when it cannot have that name."""
        return self._library.catalogue.create(name, description=description)

    def change(self, actor: Actor, base: KnowledgeBase) -> KnowledgeBase:
        """Keep the values of `base` but its collection. Raises LibraryError when one is not possible."""
        return self._library.catalogue.change(base)

    def delete(self, actor: Actor, base: str, *, typed: str) -> KnowledgeBase:
        """Remove a knowledge base with everything in it, once its name was typed again. Raises LibraryError.

        Jobs that fill it are cancelled, and the batch that runs is waited for.
        """
        return self._library.delete(base, typed=typed, left=self._left)

    def defaults(self, actor: Actor, collections: Sequence[str] = ()) -> RetrievalOptions:
        """Return the default options of a question to these knowledge bases. Raises LibraryError."""
        return self._library.defaults(self._usual, collections)

    def profile(self, actor: Actor, id: str = "", *, cancel: Cancel) -> KnowledgeProfile:
        """What a knowledge base is made of, counted without a model. Raises LibraryError, StoreError."""
        return self._library.profile(id, cancel=cancel)

    def missing(self, actor: Actor) -> Reason | None:
        """Return the remark that documents are missing, as of the last look; None where none are."""
        return self._library.stock.remark
