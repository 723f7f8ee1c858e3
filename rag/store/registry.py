"""The registry: one row for each document, telling which revision of it counts.

A document's row is the commit mark of its chunks. It is written before the first chunk (the new revision is on its
way), after the last one (the new revision counts) and when the old chunks are gone; whatever a crash leaves is named
in `leftover`, counts for nothing and is swept later.

A document that is disabled keeps its row and its chunks, and one that was deleted keeps them until it is too late to
undo that: neither is searched. What the first schema had no field for stands behind the JSON of `leftover`, so that
registries of any age hold the same: "[]" alone, "[]+{facts}", or "[]-{facts}" for a document that is not searched.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import count
from typing import Any, Literal

from ..messages import as_json, from_json
from ..types import Document
from . import limits
from .connection import Connection
from .filters import one_of
from .rows import revision_of
from .schema import DENSE

Consistency = Literal["Session", "Strong"]
"""Session: what this process wrote, at once. Strong: what any process wrote, for some 200 ms on a server."""

NAMES_PER_QUERY = 500
"""Names in one `in [...]`: a few tens of kilobytes, far below what a server parses."""

PAGE_ROWS = 5_000
"""Rows of one page when all are read."""

FIELDS = ("id", "name", "sha256", "title", "language", "leftover", "size", "chunks", "tokens", "ingested_at")


WITH_LEFTOVER = 'leftover < "[]"'
"""Rows with revisions left over: a quotation mark sorts before the closing bracket."""

HIDDEN = 'leftover >= "[]-" and leftover < "[]."'
"""Rows without leftovers of documents that are not searched."""

MOST_EXCLUDED = 2_000
"""Names a search is told to leave out: some 100 KB. Beyond that it looks deeper and drops what does not count."""


@dataclass(frozen=True, slots=True)
class RegistryRow:
    """A row of the registry. `document.sha256` is "" while no revision counts."""

    document: Document
    leftover: tuple[str, ...] = ()
    """Revisions that may have rows and do not count."""
    touched_at: float = 0.0
    buried_at: float = 0.0
    """Time of its deletion, as long as that can be undone; else 0."""
    take: int = 0
    """Tells rows of the same content apart: that of the revision that counts, when a file was taken again."""

    @classmethod
    def distinct(cls, document: Document, others: Set[str]) -> RegistryRow:
        """The row of a document under a revision that is none of `others`, those that may already have rows."""
        takes = (cls(document, take=take) for take in count())
        return next(row for row in takes if row.revision not in others)

    @property
    def revision(self) -> str:
        """Revision that marks the rows that count; "" while none count."""
        return revision_of(self.document.sha256, self.take) if self.committed else ""

    @property
    def stored(self) -> Document:
        """The document as its rows know it: by the revision in place of the content."""
        return replace(self.document, sha256=self.revision)

    @property
    def committed(self) -> bool:
        """True if it has a revision, be it one that was deleted."""
        return bool(self.document.sha256)

    @property
    def present(self) -> bool:
        """True if the document is there for everybody to see."""
        return self.committed and not self.buried_at

    @property
    def searched(self) -> bool:
        return self.present and self.document.enabled


class Registry:
    """Reads and writes the registry of one collection."""

    def __init__(
        self,
        connection: Connection,
        collection: str,
        *,
        page_rows: int = PAGE_ROWS,
        most_excluded: int = MOST_EXCLUDED,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._connection = connection
        self._collection = collection
        self._page_rows = page_rows
        self._most_excluded = most_excluded
        self._now = now
        self._listed: tuple[int, list[RegistryRow]] | None = None
        """Number of changes the database had seen at the last reading, and the rows read then."""

    def listed(self) -> list[RegistryRow]:
        """Every entry. An embedded database, which nobody else can change, is read anew only after a change."""
        changes, known = self._connection.registry_changes, self._listed
        if self._connection.embedded and known and known[0] == changes:
            return known[1]
        entries = self.all()
        self._listed = (changes, entries)
        return entries

    def hidden(self) -> list[str] | None:
        """Names of the documents that are not searched; None when there are too many to name."""
        if self._connection.embedded:
            names = [e.document.name for e in self.listed() if e.committed and not e.searched]
        else:
            rows = self._connection.call(
                "query",
                collection_name=self._collection,
                filter=HIDDEN,
                output_fields=["name"],
                limit=self._most_excluded + 1,
                consistency_level="Session",
            )
            names = [row["name"] for row in rows]
        return names if len(names) <= self._most_excluded else None

    def entries(self, names: Iterable[str], *, consistency: Consistency = "Session") -> dict[str, RegistryRow]:
        """The entries of those `names` that have one."""
        found: dict[str, RegistryRow] = {}
        for some in limits.groups(list(dict.fromkeys(names)), NAMES_PER_QUERY):
            rows = self._connection.call(
                "query",
                collection_name=self._collection,
                filter=one_of("id", map(entry_id, some)),
                output_fields=[*FIELDS, "touched_at"],
                limit=2 * len(some),  # after a crash Lite may have a row twice, until the collection is opened
                consistency_level=consistency,
            )
            found.update((row["name"], _entry(row)) for row in rows)
        return found

    def all(self, expression: str = "") -> list[RegistryRow]:
        """Every entry that satisfies the filter `expression`, however many there are, in no particular order."""
        options = {
            "collection_name": self._collection,
            "filter": expression,
            "output_fields": [*FIELDS, "touched_at"],
            "consistency_level": "Session",
        }
        # One call where one is enough: on a server an iterator takes six round trips for its first page.
        rows: list[Mapping[str, Any]] = self._connection.call("query", limit=self._page_rows, **options)
        if len(rows) >= self._page_rows:
            rows = [row for page in self._connection.pages(batch_size=self._page_rows, **options) for row in page]
        return list({row["name"]: _entry(row) for row in rows}.values())

    def write(self, entries: Sequence[RegistryRow]) -> None:
        """Add or replace entries."""
        touched = [replace(entry, touched_at=self._now()) for entry in entries]
        for some in limits.groups(touched, limits.BATCH_ROWS):
            with self._connection.writing():
                self._connection.registry_changed()
                self._connection.call("upsert", collection_name=self._collection, data=[_row(e) for e in some])

    def remove(self, names: Sequence[str]) -> None:
        """Remove the entries of `names`.

        Milvus 2.3 answers a delete without its timestamp (2.3.5: always 0), so that a Session read may find them a
        moment longer. They are uncommitted by then: a document put meanwhile gets another take.
        """
        for some in limits.groups(names, limits.BATCH_ROWS):
            with self._connection.writing():
                self._connection.registry_changed()
                self._connection.call("delete", collection_name=self._collection, ids=[entry_id(n) for n in some])


def entry_id(name: str) -> str:
    """Key of a document's row: names may be longer than a key."""
    return sha256(name.encode()).hexdigest()[:40]


def _row(entry: RegistryRow) -> dict[str, Any]:
    document = entry.document
    return {
        "id": entry_id(document.name),
        "name": document.name,
        "sha256": document.sha256,
        "title": limits.cut(document.title, limits.TITLE_BYTES),
        "language": limits.cut(document.language, limits.LANGUAGE_BYTES),
        "leftover": _packed(entry),
        "size": document.size,
        "chunks": document.chunks,
        "tokens": document.tokens,
        "ingested_at": document.ingested_at,
        "touched_at": entry.touched_at,
        DENSE: [1.0, 0.0],
    }


def _packed(entry: RegistryRow) -> str:
    """The `leftover` field: leftover revisions, and behind them the facts that are not as usual."""
    document = entry.document
    facts: dict[str, Any] = {
        name: value for name, usual in _USUAL.items() if (value := getattr(document, name)) != usual
    }
    if document.error:
        facts["error"] = as_json(document.error)
    if entry.buried_at:
        facts["buried_at"] = entry.buried_at
    if entry.take:
        facts["take"] = entry.take
    packed = json.dumps(entry.leftover)
    if not facts:
        return packed
    mark = "+" if entry.searched or not entry.committed else "-"
    return f"{packed}{mark}{json.dumps(facts, ensure_ascii=False)}"


_USUAL: Mapping[str, Any] = {"tags": (), "date": "", "fields": None, "kind": "markdown", "enabled": True, "revision": 1}


def _unpacked(text: str) -> tuple[tuple[str, ...], dict[str, Any], float, int]:
    """Leftover revisions, fields of the document, time of its deletion, and number of its take."""
    leftover, end = json.JSONDecoder().raw_decode(text)
    facts = json.loads(text[end + 1 :]) if text[end:] else {}
    buried_at, take = float(facts.pop("buried_at", 0.0)), int(facts.pop("take", 0))
    if "tags" in facts:
        facts["tags"] = tuple(facts["tags"])
    if "fields" in facts:
        facts["fields"] = tuple((key, tuple(values)) for key, values in facts["fields"])
    if "error" in facts:
        facts["error"] = from_json(facts["error"])
    return tuple(leftover), facts, buried_at, take


def _entry(row: Mapping[str, Any]) -> RegistryRow:
    leftover, facts, buried_at, take = _unpacked(row["leftover"])
    return RegistryRow(
        Document(
            name=row["name"],
            sha256=row["sha256"],
            title=row["title"],
            language=row["language"],
            size=int(row["size"]),
            chunks=int(row["chunks"]),
            tokens=int(row["tokens"]),
            ingested_at=float(row["ingested_at"]),
            **facts,
        ),
        leftover,
        float(row["touched_at"]),
        buried_at,
        take,
    )
