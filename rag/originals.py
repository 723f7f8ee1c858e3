"""The files documents were made of, kept as they came: to take them again, and to hand them out again.

    originals/ab/ab12…      the bytes, named by their sha256 and never by what they are called

Beside the bytes the database keeps which collection of which Milvus holds a document of that content. The bytes go once
no collection holds one any more. A file that nothing is known about stays: it may belong to a Milvus that this program
does not see today.

Two processes may share the folder. Bytes are removed in the transaction that finds nobody holds them, and whoever keeps
some says so in a transaction before it looks whether they are there: so neither can undo the other's work.
"""

from __future__ import annotations

import hashlib
import logging
import re
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from .errors import KeepingError
from .messages import reason
from .private import private_folder
from .sqlite import Database

log = logging.getLogger(__name__)

MIGRATIONS = (
    """
    CREATE TABLE originals (
        milvus TEXT NOT NULL, collection TEXT NOT NULL, sha256 TEXT NOT NULL, missed REAL,
        PRIMARY KEY (milvus, collection, sha256)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX originals_by_sha256 ON originals (sha256)
    """,
)

GRACE_SECONDS = 3600.0
"""How long bytes stay after their document went. Longer than undo, and than putting a document into the store takes."""

MOST_FORGOTTEN = 5_000
"""By one collection at a time: nobody else can write while their bytes are removed. The others wait for the next."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Used:
    """What the originals take up."""

    files: int
    size: int
    """Bytes."""


class Originals:
    """Originals of the documents in one Milvus, in a folder that other Milvus may share. Safe for many threads."""

    def __init__(self, folder: Path, database: Database, milvus: str, *, now: Callable[[], float] = time.time) -> None:
        """`milvus` tells one database of documents from another; it must stay the same for the same one."""
        self._folder = folder
        self._database = database
        self._milvus = milvus
        self._now = now
        database.use("originals", MIGRATIONS)

    def keep(self, collection: str, sha256: str, data: bytes) -> None:
        """Keep the bytes of a document that `collection` holds, or is about to. Raises KeepingError.

        Called before the document is put: a crash then leaves bytes without a document, which go by themselves, and
        no document without its bytes.
        """
        row = (self._milvus, collection, sha256)
        with self._database.write() as db:
            db.execute("INSERT OR REPLACE INTO originals VALUES (?, ?, ?, NULL)", row)
        place = self._place(sha256)
        if not _is_whole(place, len(data)):
            self._write(place, data)

    def has(self, sha256: str) -> bool:
        """Whether there is such a file. Whether it is whole is seen when it is read."""
        try:
            return bool(_SHA256.fullmatch(sha256)) and self._place(sha256).is_file()
        except OSError:
            return False

    def get(self, sha256: str, *, name: str) -> bytes:
        """The bytes, checked; `name` is what the document is called. Raises KeepingError: not there, or damaged."""
        if not self.has(sha256):
            raise KeepingError(reason("originals.not_kept", name=name))
        place = self._place(sha256)
        try:
            data = place.read_bytes()
        except OSError as e:
            why = reason("originals.unreadable", name=name, path=str(place), detail=e.strerror or type(e).__name__)
            raise KeepingError(why) from e
        if hashlib.sha256(data).hexdigest() != sha256:
            log.error("%s is damaged and was removed", place)
            self._remove([place])  # so that the file is kept anew when it comes again
            raise KeepingError(reason("originals.damaged", name=name))
        return data

    @property
    def any(self) -> bool:
        """Whether anything was ever kept here; told without the database, which would be made by asking it."""
        return self._folder.is_dir()

    def collections(self) -> set[str]:
        """Collections of this Milvus that hold documents whose bytes are kept. Raises KeepingError."""
        found = self._database.read("SELECT DISTINCT collection FROM originals WHERE milvus = ?", (self._milvus,))
        return {str(row[0]) for row in found}

    def tidy(self, held: Mapping[str, Iterable[str]]) -> int:
        """Remove bytes that no document has needed for a while; returns how many files.

        `held` gives, for every collection that could be read, the sha256 of each of its documents, those included
        that were deleted and can still be restored. A collection that is not in it keeps what it has. Raises
        KeepingError.
        """
        late = self._now() - GRACE_SECONDS
        with self._database.write() as db:
            before = _hashes(db)
            for collection, hashes in held.items():
                self._compare(db, collection, before.intersection(hashes), late)
            gone = before - _hashes(db)
            self._remove(map(self._place, gone))
        self._remove(self._abandoned(late))
        return len(gone)

    def _compare(self, db: sqlite3.Connection, collection: str, held: Set[str], late: float) -> None:
        """Note what a collection holds and what it does not any more, and forget what it has missed since `late`."""
        here = (self._milvus, collection)
        noted = dict(db.execute("SELECT sha256, missed FROM originals WHERE milvus = ? AND collection = ?", here))
        found = [sha256 for sha256 in held if sha256 not in noted or noted[sha256] is not None]
        missed = [(sha256, since) for sha256, since in noted.items() if sha256 not in held]
        new = [(*here, sha256, self._now()) for sha256, since in missed if since is None]
        old = [(*here, sha256) for sha256, since in missed if since is not None and since <= late]
        db.executemany("INSERT OR REPLACE INTO originals VALUES (?, ?, ?, NULL)", [(*here, one) for one in found])
        db.executemany("INSERT OR REPLACE INTO originals VALUES (?, ?, ?, ?)", new)
        db.executemany("DELETE FROM originals WHERE milvus = ? AND collection = ? AND sha256 = ?", old[:MOST_FORGOTTEN])

    def _place(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256

    def _write(self, place: Path, data: bytes) -> None:
        part = place.with_name(f"{place.name}.{uuid.uuid4().hex}.part")
        try:
            private_folder(place.parent)
            try:
                part.write_bytes(data)
                part.replace(place)
            finally:
                part.unlink(missing_ok=True)
        except OSError as e:
            why = reason("originals.unwritable", path=str(self._folder), detail=e.strerror or type(e).__name__)
            raise KeepingError(why) from e

    def _remove(self, places: Iterable[Path]) -> None:
        try:
            for place in places:
                place.unlink(missing_ok=True)
        except OSError as e:  # whoever finds them again tries again
            detail = e.strerror or type(e).__name__
            raise KeepingError(reason("originals.no_access", path=str(self._folder), detail=detail)) from e

    def _abandoned(self, before: float) -> Iterator[Path]:
        """What somebody began to write who was killed."""
        return (path for path in self._folder.glob("??/*.part") if path.stat().st_mtime < before)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The originals of one collection, as whoever puts documents into it sees them."""

    originals: Originals
    collection: str

    def has(self, sha256: str) -> bool:
        """Whether there is such a file."""
        return self.originals.has(sha256)

    def keep(self, sha256: str, data: bytes) -> None:
        """Keep the bytes of a document that is about to be put. Raises KeepingError."""
        self.originals.keep(self.collection, sha256, data)


def usage(folder: Path) -> Used:
    """How many files there are and what they take up. Raises OSError when that cannot be seen."""
    sizes = [path.stat().st_size for path in folder.glob("??/*")] if folder.is_dir() else []
    return Used(len(sizes), sum(sizes))


def _is_whole(place: Path, size: int) -> bool:
    """Whether a file is there, and not half of it as after a power cut."""
    try:
        return place.stat().st_size == size
    except OSError:
        return False


def _hashes(db: sqlite3.Connection) -> set[str]:
    return {str(row[0]) for row in db.execute("SELECT DISTINCT sha256 FROM originals")}
