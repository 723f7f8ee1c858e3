"""Keeps a folder and a knowledge base in step: new and changed files are added, documents of deleted files deleted.

A file is read only when it was written to since, or when the knowledge base no longer has the document made of it.

Which documents came from the folder is kept, so that a file deleted while nobody watched is noticed by the next watch,
and documents that came another way are never touched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rag.database import Database
from rag.documents.files import Refused, Seen, Stamp, Unchanged
from rag.errors import RagError
from rag.events import Cancel, DocumentOutcome, IngestEvent
from rag.messages import Reason, reason
from rag.types import Document, Source

from .jobs.job import GOOD

MIGRATIONS = (
    """
    CREATE TABLE watched (
        base TEXT NOT NULL, folder TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (base, folder, name)
    ) STRICT
    """,
    """
    ALTER TABLE watched ADD COLUMN stamp TEXT NOT NULL DEFAULT '';
    ALTER TABLE watched ADD COLUMN sha256 TEXT NOT NULL DEFAULT ''
    """,
)

SETTLED_MS = 800
"""A file is written in many steps: changes are taken together once nothing has changed for so long."""

YOUNG_NS = 2_000_000_000
"""A file can be written twice within the resolution of its file system's times: two seconds on the coarsest."""


class WatchTarget(Protocol):
    """The part of the service that a watched folder needs."""

    def changed(self, folder: Path, unchanged: Unchanged) -> Iterator[Source | Refused | Seen]: ...

    def documents(self, *, base: str = "") -> list[Document]: ...

    def ingest(
        self, sources: Iterable[Source | Refused | Seen], *, cancel: Cancel, base: str = "", moves: bool = False
    ) -> Iterator[IngestEvent]: ...

    def delete(self, names: Sequence[str], *, base: str = "") -> int: ...


@dataclass(frozen=True, slots=True)
class Gone:
    """Documents that were deleted because their files were."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Facts about a file from the last time it was read."""

    stamp: str = ""
    """Its stamp in the file system at that time; "" when it must be read again."""
    sha256: str = ""
    """sha256 of the document that was made of it; "" when it was refused."""


class Watched:
    """The documents that came from each watched folder. Safe for many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.use("watching", MIGRATIONS)

    def known(self, base: str, folder: str) -> dict[str, Known]:
        """Return what is known of the files of a folder, by name of the document."""
        sql = "SELECT name, stamp, sha256 FROM watched WHERE base = ? AND folder = ?"
        rows = self._database.read(sql, (base, folder))
        return {str(name): Known(str(stamp), str(sha256)) for name, stamp, sha256 in rows}

    def keep(self, base: str, folder: str, known: Mapping[str, Known]) -> None:
        """Replace what is kept of the folder: exactly these came from it."""
        rows = [(base, folder, name, each.stamp, each.sha256) for name, each in sorted(known.items())]
        with self._database.write() as db:
            db.execute("DELETE FROM watched WHERE base = ? AND folder = ?", (base, folder))
            db.executemany("INSERT INTO watched (base, folder, name, stamp, sha256) VALUES (?, ?, ?, ?, ?)", rows)


class FolderScan:
    """One scan of a folder: tells the files that need not be read, and notes what becomes known of the others."""

    def __init__(self, before: Mapping[str, Known], documents: Mapping[str, str], now: Callable[[], int]) -> None:
        """`documents` has the sha256 of each document there is, by name."""
        self._before = before
        self._documents = documents
        self._now = now
        self._stamps: dict[str, str] = {}
        self._read: dict[str, str] = {}
        self._twice: set[str] = set()
        self.known: dict[str, Known] = {}
        """Facts about every file that is there, by name."""

    def unchanged(self, name: str, stamp: Stamp) -> bool:
        """True if the file was not written to and what was made of it is still there. Called before it is read."""
        if name in self._stamps:
            self._twice.add(name)  # two files want that name: which of them is known is not
        young = max(stamp.modified_ns, stamp.changed_ns) > self._now() - YOUNG_NS
        self._stamps[name] = "" if young else str(stamp)
        before = self._before.get(name)
        if before is None or before.stamp != str(stamp) or name in self._twice:
            return False
        return not before.sha256 or self._documents.get(name) == before.sha256

    def offered(self, found: Iterable[Source | Refused | Seen]) -> Iterator[Source | Refused | Seen]:
        """Yield the files that were found, and note each."""
        for each in found:
            self.known[each.name] = self._before[each.name] if isinstance(each, Seen) else Known()
            if isinstance(each, Source):
                self._read[each.name] = each.sha256
            yield each

    def note(self, event: IngestEvent) -> None:
        """Note the outcome of a file. One that failed is read again, and so is one refused because of other files."""
        sha256 = self._read.get(event.name)
        if sha256 is None or event.name in self._twice:
            self.known[event.name] = Known()
        elif event.outcome in GOOD:
            self.known[event.name] = Known(self._stamps.get(event.name, ""), sha256)
        elif event.outcome is DocumentOutcome.REFUSED:
            self.known[event.name] = Known(self._stamps.get(event.name, ""))


class Folder:
    """One folder and the knowledge base it is kept in step with."""

    def __init__(
        self, path: Path, base: str, target: WatchTarget, watched: Watched, *, now: Callable[[], int] = time.time_ns
    ) -> None:
        """Raises RagError when there is no such folder."""
        if not path.is_dir():
            raise RagError(reason("watching.no_folder", path=str(path)))
        self._path = path
        self._base = base
        self._target = target
        self._watched = watched
        self._now = now
        self._told: dict[str, Reason | None] = {}
        """The reason last reported for each refused file, by name."""

    def step(self, *, cancel: Cancel) -> Iterator[IngestEvent | Gone]:
        """Bring the knowledge base up to what is in the folder now; only files that were written to are read.

        A folder that cannot be read at this moment, as when its drive went away, takes no document with it.
        """
        key = str(self._path.resolve())
        before = self._watched.known(self._base, key)
        if not self._path.is_dir():
            raise RagError(reason("watching.no_folder", path=str(self._path)))
        documents = {document.name: document.sha256 for document in self._target.documents(base=self._base)}
        look = FolderScan(before, documents, self._now)
        offered = look.offered(self._target.changed(self._path, look.unchanged))
        for event in self._target.ingest(offered, cancel=cancel, base=self._base, moves=True):
            if event.outcome:
                look.note(event)
            if not self._repeats(event):
                yield event
        if cancel:
            return
        look.known.pop(self._path.name, None)  # what is said of the folder itself, as that it holds nothing
        self._told = {name: why for name, why in self._told.items() if name in look.known or name == self._path.name}
        self._watched.keep(self._base, key, look.known)
        gone = tuple(sorted(before.keys() - look.known.keys()))
        if gone and self._target.delete(gone, base=self._base):
            yield Gone(gone)

    def _repeats(self, event: IngestEvent) -> bool:
        """True if a file is refused again for the reason already reported."""
        if event.outcome is not DocumentOutcome.REFUSED:
            if event.outcome:
                self._told.pop(event.name, None)
            return False
        said = event.name in self._told and self._told[event.name] == event.reason
        self._told[event.name] = event.reason
        return said

    def follow(self, changed: Callable[[], Iterable[object]], *, cancel: Cancel) -> Iterator[IngestEvent | Gone]:
        """Run a step now, and one more at each item of `changed`."""
        yield from self.step(cancel=cancel)
        for _ in changed():
            if cancel:
                return
            yield from self.step(cancel=cancel)

    def changes(self, cancel: Cancel) -> Iterator[object]:
        """Yield an item whenever something below the folder changed; ends when cancelled."""
        from watchfiles import watch

        return watch(self._path, stop_event=cancel.flag, debounce=2 * SETTLED_MS, step=SETTLED_MS, raise_interrupt=True)
