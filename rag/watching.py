"""Keeps a folder and a knowledge base in step: what is new or changed is added, what is gone is deleted.

Which documents came from the folder is kept, so that a file deleted while nobody watched is noticed by the next watch,
and documents that came another way are never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .errors import RagError
from .events import Cancel, IngestEvent
from .files import Refused
from .messages import reason
from .sqlite import Database
from .types import Source

MIGRATIONS = (
    """
    CREATE TABLE watched (
        base TEXT NOT NULL, folder TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (base, folder, name)
    ) STRICT
    """,
)

SETTLED_MS = 800
"""A file is written in many steps: changes are taken together once nothing has changed for so long."""


class Target(Protocol):
    """The part of the service a watched folder is kept in step with."""

    def sources(self, paths: Iterable[Path]) -> Iterator[Source | Refused]: ...

    def ingest(
        self, sources: Iterable[Source | Refused], *, cancel: Cancel, base: str = "", moves: bool = False
    ) -> Iterator[IngestEvent]: ...

    def delete(self, names: Sequence[str], *, base: str = "") -> int: ...


@dataclass(frozen=True, slots=True)
class Gone:
    """Documents that were deleted, because their files are."""

    names: tuple[str, ...]


class Watched:
    """Which documents came from which folder. Safe for many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.use("watching", MIGRATIONS)

    def names(self, base: str, folder: str) -> set[str]:
        rows = self._database.read("SELECT name FROM watched WHERE base = ? AND folder = ?", (base, folder))
        return {str(row[0]) for row in rows}

    def keep(self, base: str, folder: str, names: Iterable[str]) -> None:
        """Exactly these came from the folder."""
        with self._database.write() as db:
            db.execute("DELETE FROM watched WHERE base = ? AND folder = ?", (base, folder))
            db.executemany("INSERT INTO watched VALUES (?, ?, ?)", [(base, folder, name) for name in sorted(names)])


class Folder:
    """One folder and the knowledge base it is kept in step with."""

    def __init__(self, path: Path, base: str, target: Target, watched: Watched) -> None:
        """Raises RagError when there is no such folder."""
        if not path.is_dir():
            raise RagError(reason("watching.no_folder", path=str(path)))
        self._path = path
        self._base = base
        self._target = target
        self._watched = watched

    def step(self, *, cancel: Cancel) -> Iterator[IngestEvent | Gone]:
        """Bring the knowledge base up to what is in the folder now.

        A folder that cannot be read at this moment, as when its drive went away, takes no document with it.
        """
        key = str(self._path.resolve())
        before = self._watched.names(self._base, key)
        if not self._path.is_dir():
            raise RagError(reason("watching.no_folder", path=str(self._path)))
        seen: set[str] = set()

        def offered() -> Iterator[Source | Refused]:
            for source in self._target.sources([self._path]):
                if source.name != self._path.name:  # what is said of the folder itself, as that it holds nothing
                    seen.add(source.name)
                yield source

        yield from self._target.ingest(offered(), cancel=cancel, base=self._base, moves=True)
        if cancel:
            return
        gone = tuple(sorted(before - seen))
        self._watched.keep(self._base, key, seen)
        if gone and self._target.delete(gone, base=self._base):
            yield Gone(gone)

    def follow(self, changed: Callable[[], Iterable[object]], *, cancel: Cancel) -> Iterator[IngestEvent | Gone]:
        """A step now, and one whenever `changed` says that something did."""
        yield from self.step(cancel=cancel)
        for _ in changed():
            if cancel:
                return
            yield from self.step(cancel=cancel)

    def changes(self, cancel: Cancel) -> Iterator[object]:
        """Something below the folder changed; ends when cancelled."""
        from watchfiles import watch

        return watch(self._path, stop_event=cancel.flag, debounce=2 * SETTLED_MS, step=SETTLED_MS, raise_interrupt=True)
