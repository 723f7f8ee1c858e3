"""The inventory: documents each collection should hold, recorded beside Milvus as they are put and deleted.

That a document is not found in Milvus does not say that anybody deleted it: the database may be damaged, emptied or
gone, or another one be named by mistake. So nothing is given up because a document is missing, only because its
deletion is recorded here: a tombstone with the name and the content.

A document is recorded after it was committed, and a deletion before it is made: a crash between the two leaves one that
is there and not recorded, which the next look at the collection takes up, and never one that seems to be lost.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rag.database import Database
from rag.errors import KeepingError
from rag.types import Document

log = logging.getLogger(__name__)

MIGRATIONS = (
    """
    CREATE TABLE originals (
        milvus TEXT NOT NULL, collection TEXT NOT NULL, sha256 TEXT NOT NULL, missed REAL,
        PRIMARY KEY (milvus, collection, sha256)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX originals_by_sha256 ON originals (sha256)
    """,
    """
    CREATE TABLE inventory (
        milvus TEXT NOT NULL, collection TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL,
        added_at REAL NOT NULL, PRIMARY KEY (milvus, collection, name)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX inventory_by_sha256 ON inventory (sha256);
    CREATE TABLE tombstones (
        milvus TEXT NOT NULL, collection TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL,
        deleted_at REAL NOT NULL, PRIMARY KEY (milvus, collection, name, sha256)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tombstones_by_sha256 ON tombstones (sha256);
    CREATE TABLE waste (sha256 TEXT PRIMARY KEY, since REAL NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO inventory SELECT milvus, collection, sha256, sha256, 0.0 FROM originals WHERE missed IS NULL;
    DROP TABLE originals
    """,
)
"""Shared with `originals`. A document recorded before names were kept has its sha256 as name, until the first look at
its collection tells the name."""

SETTLING_SECONDS = 3600.0
"""A document still there so long after its deletion was recorded was not deleted: the deletion was cut off."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A document that a collection should hold."""

    name: str
    sha256: str
    added_at: float
    """Time it was ingested; seconds since the epoch, UTC."""

    @property
    def named(self) -> bool:
        """True if its name is known; see `MIGRATIONS`."""
        return self.name != self.sha256


@dataclass(frozen=True, slots=True)
class Deleted:
    """A document whose deletion was recorded."""

    name: str
    sha256: str
    deleted_at: float


class Inventory:
    """Inventory of one Milvus's collections, in a file that others may share. Safe for many threads and processes."""

    def __init__(
        self,
        database: Database,
        milvus: str,
        *,
        now: Callable[[], float] = time.time,
        left: Callable[..., object] | None = None,
    ) -> None:
        """`milvus` tells one database of documents from another; it must stay the same for the same one.

        `left` is told of the passages that leave it.
        """
        self._left = left
        self._database = database
        self._milvus = milvus
        self._now = now
        database.use("originals", MIGRATIONS)

    def added(self, collection: str, document: Document) -> None:
        """Record a put document. Raises nothing: the next look at the collection finds what is not recorded."""
        new = Recorded(document.name, document.sha256, document.ingested_at)
        try:
            if self._one(collection, new.name) == new:
                return
            with self._database.write() as db:
                self._put(db, collection, new)
        except KeepingError as e:
            log.warning("%r is not recorded yet: %s", document.name, e)

    def removed(self, collection: str, documents: Mapping[str, str]) -> None:
        """Record that documents, name -> sha256, are about to be deleted for good. Raises KeepingError."""
        if documents:
            with self._database.write() as db:
                self._bury(db, collection, documents.items())

    def dropped(self, collection: str) -> None:
        """Record that a collection is about to be dropped with all its documents. Raises KeepingError."""
        if recorded := self.recorded(collection):
            with self._database.write() as db:
                self._bury(db, collection, ((each.name, each.sha256) for each in recorded))

    def left(self, passages: Iterable[str], *, staying: Collection[str] = ()) -> None:
        """Pass on the passages whose rows are about to be removed, by the sha256 of their text."""
        if self._left:
            self._left(passages, staying=staying)

    def recorded(self, collection: str) -> list[Recorded]:
        """Return the documents the collection should hold, by name. Raises KeepingError."""
        sql = "SELECT name, sha256, added_at FROM inventory WHERE milvus = ? AND collection = ? ORDER BY name"
        return [_recorded(row) for row in self._database.read(sql, (self._milvus, collection))]

    def elsewhere(self, collection: str) -> dict[str, list[Recorded]]:
        """Return what collections of that name should hold in other Milvus, by Milvus. Raises KeepingError."""
        found: dict[str, list[Recorded]] = {}
        sql = "SELECT milvus, name, sha256, added_at FROM inventory WHERE milvus != ? AND collection = ? ORDER BY name"
        for milvus, *row in self._database.read(sql, (self._milvus, collection)):
            found.setdefault(str(milvus), []).append(_recorded(row))
        return found

    def deleted(self, collection: str) -> list[Deleted]:
        """Return the documents whose deletion is still recorded, the last one first. Raises KeepingError."""
        sql = (
            "SELECT name, sha256, deleted_at FROM tombstones WHERE milvus = ? AND collection = ?"
            " ORDER BY deleted_at DESC, name"
        )
        rows = self._database.read(sql, (self._milvus, collection))
        return [Deleted(str(name), str(sha256), float(str(at))) for name, sha256, at in rows]

    def take_stock(self, collection: str, found: Callable[[], Iterable[Document]]) -> list[Recorded]:
        """Record the documents a collection holds, as `found` reads them, and return those it should hold and does not.

        A document deleted while `found` reads is not returned: only those recorded both before and after are. Raises
        KeepingError, and whatever `found` raises.
        """
        before = self.recorded(collection)
        held = {document.name: document for document in found()}
        news = list(self._news(before, held))
        if news:
            with self._database.write() as db:
                self._take_up(db, collection, news)
        now = set(self.recorded(collection))
        return [each for each in lost(before, held) if each in now]

    def _news(self, before: Sequence[Recorded], held: Mapping[str, Document]) -> Iterator[Recorded]:
        """Yield the documents that are there and not recorded; one unlike its record counts where it is later."""
        known = {each.name: each for each in before}
        for document in held.values():
            one = known.get(document.name)
            if one is None or one.added_at < document.ingested_at:
                yield Recorded(document.name, document.sha256, document.ingested_at)

    def _take_up(self, db: sqlite3.Connection, collection: str, news: Sequence[Recorded]) -> None:
        """Record the documents that were found, except those being deleted at this moment."""
        settled = self._now() - SETTLING_SECONDS
        here = (self._milvus, collection)
        sql = "SELECT name, sha256 FROM tombstones WHERE milvus = ? AND collection = ? AND deleted_at > ?"
        going = set(db.execute(sql, (*here, settled)))
        for each in news:
            if (each.name, each.sha256) not in going:
                self._put(db, collection, each)

    def _one(self, collection: str, name: str) -> Recorded | None:
        sql = "SELECT name, sha256, added_at FROM inventory WHERE milvus = ? AND collection = ? AND name = ?"
        rows = self._database.read(sql, (self._milvus, collection, name))
        return _recorded(rows[0]) if rows else None

    def _put(self, db: sqlite3.Connection, collection: str, new: Recorded) -> None:
        """Record a document, and the deletion of the content it had before."""
        here, one = (self._milvus, collection, new.name), "milvus = ? AND collection = ? AND name = ?"
        old = db.execute(f"SELECT sha256 FROM inventory WHERE {one}", here).fetchone()
        if old and old[0] != new.sha256:
            self._bury(db, collection, [(new.name, str(old[0]))])
        db.execute("INSERT OR REPLACE INTO inventory VALUES (?, ?, ?, ?, ?)", (*here, new.sha256, new.added_at))
        db.execute(f"DELETE FROM tombstones WHERE {one} AND sha256 = ?", (*here, new.sha256))
        if new.named:
            db.execute(f"DELETE FROM inventory WHERE {one}", (self._milvus, collection, new.sha256))

    def _bury(self, db: sqlite3.Connection, collection: str, documents: Iterable[tuple[str, str]]) -> None:
        """Record deletions."""
        rows = [(self._milvus, collection, name, sha256) for name, sha256 in documents]
        same = "milvus = ? AND collection = ? AND name = ? AND sha256 = ?"
        db.executemany(f"DELETE FROM inventory WHERE {same}", rows)
        unnamed = [(*here, sha256, sha256) for *here, _, sha256 in rows]
        db.executemany(f"DELETE FROM inventory WHERE {same}", unnamed)
        db.executemany(
            "INSERT OR REPLACE INTO tombstones VALUES (?, ?, ?, ?, ?)", [(*row, self._now()) for row in rows]
        )


def lost(recorded: Iterable[Recorded], held: Mapping[str, Document]) -> list[Recorded]:
    """Return those of `recorded` that are missing from `held`, which is by name; an earlier revision does not count."""
    contents = {document.sha256 for document in held.values()}
    return [each for each in recorded if not _is_there(each, held.get(each.name), contents)]


def _is_there(one: Recorded, held: Document | None, contents: Iterable[str]) -> bool:
    if not one.named:
        return one.sha256 in contents
    return held is not None and (held.sha256 == one.sha256 or held.ingested_at > one.added_at)


def _recorded(row: Sequence[object]) -> Recorded:
    name, sha256, added_at = row
    return Recorded(str(name), str(sha256), float(str(added_at)))
