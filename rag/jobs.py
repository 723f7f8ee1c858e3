"""Ingest jobs as values: what is to be added to which knowledge base, and what became of each file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from .events import Cancel, DocumentOutcome, IngestEvent
from .messages import Reason

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
    REINGEST = "reingest"
    """Takes documents that are there again, from the files that were kept of them."""


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
    owner: str = ""
    """Id of the runner that has it; "" for jobs of earlier versions."""
    elsewhere: bool = False
    """Another app is at it: what is known of it is what that one wrote down."""
    stopping: bool = False
    """Somebody asked the app that has it to cancel it."""

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


@dataclass(slots=True)
class Progress:
    """A job of this program, as it stands: changed by its thread alone, read by anyone as a `Job`."""

    job: Job
    files: list[JobFile] = field(default_factory=list)
    started: float = 0.0
    cancel: Cancel = field(default_factory=Cancel)

    def snapshot(self) -> Job:
        return replace(self.job, files=tuple(self.files))
