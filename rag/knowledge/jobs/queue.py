"""The queue of jobs: this program's from memory, those of other programs over the same data as in the book."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from rag.documents.files import Refused
from rag.errors import KeepingError
from rag.types import Source

from .job import Job, JobKind, JobState, Pace, Progress, pace
from .job_files import JobFiles
from .job_store import JobStore
from .worker_locks import WorkerLocks

log = logging.getLogger(__name__)

REMEMBERED = 20
"""Ended jobs that can still be looked at; older ones are forgotten with their files."""

LOOK_SECONDS = 2.0
"""Time between two looks into the book while somebody asks about jobs."""

ADOPT_PATIENCE, LOOK_PATIENCE = 2.0, 0.1
"""Seconds to wait for the gate. Others hold it for milliseconds each, too; a look is short as somebody waits for it."""

ABANDON_SECONDS = 5.0
"""Longest wait for a running batch of a knowledge base that is being deleted; it ends in an error otherwise."""

Offer = Callable[[], Iterable[Source | Refused]]


class JobQueue:
    """All jobs, for anyone to ask about and to control. Safe for many threads.

    A job belongs to the program that holds its owner's lock; nobody else works on it.
    """

    def __init__(
        self,
        book: JobStore,
        spool: JobFiles,
        runners: WorkerLocks,
        *,
        now: Callable[[], float] = time.monotonic,
        every: float = LOOK_SECONDS,
    ) -> None:
        self.changed = threading.Condition()
        """Notified whenever anything happens to any job."""
        self._book = book
        self._spool = spool
        self._runners = runners
        self._now = now
        self._every = every
        self._own: dict[str, Progress] = {}
        self._others: dict[str, Job] = {}
        self._version = 0
        self._looking = threading.Lock()
        self._looked = float("-inf")

    # ---- asked by anyone --------------------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """A number that grows with everything that happens to any job."""
        self.look()
        return self._version

    @property
    def active(self) -> bool:
        """True while any job waits or runs, in this program or another."""
        return any(not job.ended for job in self.jobs())

    def jobs(self) -> list[Job]:
        """Return every job that is remembered, oldest first."""
        self.look()
        with self.changed:
            return self._all()

    def job(self, id: str) -> Job | None:
        return next((job for job in self.jobs() if job.id == id), None)

    def pace(self, id: str) -> Pace:
        """Return the pace of a running job of this program; an empty one for any other job."""
        progress = self.own(id)
        if progress is None or progress.job.state is not JobState.RUNNING:
            return Pace()
        return pace(progress.snapshot(), self._now() - progress.started)

    def add(self, collection: str, offer: Offer, kind: JobKind = JobKind.INGEST) -> str:
        """Add a job, last in the queue; `offer` gives its files at its turn. Returns its id. Raises KeepingError."""
        self._runners.enter()
        job = self._book.begin(collection, kind, owner=self._runners.id)
        self.enter(job, _lazily(offer))
        return job.id

    def reindex(self, collection: str) -> str:
        """Add a job that builds a new index, unless one is at it; returns the id of either. Raises KeepingError."""
        for job in self.jobs():
            if job.kind is JobKind.REINDEX and job.collection == collection and not job.ended:
                return job.id
        return self.add(collection, tuple, JobKind.REINDEX)

    def cancel(self, id: str) -> None:
        """Stop a job between two batches; documents that are finished stay. Another program does so within seconds."""
        if progress := self.own(id):
            progress.cancel.cancel()
            with self.changed:  # it may be one that waits for room
                self.changed.notify_all()
        elif (job := self.job(id)) and not job.ended:
            self._book.stop(id)
            self.look(at_once=True)

    def abandon(self, collection: str) -> int:
        """End the jobs of a deleted knowledge base, and forget those that ended before. Returns how many had to end."""
        jobs = [job for job in self.jobs() if job.collection == collection]
        unfinished = [job for job in jobs if not job.ended]
        for job in jobs:
            if job.ended:
                self.remove(job.id)
            else:
                self.cancel(job.id)
        until, running = self._now() + ABANDON_SECONDS, self.running()
        if running is None or running.job.collection == collection:  # else they wait behind another one
            for job in unfinished:
                self.wait(job.id, until - self._now())
        return len(unfinished)

    def retry(self, id: str) -> str | None:
        """Add a new job of the files that failed or were cancelled; None when there are none. Raises KeepingError."""
        old = self.job(id)
        if old is None or not old.ended or not old.failures:
            return None
        files = old.failures

        def offer() -> Iterator[Source | Refused]:
            yield from (self._spool.source(old, file) for file in files)
            self.dismiss(old.id)  # the new job has all there is of it

        return self.add(old.collection, offer, old.kind)

    def wait(self, id: str, timeout: float | None = None) -> Job | None:
        """Return the job once it has ended, here or in another program; as it stands after `timeout` seconds."""
        until = None if timeout is None else self._now() + timeout
        while True:
            seen = self.version
            job = self.job(id)
            if job is None or job.ended or (until is not None and self._now() >= until):
                return job
            with self.changed:
                self.changed.wait_for(lambda: self._version != seen, self._every)  # noqa: B023 - called at once

    def dismiss(self, id: str) -> None:
        """Forget a job that has ended, and those of its knowledge base before it that ended well. Documents stay."""
        listed = self.jobs()
        dismissed = next((job for job in listed if job.id == id and job.ended), None)
        if dismissed is None:
            return
        for job in listed[: listed.index(dismissed)]:
            if job.collection == dismissed.collection and job.ended and not job.failures:
                self.remove(job.id)
        self.remove(id)

    def look(self, *, at_once: bool = False) -> None:
        """Read again what other programs wrote, unless it was read a moment ago or is being read now."""
        if not self._looking.acquire(blocking=at_once):
            return
        try:
            if at_once or self._now() - self._looked >= self._every:
                self._looked = self._now()
                self._read()
        except KeepingError as e:
            log.warning("the jobs of other programs are not known: %s", e)
        finally:
            self._looking.release()

    def _all(self) -> list[Job]:
        own = [progress.snapshot() for progress in self._own.values()]
        others = [job for id, job in self._others.items() if id not in self._own]
        return sorted([*own, *others], key=lambda job: job.created)

    def _read(self) -> None:
        with self.changed:
            own, known = dict(self._own), dict(self._others)
        ended = {id for id, progress in own.items() if progress.job.ended}
        heads = {head.id: head for head in self._book.heads()}
        living = self._runners.living(patience=LOOK_PATIENCE)  # after the book: whoever is in it had entered before
        others = {id: self._other(head, known.get(id), living) for id, head in heads.items() if id not in own}
        with self.changed:
            gone = [self._own.pop(id) for id in ended - heads.keys() if id in self._own]
            if gone or others != self._others:
                self._others = others
                self.tell()

    def _other(self, head: Job, known: Job | None, living: set[str]) -> Job:
        if known and known.ended:
            return known
        job = replace(head, files=self._book.files(head.id))
        if head.ended or head.owner in living:
            return replace(job, elsewhere=not head.ended)
        return replace(job, state=JobState.WAITING)  # whoever is free takes it up

    # ---- asked by the thread that works on them ---------------------------------------------------------------------

    def adopt(self) -> bool:
        """Take over the unfinished jobs whose program has ended; True if there were any. Raises KeepingError."""
        with self.changed:
            own = set(self._own)
        left = [head for head in self._book.heads() if not head.ended and head.id not in own]
        if not left:
            return False
        self._runners.enter()
        living = self._runners.living(patience=ADOPT_PATIENCE)  # after the book, as above
        orphans = [head for head in left if head.owner not in living]
        taken = [head for head in orphans if self._book.claim(head, self._runners.id)]
        for head in taken:
            job = replace(head, files=self._book.files(head.id), owner=self._runners.id)
            self.enter(replace(job, state=JobState.WAITING, resumed=True))
        return bool(taken)

    def leave(self) -> None:
        """Let other programs take over the unfinished jobs."""
        self._runners.leave()

    def own(self, id: str) -> Progress | None:
        """Return a job of this program; None where it is none of its own."""
        with self.changed:
            return self._own.get(id)

    def waiting(self) -> Progress | None:
        """Return the next job of this program; None where none waits."""
        with self.changed:
            return next((p for p in self._own.values() if p.job.state is JobState.WAITING), None)

    def running(self) -> Progress | None:
        """Return the job this program works on; None while it works on none."""
        with self.changed:
            return next((p for p in self._own.values() if p.job.state is JobState.RUNNING), None)

    def enter(self, job: Job, offered: Iterable[Source | Refused] = ()) -> None:
        """Take in a job for this program to work on; `offered` are the files that are not in the book yet."""
        with self.changed:
            self._own[job.id] = Progress(job, list(job.files), iter(offered))
            self.tell()

    def forget_old(self) -> None:
        """Remove the ended jobs that nobody needs to look at any more."""
        with self.changed:
            ended = [job.id for job in self._all() if job.ended]
            for id in ended[: max(0, len(ended) - REMEMBERED)]:
                self.remove(id)

    def remove(self, id: str) -> None:
        """Forget a job, with the bytes of its files."""
        with self.changed:
            self._own.pop(id, None)
            self._others.pop(id, None)
            self.tell()
        self._spool.drop(id)
        try:
            self._book.forget(id)
        except KeepingError as e:  # it is then remembered once more by the next start
            log.error("%s", e)

    def tell(self) -> None:
        """Tell the watchers that something happened; called with `changed` held."""
        self._version += 1
        self.changed.notify_all()


def _lazily(offer: Offer) -> Iterator[Source | Refused]:
    yield from offer()
