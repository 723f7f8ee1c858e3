"""A clock for the stages of one answer: turns "it started, it ended" into timed events. Knows no stage's work."""

from __future__ import annotations

import logging
from collections.abc import Callable

from rag.errors import RagError
from rag.events import Stage, StageEvent, StageState
from rag.messages import Reason, reason
from rag.types import Retrieval

log = logging.getLogger(__name__)

BREAKDOWNS = (RagError, RuntimeError, OSError, MemoryError, ValueError)
"""Errors a stage may raise when a model or a server gives way; the answer goes on without that stage."""


def breakdown(stage: Stage, error: BaseException) -> Reason:
    """Reason why a stage failed, in words for the user; details of unforeseen errors go to the log alone."""
    if isinstance(error, RagError):
        return error.reason
    log.error("stage %s broke down", stage, exc_info=error)
    return reason("stages.broke_down", kind=type(error).__name__)


class Stopwatch:
    """Events of stages with the milliseconds since each one started. `now` gives seconds; `search` is the number of
    the search whose stages they are."""

    def __init__(self, now: Callable[[], float], *, search: int = 1) -> None:
        self._now = now
        self.search = search
        self._started: dict[Stage, float] = {}

    def start(self, stage: Stage, *, total: int = 0) -> StageEvent:
        self._started[stage] = self._now()
        return StageEvent(stage, StageState.STARTED, total=total, search=self.search)

    def elapsed(self, stage: Stage) -> float:
        """Milliseconds since the stage started, 0 when it never did."""
        return 1000 * (self._now() - self._started.get(stage, self._now()))

    def progress(self, stage: Stage, done: int, total: int) -> StageEvent:
        return StageEvent(stage, StageState.PROGRESS, done=done, total=total, search=self.search)

    def finish(self, stage: Stage, *, done: int = 0, total: int = 0, why: Reason | None = None) -> StageEvent:
        """Event of a finished stage.

        `why` remarks on a stage that ran but not as asked, such as a time budget that ran out.
        """
        return StageEvent(stage, StageState.FINISHED, why, self.elapsed(stage), done, total, self.search)

    def selected(self, retrieval: Retrieval) -> StageEvent:
        """Event of the finished selection.

        What the contexts disagree on is remarked before anything is answered from them.
        """
        why = reason("duplicates.flagged", why=retrieval.conflicts[0].why) if retrieval.conflicts else None
        return self.finish(Stage.SELECT, done=len(retrieval.contexts), total=len(retrieval.candidates), why=why)

    def skip(self, stage: Stage, why: Reason) -> StageEvent:
        return StageEvent(stage, StageState.SKIPPED, why, search=self.search)

    def fail(self, stage: Stage, why: Reason) -> StageEvent:
        return StageEvent(stage, StageState.FAILED, why, self.elapsed(stage), search=self.search)
