"""Events the parts send while they work: stages of an answer, steps of an ingest; and the switch that ends both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event as Flag
from threading import RLock

from .messages import Reason, reason
from .types import Candidate, Retrieval


class Stage(StrEnum):
    """The steps of one answer, in order."""

    REWRITE = "rewrite"
    EMBED = "embed"
    DENSE = "dense"
    FULL_TEXT = "full_text"
    FUSE = "fuse"
    RERANK = "rerank"
    SELECT = "select"
    PROMPT = "prompt"
    GENERATE = "generate"
    CITE = "cite"


SEARCH_STAGES = (Stage.EMBED, Stage.DENSE, Stage.FULL_TEXT, Stage.FUSE, Stage.RERANK, Stage.SELECT)
"""The steps of one search. The others are steps of the answer: its question is worded once, from the conversation, and
what all searches found is put into one prompt."""


class IngestStage(StrEnum):
    """The steps of one document, in order."""

    READ = "read"
    SPLIT = "split"
    EMBED = "embed"
    INDEX = "index"


class StageState(StrEnum):
    """State of a stage."""

    STARTED = "started"
    PROGRESS = "progress"
    FINISHED = "finished"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StageEvent:
    """A stage changed state. `reason` is set when it was skipped or failed; `milliseconds` once it ended."""

    stage: Stage
    state: StageState
    reason: Reason | None = None
    milliseconds: float | None = None
    done: int = 0
    total: int = 0
    search: int = 1
    """Number of the search it is a step of; 1 for the steps of the answer, which belong to none."""


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the streamed answer. If `afresh`, it replaces all pieces before it, which were no answer."""

    text: str
    afresh: bool = False


@dataclass(frozen=True, slots=True)
class Judging:
    """Evidence in the making: the candidates of the reranker, those judged so far first, by log-odds."""

    candidates: tuple[Candidate, ...]
    done: int
    search: int = 1


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The evidence of a search is known, its contexts numbered as those of the answer, before generation starts."""

    retrieval: Retrieval
    search: int = 1


class DocumentOutcome(StrEnum):
    """Outcome of one file in an ingest."""

    ADDED = "added"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    MOVED = "moved"
    """Added under a new name in place of the one it had."""
    PASSED_OVER = "passed_over"
    """No file, but those of a folder or zip that are no documents; the reason tells of them."""
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class IngestEvent:
    """One file moved on. `outcome` is set on its last event; `reason` when it was refused or failed."""

    name: str
    origin: str
    size: int
    stage: IngestStage
    done: int = 0
    total: int = 0
    """Chunks done and in all, while embedding."""
    chunks: int = 0
    embedded: int = 0
    """Chunks that had to be embedded; the rest kept their vectors."""
    outcome: DocumentOutcome | None = None
    reason: Reason | None = None
    twin: str = ""
    """Name of the document with the same content: the one it was moved from, or another one that stays."""
    beside: str = ""
    """Name the file came under, where that is the name of another document."""
    unkept: Reason | None = None
    """Reason why the original could not be kept; the document counts all the same."""


@dataclass
class Cancel:
    """A switch the user can throw; parts look at it between steps, and name what is to be closed at once."""

    flag: Flag = field(default_factory=Flag)
    _closers: list[Callable[[], None]] = field(default_factory=list)
    _lock: RLock = field(default_factory=RLock, repr=False, compare=False)

    @contextmanager
    def calls(self, close: Callable[[], None]) -> Iterator[None]:
        """Have cancelling call `close` while the block runs: at once if already cancelled, and never after it."""
        with self._lock:
            self._closers.append(close)
        try:
            if self.flag.is_set():
                close()
            yield
        finally:
            with self._lock:
                self._closers.remove(close)

    def cancel(self) -> None:
        """Throw the switch. Safe to call twice and from any thread."""
        self.flag.set()
        with self._lock:
            for close in tuple(self._closers):
                close()

    def __bool__(self) -> bool:
        return self.flag.is_set()


def beside_of(event: IngestEvent) -> Reason:
    """The relation of a file to the document that has the name it came under."""
    return reason("library.kept_beside", name=event.beside)


def twin_of(event: IngestEvent) -> Reason:
    """The relation of a file to the document of the same content: moved from it, or the same as it."""
    moved = event.outcome is DocumentOutcome.MOVED
    return reason("library.moved_from" if moved else "library.same_as", name=event.twin)
