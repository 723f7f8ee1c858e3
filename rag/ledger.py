"""The ledger: the full record of one answer, as a value. Keeping it is the work of `book`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .events import Delta, Judging, Retrieved, StageEvent
from .messages import Reason
from .status import ModelInfo
from .types import Exchange, Fingerprint, Message, Retrieval, RetrievalOptions


class Outcome(StrEnum):
    """How an answer came about."""

    GENERATED = "generated"
    EXTRACTIVE = "extractive"
    ABSTAINED = "abstained"
    FAILED = "failed"
    STOPPED = "stopped"
    SMALL_TALK = "small_talk"


class Author(StrEnum):
    """Who worded the search query."""

    USER = "user"
    """As the question was typed."""
    RULE = "rule"
    MODEL = "model"
    EDITED = "edited"
    """By the user, in place of what the rewriting said."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A `[n]` of the answer: characters `[start, end)` of the answer text, and whether context n was really sent."""

    number: int
    start: int
    end: int
    valid: bool


class Match(StrEnum):
    """Whether a quote stands in the context it names."""

    EXACT = "exact"
    """Letter by letter; `matching` says what does not count."""
    CLOSE = "close"
    """Nearly, `similarity` says how nearly; never with another number, name or negation."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Quote:
    """Words the answer gives as support for a claim, looked up in the context that was sent.

    `[start, end)` are characters of the context's chunk text, both 0 when the quote is missing; `at` is where in the
    answer text the citation ends that it belongs to.
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
    """What stands behind a sentence of an answer."""

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
    """Contexts it cites."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """How many tokens an answer took, the rewriting of its question not counted.

    `counted_by` is "provider" where the model's server reported them, else the name of the tokenizer they were
    estimated with; "" when no model was called.
    """

    prompt: int = 0
    answer: int = 0
    contexts: int = 0
    """Of all contexts that were kept, by the embedding model's tokenizer."""
    counted_by: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The record of one answer."""

    question: str
    """As typed."""
    search_query: str
    options: RetrievalOptions
    retrieval: Retrieval | None
    stages: tuple[StageEvent, ...]
    """The last event of every stage, in order."""
    messages: tuple[Message, ...]
    """Exactly what was sent to the model; empty when none was called."""
    answer: str
    """As shown: without the quotes a model gives for checking."""
    citations: tuple[Citation, ...]
    outcome: Outcome
    reason: Reason | None
    models: Mapping[str, ModelInfo]
    """By part: embedder, reranker, chat."""
    profile: str
    started_at: float
    """Seconds since the epoch, UTC."""
    id: str = ""
    """Unique, and the key under which the answer is kept."""
    author: Author = Author.USER
    """Of the search query."""
    raw: str = ""
    """The model's reply as it came, quotes and all; "" when none replied."""
    quotes: tuple[Quote, ...] = ()
    claims: tuple[Claim, ...] = ()
    tokens: Tokens = Tokens()
    fingerprints: Mapping[str, Fingerprint] = field(default_factory=dict)
    """By knowledge base: what its index was made with."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of Plainsight and of the libraries that matter for the result."""
    collections: Mapping[str, str] = field(default_factory=dict)
    """Id -> name, then, of the knowledge bases that were searched."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer is complete, in whatever way."""

    ledger: Ledger


AnswerEvent = StageEvent | Judging | Retrieved | Delta | Answered


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, after what, and how."""

    question: str
    history: tuple[Exchange, ...] = ()
    """Oldest first."""
    options: RetrievalOptions = field(default_factory=RetrievalOptions)
    search_query: str = ""
    """What to search for, in the user's words; "" leaves it to the rewriting."""
    given: Ledger | None = None
    """An earlier answer whose candidates are to be used: nothing is searched, only selected anew by `options`."""
    id: str = ""
    """Under which the answer is known; "" for a new one."""
