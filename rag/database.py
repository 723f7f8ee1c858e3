"""One SQLite file that several keepers share: connections, transactions, migrations. Knows none of their tables.

Opened when first used, so that whoever keeps nothing leaves no file behind. SQLite's own write-ahead log lets readers
go on while somebody writes, across threads and processes.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from .errors import KeepingError
from .messages import reason
from .private_files import private_file, private_folder
from .text.well_formed import encodable

log = logging.getLogger(__name__)

BUSY_SECONDS = 5.0
"""Seconds a writer waits for another process, which holds the file for milliseconds."""

MOST_TOLD = 3
"""Limit on the faults reported of a damaged file: there may be thousands."""

_VERSIONS = "CREATE TABLE IF NOT EXISTS schema_versions (keeper TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT"


class _Connection(sqlite3.Connection):
    """A connection that takes any text: halves of characters, which no file can hold, are replaced on the way in."""

    def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
        return super().execute(sql, _encodable(values))

    def executemany(self, sql: str, rows: Any, /) -> sqlite3.Cursor:
        return super().executemany(sql, map(_encodable, rows))


class Database:
    """An SQLite file, safe for many threads: each call has a connection to itself.

    There are never more connections than calls at once. There is not one per thread: every answer and every job has a
    thread of its own, and would leave its connection open.
    """

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        """A writer waits up to `busy_seconds` for another; SQLite keeps no queue, so it may be overtaken by several."""
        self.path = path
        self._busy_seconds = busy_seconds
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        """Held while opening: two first connections would both change the file's journal, and waiting does not help."""
        self._idle: list[sqlite3.Connection] = []
        self._closings = 0
        """Number of times the file was closed: a connection from before is not kept."""
        self._file: tuple[int, int] | None = None
        """Device and inode number of the file that was opened, which stays the one to use until it is closed."""
        self._told = False
        self._migrations: dict[str, Sequence[str]] = {}

    def use(self, keeper: str, scripts: Sequence[str]) -> None:
        """Announce the tables of a `keeper`: one script per version, applied in order when the file is first opened.

        A script that has been released never changes.
        """
        self._migrations[keeper] = tuple(scripts)

    def read(self, sql: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """All rows of a query. Raises KeepingError when the file cannot be read."""
        with self._mapped(), self._connection() as db:
            return db.execute(sql, values).fetchall()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it or nothing. Raises KeepingError when it cannot be written."""
        with self._mapped(), self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
                self._check_there()
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")

    def damage(self) -> str:
        """SQLite's report on a damaged file, "" for a sound one. Looks at every page; creates and changes nothing."""
        try:
            with closing(sqlite3.connect(self.path.absolute().as_uri() + "?mode=ro", uri=True)) as db:
                found = [str(row[0]) for row in db.execute(f"PRAGMA quick_check({MOST_TOLD})")]
        except sqlite3.Error as e:
            return str(e)
        return "" if found == ["ok"] else "; ".join(found)

    def close(self) -> None:
        """Close the file; the next use opens it again. Calls under way finish first on connections of their own."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._closings += 1
            self._file, self._told = None, False
        for connection in idle:
            connection.close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        self._check_there()
        with self._lock:
            db = self._idle.pop() if self._idle else None
            closings = self._closings
        if db is None:
            with self._opening:
                db = self._opened()
        try:
            yield db
        finally:
            with self._lock:
                kept = closings == self._closings
                if kept:
                    self._idle.append(db)
            if not kept:
                db.close()

    def _check_there(self) -> None:
        """Raise KeepingError when the file that was opened is not the one at its path any more.

        What is written to a file that was deleted, or lies on a disk that was taken out, is gone with the program; and
        a new one in its place would hide that, and everything that was kept.
        """
        with self._lock:
            if self._file is None or self._file == _identity(self.path):
                self._told = False
                return
            told, self._told = self._told, True
        why = reason("keeping.file_gone", path=str(self.path))
        if not told:
            log.error("%s", why)
        raise KeepingError(why)

    def _opened(self) -> sqlite3.Connection:
        try:
            private_folder(self.path.parent)
            private_file(self.path)
        except OSError as e:
            why = reason("keeping.unwritable", path=str(self.path), detail=e.strerror or str(e))
            raise KeepingError(why) from e
        db = sqlite3.connect(
            self.path,
            timeout=self._busy_seconds,
            isolation_level=None,
            check_same_thread=False,
            factory=_Connection,
        )
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA foreign_keys = ON")
            self._migrate(db)
            with self._lock:
                self._file = self._file or _identity(self.path)
        except BaseException:
            db.close()
            raise
        return db

    def _migrate(self, db: sqlite3.Connection) -> None:
        """Bring every keeper's tables up to date. A file that is so already is only read: somebody may be writing."""
        if self._known(db) == {keeper: len(scripts) for keeper, scripts in self._migrations.items()}:
            return
        db.execute("BEGIN IMMEDIATE")
        try:
            db.execute(_VERSIONS)
            known = self._known(db)
            for keeper, scripts in self._migrations.items():
                version = known.get(keeper, 0)
                if version > len(scripts):
                    raise KeepingError(reason("keeping.newer", path=str(self.path), keeper=keeper, version=version))
                for script in scripts[version:]:
                    for statement in script.split(";"):
                        db.execute(statement)
                db.execute("INSERT OR REPLACE INTO schema_versions VALUES (?, ?)", (keeper, len(scripts)))
            db.execute("COMMIT")
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")

    def _known(self, db: sqlite3.Connection) -> dict[str, int]:
        """Versions of those keepers that were announced here; others may share the file."""
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_versions'").fetchone():
            return {}
        rows = db.execute("SELECT keeper, version FROM schema_versions").fetchall()
        return {keeper: version for keeper, version in rows if keeper in self._migrations}

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as e:
            if getattr(e, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                raise KeepingError(reason("keeping.disk_full", path=str(self.path))) from e
            raise KeepingError(reason("keeping.unwritable", path=str(self.path), detail=str(e))) from e


def _encodable(values: Iterable[object]) -> list[object]:
    return [encodable(value) if isinstance(value, str) else value for value in values]


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode number, which tell a file from every other; None when there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
