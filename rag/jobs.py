"""Ingest jobs as values, and the book that keeps them: what was to be added, and what became of each file.

A file is written down before it is worked on and its outcome once it is known, so that a job that was cut off can go
on where it stopped. Progress in between is not kept: a document is in the store whole or not at all.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from .events import DocumentOutcome, IngestEvent
from .messages import Reason
from .sqlite import Database

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
)

GOOD = frozenset({DocumentOutcome.ADDED, DocumentOutcome.REPLACED, DocumentOutcome.UNCHANGED, DocumentOutcome.MOVED})


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    """It ended as a whole, as when the database went away; `error` says why."""


class JobKind(StrEnum):
    """What a job does."""

    INGEST = "ingest"
    REINDEX = "reindex"
    """Builds a new index beside the live one; its files are the documents of the knowledge base."""


ENDED = frozenset({JobState.DONE, JobState.CANCELLED, JobState.FAILED})


@dataclass(frozen=True, slots=True)
class JobFile:
    """One file of a job: the last thing said of it. `sha256` is of its bytes, "" when it was refused unread."""

    sha256: str
    event: IngestEvent

    @property
    def ended(self) -> bool:
        return self.event.outcome is not None


@dataclass(frozen=True, slots=True)
class Job:
    """One ingest into one knowledge base. Times are seconds since the epoch, UTC."""

    id: str
    collection: str
    state: JobState
    created: float
    files: tuple[JobFile, ...] = ()
    finished: float | None = None
    error: Reason | None = None
    resumed: bool = False
    """It was cut off by the end of the program and taken up again."""
    kind: JobKind = JobKind.INGEST

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def failures(self) -> tuple[JobFile, ...]:
        """Files that may succeed another time: not those refused for what they are."""
        return tuple(
            f for f in self.files if f.sha256 and f.event.outcome in (DocumentOutcome.FAILED, DocumentOutcome.CANCELLED)
        )


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a job goes. `seconds_left` is None until something can be said."""

    chunks_per_second: float = 0.0
    seconds_left: float | None = None


def pace(job: Job, elapsed: float) -> Pace:
    """Estimated by bytes from what was done in `elapsed` seconds: chunks are only known once a file is split."""
    worked = [f.event for f in job.files if f.event.embedded]
    chunks = sum(e.embedded for e in worked)
    done = sum(_bytes_done(e) for e in worked)
    left = sum(f.event.size - _bytes_done(f.event) for f in job.files if not f.ended)
    if elapsed <= 0 or not done:
        return Pace()
    return Pace(chunks / elapsed, left * elapsed / done)


def _bytes_done(event: IngestEvent) -> float:
    if event.outcome is not None:
        return event.size
    return event.size * event.done / event.total if event.total else 0.0


class JobBook:
    """Keeps jobs in the database. Safe for many threads."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        database.use("jobs", MIGRATIONS)

    def begin(self, collection: str, kind: JobKind = JobKind.INGEST) -> Job:
        """A new job without files."""
        job = Job(uuid.uuid4().hex, collection, JobState.WAITING, self._now(), kind=kind)
        with self._database.write() as db:
            row = (job.id, job.collection, str(job.state), job.created, str(kind))
            db.execute("INSERT INTO jobs (id, collection, state, created, kind) VALUES (?, ?, ?, ?, ?)", row)
        return job

    def note(self, job: str, position: int, file: JobFile) -> None:
        """Write down a file of a job, or what became of it."""
        with self._database.write() as db:
            row = (job, position, file.sha256, _events().dump_json(file.event).decode())
            db.execute("INSERT OR REPLACE INTO job_files VALUES (?, ?, ?, ?)", row)

    def move(self, job: str, state: JobState, error: Reason | None = None) -> None:
        """A job's new state; one that ended gets its time."""
        finished = self._now() if state in ENDED else None
        why = _reasons().dump_json(error).decode() if error else None
        with self._database.write() as db:
            db.execute("UPDATE jobs SET state = ?, finished = ?, error = ? WHERE id = ?", (state, finished, why, job))

    def all(self) -> list[Job]:
        """Every job with its files, oldest first."""
        jobs = self._database.read(
            "SELECT id, collection, state, created, finished, error, kind FROM jobs ORDER BY created, rowid"
        )
        return [self._job(row) for row in jobs]

    def forget(self, job: str) -> None:
        """Remove a job from the book; documents stay."""
        with self._database.write() as db:
            db.execute("DELETE FROM jobs WHERE id = ?", (job,))

    def _job(self, row: Sequence[object]) -> Job:
        id, collection, state, created, finished, error, kind = row
        files = self._database.read("SELECT sha256, event FROM job_files WHERE job = ? ORDER BY position", (id,))
        return Job(
            str(id),
            str(collection),
            JobState(str(state)),
            float(str(created)),
            tuple(JobFile(str(sha256), _events().validate_json(str(event))) for sha256, event in files),
            None if finished is None else float(str(finished)),
            None if error is None else _reasons().validate_json(str(error)),
            kind=JobKind(str(kind)),
        )


@dataclass(slots=True)
class Progress:
    """A job that runs, as it stands: changed by its thread alone, read by anyone as a `Job`."""

    job: Job
    files: list[JobFile] = field(default_factory=list)
    version: int = 0
    started: float = 0.0

    def snapshot(self) -> Job:
        return replace(self.job, files=tuple(self.files))


@cache
def _events() -> TypeAdapter[IngestEvent]:
    from pydantic import TypeAdapter

    return TypeAdapter(IngestEvent)


@cache
def _reasons() -> TypeAdapter[Reason]:
    from pydantic import TypeAdapter

    return TypeAdapter(Reason)
