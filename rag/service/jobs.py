"""The jobs that take documents in and build indexes, as fronts may ask for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rag.accounts.actor import Actor
from rag.documents.files import Refused
from rag.knowledge.jobs.job import Job, JobKind, Pace
from rag.knowledge.jobs.queue import JobQueue
from rag.types import Source

from .documents import DocumentService


class JobService:
    """All jobs: they belong to everybody, and go on whoever looks."""

    def __init__(self, queue: JobQueue, documents: DocumentService) -> None:
        self._queue = queue
        self._documents = documents

    def all(self, actor: Actor) -> list[Job]:
        """Every job that is remembered, oldest first, as it stands; those of other programs among them."""
        return self._queue.jobs()

    def version(self, actor: Actor) -> int:
        """A number that grows with everything that happens to any job."""
        return self._queue.version

    def active(self, actor: Actor) -> bool:
        """True while any job waits or runs."""
        return self._queue.active

    def pace(self, actor: Actor, id: str) -> Pace:
        """Return the pace of a running job; an empty one where another program runs it."""
        return self._queue.pace(id)

    def wait(self, actor: Actor, id: str, timeout: float | None = None) -> Job | None:
        """Return the job once it has ended; as it stands after `timeout` seconds."""
        return self._queue.wait(id, timeout)

    def add(self, actor: Actor, base: str, sources: Callable[[], Iterable[Source | Refused]]) -> str:
        """Add a job, last in the queue; `sources` gives its files at its turn. Returns its id. Raises KeepingError."""
        return self._queue.add(base, sources)

    def reingest(self, actor: Actor, names: Sequence[str], *, base: str = "") -> str:
        """Add a job that ingests documents again; returns its id. Raises KeepingError when no files are kept at all."""
        files = self._documents.kept_files(actor, names, base=base)  # read when it is its turn
        return self._queue.add(base, lambda: files, JobKind.REINGEST)

    def reindex(self, actor: Actor, base: str) -> str:
        """Add a job that builds a new index, unless one is at it; returns the id of either. Raises KeepingError."""
        return self._queue.reindex(base)

    def cancel(self, actor: Actor, id: str) -> None:
        """Stop a job between two batches; documents that are finished stay. Another program does so within seconds."""
        self._queue.cancel(id)

    def retry(self, actor: Actor, id: str) -> str | None:
        """Add a new job of the files that failed or were cancelled; None when there are none. Raises KeepingError."""
        return self._queue.retry(id)

    def dismiss(self, actor: Actor, id: str) -> None:
        """Forget a job that has ended, and those of its knowledge base before it that ended well. Documents stay."""
        self._queue.dismiss(id)
