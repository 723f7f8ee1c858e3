"""Jobs as values: the knowledge base a job works on, its files, and the outcome of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rag.documents.files import Refused
from rag.events import Cancel, DocumentOutcome, IngestEvent
from rag.messages import Reason, reason
from rag.types import Source

MOST_TRIES = 2
"""A file during which the program died so often is set aside: it would kill the next start as well."""

SET_ASIDE = "jobs.set_aside"
NO_ROOM = frozenset({"jobs.no_room", "keeping.disk_full", "store.disk_full"})
"""Codes of errors that pass once there is room on the disk: a job waits for that."""

GOOD = frozenset({DocumentOutcome.ADDED, DocumentOutcome.REPLACED, DocumentOutcome.UNCHANGED, DocumentOutcome.MOVED})


class JobState(StrEnum):
    """State of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    """The job ended as a whole, as when the database went away; `error` says why. In a waiting job `error` is the
    reason it waits."""


class JobKind(StrEnum):
    """Kind of work a job does."""

    INGEST = "ingest"
    REINDEX = "reindex"
    """Builds a new index beside the live one; its files are the documents of the knowledge base."""
    REINGEST = "reingest"
    """Ingests existing documents again, from the files that were kept of them."""


ENDED = frozenset({JobState.DONE, JobState.CANCELLED, JobState.FAILED})


@dataclass(frozen=True, slots=True)
class JobFile:
    """One file of a job, with its last event. `sha256` is of its bytes, "" when it was refused unread."""

    sha256: str
    event: IngestEvent
    tries: int = 0
    """Number of times work on it began and came to no end, because the program died."""

    @property
    def ended(self) -> bool:
        return self.event.outcome is not None

    @property
    def set_aside(self) -> bool:
        """True if work on it has been given up because the program died with it."""
        return self.event.reason is not None and self.event.reason.code == SET_ASIDE

    @property
    def against(self) -> Reason | None:
        """The reason not to begin it once more; None when it may be begun."""
        return reason(SET_ASIDE, tries=self.tries) if self.tries >= MOST_TRIES else None


@dataclass(frozen=True, slots=True)
class Job:
    """One job on one knowledge base. Times are seconds since the epoch, UTC."""

    id: str
    collection: str
    state: JobState
    created: float
    files: tuple[JobFile, ...] = ()
    finished: float | None = None
    error: Reason | None = None
    resumed: bool = False
    """True if it was cut off by the end of the program and taken up again."""
    kind: JobKind = JobKind.INGEST
    owner: str = ""
    """Id of the runner that has it; "" for jobs of earlier versions."""
    elsewhere: bool = False
    """True if another app works on it: all that is known of it is what that app wrote down."""
    stopping: bool = False
    """True if somebody asked the app that has it to cancel it."""
    tries: int = 0
    """Like `JobFile.tries`, for a job that is one piece of work."""

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def against(self) -> Reason | None:
        """The reason not to begin a job that is one piece of work once more; None when it may be begun."""
        return reason("jobs.set_aside_whole", tries=self.tries) if self.tries >= MOST_TRIES else None

    @property
    def failures(self) -> tuple[JobFile, ...]:
        """Files that may succeed another time; not those refused for their content."""
        passing = (DocumentOutcome.FAILED, DocumentOutcome.CANCELLED)
        return tuple(f for f in self.files if f.sha256 and (f.event.outcome in passing or f.set_aside))


@dataclass(frozen=True, slots=True)
class Pace:
    """Speed of a job, and an estimate of its end. `seconds_left` is None until it can be estimated."""

    chunks_per_second: float = 0.0
    seconds_left: float | None = None


def pace(job: Job, elapsed: float) -> Pace:
    """Estimate the pace by bytes from the work of `elapsed` seconds: chunks are only known once a file is split."""
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
    """Position of the file being worked on."""
    unwritten: set[int] = field(default_factory=set)
    """Positions of files whose last event is not in the book yet."""
    look_at: float = 0.0
    """Time of the next look whether a job that waits for room can go on."""
    cancel: Cancel = field(default_factory=Cancel)

    def tries(self, at: int | None) -> int:
        """Return the number of times work on a file, or with None on the whole job, began without an end."""
        return self.job.tries if at is None else self.files[at].tries

    def snapshot(self) -> Job:
        return replace(self.job, files=tuple(self.files))
