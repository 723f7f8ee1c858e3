"""Works through ingest jobs, one after the other, in a thread of its own, and takes up what an earlier run left.

A job belongs to the product, not to a browser's tab: it goes on when the tab closes, and after the program was killed
the next start finds it in the book. Documents that were finished are not touched again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from .errors import DocumentRefused, KeepingError, RagError
from .events import Cancel, DocumentOutcome, IngestEvent, IngestStage
from .files import Refused
from .jobs import Job, JobBook, JobFile, JobKind, JobState, Pace, Progress, pace
from .messages import Reason, reason
from .spool import Spool
from .types import Source

log = logging.getLogger(__name__)

REMEMBERED = 20
"""Ended jobs that can still be looked at; older ones are forgotten with what was kept for them."""


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
        book: JobBook,
        spool: Spool,
        take: Take,
        renew: Renew,
        *,
        lock: Path,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`lock` is a file that one process at a time holds while it runs jobs: two must not resume the same one."""
        self._book = book
        self._spool = spool
        self._take = take
        self._renew = renew
        self._lockfile = FileLock(lock, thread_local=False)  # taken in one thread, released in another
        self._now = now
        self._changed = threading.Condition()
        self._jobs: OrderedDict[str, Progress] = OrderedDict()
        self._offers: dict[str, Callable[[], Iterable[Source | Refused]]] = {}
        self._cancels: dict[str, Cancel] = {}
        self._closed = Cancel()
        self._thread: threading.Thread | None = None
        self.version = 0
        """Grows with everything that happens to any job."""

    # ---- what a front asks ------------------------------------------------------------------------------------------

    def add(self, collection: str, offer: Callable[[], Iterable[Source | Refused]]) -> str:
        """A new job at the end of the queue; `offer` gives its files once it is its turn. Raises KeepingError."""
        job = self._book.begin(collection)
        with self._changed:
            self._offers[job.id] = offer
            self._enter(job)
        return job.id

    def reindex(self, collection: str) -> str:
        """A job that builds a new index; the one that is at it already where there is one. Raises KeepingError."""
        with self._changed:
            for progress in self._jobs.values():
                job = progress.job
                if job.kind is JobKind.REINDEX and job.collection == collection and not job.ended:
                    return job.id
        job = self._book.begin(collection, JobKind.REINDEX)
        with self._changed:
            self._enter(job)
        return job.id

    def jobs(self) -> list[Job]:
        """Every job that is remembered, oldest first, as it stands."""
        with self._changed:
            return [progress.snapshot() for progress in self._jobs.values()]

    def job(self, id: str) -> Job | None:
        with self._changed:
            progress = self._jobs.get(id)
            return progress.snapshot() if progress else None

    def pace(self, id: str) -> Pace:
        """How fast a running job goes."""
        with self._changed:
            progress = self._jobs.get(id)
        if progress is None or progress.job.state is not JobState.RUNNING:
            return Pace()
        return pace(progress.snapshot(), self._now() - progress.started)

    @property
    def active(self) -> bool:
        """Whether any job waits or runs."""
        with self._changed:
            return any(not progress.job.ended for progress in self._jobs.values())

    def cancel(self, id: str) -> None:
        """Stop a job between two batches; documents that are finished stay."""
        with self._changed:
            cancel = self._cancels.get(id)
        if cancel is not None:  # not `if cancel`: a switch is true once it was thrown
            cancel.cancel()

    def retry(self, id: str) -> str | None:
        """A new job of those files that failed or were cancelled; None when there are none. Raises KeepingError."""
        old = self.job(id)
        if old is None or not old.ended or not old.failures:
            return None
        files = old.failures

        def offer() -> Iterator[Source | Refused]:
            yield from (self._source(old.id, file) for file in files)
            self.dismiss(old.id)  # the new job has all there is of it

        return self.add(old.collection, offer)

    def dismiss(self, id: str) -> None:
        """Forget a job that has ended, and those before it that ended well. Documents stay."""
        with self._changed:
            dismissed = self._jobs.get(id)
            if dismissed is None or not dismissed.job.ended:
                return
            earlier = list(self._jobs.values())
            for progress in earlier[: earlier.index(dismissed)]:
                if progress.job.ended and not progress.snapshot().failures:
                    self._remove(progress.job.id)
            self._remove(id)
            self._tell(dismissed)

    def wait(self, id: str, timeout: float | None = None) -> Job | None:
        """Until a job has ended; for the command line and tests."""
        with self._changed:
            self._changed.wait_for(lambda: id not in self._jobs or self._jobs[id].job.ended, timeout)
        return self.job(id)

    # ---- running ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to work: first on what an earlier run of the program left. Returns at once."""
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def close(self, patience: float = 20.0) -> None:
        """End after the batch that runs; unfinished jobs are taken up by the next start."""
        self._closed.cancel()
        with self._changed:
            running = [self._cancels[p.job.id] for p in self._jobs.values() if p.job.state is JobState.RUNNING]
            self._changed.notify_all()
        for cancel in running:
            cancel.cancel()
        if self._thread and self._thread.is_alive():
            self._thread.join(patience)
        self._lockfile.release()

    def _run(self) -> None:
        self._recall()
        while (progress := self._next()) is not None:
            try:
                self._work(progress)
            except KeepingError as e:
                self._end(progress, JobState.FAILED, e.reason)
            except Exception as e:  # the thread must outlive one job, whatever it holds
                log.exception("job %s broke down", progress.job.id)
                self._end(progress, JobState.FAILED, reason("jobs.broke_down", kind=type(e).__name__))

    def _recall(self) -> None:
        """Jobs of earlier runs: the unfinished ones go on, as long as no other process is at them."""
        try:
            self._lockfile.acquire(timeout=0)
            known = self._book.all()
        except (Timeout, KeepingError, OSError) as e:
            log.warning("earlier jobs are left alone: %s", e)
            return
        with self._changed:
            for job in known:
                if job.id not in self._jobs:
                    self._enter(job if job.ended else replace(job, resumed=True, state=JobState.WAITING))
            self._forget()

    def _next(self) -> Progress | None:
        """The next job that waits; None once closed."""
        with self._changed:
            while not self._closed:
                for progress in self._jobs.values():
                    if progress.job.state is JobState.WAITING:
                        return progress
                self._changed.wait()
        return None

    def _work(self, progress: Progress) -> None:
        job, cancel = progress.job, self._cancels[progress.job.id]
        self._move(progress, JobState.RUNNING)
        progress.started = self._now()
        if job.kind is JobKind.REINDEX:
            error = self._follow(progress, self._renew(job.collection, cancel=cancel))
        else:
            error = self._ingest(progress, cancel)
        if self._closed:
            return  # the next start goes on
        if error is not None:
            self._end(progress, JobState.FAILED, error)
        else:
            self._end(progress, JobState.CANCELLED if cancel else JobState.DONE, None)

    def _follow(self, progress: Progress, events: Iterator[IngestEvent]) -> Reason | None:
        """Note events by the name of their document; why they ended early, if they did."""
        places = {file.event.name: i for i, file in enumerate(progress.files)}
        try:
            for event in events:
                if self._closed:
                    break
                at = places.setdefault(event.name, len(places))
                self._note(progress, at, JobFile("", event), keep=event.outcome is not None)
        except RagError as e:
            return e.reason
        return None

    def _ingest(self, progress: Progress, cancel: Cancel) -> Reason | None:
        """Take the files of a job that have not ended; why it broke off, if it did."""
        job = progress.job
        self._receive(progress)
        waiting = [i for i, file in enumerate(progress.files) if not file.ended]
        positions = iter(waiting)
        at = next(positions, None)
        sources = (self._source(job.id, progress.files[i]) for i in waiting)
        try:
            for event in self._take(sources, collection=job.collection, cancel=cancel):
                if at is None or self._closed:
                    break
                self._note(progress, at, replace(progress.files[at], event=event), keep=event.outcome is not None)
                if event.outcome is not None:
                    at = next(positions, None)
        except RagError as e:
            return e.reason
        return None

    def _receive(self, progress: Progress) -> None:
        """Write down every file of a new job and keep its bytes, before the first is worked on.

        All of them, also when it is cancelled meanwhile: what was not received could not be tried again.
        """
        offer = self._offers.pop(progress.job.id, None)
        for offered in offer() if offer else ():
            file = self._received(progress.job.id, offered)
            self._note(progress, len(progress.files), file, keep=True)

    def _received(self, job: str, offered: Source | Refused) -> JobFile:
        if isinstance(offered, Refused):
            start = IngestEvent(offered.name, offered.origin, offered.size, IngestStage.READ)
            return JobFile("", replace(start, outcome=DocumentOutcome.REFUSED, reason=offered.reason))
        event = IngestEvent(offered.name, offered.origin, len(offered.data), IngestStage.READ)
        try:
            return JobFile(self._spool.put(job, offered.data), event)
        except DocumentRefused as e:
            return JobFile("", replace(event, outcome=DocumentOutcome.FAILED, reason=e.reason))

    def _source(self, job: str, file: JobFile) -> Source | Refused:
        event = file.event
        try:
            return Source(event.name, self._spool.get(job, file.sha256), event.origin)
        except DocumentRefused as e:
            return Refused(event.name, event.origin, event.size, e.reason)

    # ---- what is known ----------------------------------------------------------------------------------------------

    def _enter(self, job: Job) -> None:
        self._jobs[job.id] = Progress(job, list(job.files))
        self._cancels[job.id] = Cancel()
        self._tell(self._jobs[job.id])

    def _note(self, progress: Progress, position: int, file: JobFile, *, keep: bool) -> None:
        if keep:
            self._book.note(progress.job.id, position, file)
        with self._changed:
            progress.files[position : position + 1] = [file]
            self._tell(progress)

    def _move(self, progress: Progress, state: JobState) -> None:
        self._book.move(progress.job.id, state)
        with self._changed:
            progress.job = replace(progress.job, state=state)
            self._tell(progress)

    def _end(self, progress: Progress, state: JobState, error: Reason | None) -> None:
        try:
            self._book.move(progress.job.id, state, error)
        except KeepingError as e:
            log.error("%s", e)
        with self._changed:
            progress.job = replace(progress.job, state=state, error=error)
            if not progress.snapshot().failures:
                self._spool.drop(progress.job.id)
            self._forget()
            self._tell(progress)

    def _forget(self) -> None:
        """Beyond the limit the oldest ended jobs go, and with them the bytes of files that failed."""
        ended = [id for id, progress in self._jobs.items() if progress.job.ended]
        for id in ended[: max(0, len(ended) - REMEMBERED)]:
            self._remove(id)

    def _remove(self, id: str) -> None:
        del self._jobs[id]
        self._cancels.pop(id, None)
        self._spool.drop(id)
        try:
            self._book.forget(id)
        except KeepingError as e:  # it is then remembered once more by the next start
            log.error("%s", e)

    def _tell(self, progress: Progress) -> None:
        progress.version += 1
        self.version += 1
        self._changed.notify_all()
