"""The journal of the jobs this program works on: writes changes down, and tells them to the watchers of the queue."""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import chain

from rag.errors import KeepingError
from rag.messages import Reason

from .job import JobFile, JobState, Progress
from .job_files import JobFiles
from .job_store import JobStore
from .queue import JobQueue

log = logging.getLogger(__name__)


class JobJournal:
    """The journal of jobs, kept by the thread that works on them."""

    def __init__(self, queue: JobQueue, book: JobStore, spool: JobFiles) -> None:
        self._queue = queue
        self._book = book
        self._spool = spool

    def asked_to_stop(self, progress: Progress) -> bool:
        """True if somebody in another program wants the job cancelled. Raises KeepingError."""
        return self._book.stopping(progress.job.id)

    def receive(self, progress: Progress) -> None:
        """Write down every file of a new job and keep its bytes, before the first is worked on.

        All of them, also when it is cancelled meanwhile: what was not received could not be tried again. Raises
        KeepingError when there is no room for one; the next call goes on with it.
        """
        for offered in progress.offered:
            try:
                file = self._spool.receive(progress.job.id, offered)
                self.note(progress, len(progress.files), file, keep=True)
            except KeepingError:
                progress.offered = chain([offered], progress.offered)
                raise

    def note(self, progress: Progress, position: int, file: JobFile, *, keep: bool) -> None:
        """Note a file with its last event; with `keep` it is written down, too. Raises KeepingError.

        A known file that cannot be written down is remembered for `catch_up`; a new one counts as not received.
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
        with self._queue.changed:
            progress.files[position : position + 1] = [file]
            self._queue.tell()

    def catch_up(self, progress: Progress) -> None:
        """Write down the files that could not be written before. Raises KeepingError."""
        for position in sorted(progress.unwritten):
            self.note(progress, position, progress.files[position], keep=True)

    def begin(self, progress: Progress, at: int | None) -> None:
        """Count a try: work on a file begins, or with None on a job that is one piece of work. Raises KeepingError.

        It is counted before the work begins, as nobody can count it afterwards: work that kills the program is not
        begun for ever.
        """
        progress.at = at
        self._tried(progress, at, progress.tries(at) + 1)

    def forgive(self, progress: Progress) -> None:
        """Take the last try back: a living program broke the work off, which says nothing against the file."""
        at, progress.at = progress.at, None
        ended = at is not None and progress.files[at].ended
        if ended or not progress.tries(at):
            return
        try:
            self._tried(progress, at, progress.tries(at) - 1)
        except KeepingError as e:
            log.warning("%s", e)

    def _tried(self, progress: Progress, at: int | None, tries: int) -> None:
        self._book.tried(progress.job.id, at, tries)
        with self._queue.changed:
            if at is None:
                progress.job = replace(progress.job, tries=tries)
            else:
                progress.files[at] = replace(progress.files[at], tries=tries)

    def hold(self, progress: Progress, why: Reason) -> None:
        """Let the job wait, with `why` as its reason; also when that cannot be written down."""
        try:
            self._book.move(progress.job.id, JobState.WAITING, why)
        except KeepingError as e:
            log.warning("%s", e)
        with self._queue.changed:
            progress.job = replace(progress.job, state=JobState.WAITING, error=why)
            self._queue.tell()

    def move(self, progress: Progress, state: JobState) -> None:
        """Put the job into a new state. Raises KeepingError."""
        self._book.move(progress.job.id, state)
        with self._queue.changed:
            progress.job = replace(progress.job, state=state, error=None)
            self._queue.tell()

    def end(self, progress: Progress, state: JobState, error: Reason | None) -> None:
        """End the job, and drop the bytes kept for it unless a file may be tried again.

        They stay where the end could not be written down: the next start takes the job up again, and needs the files.
        """
        try:
            self.catch_up(progress)
            self._book.move(progress.job.id, state, error)
            written = True
        except KeepingError as e:
            log.error("%s", e)
            written = False
        progress.offered = iter(())
        with self._queue.changed:
            progress.job = replace(progress.job, state=state, error=error)
            if written and not progress.snapshot().failures:
                self._spool.drop(progress.job.id)
            self._queue.forget_old()
            self._queue.tell()
