"""What a planner is given, and what it chooses. Values and the protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rag.ledger import Search
from rag.messages import Reason
from rag.types import Document, StoredChunk
from rag.types.steps import AnswerStep, Arguments, StepAuthor, StepChart, StepKind, StepOption

from .arguments import of_query, of_tabulation
from .budget import NOTHING, UNBOUNDED, Spent
from .listing import DocumentQuery
from .tabulating import SourceTable, Tabulation

Aim = tuple[StepKind, str, tuple[str, ...]]
"""Kind, query and documents of a step."""
ENDS = (StepKind.ANSWER, StepKind.GIVE_UP)
"""Kinds of steps that end the gathering."""


@dataclass(frozen=True, slots=True)
class StepChoice:
    """The next step."""

    kind: StepKind
    author: StepAuthor
    why: Reason
    query: str = ""
    purpose: str = ""
    documents: tuple[str, ...] = ()
    options: tuple[StepOption, ...] = ()
    """What else was looked at."""
    parent: int = 1
    """Number of the step that led to it."""
    listing: DocumentQuery | None = None
    """Which documents a list is to hold."""
    tabulation: Tabulation | None = None
    """What is to be counted of which rows."""
    narrowed: DocumentQuery | None = None
    """The documents that a search keeps to; their names are `documents`."""
    chart: StepChart | None = None
    tokens: int = 0
    """Tokens a language model took to choose it, as far as its server counted them."""
    section: str = ""
    """Heading under which it reads; "" where it searches."""
    passages: tuple[StoredChunk, ...] = ()
    """What it reads, to be judged."""
    spent: Spent = NOTHING
    """What of the budget that took."""

    @property
    def arguments(self) -> Arguments:
        """What it is told besides its query."""
        if self.tabulation is not None:
            return of_tabulation(self.tabulation)
        query = self.listing or self.narrowed
        return of_query(query) if query else ()

    @property
    def aim(self) -> Aim:
        """What tells two steps apart: of two with the same aim the second would find what the first found."""
        words = f"{self.query} # {self.section}" if self.section else self.query
        return self.kind, " ".join(words.casefold().split()), tuple(sorted(self.documents))


@dataclass(frozen=True, slots=True)
class GatheringState:
    """What is known when a step is chosen."""

    question: str
    """The search query of the question: it stands alone."""
    searches: Sequence[Search]
    steps: Sequence[AnswerStep]
    documents: Sequence[Document]
    """Documents of the scope."""
    eager: bool
    """True where the reader asked for steps; else only clear reasons count."""
    done: frozenset[Aim]
    """Aims of the steps taken."""
    readable: bool = False
    """True where whole documents can be read."""
    tables: Callable[[], Sequence[SourceTable]] = tuple
    """Reads the tables of the documents in which passages with a table were found."""
    read: Callable[[str, str], Sequence[StoredChunk]] = lambda _document, _collection: ()
    """Reads a document of the scope, by its name and knowledge base, "" for the first that has it."""
    left: Spent = UNBOUNDED
    """What may be spent on choosing; with nothing left nobody is asked."""


Outcome = tuple[Sequence[StepChoice], Reason]
"""What a rule would do, and why it would do nothing."""


def aim_of(step: AnswerStep) -> Aim:
    """What tells a step that was taken from others."""
    return StepChoice(
        step.kind, step.author, step.why, step.query, step.purpose, step.documents, section=step.section
    ).aim


class Planner(Protocol):
    """Chooses the next step. Never raises; with nothing left to do it chooses to answer, or to give up."""

    def next(self, state: GatheringState) -> StepChoice: ...
