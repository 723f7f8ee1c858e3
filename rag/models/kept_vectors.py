"""Vectors of passages on disk, beside the index: what a model made of a text is read, not made again.

One SQLite file, bounded in bytes, the vectors used longest ago out first. They are found by a digest of all that
decides them and by the sha256 of the text, and handed out only where their checksum holds. Each belongs to a passage,
and leaves the disk with it. Losing the file costs time alone, so nothing that goes wrong with it stops anybody.

Knows no model: whoever keeps something here decides what the bytes mean.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b, sha256
from itertools import islice
from pathlib import Path
from typing import Any

from rag.database import Database
from rag.errors import KeepingError
from rag.types import PassagePart

log = logging.getLogger(__name__)

MEGABYTE = 1_000_000
CHECKSUM = 16
"""Bytes of the checksum before the data of a row."""
FRESH_SECONDS = 3600
"""Exactness of the time of the last use: a row is not written each time it is read."""
ROOM = 0.02
"""Share of the limit that is freed at once where there is no room left: finding the oldest looks at every row."""
ROWS = 500
"""Rows of one statement."""
BUSY_SECONDS = 0.5
"""Longest wait for another process that writes: a question does without rather than wait."""

MIGRATIONS = (
    """
    CREATE TABLE vectors (
        model BLOB NOT NULL, text BLOB NOT NULL, passage BLOB NOT NULL, used INTEGER NOT NULL, size INTEGER NOT NULL,
        data BLOB NOT NULL, PRIMARY KEY (model, text)
    ) STRICT;
    CREATE INDEX vectors_of_passages ON vectors (passage);
    CREATE INDEX vectors_by_use ON vectors (used, size)
    """,
)
_OLDEST = """
    DELETE FROM vectors WHERE rowid IN (
        SELECT rowid FROM (SELECT rowid, size, sum(size) OVER (ORDER BY used, rowid) AS upto FROM vectors)
        WHERE upto - size < ?
    )
"""


class KeptVectors:
    """The vectors in one file, which several processes may share. Safe for many threads; raises nothing."""

    def __init__(self, path: Path, *, megabytes: float, reserve: float = 0.0) -> None:
        """Of at most that size in all, and nothing that leaves the disk less than `reserve` megabytes free; with 0
        nothing is kept, and what was kept before is removed."""
        self._path = path
        self._reserve = int(reserve * MEGABYTE)
        self._limit = int(megabytes * MEGABYTE)
        self._database = Database(path, busy_seconds=BUSY_SECONDS)
        self._database.use("vectors", MIGRATIONS)
        self._told = False
        if not self._limit:
            self._remove()

    @property
    def on(self) -> bool:
        """False where nothing is kept."""
        return self._limit > 0

    def found(self, model: bytes, texts: Sequence[str]) -> dict[int, bytes]:
        """Position -> bytes, of those texts whose vectors by `model`, a digest of all that decides them, are kept."""
        keys = [digest(text) for text in texts]
        held: dict[bytes, bytes] = {}
        if self._there():
            with self._calm():
                for some in _portions(dict.fromkeys(keys)):
                    held |= self._held(model, some)
        return {position: held[key] for position, key in enumerate(keys) if key in held}

    def keep(self, model: bytes, vectors: Sequence[tuple[str, bytes]], *, room_only: bool = False) -> None:
        """Keep the vectors of texts, each a passage or a part of one; `room_only` pushes nothing out for them."""
        size = sum(len(data) + CHECKSUM for _, data in vectors)
        if not 0 < size <= self._limit or not self._room(size):
            return
        now = int(time.time())
        with self._calm(), self._writing() as db:
            (held,) = db.execute("SELECT coalesce(sum(size), 0) FROM vectors").fetchone()
            if (excess := held + size - self._limit) > 0:
                if room_only:
                    return
                db.execute(_OLDEST, [excess + int(ROOM * self._limit)])
            db.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?, ?, ?)",
                (_row(model, text, now, data) for text, data in vectors),
            )

    def forget(self, passages: Iterable[str], *, staying: Collection[str] = ()) -> None:
        """Remove all vectors of these passages, given by the sha256 of their text, but for those that stay.

        The passages are not looked up where nothing is kept.
        """
        if not self._there():
            return
        gone = dict.fromkeys(bytes.fromhex(each) for each in passages if each not in staying)
        with self._calm():
            for some in _portions(gone):
                with self._writing() as db:
                    db.execute(f"DELETE FROM vectors WHERE passage IN ({_marks(some)})", some)

    def _held(self, model: bytes, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        sql = f"SELECT text, used, data FROM vectors WHERE model = ? AND text IN ({_marks(keys)})"
        rows: list[Any] = self._database.read(sql, (model, *keys))
        now = int(time.time())
        stale = [(now, model, key) for key, used, _ in rows if abs(now - used) > FRESH_SECONDS]
        if stale:
            with self._database.write() as db:
                db.executemany("UPDATE vectors SET used = ? WHERE model = ? AND text = ?", stale)
        return {key: row[CHECKSUM:] for key, _, row in rows if row[:CHECKSUM] == _checksum(model, key, row[CHECKSUM:])}

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        with self._database.write() as db:
            db.execute("PRAGMA secure_delete = ON")  # neither deleting nor moving leaves anything in free room
            yield db

    def _room(self, size: int) -> bool:
        """True if the disk has room for what is needed by others, too. Twice, as it is written to a log before."""
        with suppress(OSError):
            there = next(place for place in self._path.absolute().parents if place.exists())
            return shutil.disk_usage(there).free >= self._reserve + 2 * size
        return True

    def _there(self) -> bool:
        return self.on and self._path.exists()

    def _remove(self) -> None:
        for end in ("", "-wal", "-shm"):
            with suppress(OSError):
                self._path.with_name(self._path.name + end).unlink()

    @contextmanager
    def _calm(self) -> Iterator[None]:
        try:
            yield
        except KeepingError as e:
            if not self._told:
                log.warning("vectors of passages cannot be kept: %s", e)
            self._told = True
        finally:
            self._database.close()  # it is used some times per question: nobody need remember to release it


def digest(text: str) -> bytes:
    """The sha256 of a text, the one that the index has of each passage."""
    return sha256(text.encode("utf-8", "replace")).digest()


def _row(model: bytes, text: str, now: int, data: bytes) -> tuple[bytes, bytes, bytes, int, int, bytes]:
    key = digest(text)
    passage = digest(text.passage) if isinstance(text, PassagePart) else key
    return model, key, passage, now, len(data) + CHECKSUM, _checksum(model, key, data) + data


def _checksum(model: bytes, key: bytes, data: bytes) -> bytes:
    """Of the data and of what they are of: a row in the place of another is recognised as well."""
    return blake2b(data, digest_size=CHECKSUM, key=blake2b(model + key, digest_size=32).digest()).digest()


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _portions(keys: Iterable[bytes]) -> Iterator[list[bytes]]:
    left = iter(keys)
    while some := list(islice(left, ROWS)):
        yield some
