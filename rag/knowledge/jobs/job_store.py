"""Keeps ingest jobs in the database, for all programs over one data folder.

A file is written down before it is worked on and its outcome once it is known, so that a job that was cut off can go
on where it stopped. Progress in between is not kept: a document is in the store whole or not at all.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from rag.database import Database
from rag.events import IngestEvent
from rag.messages import Reason

from .job import ENDED, Job, JobFile, JobKind, JobState

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MIGRATIONS = (
    """
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY, collection TEXT NOT NULL, state TEXT NOT NULL, created REAL NOT NULL, finished REAL,
        error TEXT, kind TEXT NOT NULL
    ) STRICT;
    CREATE TABLE job_files (
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, position INTEGER NOT NULL,
        sha256 TEXT NOT NULL, event TEXT NOT NULL, PRIMARY KEY (job, position)
    ) STRICT
    """,
    """
    ALTER TABLE jobs ADD COLUMN owner TEXT NOT NULL DEFAULT '';
    ALTER TABLE jobs ADD COLUMN stopping INTEGER NOT NULL DEFAULT 0
    """,
    """
    ALTER TABLE job_files ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE jobs ADD COLUMN tries INTEGER NOT NULL DEFAULT 0
    """,
)


UNFINISHED = (str(JobState.WAITING), str(JobState.RUNNING))
_HEAD = "SELECT id, collection, state, created, finished, error, kind, owner, stopping, tries FROM jobs"


class JobStore:
    """The book of jobs. Safe for many threads and processes.

    Every call raises KeepingError when the file cannot be used.
    """

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        database.use("jobs", MIGRATIONS)

    def begin(self, collection: str, kind: JobKind = JobKind.INGEST, *, owner: str = "") -> Job:
        """Write down a new job without files, and return it."""
        job = Job(uuid.uuid4().hex, collection, JobState.WAITING, self._now(), kind=kind, owner=owner)
        with self._database.write() as db:
            row = (job.id, job.collection, str(job.state), job.created, str(kind), owner)
            db.execute("INSERT INTO jobs (id, collection, state, created, kind, owner) VALUES (?, ?, ?, ?, ?, ?)", row)
        return job

    def claim(self, job: Job, owner: str) -> bool:
        """Take an unfinished job over from the owner it had when it was read; False when somebody else was first."""
        with self._database.write() as db:
            done = db.execute(
                "UPDATE jobs SET owner = ? WHERE id = ? AND owner = ? AND state IN (?, ?)",
                (owner, job.id, job.owner, *UNFINISHED),
            )
            return done.rowcount == 1

    def note(self, job: str, position: int, file: JobFile) -> None:
        """Write down a file of a job, or its outcome."""
        with self._database.write() as db:
            row = (job, position, file.sha256, _events().dump_json(file.event).decode(), file.tries)
            db.execute("INSERT OR REPLACE INTO job_files VALUES (?, ?, ?, ?, ?)", row)

    def tried(self, job: str, position: int | None, tries: int) -> None:
        """Write down how many times work on a file, or with None on the whole job, began without an end."""
        with self._database.write() as db:
            if position is None:
                db.execute("UPDATE jobs SET tries = ? WHERE id = ?", (tries, job))
            else:
                where = "WHERE job = ? AND position = ?"
                db.execute(f"UPDATE job_files SET tries = ? {where}", (tries, job, position))

    def move(self, job: str, state: JobState, error: Reason | None = None) -> None:
        """Write down a job's new state; one that ended gets its time."""
        finished = self._now() if state in ENDED else None
        why = _reasons().dump_json(error).decode() if error else None
        with self._database.write() as db:
            db.execute("UPDATE jobs SET state = ?, finished = ?, error = ? WHERE id = ?", (state, finished, why, job))

    def stop(self, job: str) -> None:
        """Ask whoever has the job to cancel it."""
        with self._database.write() as db:
            db.execute("UPDATE jobs SET stopping = 1 WHERE id = ? AND state IN (?, ?)", (job, *UNFINISHED))

    def stopping(self, job: str) -> bool:
        """True if somebody asked to cancel the job."""
        return bool(self._database.read("SELECT 1 FROM jobs WHERE id = ? AND stopping", (job,)))

    def heads(self) -> list[Job]:
        """Every job without its files, oldest first."""
        return [_head(row) for row in self._database.read(f"{_HEAD} ORDER BY created, rowid")]

    def files(self, job: str) -> tuple[JobFile, ...]:
        """The files of a job, as far as they were written down."""
        rows = self._database.read("SELECT sha256, event, tries FROM job_files WHERE job = ? ORDER BY position", (job,))
        return tuple(JobFile(str(key), _events().validate_json(str(event)), int(str(n))) for key, event, n in rows)

    def forget(self, job: str) -> None:
        """Remove a job from the book; documents stay."""
        with self._database.write() as db:
            db.execute("DELETE FROM jobs WHERE id = ?", (job,))


def _head(row: Sequence[object]) -> Job:
    id, collection, state, created, finished, error, kind, owner, stopping, tries = row
    return Job(
        str(id),
        str(collection),
        JobState(str(state)),
        float(str(created)),
        finished=None if finished is None else float(str(finished)),
        error=None if error is None else _reasons().validate_json(str(error)),
        kind=JobKind(str(kind)),
        owner=str(owner),
        stopping=bool(stopping),
        tries=int(str(tries)),
    )


@cache
def _events() -> TypeAdapter[IngestEvent]:
    from pydantic import TypeAdapter

    return TypeAdapter(IngestEvent)


@cache
def _reasons() -> TypeAdapter[Reason]:
    from pydantic import TypeAdapter

    return TypeAdapter(Reason)
