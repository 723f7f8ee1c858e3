"""The check that the knowledge bases hold the documents they should, and the remark where one does not.

As long as one lacks documents, nothing may be derived from those there: no file is cleaned up, no index is built.
"""

from __future__ import annotations

import logging
import shlex
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol

from rag.errors import KeepingError, LibraryError, StoreError
from rag.messages import FIRST, Reason, reason, text
from rag.types import Document

from .catalog import Catalog
from .inventory import Inventory, Recorded
from .knowledge_base import KnowledgeBase, shown

log = logging.getLogger(__name__)

NAMES_SHOWN = 5


class VectorDatabases(Protocol):
    """The databases of the collections; see `rag.knowledge.library.VectorDatabase`."""

    def held(self, collection: str) -> list[Document] | None: ...


class InventoryCheck:
    """Compares collections with the inventory. Without an inventory nothing counts as missing."""

    def __init__(self, catalogue: Catalog, shelves: VectorDatabases, inventory: Inventory | None) -> None:
        self._catalogue = catalogue
        self._shelves = shelves
        self._inventory = inventory
        self.remark: Reason | None = None
        """The fault found at the last look at all knowledge bases; None for no fault."""

    def lost(self, base: str = "") -> list[Recorded]:
        """Return the documents a knowledge base should hold and does not; record those it holds. Raises RagError."""
        return self._take(self._catalogue.base(base).live)

    def elsewhere(self, base: str = "") -> dict[str, list[Recorded]]:
        """Return the documents recorded in other Milvus, by Milvus, of a knowledge base that never held any here.

        Raises RagError.
        """
        live = self._catalogue.base(base).live
        if self._inventory is None or self._inventory.recorded(live) or self._shelves.held(live):
            return {}
        return self._inventory.elsewhere(live)

    def give_up(self, base: str, documents: Sequence[Recorded]) -> None:
        """Record lost documents as deleted: they are not wanted back. Raises RagError."""
        if self._inventory is not None:
            live = self._catalogue.base(base).live
            self._inventory.removed(live, {each.name: each.sha256 for each in documents})

    def check_whole(self, base: str = "") -> None:
        """Raise LibraryError when a knowledge base lacks documents: whatever is made from it would lack them, too."""
        if lost := self.lost(base):
            raise LibraryError(self._lacks(self._catalogue.base(base), lost))

    def lacks_anything(self) -> bool:
        """Look at every knowledge base; True if one lacks documents, or if that cannot be told."""
        before, self.remark = self.remark, None
        try:
            found = [remark for base in self._catalogue.all() if (remark := self._look(base))]
        except (StoreError, KeepingError, LibraryError) as e:
            log.warning("whether documents are missing cannot be told now: %s", e)
            self.remark = before
            return True
        lacking = [each for each in found if each.code == LOST]
        self.remark = next(iter(lacking or found), None)
        if self.remark and self.remark != before:
            log.warning("%s", text(self.remark, FIRST))
        return bool(lacking)

    def _look(self, base: KnowledgeBase) -> Reason | None:
        """Return the fault of a knowledge base, None for none; record the documents of indexes beside it, too."""
        for collection in filter(None, self._catalogue.beside(base.id)):
            self._take(collection)
        if lost := self.lost(base.id):
            return self._lacks(base, lost)
        if others := self.elsewhere(base.id):
            milvus, there = most(others)
            values = {"base": shown(base), "option": self._option(base)}
            return reason("inventory.elsewhere", milvus=milvus, count=len(there), **values)
        return None

    def _take(self, collection: str) -> list[Recorded]:
        if self._inventory is None:
            return []
        return self._inventory.take_stock(collection, partial(self._held, collection))

    def _held(self, collection: str) -> list[Document]:
        return self._shelves.held(collection) or []

    def _lacks(self, base: KnowledgeBase, lost: Sequence[Recorded]) -> Reason:
        values = {"base": shown(base), "option": self._option(base)}
        return reason(LOST, count=len(lost), names=some([each.name for each in lost]), **values)

    def _option(self, base: KnowledgeBase) -> str:
        """Return the option that names a knowledge base to a command, "" for the default one."""
        return "" if base.id == self._catalogue.default else f" --kb {shlex.quote(base.name or base.id)}"


LOST = "inventory.lost"


def some(names: Sequence[str]) -> str:
    """Return the first of many names, and a sign that there are more."""
    return ", ".join([*names[:NAMES_SHOWN], "…"] if len(names) > NAMES_SHOWN else names)


def most(others: Mapping[str, Sequence[Recorded]]) -> tuple[str, Sequence[Recorded]]:
    """Return the Milvus that has most documents recorded, with those documents."""
    return max(others.items(), key=lambda item: len(item[1]))
