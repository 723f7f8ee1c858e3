"""Counts how often work on a file was begun and came to no end: what kills the program is not begun for ever.

It is written down before the work begins, as nobody can write it down afterwards.
"""

from __future__ import annotations

import logging

from rag.errors import KeepingError
from rag.messages import Reason, reason

from .job import MOST_TRIES, SET_ASIDE, JobFile, Progress
from .queue import JobQueue

log = logging.getLogger(__name__)


def begin(known: JobQueue, progress: Progress, at: int | None) -> None:
    """Work on a file begins, or with None on a job that is one piece of work. Raises KeepingError."""
    progress.at = at
    known.tried(progress, at, _tries(progress, at) + 1)


def forgive(known: JobQueue, progress: Progress) -> None:
    """Work was broken off by a program that lives, which says nothing against the file."""
    at, progress.at = progress.at, None
    ended = at is not None and progress.files[at].ended
    if ended or not _tries(progress, at):
        return
    try:
        known.tried(progress, at, _tries(progress, at) - 1)
    except KeepingError as e:
        log.warning("%s", e)


def too_often(progress: Progress) -> Reason | None:
    """Why a job that is one piece of work is not begun once more."""
    tries = progress.job.tries
    return reason("jobs.set_aside_whole", tries=tries) if tries >= MOST_TRIES else None


def against(file: JobFile) -> Reason | None:
    """Why a file is not begun once more."""
    return reason(SET_ASIDE, tries=file.tries) if file.tries >= MOST_TRIES else None


def _tries(progress: Progress, at: int | None) -> int:
    return progress.job.tries if at is None else progress.files[at].tries
