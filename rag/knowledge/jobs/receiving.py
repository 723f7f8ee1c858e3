"""Takes the files of a new job into the book and the spool, and waits with those there is no room for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from rag.documents.files import Refused
from rag.errors import KeepingError
from rag.types import Source

from .job import Progress
from .job_files import JobFiles
from .queue import JobQueue

Offer = Callable[[], Iterable[Source | Refused]]


class Receiving:
    """What is offered for jobs and not yet received, by their ids."""

    def __init__(self, known: JobQueue, spool: JobFiles) -> None:
        self._known = known
        self._spool = spool
        self._offers: dict[str, Offer] = {}
        self._left: dict[str, Iterator[Source | Refused]] = {}

    def expect(self, job: str, offer: Offer) -> None:
        """`offer` gives the files of a job once it is its turn."""
        self._offers[job] = offer

    def receive(self, progress: Progress) -> None:
        """Write down every file of a new job and keep its bytes, before the first is worked on.

        All of them, also when it is cancelled meanwhile: what was not received could not be tried again. Raises
        KeepingError when there is no room for one; the next call goes on with it.
        """
        id = progress.job.id
        if offer := self._offers.pop(id, None):
            self._left[id] = iter(offer())
        left = self._left.get(id, iter(()))
        for offered in left:
            try:
                file = self._spool.receive(id, offered)
                self._known.note(progress, len(progress.files), file, keep=True)
            except KeepingError:
                self._left[id] = chain([offered], left)
                raise
        self.forget(id)

    def forget(self, job: str) -> None:
        """The job is over."""
        self._offers.pop(job, None)
        self._left.pop(job, None)
