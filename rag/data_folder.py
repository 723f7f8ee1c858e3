"""The data folder: what is kept in it and in Milvus, opened without any model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from .database import Database
from .errors import LibraryError, StoreUnavailable
from .knowledge.catalog import Catalog
from .knowledge.change_counter import ChangeCounter
from .knowledge.inventory import Inventory
from .knowledge.library import Library
from .knowledge.originals import DAY_SECONDS, Originals
from .messages import reason
from .models.kept_vectors import KeptVectors
from .settings import Settings
from .store.from_settings import Milvus, name_of
from .types import Chunk

KEPT = "plainsight.db"
"""File in the data folder that holds conversations and whatever else is kept beside Milvus."""

ORIGINALS = "originals"
"""Folder in the data folder that holds the files of the documents."""


VECTORS = "vectors.db"
"""File in the data folder that holds what models made of passages; it can be lost without harm."""


def vectors_in(settings: Settings) -> KeptVectors:
    """The vectors of passages that were read; removed where nothing of the kind is to be kept."""
    path = Path(settings.data_dir) / VECTORS
    return KeptVectors(path, megabytes=settings.vectors_mb, reserve=settings.disk_reserve_mb)


def kept_in(settings: Settings) -> Database:
    """The file that holds what is kept beside Milvus; not opened yet."""
    return Database(Path(settings.data_dir) / KEPT)


def originals_in(settings: Settings, kept: Database) -> Originals:
    """The originals of the documents, recorded in the database `kept`."""
    return Originals(Path(settings.data_dir) / ORIGINALS, kept, term=settings.waste_days * DAY_SECONDS)


def inventory_in(settings: Settings, kept: Database) -> Inventory:
    """The inventory of the documents the Milvus of the settings should hold, recorded in the database `kept`."""
    return Inventory(kept, name_of(settings), left=vectors_in(settings).forget)


@contextmanager
def changing(settings: Settings) -> Iterator[Callable[[], None]]:
    """Yield the function to call after every change of documents, so that open pages notice it."""
    with closing(kept_in(settings)) as kept:
        yield ChangeCounter(kept).advance


@contextmanager
def recording(settings: Settings) -> Iterator[Inventory]:
    """Yield the inventory, to be told of every document put into the Milvus of the settings or deleted from it."""
    with closing(kept_in(settings)) as kept:
        yield inventory_in(settings, kept)


@contextmanager
def opened_library(settings: Settings) -> Iterator[Library]:
    """Yield the knowledge bases without any model, released at the end; for commands that need none."""
    kept = kept_in(settings)
    inventory = inventory_in(settings, kept)
    milvus = Milvus(settings, inventory=inventory)
    catalogue = Catalog(kept, settings.collection)
    with closing(kept), closing(Library(catalogue, milvus, inventory=inventory)) as library:
        yield library


class AtHand:
    """The `Knowledge` that `verify` compares with: it is read without any model, and creates nothing."""

    def __init__(self, settings: Settings) -> None:
        self._kept = kept_in(settings)
        self._catalogue = Catalog(self._kept, settings.collection)
        self._milvus = Milvus(settings)

    def hashes(self, base: str) -> Mapping[str, str]:
        try:
            return {d.name: d.sha256 for d in self._milvus.documents(self._live(base))}
        except LibraryError:
            return {}  # the knowledge base is gone, and so are its documents

    def chunks(self, base: str, document: str) -> Sequence[Chunk]:
        return [stored.chunk for stored in self._milvus.chunks(self._live(base), document)]

    def close(self) -> None:
        self._milvus.close()
        self._kept.close()

    def _live(self, base: str) -> str:
        """The collection of a knowledge base, "" for the default one."""
        default = self._catalogue.default
        return self._catalogue.base(base).live if self._kept.path.exists() else base or default


def at_hand(settings: Settings) -> AtHand:
    """The knowledge bases of the settings. Raises StoreError where there are none."""
    if "://" not in settings.uri and not Path(settings.uri).exists():
        raise StoreUnavailable(reason("verify.no_database", path=settings.uri))
    return AtHand(settings)
