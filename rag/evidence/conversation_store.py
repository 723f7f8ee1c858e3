"""Keeps conversations and the ledger of every answer, so that old answers open with their old evidence.

Every call names the owner; a conversation of somebody else is simply not there. Answers form a tree: asking an earlier
question again, or another one in its place, grows a branch, and nothing that was said is lost. Knows no front.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rag.database import Database
from rag.errors import KeepingError
from rag.ledger import Ledger, Outcome
from rag.messages import reason
from rag.text.titles import title_of

from .conversation_list import listed
from .kept import Carried, CitedIn, KeptAnswer, KeptConversation
from .records import read, write

if TYPE_CHECKING:
    import sqlite3

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
    CREATE TABLE cited (
        chunk TEXT NOT NULL, answer TEXT NOT NULL REFERENCES answers (id) ON DELETE CASCADE,
        document TEXT NOT NULL, PRIMARY KEY (chunk, answer)
    ) STRICT
    """,
    "ALTER TABLE conversations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0",
)

TITLE_LENGTH = 80


class ConversationStore:
    """The conversations of all owners. Safe for many threads."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        database.use("book", MIGRATIONS)

    def keep(self, owner: str, conversation: str, ledger: Ledger, *, parent: str = "") -> None:
        """Add an answer, or what became of one; a `conversation` that is not there yet begins with it.

        Raises KeepingError when the conversation is another owner's, or has no such parent.
        """
        record = write(ledger)
        with self._database.write() as db:
            now, title = self._now(), title_of(ledger.question)
            _insert(db, Carried(owner, conversation, title, now, parent, now, record), ledger)
            if ledger.outcome is not Outcome.SMALL_TALK:
                _retitle(db, conversation, title)

    def conversations(self, owner: str, *, containing: str = "") -> list[KeptConversation]:
        """The owner's conversations, pinned ones first, else newest first; with `containing`, those whose title or
        texts hold each of its words, with the place of the first one that the title does not hold."""
        return listed(self._database, owner, containing)

    def title(self, owner: str, conversation: str) -> str:
        """Raises KeepingError when the owner has no such conversation."""
        return str(self._own(owner, conversation)[1])

    def head(self, owner: str, conversation: str) -> str:
        """Id of the answer that was kept or looked at last; "" for none. Raises KeepingError."""
        return self._own(owner, conversation)[0] or ""

    def thread(self, owner: str, conversation: str) -> list[KeptAnswer]:
        """The answers of the branch that was last looked at, from the first on. Raises KeepingError."""
        head, _ = self._own(owner, conversation)
        rows = self._database.read(
            """
            WITH RECURSIVE line (id, parent, record, depth) AS (
                SELECT id, parent, record, 0 FROM answers WHERE id = ?1 AND conversation = ?2
                UNION ALL
                SELECT a.id, a.parent, a.record, line.depth + 1 FROM answers a JOIN line ON a.id = line.parent)
            SELECT parent, record FROM line ORDER BY depth DESC
            """,
            (head, conversation),
        )
        return [
            KeptAnswer(str(parent or ""), read(str(record)), self._branches(conversation, str(parent or "")))
            for parent, record in rows
        ]

    def switch(self, owner: str, conversation: str, answer: str) -> None:
        """Look at the branch of `answer`, down to what was said last in it. Raises KeepingError."""
        self._own(owner, conversation)
        leaf = self._database.read(
            """
            WITH RECURSIVE below (id, at) AS (
                SELECT id, kept_at FROM answers WHERE id = ?1 AND conversation = ?2
                UNION ALL
                SELECT a.id, a.kept_at FROM answers a JOIN below ON a.parent = below.id)
            SELECT id FROM below ORDER BY at DESC, id LIMIT 1
            """,
            (answer, conversation),
        )
        if not leaf:
            raise KeepingError(reason("keeping.no_answer"))
        with self._database.write() as db:
            db.execute("UPDATE conversations SET head = ? WHERE id = ?", (leaf[0][0], conversation))

    def siblings(self, owner: str, conversation: str, parent: str) -> tuple[str, ...]:
        """Ids of the answers that follow `parent`, oldest first. Raises KeepingError."""
        self._own(owner, conversation)
        return self._branches(conversation, parent)

    def answer(self, owner: str, answer: str) -> tuple[str, Ledger]:
        """The id of the conversation an answer belongs to, and its ledger. Raises KeepingError."""
        rows = self._database.read(
            "SELECT c.id, a.record FROM answers a JOIN conversations c ON c.id = a.conversation"
            " WHERE a.id = ? AND c.owner = ?",
            (answer, owner),
        )
        if not rows:
            raise KeepingError(reason("keeping.no_answer"))
        return str(rows[0][0]), read(str(rows[0][1]))

    def citing(self, owner: str, document: str) -> dict[str, list[CitedIn]]:
        """Chunk id -> the owner's answers that cited it, newest first, for the chunks of one document."""
        rows = self._database.read(
            "SELECT x.chunk, c.id, c.title, a.id, a.question FROM cited x JOIN answers a ON a.id = x.answer"
            " JOIN conversations c ON c.id = a.conversation"
            " WHERE x.document = ? AND c.owner = ? ORDER BY a.kept_at DESC",
            (document, owner),
        )
        found: dict[str, list[CitedIn]] = {}
        for chunk, *where in rows:
            found.setdefault(str(chunk), []).append(CitedIn(*map(str, where)))
        return found

    def whole(self) -> Iterator[list[Carried]]:
        """Every conversation of every owner with all its branches, its answers in the order they were kept."""
        for (id,) in self._database.read("SELECT id FROM conversations ORDER BY created, id"):
            rows = self._database.read(
                "SELECT c.owner, c.id, c.title, c.created, coalesce(a.parent, ''), a.kept_at, a.record"
                " FROM answers a JOIN conversations c ON c.id = a.conversation WHERE c.id = ?"
                " ORDER BY a.kept_at, a.rowid",
                (id,),
            )
            yield [Carried(*row) for row in rows]  # type: ignore[arg-type]

    def bring(self, answers: Iterable[Carried]) -> int:
        """Keep answers of another book, parents before their children; returns how many were not there yet.

        All of them or none. Raises KeepingError when a conversation is another owner's here, or a parent is missing.
        """
        count = 0
        with self._database.write() as db:
            for answer in answers:
                ledger = read(answer.record)
                if _one(db, "SELECT 1 FROM answers WHERE id = ?", ledger.id):
                    continue
                _insert(db, answer, ledger)
                count += 1
        return count

    def rename(self, owner: str, conversation: str, title: str) -> None:
        """Give a conversation another title. Raises KeepingError for an empty one or a conversation not there."""
        title = " ".join(title.split())[:TITLE_LENGTH]
        if not title:
            raise KeepingError(reason("keeping.empty_title"))
        self._own(owner, conversation)
        with self._database.write() as db:
            db.execute("UPDATE conversations SET title = ? WHERE id = ? AND owner = ?", (title, conversation, owner))

    def pin(self, owner: str, conversation: str, pinned: bool) -> None:
        """Keep a conversation above all others, or no longer. Raises KeepingError when it is not there."""
        self._own(owner, conversation)
        with self._database.write() as db:
            found = (int(pinned), conversation, owner)
            db.execute("UPDATE conversations SET pinned = ? WHERE id = ? AND owner = ?", found)

    def delete(self, owner: str, conversation: str) -> None:
        """Remove a conversation with its answers. Raises KeepingError when it is not there."""
        self._own(owner, conversation)
        with self._database.write() as db:
            db.execute("DELETE FROM conversations WHERE id = ? AND owner = ?", (conversation, owner))

    def close(self) -> None:
        """Release the file."""
        self._database.close()

    def _own(self, owner: str, conversation: str) -> tuple[str | None, str]:
        """Head and title of the owner's conversation; what is another's does not exist."""
        rows = self._database.read(
            "SELECT head, title FROM conversations WHERE id = ? AND owner = ?", (conversation, owner)
        )
        if not rows:
            raise KeepingError(reason("keeping.no_conversation"))
        head, title = rows[0]
        return (None if head is None else str(head)), str(title)

    def _branches(self, conversation: str, parent: str) -> tuple[str, ...]:
        rows = self._database.read(
            "SELECT id FROM answers WHERE conversation = ? AND parent IS ? ORDER BY kept_at, rowid",
            (conversation, parent or None),
        )
        return tuple(str(row[0]) for row in rows)


def new_conversation() -> str:
    """An id that nobody can guess."""
    return uuid.uuid4().hex


def new_answer() -> str:
    """An id under which an answer is kept."""
    return uuid.uuid4().hex


def _insert(db: sqlite3.Connection, answer: Carried, ledger: Ledger) -> None:
    """Keep an answer, whose conversation begins with it where it is not there yet. Raises KeepingError."""
    _ensure(db, answer)
    found = "SELECT 1 FROM answers WHERE id = ? AND conversation = ?"
    if answer.parent and not _one(db, found, answer.parent, answer.conversation):
        raise KeepingError(reason("keeping.no_answer"))
    parent = answer.parent or None
    row = (ledger.id, answer.conversation, parent, ledger.question, ledger.answer, answer.record, answer.kept_at)
    kept = db.execute(
        "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " question = excluded.question, answer = excluded.answer, record = excluded.record, kept_at = excluded.kept_at"
        " WHERE conversation = excluded.conversation AND parent IS excluded.parent",
        row,
    )
    if not kept.rowcount:
        raise KeepingError(reason("keeping.no_answer"))
    db.executemany("INSERT OR IGNORE INTO cited VALUES (?, ?, ?)", _cited(ledger))
    now, conversation = answer.kept_at, answer.conversation
    db.execute("UPDATE conversations SET updated = ?, head = ? WHERE id = ?", (now, ledger.id, conversation))


def _ensure(db: sqlite3.Connection, answer: Carried) -> None:
    row = _one(db, "SELECT owner FROM conversations WHERE id = ?", answer.conversation)
    if row is None:
        title = " ".join(answer.title.split())[:TITLE_LENGTH]
        values = (answer.conversation, answer.owner, title, answer.created, answer.created)
        db.execute("INSERT INTO conversations (id, owner, title, created, updated) VALUES (?, ?, ?, ?, ?)", values)
    elif row[0] != answer.owner:
        raise KeepingError(reason("keeping.no_conversation"))


def _retitle(db: sqlite3.Connection, conversation: str, title: str) -> None:
    """Give the conversation the title where it still bears that of the small talk it began with."""
    row = _one(db, "SELECT record FROM answers WHERE conversation = ? AND parent IS NULL ORDER BY rowid", conversation)
    first = read(str(row[0])) if row else None
    if first and first.outcome is Outcome.SMALL_TALK:
        values = (title, conversation, title_of(first.question))
        db.execute("UPDATE conversations SET title = ? WHERE id = ? AND title = ?", values)


def _cited(ledger: Ledger) -> Sequence[tuple[str, str, str]]:
    numbers = {c.number for c in ledger.citations if c.valid}
    return [(c.stored.id, ledger.id, c.stored.document) for c in ledger.contexts if c.number in numbers]


def _one(db: sqlite3.Connection, sql: str, *values: str) -> tuple[object, ...] | None:
    row: tuple[object, ...] | None = db.execute(sql, values).fetchone()
    return row
