"""A second app over the same data folder, to be killed: real runner, locks and book; documents are lines of a file.

python -m tests.support.two_apps FOLDER          work on what there is until killed
python -m tests.support.two_apps FOLDER NAME…    begin a job of those files, and hang in the second one
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from rag.database import Database
from rag.documents.files import Refused
from rag.events import Cancel, DocumentOutcome, IngestEvent, IngestStage
from rag.knowledge.jobs.job_files import JobFiles
from rag.knowledge.jobs.job_store import JobStore
from rag.knowledge.jobs.journal import JobJournal
from rag.knowledge.jobs.queue import JobQueue
from rag.knowledge.jobs.worker import JobWorker
from rag.knowledge.jobs.worker_locks import WorkerLocks
from rag.types import Source

OFTEN_S = 0.02
"""Between two looks of an app at what the others do."""


class App:
    """What of an app works on jobs. Every document it takes is a line `app name` in the file `taken`."""

    def __init__(self, folder: Path, *, hang_after: int | None = None) -> None:
        self.folder = folder
        self.database = Database(folder / "plainsight.db")
        self.book, self.spool = JobStore(self.database), JobFiles(folder / "jobs")
        self.runners = WorkerLocks(folder / "runners", gate=folder / "jobs.lock")
        self.jobs = JobQueue(self.book, self.spool, self.runners, every=OFTEN_S)
        self.runner = JobWorker(
            self.jobs,
            JobJournal(self.jobs, self.book, self.spool),
            self.spool,
            self._take,
            _nothing,
            there=lambda _: True,
            idle=OFTEN_S,
            heed=OFTEN_S,
        )
        self._left = hang_after

    def taken(self) -> list[str]:
        """Names of the documents all apps took, in order."""
        place = self.folder / "taken"
        return [line.split()[1] for line in place.read_text().splitlines()] if place.exists() else []

    def close(self) -> None:
        self.runner.close()
        self.database.close()

    def _take(
        self, sources: Iterable[Source | Refused], /, *, collection: str, cancel: Cancel
    ) -> Iterator[IngestEvent]:
        for source in sources:
            event = IngestEvent(source.name, "", 1, IngestStage.READ)
            yield event
            if self._left == 0:
                cancel.flag.wait()
            if cancel:
                yield replace(event, outcome=DocumentOutcome.CANCELLED)
                continue
            with (self.folder / "taken").open("a") as file:
                file.write(f"{self.runners.id} {source.name}\n")
            if self._left:
                self._left -= 1
            yield replace(event, outcome=DocumentOutcome.ADDED)


def _nothing(collection: str, /, *, cancel: Cancel) -> Iterator[IngestEvent]:
    yield from ()


def main() -> None:
    folder, *names = sys.argv[1:]
    app = App(Path(folder), hang_after=1 if names else None)
    if names:
        print(app.jobs.add("kb", lambda: [Source(name, name.encode()) for name in names]), flush=True)
    print(os.getpid(), flush=True)
    app.runner.start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
