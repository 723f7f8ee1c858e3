"""The ledger: the full record of one answer, as a value. Keeping it is the work of `evidence`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from .events import Delta, Judging, Retrieved, Stage, StageEvent
from .messages import Reason
from .status import ModelInfo
from .types import Candidate, Exchange, Fingerprint, Message, Retrieval, RetrievalOptions
from .types.steps import AnswerStep, StepEvent, StepFork

RECORD_VERSION = 2
"""Version of the shape of `Ledger`; `evidence.records` reads earlier ones. Version 1 held one search and no number."""


class Outcome(StrEnum):
    """Outcome of a question: the way its answer came about."""

    GENERATED = "generated"
    EXTRACTIVE = "extractive"
    ABSTAINED = "abstained"
    FAILED = "failed"
    STOPPED = "stopped"
    SMALL_TALK = "small_talk"


class Author(StrEnum):
    """Author of a search query."""

    USER = "user"
    """As the question was typed."""
    SPELLING = "spelling"
    """As the question was typed, but for words that the documents spell otherwise."""
    RULE = "rule"
    MODEL = "model"
    EDITED = "edited"
    """Worded by the user, in place of what the rewriting said."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A `[n]` of the answer: characters `[start, end)` of the answer text, and whether context n was really sent."""

    number: int
    start: int
    end: int
    valid: bool


class Match(StrEnum):
    """Result of looking up a quote in the context it names."""

    EXACT = "exact"
    """Letter by letter; `matching` says what does not count."""
    CLOSE = "close"
    """Nearly, and `similarity` says how nearly; never with another number, name or negation."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Quote:
    """Words the answer gives as support for a claim, looked up in the context that was sent.

    `[start, end)` are characters of the context's chunk text, both 0 when the quote is missing; `at` is the end, in
    the answer text, of the citation the quote belongs to.
    """

    number: int
    text: str
    match: Match
    similarity: float
    """In [0, 1]; 1 is exact."""
    start: int
    end: int
    at: int
    elsewhere: int = 0
    """Number of another context that a missing quote does stand in; 0 for none."""


class Support(StrEnum):
    """Support for a sentence of an answer."""

    QUOTED = "quoted"
    """Every quote it gives stands in its context, letter by letter."""
    CLOSE = "close"
    """Its quotes stand there nearly."""
    ALTERED = "altered"
    """Its quotes stand there, but it names a figure that none of them has."""
    CITED = "cited"
    """It cites a context that was sent, but quotes nothing."""
    NOT_FOUND = "not_found"
    """A quote it gives is in no context that was sent, or it cites a context that was not sent."""
    NONE = "none"
    """It cites nothing."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of the answer, characters `[start, end)` of its text, with its support."""

    start: int
    end: int
    support: Support
    numbers: tuple[int, ...] = ()
    """Numbers of the contexts it cites."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Number of tokens an answer took, the rewriting of its question not counted.

    `counted_by` is "provider" where the model's server reported them, else the name of the tokenizer they were
    estimated with; "" when no model was called.
    """

    prompt: int = 0
    answer: int = 0
    contexts: int = 0
    """Tokens of all contexts that were kept, by the embedding model's tokenizer."""
    counted_by: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """One search of an answer: its query, its options and its results.

    The first one is that of the question itself. It is recorded also where it was not made, as for a greeting: its
    stages then say why.
    """

    number: int
    """From 1, in the order the searches were made."""
    query: str
    author: Author
    """Author of the query."""
    options: RetrievalOptions
    stages: tuple[StageEvent, ...] = ()
    """The last event of every step of it, in order."""
    retrieval: Retrieval | None = None
    """None where it was not made, or ended before anything was known. A context's number is unique in the answer: a
    passage that several searches keep is a context of one of them."""
    purpose: str = ""
    """The part of the question it was made for; "" for all of it."""
    parent: int = 0
    """Number of the search whose outcome led to it; 0 for none."""

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        return self.retrieval.candidates if self.retrieval else ()

    @property
    def contexts(self) -> tuple[Candidate, ...]:
        return self.retrieval.contexts if self.retrieval else ()


def contexts_of(searches: Sequence[Search]) -> tuple[Candidate, ...]:
    """The contexts of all searches, by number."""
    return tuple(sorted((c for search in searches for c in search.contexts), key=lambda c: c.number or 0))


def nearest(searches: Sequence[Search]) -> tuple[Candidate, ...]:
    """The candidates of all searches: of one in its order, of several each passage once, the best judged first."""
    if len(searches) == 1:
        return searches[0].candidates
    found: dict[str, Candidate] = {}
    for c in sorted((c for search in searches for c in search.candidates), key=lambda c: -(c.probability or 0.0)):
        found.setdefault(c.stored.id, c)
    return tuple(found.values())


def made(searches: Sequence[Search]) -> tuple[Search, ...]:
    """The searches whose outcome is known."""
    return tuple(search for search in searches if search.retrieval is not None)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The record of one answer.

    Stages belong to the search they are steps of, or to the answer: `Stage.REWRITE` before the first search, prompt,
    generation and citations after the last.
    """

    question: str
    """The question as typed."""
    options: RetrievalOptions
    """Options of the question; each search has those it was made with."""
    searches: tuple[Search, ...]
    """At least one, numbered from 1."""
    answer_stages: tuple[StageEvent, ...]
    """The last event of every step that is of no search, in order."""
    messages: tuple[Message, ...]
    """Exactly what was sent to the model; empty when none was called."""
    answer: str
    """The answer as shown: without the quotes a model gives for checking."""
    citations: tuple[Citation, ...]
    outcome: Outcome
    reason: Reason | None
    models: Mapping[str, ModelInfo]
    """Models by part: embedder, reranker, chat."""
    profile: str
    started_at: float
    """Seconds since the epoch, UTC."""
    id: str = ""
    """Unique, and the key under which the answer is kept."""
    raw: str = ""
    """The model's reply as it came, quotes and all; "" when none replied."""
    quotes: tuple[Quote, ...] = ()
    claims: tuple[Claim, ...] = ()
    tokens: Tokens = Tokens()
    fingerprints: Mapping[str, Fingerprint] = field(default_factory=dict)
    """Fingerprints by knowledge base: each says what its index was made with."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Versions of Plainsight and of the libraries that matter for the result."""
    collections: Mapping[str, str] = field(default_factory=dict)
    """Id -> name at that time, of the knowledge bases that were searched."""
    steps: tuple[AnswerStep, ...] = ()
    """The steps in which the evidence was gathered; empty where one search was all."""
    record_version: int = RECORD_VERSION

    def __post_init__(self) -> None:
        if self.record_version != RECORD_VERSION:
            raise ValueError(f"a record of version {self.record_version}; known is {RECORD_VERSION}")
        numbers = [search.number for search in self.searches]
        if not numbers or numbers != list(range(1, len(numbers) + 1)):
            raise ValueError(f"searches are numbered from 1, not {numbers}")

    @property
    def main(self) -> Search:
        """The search of the question itself."""
        return self.searches[0]

    @property
    def stages(self) -> tuple[StageEvent, ...]:
        """Every stage of the answer and of its searches, in order."""
        before = [e for e in self.answer_stages if e.stage is Stage.REWRITE]
        after = [e for e in self.answer_stages if e.stage is not Stage.REWRITE]
        return (*before, *(e for search in self.searches for e in search.stages), *after)

    @property
    def contexts(self) -> tuple[Candidate, ...]:
        """The contexts by number, whichever search found them."""
        return contexts_of(self.searches)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The candidates of all searches, in their order; a passage that several found is there once for each."""
        return tuple(c for search in self.searches for c in search.candidates)

    @property
    def searched(self) -> bool:
        """True if the outcome of any search is known."""
        return any(search.retrieval is not None for search in self.searches)

    def finder(self, chunk: str) -> Search | None:
        """The search to which a passage belongs: the one that sent it, else that in which it came furthest."""
        found = [(s, c) for s in self.searches for c in s.candidates if c.stored.id == chunk]
        best = max(found, key=lambda one: (one[1].kept, one[1].probability or 0.0), default=None)
        return best[0] if best else None


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer is complete, whatever its outcome."""

    ledger: Ledger


AnswerEvent = StageEvent | StepEvent | Judging | Retrieved | Delta | Answered


@dataclass(frozen=True, slots=True)
class Request:
    """One question with its history and its options."""

    question: str
    history: tuple[Exchange, ...] = ()
    """Oldest first."""
    options: RetrievalOptions = field(default_factory=RetrievalOptions)
    search_query: str = ""
    """Search query in the user's words; "" leaves it to the rewriting."""
    given: Ledger | None = None
    """An earlier answer whose candidates are to be used: nothing is searched, only selected anew by `options`."""
    fork: StepFork | None = None
    """Which steps of the given answer are kept, and what is done after them; None keeps all, and searches nothing."""
    id: str = ""
    """Id under which the answer is known; "" for a new one."""
