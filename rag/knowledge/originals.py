"""The files that documents were made of, kept as they came: to ingest them again, and to hand them out again.

    originals/ab/ab12…      the bytes, named by their sha256, never by the name they came with
    waste/ab12…             those of deleted documents, until their term has passed

The bytes go because the deletion of their document was recorded (`inventory`), and never because something is missing:
a file that nothing is known about stays. First they are moved aside; until the term has passed whoever wants them finds
them there, and they come back with the document.

Two processes may share the folders. Bytes are moved and removed in the transaction that finds no document has them.
"""

from __future__ import annotations

import hashlib
import logging
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rag.database import Database
from rag.documents.convert import extension_of
from rag.errors import KeepingError
from rag.messages import reason

from .content_files import PART, ContentFiles
from .inventory import MIGRATIONS

log = logging.getLogger(__name__)

DAY_SECONDS = 86_400.0
TERM_SECONDS = 7 * DAY_SECONDS
"""Time during which the bytes of a deleted document can be had back."""

WASTE = "waste"
"""Folder beside the originals."""

ABANDONED_SECONDS = 3600.0
"""Age at which an unfinished file counts as abandoned by its writer."""

MOST_MOVED = 5_000
"""Most files moved in one tidying: nobody else can write meanwhile. The others wait for the next."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Used:
    """Number of originals, and the disk space they take up."""

    files: int
    size: int
    """Bytes."""


class Originals:
    """Originals of the documents of every Milvus that shares the folder. Safe for many threads."""

    def __init__(
        self,
        folder: Path,
        database: Database,
        *,
        now: Callable[[], float] = time.time,
        term: float = TERM_SECONDS,
    ) -> None:
        """`term` is the number of seconds during which bytes moved aside can be had back."""
        self._files = ContentFiles(folder, fan=2)
        self._waste = ContentFiles(folder.with_name(WASTE))
        self._database = database
        self._now = now
        self._term = term
        database.use("originals", MIGRATIONS)

    def keep(self, sha256: str, data: bytes, *, same: Path | None = None) -> None:
        """Keep the bytes of a document that is there, or is about to be put; `same` is a file that holds them.

        Called before the document is put: a crash then leaves bytes without a document, and no document without its
        bytes. Bytes that wait for their end get their whole term anew. Raises KeepingError.
        """
        with self._database.write() as db:
            db.execute("UPDATE tombstones SET deleted_at = ? WHERE sha256 = ?", (self._now(), sha256))
            db.execute("DELETE FROM waste WHERE sha256 = ?", (sha256,))
            self._bring_back(sha256)
        if not self.sound(sha256):
            try:
                self._files.put(sha256, data, same=same)
            except OSError as e:
                detail = e.strerror or type(e).__name__
                raise KeepingError(reason("originals.unwritable", path=str(self._files.folder), detail=detail)) from e

    def has(self, sha256: str) -> bool:
        """True if the file exists. Damage is seen only when it is read."""
        try:
            return bool(_SHA256.fullmatch(sha256)) and self._holding(sha256).has(sha256)
        except OSError:
            return False

    def get(self, sha256: str, *, name: str) -> bytes:
        """Return the checked bytes; `name` is the document's. Raises KeepingError when they are missing or damaged."""
        if not self.has(sha256):
            raise KeepingError(reason("originals.not_kept", name=name))
        files = self._holding(sha256)
        place = files.place(sha256)
        try:
            data = place.read_bytes()
        except OSError as e:
            why = reason("originals.unreadable", name=name, path=str(place), detail=e.strerror or type(e).__name__)
            raise KeepingError(why) from e
        if hashlib.sha256(data).hexdigest() != sha256:
            aside = self._waste.folder / f"{sha256}.damaged"
            log.error("%s is damaged and was moved to %s", place, aside)
            self._move(files, sha256, aside)  # so that the file is kept anew when it comes again
            raise KeepingError(reason("originals.damaged", name=name))
        return data

    def sound(self, sha256: str) -> bool:
        """True if the bytes are there and are those that were kept. Changes nothing."""
        try:
            return self._holding(sha256).sound(sha256)
        except OSError:
            return False

    @property
    def any(self) -> bool:
        """True if anything was ever kept here; told without the database, which would be made by asking it."""
        return self._files.folder.is_dir()

    def tidy(self) -> int:
        """Move aside the bytes of documents whose deletion was recorded, and remove those whose term has passed.

        Called when every collection was looked at and has what it should have. Returns how many files were removed.
        Raises KeepingError.
        """
        with self._database.write() as db:
            held = {str(row[0]) for row in db.execute("SELECT DISTINCT sha256 FROM inventory")}
            self._return(db, held)
            finished = self._set_aside(db, held)
            gone = self._end(db, self._now() - self._term, finished=finished)
        self._remove(self._abandoned(self._now() - ABANDONED_SECONDS))
        return gone

    def _return(self, db: sqlite3.Connection, held: Set[str]) -> None:
        """Bring back bytes that were moved aside and belong to a document again."""
        for sha256 in _aside(db) & held:
            self._bring_back(sha256)
            db.execute("DELETE FROM waste WHERE sha256 = ?", (sha256,))

    def _set_aside(self, db: sqlite3.Connection, held: Set[str]) -> bool:
        """Move aside the bytes of documents recorded as deleted, unless another has them; True if all of them were."""
        deleted = {str(row[0]) for row in db.execute("SELECT DISTINCT sha256 FROM tombstones")}
        moving = sorted(deleted - held - _aside(db))
        for sha256 in moving[:MOST_MOVED]:
            if self._files.has(sha256):
                self._move(self._files, sha256, self._waste.place(sha256))
            if self._waste.has(sha256):
                db.execute("INSERT OR REPLACE INTO waste VALUES (?, ?)", (sha256, self._now()))
        return len(moving) <= MOST_MOVED

    def _end(self, db: sqlite3.Connection, late: float, *, finished: bool) -> int:
        """Remove bytes that have been aside since `late`, and the tombstones that are of no use any more."""
        gone = [str(row[0]) for row in db.execute("SELECT sha256 FROM waste WHERE since <= ?", (late,))]
        self._remove(map(self._waste.place, gone))
        for table in ("waste", "tombstones"):
            db.executemany(f"DELETE FROM {table} WHERE sha256 = ?", [(sha256,) for sha256 in gone])
        if finished:
            rest = "deleted_at <= ? AND sha256 NOT IN (SELECT sha256 FROM waste)"
            db.execute(f"DELETE FROM tombstones WHERE {rest}", (late,))
        return len(gone)

    def _bring_back(self, sha256: str) -> None:
        if self._holding(sha256) is self._waste:
            self._move(self._waste, sha256, self._files.place(sha256))

    def _holding(self, sha256: str) -> ContentFiles:
        """The folder the bytes are in, or would be."""
        return self._waste if not self._files.has(sha256) and self._waste.has(sha256) else self._files

    def _move(self, files: ContentFiles, sha256: str, to: Path) -> None:
        with self._changing():
            files.move(sha256, to)

    def _remove(self, places: Iterable[Path]) -> None:
        with self._changing():
            for place in places:
                place.unlink(missing_ok=True)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Raise KeepingError for a file that cannot be moved or removed now; it is found and tried again."""
        try:
            yield
        except OSError as e:
            detail = e.strerror or type(e).__name__
            path = str(e.filename or self._files.folder)
            raise KeepingError(reason("originals.no_access", path=path, detail=detail)) from e

    def _abandoned(self, before: float) -> Iterator[Path]:
        """Return the unfinished files of writers that were killed."""
        return (path for path in self._files.folder.glob(f"??/*{PART}") if path.stat().st_mtime < before)


def usage(folder: Path) -> Used:
    """Return the number and size of the originals that are kept. Raises OSError when they cannot be seen."""
    return _usage(folder, "??/*")


def waste(folder: Path) -> Used:
    """Return the number and size of the originals that were moved aside. Raises OSError when they cannot be seen."""
    return _usage(folder.with_name(WASTE), "*")


def _usage(folder: Path, pattern: str) -> Used:
    sizes = [path.stat().st_size for path in folder.glob(pattern)] if folder.is_dir() else []
    return Used(len(sizes), sum(sizes))


def _aside(db: sqlite3.Connection) -> set[str]:
    return {str(row[0]) for row in db.execute("SELECT sha256 FROM waste")}


def name_by_content(sha256: str, data: bytes) -> str:
    """Return a name for a document whose own is not known, with the ending of its kind so that it is read as such."""
    return f"recovered/{sha256[:12]}{extension_of(data)}"
