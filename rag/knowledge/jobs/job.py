"""Ingest jobs as values: what is to be added to which knowledge base, and what became of each file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rag.documents.files import Refused
from rag.events import Cancel, DocumentOutcome, IngestEvent
from rag.messages import Reason, reason
from rag.types import Source

MOST_TRIES = 2
"""A file with which the program died so often is set aside: it would kill the next start as well."""

SET_ASIDE = "jobs.set_aside"
NO_ROOM = frozenset({"jobs.no_room", "keeping.disk_full", "store.disk_full"})
"""Codes of what passes once there is room on the disk: a job waits for that."""

GOOD = frozenset({DocumentOutcome.ADDED, DocumentOutcome.REPLACED, DocumentOutcome.UNCHANGED, DocumentOutcome.MOVED})


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    """It ended as a whole, as when the database went away; `error` says why. That of one that waits is what for."""


class JobKind(StrEnum):
    """What a job does."""

    INGEST = "ingest"
    REINDEX = "reindex"
    """Builds a new index beside the live one; its files are the documents of the knowledge base."""
    REINGEST = "reingest"
    """Takes documents that are there again, from the files that were kept of them."""


ENDED = frozenset({JobState.DONE, JobState.CANCELLED, JobState.FAILED})


@dataclass(frozen=True, slots=True)
class JobFile:
    """One file of a job: the last thing said of it. `sha256` is of its bytes, "" when it was refused unread."""

    sha256: str
    event: IngestEvent
    tries: int = 0
    """How often work on it was begun and came to no end, because the program died."""

    @property
    def ended(self) -> bool:
        return self.event.outcome is not None

    @property
    def set_aside(self) -> bool:
        """Whether it is not worked on any more because the program died with it."""
        return self.event.reason is not None and self.event.reason.code == SET_ASIDE

    @property
    def against(self) -> Reason | None:
        """Why it is not begun once more."""
        return reason(SET_ASIDE, tries=self.tries) if self.tries >= MOST_TRIES else None


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
    owner: str = ""
    """Id of the runner that has it; "" for jobs of earlier versions."""
    elsewhere: bool = False
    """Another app is at it: what is known of it is what that one wrote down."""
    stopping: bool = False
    """Somebody asked the app that has it to cancel it."""
    tries: int = 0
    """As of a file, for a job that is one piece of work."""

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def against(self) -> Reason | None:
        """Why one that is one piece of work is not begun once more."""
        return reason("jobs.set_aside_whole", tries=self.tries) if self.tries >= MOST_TRIES else None

    @property
    def failures(self) -> tuple[JobFile, ...]:
        """Files that may succeed another time: not those refused for what they are."""
        passing = (DocumentOutcome.FAILED, DocumentOutcome.CANCELLED)
        return tuple(f for f in self.files if f.sha256 and (f.event.outcome in passing or f.set_aside))


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


@dataclass(slots=True)
class Progress:
    """A job of this program, as it stands: changed by its thread alone, read by anyone as a `Job`."""

    job: Job
    files: list[JobFile] = field(default_factory=list)
    offered: Iterator[Source | Refused] = field(default_factory=lambda: iter(()))
    """Files that were not received yet."""
    started: float = 0.0
    at: int | None = None
    """Position of the file that is worked on."""
    unwritten: set[int] = field(default_factory=set)
    """Positions of files of which the book does not have the last word."""
    look_at: float = 0.0
    """When to look again whether a job that waits for room can go on."""
    cancel: Cancel = field(default_factory=Cancel)

    def tries(self, at: int | None) -> int:
        """How often work on a file, or with None on the whole job, was begun without an end."""
        return self.job.tries if at is None else self.files[at].tries

    def snapshot(self) -> Job:
        return replace(self.job, files=tuple(self.files))
