"""Keeps conversations and the ledger of every answer in SQLite, so that old answers open with their old evidence.

Every call names the owner; a conversation of somebody else is simply not there. Answers form a tree: editing an
earlier question grows a branch from that question's parent, and nothing that was said is lost. Knows no front.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import LedgerError
from .messages import reason
from .types import Ledger

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MIGRATIONS = (
    """
    CREATE TABLE conversations (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL,
        created REAL NOT NULL, updated REAL NOT NULL, head TEXT
    ) STRICT;
    CREATE INDEX conversations_of_owner ON conversations (owner, updated DESC);
    CREATE TABLE answers (
        id TEXT PRIMARY KEY,
        conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        parent TEXT REFERENCES answers (id) ON DELETE CASCADE,
        question TEXT NOT NULL, answer TEXT NOT NULL, record TEXT NOT NULL, kept_at REAL NOT NULL
    ) STRICT;
    CREATE INDEX answers_of_conversation ON answers (conversation, kept_at);
    """,
)
"""One script per schema version, applied in order; a script that has been released never changes."""

TITLE_LENGTH = 80
BUSY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class KeptConversation:
    """A line of the conversation list. Times are seconds since the epoch, UTC."""

    id: str
    title: str
    created: float
    updated: float
    answers: int


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One answer of a conversation: `parent` is the answer it followed, None for a first one."""

    id: str
    parent: str | None
    ledger: Ledger


class LedgerBook:
    """The conversations of all owners in one file. Safe for many threads; one connection each."""

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        """Opens or creates the file and brings its schema up to date.

        Raises LedgerError when the file is not ours, is from a newer version, or cannot be written.
        """
        self.path = path
        self._now = now
        self._local = threading.local()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise LedgerError(reason("ledger.unwritable", path=str(path), detail=e.strerror or str(e))) from e
        self._migrate()

    def keep(
        self, owner: str, ledger: Ledger, *, conversation: str | None = None, parent: str | None = None
    ) -> tuple[str, str]:
        """Add an answer; without a conversation a new one begins. Returns (conversation id, answer id).

        Raises LedgerError when the owner has no such conversation or it has no such parent.
        """
        with self._write() as db:
            now = self._now()
            if conversation is None:
                conversation = uuid.uuid4().hex
                title = " ".join(ledger.question.split())[:TITLE_LENGTH]
                db.execute(
                    "INSERT INTO conversations VALUES (?, ?, ?, ?, ?, NULL)", (conversation, owner, title, now, now)
                )
            else:
                self._own(db, owner, conversation)
            if parent is not None and not _one(
                db, "SELECT 1 FROM answers WHERE id = ? AND conversation = ?", parent, conversation
            ):
                raise LedgerError(reason("ledger.no_answer"))
            answer = uuid.uuid4().hex
            record = _records().dump_json(ledger).decode()
            db.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)",
                (answer, conversation, parent, ledger.question, ledger.answer, record, now),
            )
            db.execute("UPDATE conversations SET updated = ?, head = ? WHERE id = ?", (now, answer, conversation))
        return conversation, answer

    def conversations(self, owner: str, *, containing: str = "") -> list[KeptConversation]:
        """The owner's conversations, newest first; with `containing`, those whose title or texts hold it."""
        pattern = "%" + containing.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        rows = self._db().execute(
            r"""
            SELECT c.id, c.title, c.created, c.updated, (SELECT count(*) FROM answers a WHERE a.conversation = c.id)
            FROM conversations c
            WHERE c.owner = ?1 AND (c.title LIKE ?2 ESCAPE '\' OR EXISTS (
                SELECT 1 FROM answers a WHERE a.conversation = c.id
                AND (a.question LIKE ?2 ESCAPE '\' OR a.answer LIKE ?2 ESCAPE '\')))
            ORDER BY c.updated DESC, c.id
            """,
            (owner, pattern),
        )
        return [KeptConversation(*row) for row in rows]

    def thread(self, owner: str, conversation: str, *, head: str | None = None) -> list[KeptAnswer]:
        """The answers from the first to `head`, or to the newest where none is named. Raises LedgerError."""
        db = self._db()
        newest = self._own(db, owner, conversation)
        rows = db.execute(
            """
            WITH RECURSIVE line (id, parent, record, depth) AS (
                SELECT id, parent, record, 0 FROM answers WHERE id = ?1 AND conversation = ?2
                UNION ALL
                SELECT a.id, a.parent, a.record, line.depth + 1 FROM answers a JOIN line ON a.id = line.parent)
            SELECT id, parent, record FROM line ORDER BY depth DESC
            """,
            (head or newest, conversation),
        ).fetchall()
        if head and not rows:
            raise LedgerError(reason("ledger.no_answer"))
        return [KeptAnswer(id, parent, _records().validate_json(record)) for id, parent, record in rows]

    def branches(self, owner: str, conversation: str, parent: str | None) -> list[str]:
        """Ids of the answers that follow `parent`, oldest first: more than one where a question was edited."""
        db = self._db()
        self._own(db, owner, conversation)
        rows = db.execute(
            "SELECT id FROM answers WHERE conversation = ? AND parent IS ? ORDER BY kept_at, rowid",
            (conversation, parent),
        )
        return [row[0] for row in rows]

    def rename(self, owner: str, conversation: str, title: str) -> None:
        """Give a conversation another title. Raises LedgerError for an empty one or a conversation not there."""
        title = " ".join(title.split())[:TITLE_LENGTH]
        if not title:
            raise LedgerError(reason("ledger.empty_title"))
        with self._write() as db:
            self._own(db, owner, conversation)
            db.execute("UPDATE conversations SET title = ? WHERE id = ?", (title, conversation))

    def delete(self, owner: str, conversation: str) -> None:
        """Remove a conversation with its answers. Raises LedgerError when it is not there."""
        with self._write() as db:
            self._own(db, owner, conversation)
            db.execute("DELETE FROM conversations WHERE id = ?", (conversation,))

    def _own(self, db: sqlite3.Connection, owner: str, conversation: str) -> str | None:
        """The newest answer of the owner's conversation; what is another's does not exist."""
        row = _one(db, "SELECT head FROM conversations WHERE id = ? AND owner = ?", conversation, owner)
        if row is None:
            raise LedgerError(reason("ledger.no_conversation"))
        head: str | None = row[0]
        return head

    def _db(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA foreign_keys = ON")
            self._local.db = db
        return db

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it or nothing."""
        db = self._db()
        try:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        except sqlite3.Error as e:
            raise LedgerError(reason("ledger.unwritable", path=str(self.path), detail=str(e))) from e
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")

    def _migrate(self) -> None:
        try:
            with self._write() as db:
                (version,) = db.execute("PRAGMA user_version").fetchone()
                if version > len(MIGRATIONS):
                    raise LedgerError(reason("ledger.newer", path=str(self.path), version=version))
                for number, script in enumerate(MIGRATIONS[version:], version + 1):
                    for statement in script.split(";"):
                        db.execute(statement)
                    db.execute(f"PRAGMA user_version = {number:d}")
        except sqlite3.Error as e:
            raise LedgerError(reason("ledger.unwritable", path=str(self.path), detail=str(e))) from e


def _one(db: sqlite3.Connection, sql: str, *values: str) -> tuple[str | None, ...] | None:
    row: tuple[str | None, ...] | None = db.execute(sql, values).fetchone()
    return row


@cache
def _records() -> TypeAdapter[Ledger]:
    # Building the validator takes some 50 ms; importing pydantic here keeps `import rag.ledger` free of it.
    from pydantic import TypeAdapter

    return TypeAdapter(Ledger)
