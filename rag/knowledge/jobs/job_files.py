"""Keeps the bytes of files on disk until their job is done with them, as a browser sends a file only once."""

from __future__ import annotations

import errno
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from rag.documents.files import Refused
from rag.errors import DocumentRefused, KeepingError
from rag.events import DocumentOutcome, IngestEvent, IngestStage
from rag.messages import reason
from rag.types import Source

from ..content_files import ContentFiles
from ..ingest import refusal
from .job import Job, JobFile, JobKind

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Error numbers of a disk, or a user's share of one, that has no room."""


class JobFiles:
    """A folder with one folder per job; see `ContentFiles`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def receive(self, job: str, offered: Source | Refused) -> JobFile:
        """Return a file as it enters a job, its bytes kept; with its outcome where it is refused or cannot be kept.

        Raises KeepingError when there is no room for it now.
        """
        if isinstance(offered, Refused):
            return JobFile("", refusal(offered))
        event = IngestEvent(offered.name, offered.origin, len(offered.data), IngestStage.READ)
        try:
            self.put(job, offered)
            return JobFile(offered.sha256, event)
        except DocumentRefused as e:
            return JobFile("", replace(event, outcome=DocumentOutcome.FAILED, reason=e.reason))

    def source(self, job: Job, file: JobFile) -> Source | Refused:
        """Return a file of a job with its bytes, marked `again` in a reingest, else `sent`; or why there are none."""
        event, place = file.event, self._files(job.id).place(file.sha256)
        with suppress(OSError):
            again = job.kind is JobKind.REINGEST
            found = Source(event.name, place.read_bytes(), event.origin, again=again, sent=not again, kept=place)
            if found.sha256 == file.sha256:
                return found
        return Refused(event.name, event.origin, event.size, reason("jobs.spool_gone"))

    def put(self, job: str, source: Source) -> None:
        """Keep the bytes. Raises DocumentRefused when they cannot be written, and KeepingError when only the room is
        missing."""
        try:
            self._files(job).put(source.sha256, source.data, same=source.kept)
        except OSError as e:
            if e.errno in FULL:
                raise KeepingError(reason("jobs.no_room", path=str(self._folder))) from e
            why = reason("jobs.not_spooled", path=str(self._folder), detail=e.strerror or type(e).__name__)
            raise DocumentRefused(why) from e

    def drop(self, job: str) -> None:
        """Remove all bytes kept for a job. No harm when there are none."""
        shutil.rmtree(self._folder / job, ignore_errors=True)

    def jobs(self) -> list[str]:
        """Return the ids of the jobs for which bytes are kept."""
        return sorted(p.name for p in self._folder.iterdir() if p.is_dir()) if self._folder.is_dir() else []

    def _files(self, job: str) -> ContentFiles:
        return ContentFiles(self._folder / job)
