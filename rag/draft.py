"""An answer in the making: what is known so far, frozen into a ledger at any moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from . import citations
from .events import Stage, StageEvent
from .ledger import Author, Citation, Ledger, Outcome, Tokens
from .messages import Reason, reason
from .request import Request
from .status import ModelInfo
from .types import Candidate, Fingerprint, Message, Retrieval


@dataclass(frozen=True, slots=True)
class Setup:
    """What stays the same from question to question: kept with every answer."""

    profile: str
    models: Mapping[str, ModelInfo]
    fingerprints: Mapping[str, Fingerprint] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    collections: Mapping[str, str] = field(default_factory=dict)
    """Id -> name of the knowledge bases that are searched."""


@dataclass
class Draft:
    """Filled in step by step. Until something else is said, its outcome is that it was stopped."""

    id: str
    request: Request
    started_at: float
    search_query: str = ""
    author: Author = Author.USER
    retrieval: Retrieval | None = None
    messages: tuple[Message, ...] = ()
    answer: str = ""
    found: tuple[Citation, ...] = ()
    tokens: Tokens = field(default_factory=Tokens)
    outcome: Outcome = Outcome.STOPPED
    why: Reason | None = None
    stages: dict[Stage, StageEvent] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.search_query = self.search_query or self.request.question
        self.why = self.why or reason("stages.stopped")

    @property
    def contexts(self) -> tuple[Candidate, ...]:
        return self.retrieval.contexts if self.retrieval else ()

    def end(self, outcome: Outcome, why: Reason | None) -> None:
        self.outcome, self.why = outcome, why

    def drop(self, dropped: Mapping[str, Reason]) -> None:
        """Contexts that did not fit are none any more; `dropped` is by chunk id."""
        assert self.retrieval is not None
        kept = tuple(
            replace(c, number=None, dropped=why) if (why := dropped.get(c.stored.id)) else c
            for c in self.retrieval.candidates
        )
        left = {c.stored.id for c in kept if c.kept}
        conflicts = tuple(c for c in self.retrieval.conflicts if {c.first, c.second} <= left)
        self.retrieval = replace(self.retrieval, candidates=kept, conflicts=conflicts)

    def ledger(self, setup: Setup) -> Ledger:
        """The record as it stands."""
        return Ledger(
            question=self.request.question,
            search_query=self.search_query,
            options=self.request.options,
            retrieval=self.retrieval,
            stages=tuple(self.stages[stage] for stage in Stage if stage in self.stages),
            messages=self.messages,
            answer=self.answer,
            citations=self.found or citations.find(self.answer, len(self.contexts)),
            outcome=self.outcome,
            reason=self.why,
            models=setup.models,
            profile=setup.profile,
            started_at=self.started_at,
            id=self.id,
            author=self.author,
            tokens=replace(self.tokens, contexts=sum(c.stored.chunk.tokens for c in self.contexts)),
            fingerprints=setup.fingerprints,
            versions=setup.versions,
            collections=setup.collections,
        )
