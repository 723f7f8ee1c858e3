"""The ledger: the full record of one answer, as a value. Keeping it is `book`'s work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from .events import Delta, Retrieved, StageEvent
from .messages import Reason
from .status import ModelInfo
from .types import Message, Retrieval, RetrievalOptions


class Outcome(StrEnum):
    """How an answer came about."""

    GENERATED = "generated"
    EXTRACTIVE = "extractive"
    ABSTAINED = "abstained"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Citation:
    """A `[n]` of the answer: characters `[start, end)` of the answer text, and whether context n was really sent."""

    number: int
    start: int
    end: int
    valid: bool


@dataclass(frozen=True, slots=True)
class Ledger:
    """The record of one answer."""

    question: str
    search_query: str
    options: RetrievalOptions
    retrieval: Retrieval | None
    stages: tuple[StageEvent, ...]
    """The last event of every stage, in order."""
    messages: tuple[Message, ...]
    """Exactly what was sent to the model; empty when none was called."""
    answer: str
    citations: tuple[Citation, ...]
    outcome: Outcome
    reason: Reason | None
    models: Mapping[str, ModelInfo]
    """By part: embedder, reranker, chat."""
    profile: str
    started_at: float
    """Seconds since the epoch, UTC."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer is complete, in whatever way."""

    ledger: Ledger


AnswerEvent = StageEvent | Retrieved | Delta | Answered
