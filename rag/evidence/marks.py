"""Keeps what people marked as right or wrong evidence. Every call names the owner. Knows no front.

A mark is about a passage for a query, as judged by one reranker: the same passage found again for the same query is
marked already, and a judgement counts once however often it was asked for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from rag.database import Database
from rag.errors import KeepingError
from rag.ledger import Ledger
from rag.messages import reason
from rag.status import ModelInfo
from rag.types import HEADING_SEPARATOR, Chunk, sigmoid

MIGRATIONS = (
    """
    CREATE TABLE marks (
        owner TEXT NOT NULL, reranker TEXT NOT NULL, revision TEXT NOT NULL, dtype TEXT NOT NULL,
        query TEXT NOT NULL, passage TEXT NOT NULL,
        verdict TEXT NOT NULL CHECK (verdict IN ('right', 'wrong')),
        answer TEXT NOT NULL, chunk TEXT NOT NULL, document TEXT NOT NULL,
        headings TEXT NOT NULL, text TEXT NOT NULL, text_sha256 TEXT NOT NULL,
        log_odds REAL, probability REAL, marked_at REAL NOT NULL,
        PRIMARY KEY (owner, reranker, revision, dtype, query, passage)
    ) STRICT
    """,
)


class Relevance(StrEnum):
    """A person's verdict on a passage."""

    RIGHT = "right"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Judge:
    """The reranker whose number stood on a marked card: another model, revision or number type is another judge."""

    name: str
    revision: str
    dtype: str

    @classmethod
    def of(cls, info: ModelInfo | None) -> Judge:
        return cls(info.name, info.revision, info.dtype) if info else cls("", "", "")


@dataclass(frozen=True, slots=True)
class Mark:
    """A passage marked for a query. `log_odds` is None where no reranker had judged it."""

    verdict: Relevance
    query: str
    answer: str
    """Id of the answer on whose card it was made last."""
    chunk: str
    document: str
    heading_path: tuple[str, ...]
    text: str
    text_sha256: str
    log_odds: float | None
    judge: Judge
    marked_at: float = 0.0
    """Seconds since the epoch, UTC; set when kept."""
    owner: str = ""
    """Set when kept."""

    @property
    def probability(self) -> float | None:
        return None if self.log_odds is None else sigmoid(self.log_odds)

    @property
    def passage(self) -> str:
        """Tells passages apart by what the reranker reads: the same words under another heading are another one."""
        return passage_id(Chunk(0, 0, 0, self.heading_path, self.text, 0))

    @property
    def title(self) -> str:
        return HEADING_SEPARATOR.join(self.heading_path)


def passage_id(chunk: Chunk) -> str:
    """See `Mark.passage`."""
    return sha256(chunk.whole_text.encode()).hexdigest()


def mark_of(ledger: Ledger, chunk: str, verdict: Relevance) -> Mark:
    """The mark a card of an answer makes; `chunk` is the candidate's id. Raises KeepingError for a strange one."""
    search = ledger.finder(chunk)
    if search is None:
        raise KeepingError(reason("marks.no_passage"))
    found = next(c for c in search.candidates if c.stored.id == chunk)
    stored = found.stored
    return Mark(
        verdict,
        search.query,
        ledger.id,
        stored.id,
        stored.document,
        stored.chunk.heading_path,
        stored.chunk.text,
        sha256(stored.chunk.text.encode()).hexdigest(),
        found.log_odds,
        Judge.of(ledger.models.get("reranker")),
    )


def marked_in(ledger: Ledger, given: Callable[[str], Mapping[str, Relevance]]) -> Mapping[str, Relevance]:
    """Passage -> what it was marked as among the evidence of an answer; `given` tells it for one query.

    Where several searches found a passage, the mark is for the query of the one to which it belongs, as it is made.
    """
    if len(ledger.searches) == 1:
        return given(ledger.main.query)
    found: dict[str, Relevance] = {}
    for search in ledger.searches:
        known = given(search.query)
        own = (passage_id(c.stored.chunk) for c in search.candidates if ledger.finder(c.stored.id) is search)
        found |= {passage: known[passage] for passage in own if passage in known}
    return found


class Marks:
    """The marks of all owners. Safe for many threads."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        database.use("marks", MIGRATIONS)

    def toggle(self, owner: str, mark: Mark) -> Relevance | None:
        """Keep a mark in place of an earlier one; the same verdict again takes it back. Returns what is kept now.

        Raises KeepingError without an owner: what is kept under none would belong to everyone.
        """
        if not owner:
            raise KeepingError(reason("marks.no_owner"))
        judge = mark.judge
        key = (owner, judge.name, judge.revision, judge.dtype, mark.query, mark.passage)
        with self._database.write() as db:
            found = db.execute(f"SELECT verdict FROM marks WHERE {_KEY}", key).fetchone()
            db.execute(f"DELETE FROM marks WHERE {_KEY}", key)
            if found and found[0] == mark.verdict:
                return None
            about = (mark.verdict, mark.answer, mark.chunk, mark.document, json.dumps(mark.heading_path))
            judged = (mark.text, mark.text_sha256, mark.log_odds, mark.probability, self._now())
            db.execute(f"INSERT INTO marks VALUES ({', '.join('?' * 16)})", (*key, *about, *judged))
        return mark.verdict

    def given(self, owner: str, query: str, judge: Judge) -> Mapping[str, Relevance]:
        """Passage -> what the owner marked it as, for one query."""
        rows = self._database.read(
            "SELECT passage, verdict FROM marks"
            " WHERE owner = ? AND reranker = ? AND revision = ? AND dtype = ? AND query = ?",
            (owner, judge.name, judge.revision, judge.dtype, query),
        )
        return {str(passage): Relevance(str(verdict)) for passage, verdict in rows}

    def points(self, owner: str, judge: Judge) -> tuple[tuple[float, bool], ...]:
        """Log-odds and whether it was right, of every passage this reranker judged and the owner marked."""
        rows = self._database.read(
            "SELECT log_odds, verdict = 'right' FROM marks WHERE owner = ? AND reranker = ? AND revision = ?"
            " AND dtype = ? AND log_odds IS NOT NULL ORDER BY log_odds, verdict",
            (owner, judge.name, judge.revision, judge.dtype),
        )
        return tuple((float(log_odds), bool(right)) for log_odds, right in rows)  # type: ignore[arg-type]

    def all(self, owner: str = "") -> list[Mark]:
        """Marks in the order they were made; of every owner where none is named."""
        rows = self._database.read(
            "SELECT verdict, query, answer, chunk, document, headings, text, text_sha256, log_odds, reranker, revision,"
            " dtype, marked_at, owner FROM marks WHERE ?1 IN ('', owner) ORDER BY marked_at, rowid",
            (owner,),
        )
        return [_mark(*row) for row in rows]


_KEY = "owner = ? AND reranker = ? AND revision = ? AND dtype = ? AND query = ? AND passage = ?"


def _mark(verdict: object, *values: object) -> Mark:
    query, answer, chunk, document, headings, text, digest, log_odds, name, revision, dtype, at, owner = values
    return Mark(
        Relevance(str(verdict)),
        str(query),
        str(answer),
        str(chunk),
        str(document),
        tuple(json.loads(str(headings))),
        str(text),
        str(digest),
        None if log_odds is None else float(log_odds),  # type: ignore[arg-type]
        Judge(str(name), str(revision), str(dtype)),
        float(at),  # type: ignore[arg-type]
        str(owner),
    )
