"""The jobs as they stand: this program's from memory, those of other programs over the same data as in the book."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from rag.errors import KeepingError
from rag.messages import Reason

from .job import Job, JobFile, JobKind, JobState, Pace, Progress, pace
from .job_files import JobFiles
from .job_store import JobStore
from .worker_locks import WorkerLocks

log = logging.getLogger(__name__)

REMEMBERED = 20
"""Ended jobs that can still be looked at; older ones are forgotten with what was kept for them."""

LOOK_SECONDS = 2.0
"""Between two looks into the book while somebody wants to know of jobs."""

ADOPT_PATIENCE, LOOK_PATIENCE = 2.0, 0.1
"""Seconds. Others ask who lives as well, for milliseconds each; somebody waits for a look."""


class JobQueue:
    """Safe for many threads. A job belongs to the program that holds its owner's lock; nobody else works on it."""

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
        """Grows with everything that happens to any job."""
        self.look()
        return self._version

    @property
    def active(self) -> bool:
        """Whether any job waits or runs, wherever."""
        return any(not job.ended for job in self.jobs())

    def jobs(self) -> list[Job]:
        """Every job that is remembered, oldest first."""
        self.look()
        with self.changed:
            return self._all()

    def job(self, id: str) -> Job | None:
        return next((job for job in self.jobs() if job.id == id), None)

    def pace(self, id: str) -> Pace:
        """How fast a job of this program goes."""
        progress = self.own(id)
        if progress is None or progress.job.state is not JobState.RUNNING:
            return Pace()
        return pace(progress.snapshot(), self._now() - progress.started)

    def wait(self, id: str, timeout: float | None = None) -> Job | None:
        """The job once it has ended, here or in another program; as it stands after `timeout` seconds."""
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

    def stop(self, id: str) -> None:
        """Ask another program to cancel a job it has. Raises KeepingError."""
        self._book.stop(id)
        self.look(at_once=True)

    def look(self, *, at_once: bool = False) -> None:
        """Read again what other programs wrote, unless that was done a moment ago, or is being done."""
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

    # ---- done by the program that works on them ---------------------------------------------------------------------

    def begin(self, collection: str, kind: JobKind = JobKind.INGEST) -> Job:
        """A new job in the book; `enter` makes it one to work on. Raises KeepingError."""
        self._runners.enter()
        return self._book.begin(collection, kind, owner=self._runners.id)

    def adopt(self) -> bool:
        """Take over the unfinished jobs whose program has ended; whether there were any. Raises KeepingError."""
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
        """Whoever wants may take over what is unfinished."""
        self._runners.leave()

    def own(self, id: str) -> Progress | None:
        """A job of this program."""
        with self.changed:
            return self._own.get(id)

    def waiting(self) -> Progress | None:
        """The next job of this program."""
        with self.changed:
            return next((p for p in self._own.values() if p.job.state is JobState.WAITING), None)

    def running(self) -> Progress | None:
        """The job this program is at."""
        with self.changed:
            return next((p for p in self._own.values() if p.job.state is JobState.RUNNING), None)

    def enter(self, job: Job) -> None:
        with self.changed:
            self._own[job.id] = Progress(job, list(job.files))
            self.tell()

    def asked_to_stop(self, progress: Progress) -> bool:
        """Whether somebody in another program wants it cancelled. Raises KeepingError."""
        return self._book.stopping(progress.job.id)

    def note(self, progress: Progress, position: int, file: JobFile, *, keep: bool) -> None:
        """The last thing said of a file; written down with `keep`. Raises KeepingError.

        What cannot be written of a file that is known is remembered for `catch_up`; another file was not received.
        """
        try:
            if keep:
                self._book.note(progress.job.id, position, file)
                progress.unwritten.discard(position)
        except KeepingError:
            if position == len(progress.files):
                raise
            progress.unwritten.add(position)
            self._said(progress, position, file)
            raise
        self._said(progress, position, file)

    def _said(self, progress: Progress, position: int, file: JobFile) -> None:
        with self.changed:
            progress.files[position : position + 1] = [file]
            self.tell()

    def catch_up(self, progress: Progress) -> None:
        """Write down what could not be written before. Raises KeepingError."""
        for position in sorted(progress.unwritten):
            self.note(progress, position, progress.files[position], keep=True)

    def tried(self, progress: Progress, position: int | None, tries: int) -> None:
        """How often work on a file, or on the whole job, was begun without an end. Raises KeepingError."""
        self._book.tried(progress.job.id, position, tries)
        with self.changed:
            if position is None:
                progress.job = replace(progress.job, tries=tries)
            else:
                progress.files[position] = replace(progress.files[position], tries=tries)

    def hold(self, progress: Progress, why: Reason) -> None:
        """The job waits, and says for what; also when that cannot be written down."""
        try:
            self._book.move(progress.job.id, JobState.WAITING, why)
        except KeepingError as e:
            log.warning("%s", e)
        with self.changed:
            progress.job = replace(progress.job, state=JobState.WAITING, error=why)
            self.tell()

    def move(self, progress: Progress, state: JobState) -> None:
        """Raises KeepingError."""
        self._book.move(progress.job.id, state)
        with self.changed:
            progress.job = replace(progress.job, state=state, error=None)
            self.tell()

    def end(self, progress: Progress, state: JobState, error: Reason | None) -> None:
        """The job is over; what was kept for files that need no second try is dropped.

        Not where the book does not know it: the next start takes the job up again, and needs the files.
        """
        try:
            self.catch_up(progress)
            self._book.move(progress.job.id, state, error)
            written = True
        except KeepingError as e:
            log.error("%s", e)
            written = False
        with self.changed:
            progress.job = replace(progress.job, state=state, error=error)
            if written and not progress.snapshot().failures:
                self._spool.drop(progress.job.id)
            ended = [job.id for job in self._all() if job.ended]
            for id in ended[: max(0, len(ended) - REMEMBERED)]:
                self.remove(id)
            self.tell()

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
        """Something happened; called with `changed` held."""
        self._version += 1
        self.changed.notify_all()
