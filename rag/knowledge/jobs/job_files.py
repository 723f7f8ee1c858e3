"""Keeps the bytes of files on disk until their job is through with them: what a browser sent is sent only once."""

from __future__ import annotations

import errno
import hashlib
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from rag.documents.files import Refused
from rag.errors import DocumentRefused, KeepingError
from rag.events import DocumentOutcome, IngestEvent, IngestStage
from rag.messages import reason
from rag.private_files import private_folder
from rag.types import Source

from ..ingest import refusal
from .job import Job, JobFile, JobKind

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What a disk, or a user's share of it, answers that has no room."""


class JobFiles:
    """A folder with one folder per job; files are named by the sha256 of their bytes, never by what they are called."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def receive(self, job: str, offered: Source | Refused) -> JobFile:
        """A file as it enters a job, its bytes kept; with its outcome already where it is refused or cannot be kept.

        Raises KeepingError when there is no room for it now.
        """
        if isinstance(offered, Refused):
            return JobFile("", refusal(offered))
        event = IngestEvent(offered.name, offered.origin, len(offered.data), IngestStage.READ)
        try:
            return JobFile(self.put(job, offered.data), event)
        except DocumentRefused as e:
            return JobFile("", replace(event, outcome=DocumentOutcome.FAILED, reason=e.reason))

    def source(self, job: Job, file: JobFile) -> Source | Refused:
        """A file of a job with its bytes, to be taken again where the job is for that; or why they are not there."""
        event = file.event
        try:
            return Source(event.name, self.get(job.id, file.sha256), event.origin, again=job.kind is JobKind.REINGEST)
        except DocumentRefused as e:
            return Refused(event.name, event.origin, event.size, e.reason)

    def put(self, job: str, data: bytes) -> str:
        """Keep the bytes; returns their sha256. Raises DocumentRefused when they cannot be written, and KeepingError
        when only the room is missing."""
        sha256 = hashlib.sha256(data).hexdigest()
        place = self._folder / job / sha256
        part = place.with_suffix(".part")
        try:
            private_folder(place.parent)
            part.write_bytes(data)
            part.replace(place)
        except OSError as e:
            with suppress(OSError):
                part.unlink()
            if e.errno in FULL:
                raise KeepingError(reason("jobs.no_room", path=str(self._folder))) from e
            why = reason("jobs.not_spooled", path=str(self._folder), detail=e.strerror or type(e).__name__)
            raise DocumentRefused(why) from e
        return sha256

    def get(self, job: str, sha256: str) -> bytes:
        """The bytes. Raises DocumentRefused when they are gone or damaged."""
        try:
            data = (self._folder / job / sha256).read_bytes()
        except OSError as e:
            raise DocumentRefused(reason("jobs.spool_gone")) from e
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DocumentRefused(reason("jobs.spool_gone"))
        return data

    def drop(self, job: str) -> None:
        """Remove what is kept for a job. No harm when there is nothing."""
        shutil.rmtree(self._folder / job, ignore_errors=True)

    def jobs(self) -> list[str]:
        """Jobs for which something is kept."""
        return sorted(p.name for p in self._folder.iterdir() if p.is_dir()) if self._folder.is_dir() else []
