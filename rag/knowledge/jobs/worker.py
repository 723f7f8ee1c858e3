"""Works through ingest jobs, one after the other, in a thread of its own, and takes up what other programs left.

A job belongs to the product, not to a browser's tab: it goes on when the tab closes, and after the program was killed
the next start finds it in the book, or another program over the same data does. Documents that were finished are not
touched again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from rag.documents.files import Refused
from rag.errors import KeepingError, RagError
from rag.events import Cancel, DocumentOutcome, IngestEvent
from rag.messages import Reason, reason
from rag.types import Source

from .job import NO_ROOM, JobFile, JobKind, JobState, Progress
from .job_files import JobFiles
from .journal import JobJournal
from .queue import LOOK_SECONDS, JobQueue

log = logging.getLogger(__name__)

IDLE_SECONDS = 30.0
"""Time until an idle worker looks again for jobs that another program left when it died."""

ROOM_SECONDS = 30.0
"""Time between two looks of a job that waits for room on the disk."""


class Take(Protocol):
    """Takes sources into a knowledge base; see `rag.knowledge.ingest.Ingest.run`."""

    def __call__(
        self, sources: Iterable[Source | Refused], /, *, collection: str, cancel: Cancel
    ) -> Iterator[IngestEvent]: ...


class Renew(Protocol):
    """Builds a new index of a knowledge base beside the live one; see `rag.knowledge.indexes.Indexes.rebuild`."""

    def __call__(self, collection: str, /, *, cancel: Cancel) -> Iterator[IngestEvent]: ...


class JobWorker:
    """The thread that works through a queue of jobs."""

    def __init__(
        self,
        queue: JobQueue,
        journal: JobJournal,
        spool: JobFiles,
        take: Take,
        renew: Renew,
        *,
        there: Callable[[str], bool],
        room: Callable[[int], Reason | None] = lambda _: None,
        now: Callable[[], float] = time.monotonic,
        idle: float = IDLE_SECONDS,
        heed: float = LOOK_SECONDS,
    ) -> None:
        """`there` is true while a knowledge base exists; `heed` is the seconds between two checks for a stop.

        `room` returns why a file of so many bytes must wait for room on the disk, None when it need not.
        """
        self._queue = queue
        self._journal = journal
        self._spool = spool
        self._take = take
        self._renew = renew
        self._there = there
        self._now = now
        self._idle = idle
        self._heed_every = heed
        self._heeded = float("-inf")
        self._room = room
        self._closed = Cancel()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work, first on the jobs that earlier runs of the program left. Returns at once."""
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def close(self, patience: float = 20.0) -> None:
        """End after the batch that runs; unfinished jobs are taken up by another program, or the next start."""
        self._closed.cancel()
        with self._queue.changed:
            self._queue.changed.notify_all()
        if running := self._queue.running():
            running.cancel.cancel()
            self._journal.forgive(running)  # should the process be ended before the batch is
        if self._thread:
            self._thread.join(patience)
        if not (self._thread and self._thread.is_alive()):  # else the end of the process frees the lock
            self._queue.leave()

    def _run(self) -> None:
        self._adopted()
        while (progress := self._next()) is not None:
            try:
                self._work(progress)
            except KeepingError as e:
                self._stopped(progress, e.reason)
            except Exception as e:  # the thread must outlive one job, whatever it holds
                log.exception("job %s broke down", progress.job.id)
                self._end(progress, JobState.FAILED, reason("jobs.broke_down", kind=type(e).__name__))

    def _next(self) -> Progress | None:
        """Return the next job to work on, waiting for one; None once closed."""
        while not self._closed:
            progress = self._queue.waiting()
            if progress and self._may_go_on(progress):
                return progress
            if progress is None and self._adopted():
                continue
            with self._queue.changed:
                if not self._closed and self._queue.waiting() is progress and not (progress and progress.cancel):
                    self._queue.changed.wait(self._idle)
        return None

    def _may_go_on(self, progress: Progress) -> bool:
        """True if a waiting job need not wait for room; checked every now and then. Jobs behind it wait as well."""
        if progress.job.error is None or progress.cancel or not self._there(progress.job.collection):
            return True
        if self._now() < progress.look_at:
            return False
        progress.look_at = self._now() + ROOM_SECONDS
        return self._room(0) is None

    def _adopted(self) -> bool:
        try:
            return self._queue.adopt()
        except KeepingError as e:
            log.warning("what other programs left is not taken up now: %s", e)
            return False

    def _work(self, progress: Progress) -> None:
        job = progress.job
        self._journal.move(progress, JobState.RUNNING)
        self._journal.catch_up(progress)
        progress.started = self._now()
        self._heeded = float("-inf")
        self._heed(progress)
        error = self._renewed(progress) if job.kind is JobKind.REINDEX else self._ingest(progress)
        if self._closed:
            self._journal.forgive(progress)
            return  # the next start goes on
        if not self._there(job.collection):
            self._end(progress, JobState.CANCELLED, reason("jobs.base_deleted"), lost=True)
        elif error is not None:
            self._stopped(progress, error)
        else:
            self._end(progress, JobState.CANCELLED if progress.cancel else JobState.DONE, None)

    def _stopped(self, progress: Progress, error: Reason) -> None:
        """Handle a job that cannot go on: let it wait if only the room is missing, else end it."""
        if error.code not in NO_ROOM:
            self._end(progress, JobState.FAILED, error)
        elif progress.cancel:
            self._end(progress, JobState.CANCELLED, None)
        else:
            self._journal.forgive(progress)
            progress.look_at = self._now() + ROOM_SECONDS
            self._journal.hold(progress, error)

    def _heed(self, progress: Progress) -> None:
        """Cancel a job that another program's user wants cancelled, or whose knowledge base is gone."""
        if self._now() - self._heeded < self._heed_every:
            return
        self._heeded = self._now()
        if self._journal.asked_to_stop(progress) or not self._there(progress.job.collection):
            progress.cancel.cancel()

    def _end(self, progress: Progress, state: JobState, error: Reason | None, *, lost: bool = False) -> None:
        """End a job, with an outcome for every file. With `lost`, none of them can be tried again."""
        outcome = DocumentOutcome.CANCELLED if state is JobState.CANCELLED else DocumentOutcome.FAILED
        for at, file in enumerate(progress.files):
            ended = file if file.ended else replace(file, event=replace(file.event, outcome=outcome))
            ended = replace(ended, sha256="") if lost else ended
            if ended != file:
                self._note_last(progress, at, ended)
        self._journal.end(progress, state, error)

    def _note_last(self, progress: Progress, at: int, file: JobFile) -> None:
        try:
            self._journal.note(progress, at, file, keep=True)
        except KeepingError as e:  # the book may be what the job failed for
            log.error("%s", e)

    def _follow(self, progress: Progress, events: Iterator[IngestEvent]) -> Reason | None:
        """Note events by the name of their document; return why they ended early, None if they did not."""
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

    def _renewed(self, progress: Progress) -> Reason | None:
        """Build a new index; return why that ended early, None if it did not."""
        if error := progress.job.against:
            return error
        self._journal.begin(progress, None)
        return self._follow(progress, self._renew(progress.job.collection, cancel=progress.cancel))

    def _ingest(self, progress: Progress) -> Reason | None:
        """Ingest the files of a job that have not ended; return why it broke off, None if it did not."""
        try:
            self._journal.receive(progress)
            waiting = [i for i, file in enumerate(progress.files) if not file.ended]
            events = self._take(
                self._sources(progress, waiting), collection=progress.job.collection, cancel=progress.cancel
            )
            return self._taken(progress, iter(waiting), events)
        except RagError as e:
            return e.reason

    def _taken(self, progress: Progress, positions: Iterator[int], events: Iterator[IngestEvent]) -> Reason | None:
        at = next(positions, None)
        for event in events:
            if at is None or self._closed:
                break
            if event.reason and event.reason.code in NO_ROOM and not progress.cancel:
                _break_off(events)
                return event.reason  # no outcome of the file: it is taken once there is room
            self._note(progress, at, replace(progress.files[at], event=event))
            if event.outcome is not None:
                at = next(positions, None)
        return None

    def _sources(self, progress: Progress, waiting: Iterable[int]) -> Iterator[Source | Refused]:
        """Yield the files of a job, each when work on it begins. Raises KeepingError when the job must wait."""
        for at in waiting:
            file = progress.files[at]
            if self._closed:
                return
            if against := file.against:
                yield Refused(file.event.name, file.event.origin, file.event.size, against)
                continue
            if not progress.cancel:
                if short := self._room(file.event.size):
                    raise KeepingError(short)
                self._journal.begin(progress, at)
            yield self._spool.source(progress.job, file)

    def _note(self, progress: Progress, at: int, file: JobFile) -> None:
        self._journal.note(progress, at, file, keep=file.ended)
        self._heed(progress)


def _break_off(events: Iterator[IngestEvent]) -> None:
    """End the ingest now, not whenever the memory is tidied up. It may want to write once more."""
    with suppress(RagError):
        if isinstance(events, Generator):
            events.close()
