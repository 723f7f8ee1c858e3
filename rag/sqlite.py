"""One SQLite file that several keepers share: connections, transactions, migrations. Knows none of their tables.

Opened when first used, so that whoever keeps nothing leaves no file behind. SQLite's own write-ahead log lets readers
go on while somebody writes, across threads and processes.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .errors import KeepingError
from .messages import reason

BUSY_SECONDS = 5.0
"""How long a writer waits for another process."""

_VERSIONS = "CREATE TABLE IF NOT EXISTS schema_versions (keeper TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT"


class Database:
    """Safe for many threads: each has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._lock = threading.Lock()
        self._connections: list[sqlite3.Connection] = []
        self._migrations: dict[str, Sequence[str]] = {}

    def use(self, keeper: str, scripts: Sequence[str]) -> None:
        """Announce the tables of a `keeper`: one script per version, applied in order when the file is first opened.

        A script that has been released never changes.
        """
        self._migrations[keeper] = tuple(scripts)

    def read(self, sql: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """All rows of a query. Raises KeepingError when the file cannot be read."""
        with self._mapped():
            return self._connection().execute(sql, values).fetchall()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it or nothing. Raises KeepingError when it cannot be written."""
        with self._mapped():
            db = self._connection()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")

    def close(self) -> None:
        """Close every thread's connection; the next use opens the file again."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            db = self._opened()
            self._local.db = db
        return db

    def _opened(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            why = reason("keeping.unwritable", path=str(self.path), detail=e.strerror or str(e))
            raise KeepingError(why) from e
        with self._lock:
            db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA foreign_keys = ON")
                self._migrate(db)
            except BaseException:
                db.close()
                raise
            self._connections.append(db)
        return db

    def _migrate(self, db: sqlite3.Connection) -> None:
        db.execute("BEGIN IMMEDIATE")
        try:
            db.execute(_VERSIONS)
            known = dict(db.execute("SELECT keeper, version FROM schema_versions").fetchall())
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

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as e:
            raise KeepingError(reason("keeping.unwritable", path=str(self.path), detail=str(e))) from e
