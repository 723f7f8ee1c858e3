"""The databases this process has open, and the locks that belong to each.

The one piece of state a process shares: Milvus Lite itself allows one server per path and process, loses rows under
concurrent writers, and for an instant hides rows while it flushes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition, Lock


class ReadWriteLock:
    """Many readers or one writer. Whoever waits holds the gate, so neither side can starve the other."""

    def __init__(self) -> None:
        self._gate = Lock()
        self._readers = 0
        self._idle = Condition()

    @contextmanager
    def reading(self) -> Iterator[None]:
        with self._gate, self._idle:
            self._readers += 1
        try:
            yield
        finally:
            with self._idle:
                self._readers -= 1
                self._idle.notify_all()

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self._gate:
            with self._idle:
                self._idle.wait_for(lambda: self._readers == 0)
            yield


@dataclass(slots=True)
class OpenDatabase:
    """One open database of this process."""

    key: str
    access: ReadWriteLock = field(default_factory=ReadWriteLock)
    """Held around every single write, and on Lite around every read."""
    changes: Lock = field(default_factory=Lock)
    """Held around all steps of one change, such as replacing a document."""
    users: int = 0
    registry_changes: int = 0
    """Number of times this process has changed a registry in it."""
    unclean: set[str] = field(default_factory=set)
    """Collections of Lite that the last process did not close: their logs were there to be read again."""
    folder: tuple[int, int] | None = None
    """Device and number of the folder of Lite that was opened."""
    torn: set[str] = field(default_factory=set)
    """Collections of Lite whose log may end in half a record; see `Connection.call`."""


class Databases:
    """The open databases by path or address, counted by their users."""

    def __init__(self) -> None:
        self.lock = Lock()
        """Held while a database is opened or closed."""
        self._open: dict[str, OpenDatabase] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._open

    def enter(self, key: str) -> OpenDatabase:
        """Count one more user of the database and return it; `lock` must be held."""
        database = self._open.setdefault(key, OpenDatabase(key))
        database.users += 1
        return database

    def leave(self, database: OpenDatabase) -> bool:
        """Count one user less; True if that was the last. `lock` must be held."""
        database.users -= 1
        if database.users:
            return False
        del self._open[database.key]
        return True


DATABASES = Databases()
