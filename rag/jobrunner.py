"""Works through ingest jobs, one after the other, in a thread of its own, and takes up what other programs left.

A job belongs to the product, not to a browser's tab: it goes on when the tab closes, and after the program was killed
the next start finds it in the book, or another program over the same data does. Documents that were finished are not
touched again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Protocol

from .errors import KeepingError, RagError
from .events import Cancel, DocumentOutcome, IngestEvent
from .files import Refused
from .joblist import LOOK_SECONDS, JobList
from .jobs import Job, JobFile, JobKind, JobState, Pace, Progress
from .messages import Reason, reason
from .spool import Spool
from .types import Source

log = logging.getLogger(__name__)

IDLE_SECONDS = 30.0
"""Until an idle runner looks again whether another program died and left jobs behind."""

ABANDON_SECONDS = 5.0
"""A batch of a knowledge base that is being deleted is waited for that long; it ends in an error otherwise."""

Offer = Callable[[], Iterable[Source | Refused]]


class Take(Protocol):
    """Takes sources into a knowledge base; see `rag.ingest.Ingest.run`."""

    def __call__(
        self, sources: Iterable[Source | Refused], /, *, collection: str, cancel: Cancel
    ) -> Iterator[IngestEvent]: ...


class Renew(Protocol):
    """Builds a new index of a knowledge base beside the live one; see `rag.indexes.Indexes.rebuild`."""

    def __call__(self, collection: str, /, *, cancel: Cancel) -> Iterator[IngestEvent]: ...


class JobRunner:
    """The queue of jobs and the thread that works through it. Safe for many threads."""

    def __init__(
        self,
        known: JobList,
        spool: Spool,
        take: Take,
        renew: Renew,
        *,
        there: Callable[[str], bool],
        now: Callable[[], float] = time.monotonic,
        idle: float = IDLE_SECONDS,
        heed: float = LOOK_SECONDS,
    ) -> None:
        """`there` tells whether a knowledge base still is; `heed` is how many seconds a job goes on before it asks."""
        self._known = known
        self._spool = spool
        self._take = take
        self._renew = renew
        self._there = there
        self._now = now
        self._idle = idle
        self._heed_every = heed
        self._heeded = float("-inf")
        self._offers: dict[str, Offer] = {}
        self._closed = Cancel()
        self._thread: threading.Thread | None = None

    # ---- what a front asks ------------------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """Grows with everything that happens to any job."""
        return self._known.version

    @property
    def active(self) -> bool:
        """Whether any job waits or runs."""
        return self._known.active

    def jobs(self) -> list[Job]:
        """Every job that is remembered, oldest first, as it stands; those of other programs among them."""
        return self._known.jobs()

    def job(self, id: str) -> Job | None:
        return self._known.job(id)

    def pace(self, id: str) -> Pace:
        """How fast a running job goes; nothing is known of that where another program runs it."""
        return self._known.pace(id)

    def add(self, collection: str, offer: Offer, kind: JobKind = JobKind.INGEST) -> str:
        """A new job at the end of the queue; `offer` gives its files once it is its turn. Raises KeepingError."""
        job = self._known.begin(collection, kind)
        self._offers[job.id] = offer
        self._known.enter(job)
        return job.id

    def reindex(self, collection: str) -> str:
        """A job that builds a new index; the one that is at it already where there is one. Raises KeepingError."""
        for job in self.jobs():
            if job.kind is JobKind.REINDEX and job.collection == collection and not job.ended:
                return job.id
        job = self._known.begin(collection, JobKind.REINDEX)
        self._known.enter(job)
        return job.id

    def cancel(self, id: str) -> None:
        """Stop a job between two batches; documents that are finished stay. Another program does so within seconds."""
        if progress := self._known.own(id):
            progress.cancel.cancel()
        elif (job := self.job(id)) and not job.ended:
            self._known.stop(id)

    def abandon(self, collection: str) -> int:
        """A knowledge base was deleted: end jobs that fill it, forget those that did. Returns how many had to end."""
        jobs = [job for job in self.jobs() if job.collection == collection]
        unfinished = [job for job in jobs if not job.ended]
        for job in jobs:
            if job.ended:
                self._known.remove(job.id)
            else:
                self.cancel(job.id)
        until, running = self._now() + ABANDON_SECONDS, self._known.running()
        if running is None or running.job.collection == collection:  # else they wait behind another one
            for job in unfinished:
                self.wait(job.id, until - self._now())
        return len(unfinished)

    def retry(self, id: str) -> str | None:
        """A new job of those files that failed or were cancelled; None when there are none. Raises KeepingError."""
        old = self.job(id)
        if old is None or not old.ended or not old.failures:
            return None
        files = old.failures

        def offer() -> Iterator[Source | Refused]:
            yield from (self._source(old, file) for file in files)
            self.dismiss(old.id)  # the new job has all there is of it

        return self.add(old.collection, offer, old.kind)

    def dismiss(self, id: str) -> None:
        """Forget a job that has ended, and those of its knowledge base before it that ended well. Documents stay."""
        self._known.dismiss(id)

    def wait(self, id: str, timeout: float | None = None) -> Job | None:
        """The job once it has ended; as it stands after `timeout` seconds."""
        return self._known.wait(id, timeout)

    # ---- running ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to work: first on what earlier runs of the program left. Returns at once."""
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def close(self, patience: float = 20.0) -> None:
        """End after the batch that runs; unfinished jobs are taken up by another program, or the next start."""
        self._closed.cancel()
        with self._known.changed:
            self._known.changed.notify_all()
        if running := self._known.running():
            running.cancel.cancel()
        if self._thread:
            self._thread.join(patience)
        if not (self._thread and self._thread.is_alive()):  # else the end of the process frees the lock
            self._known.leave()

    def _run(self) -> None:
        self._adopted()
        while (progress := self._next()) is not None:
            try:
                self._work(progress)
            except KeepingError as e:
                self._end(progress, JobState.FAILED, e.reason)
            except Exception as e:  # the thread must outlive one job, whatever it holds
                log.exception("job %s broke down", progress.job.id)
                self._end(progress, JobState.FAILED, reason("jobs.broke_down", kind=type(e).__name__))

    def _next(self) -> Progress | None:
        """The next job to work on; None once closed."""
        while not self._closed:
            if progress := self._known.waiting():
                return progress
            if self._adopted():
                continue
            with self._known.changed:
                if not self._closed and self._known.waiting() is None:
                    self._known.changed.wait(self._idle)
        return None

    def _adopted(self) -> bool:
        try:
            return self._known.adopt()
        except KeepingError as e:
            log.warning("what other programs left is not taken up now: %s", e)
            return False

    def _work(self, progress: Progress) -> None:
        job = progress.job
        self._known.move(progress, JobState.RUNNING)
        progress.started = self._now()
        self._heeded = float("-inf")
        self._heed(progress)
        if job.kind is JobKind.REINDEX:
            error = self._follow(progress, self._renew(job.collection, cancel=progress.cancel))
        else:
            error = self._ingest(progress)
        if self._closed:
            return  # the next start goes on
        if not self._there(job.collection):
            self._end(progress, JobState.CANCELLED, reason("jobs.base_deleted"), lost=True)
        elif error is not None:
            self._end(progress, JobState.FAILED, error)
        else:
            self._end(progress, JobState.CANCELLED if progress.cancel else JobState.DONE, None)

    def _heed(self, progress: Progress) -> None:
        """Cancel a job that another program's user wants cancelled, or whose knowledge base is gone."""
        if self._now() - self._heeded < self._heed_every:
            return
        self._heeded = self._now()
        if self._known.asked_to_stop(progress) or not self._there(progress.job.collection):
            progress.cancel.cancel()

    def _end(self, progress: Progress, state: JobState, error: Reason | None, *, lost: bool = False) -> None:
        """No file stays without an outcome. Where all is `lost`, nothing can be tried again."""
        outcome = DocumentOutcome.CANCELLED if state is JobState.CANCELLED else DocumentOutcome.FAILED
        for at, file in enumerate(progress.files):
            ended = file if file.ended else replace(file, event=replace(file.event, outcome=outcome))
            ended = replace(ended, sha256="") if lost else ended
            if ended != file:
                self._note_last(progress, at, ended)
        self._known.end(progress, state, error)

    def _note_last(self, progress: Progress, at: int, file: JobFile) -> None:
        try:
            self._known.note(progress, at, file, keep=True)
        except KeepingError as e:  # the book may be what the job failed for
            log.error("%s", e)

    def _follow(self, progress: Progress, events: Iterator[IngestEvent]) -> Reason | None:
        """Note events by the name of their document; why they ended early, if they did."""
        places = {file.event.name: i for i, file in enumerate(progress.files)}
        try:
            for event in events:
                if self._closed:
                    break
                at = places.setdefault(event.name, len(places))
                self._note(progress, at, JobFile("", event))
        except RagError as e:
            return e.reason
        return None

    def _ingest(self, progress: Progress) -> Reason | None:
        """Take the files of a job that have not ended; why it broke off, if it did."""
        job = progress.job
        try:
            self._receive(progress)
            waiting = [i for i, file in enumerate(progress.files) if not file.ended]
            positions = iter(waiting)
            at = next(positions, None)
            sources = (self._source(job, progress.files[i]) for i in waiting)
            for event in self._take(sources, collection=job.collection, cancel=progress.cancel):
                if at is None or self._closed:
                    break
                self._note(progress, at, replace(progress.files[at], event=event))
                if event.outcome is not None:
                    at = next(positions, None)
        except RagError as e:
            return e.reason
        return None

    def _note(self, progress: Progress, at: int, file: JobFile) -> None:
        self._known.note(progress, at, file, keep=file.ended)
        self._heed(progress)

    def _source(self, job: Job, file: JobFile) -> Source | Refused:
        return self._spool.source(job.id, file, again=job.kind is JobKind.REINGEST)

    def _receive(self, progress: Progress) -> None:
        """Write down every file of a new job and keep its bytes, before the first is worked on.

        All of them, also when it is cancelled meanwhile: what was not received could not be tried again.
        """
        offer = self._offers.pop(progress.job.id, None)
        for offered in offer() if offer else ():
            file = self._spool.receive(progress.job.id, offered)
            self._known.note(progress, len(progress.files), file, keep=True)
