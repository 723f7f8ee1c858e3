"""Searches: what is asked for, what each stage says of a candidate, and the outcome."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rag.messages import Reason

from .documents import StoredChunk
from .steps import Approach, Thoroughness


class Mode(StrEnum):
    """Choice of the first-stage searches that run."""

    DENSE = "dense"
    FULL_TEXT = "full_text"
    HYBRID = "hybrid"


@dataclass(frozen=True, slots=True)
class Ranked:
    """Rank (from 1) and score of a candidate in one list."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """One result of one search. Ranks start at 1; a higher score is better, whatever the engine's sign."""

    stored: StoredChunk
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class DenseRank:
    """Score and rank of one chunk among all that a dense search could return."""

    score: float
    rank: int | None
    """None when it is below the depth that was looked at, or outside the documents that were searched."""
    returned: bool
    """True if the search returned it. A chunk with a rank that was not returned was missed by an approximate index."""


def sigmoid(log_odds: float) -> float:
    """Probability of a log-odds, in float64 and without overflow."""
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    grown = math.exp(log_odds)
    return grown / (1.0 + grown)


def logit(probability: float) -> float:
    """Log-odds of a probability; minus or plus infinity at 0 and 1."""
    if not 0.0 < probability < 1.0:
        return math.inf if probability >= 1.0 else -math.inf
    return math.log(probability) - math.log1p(-probability)


@dataclass(frozen=True, slots=True)
class RerankLimits:
    """Limits of what a caller takes of the texts judged: the best `keep`, if their log-odds are at least `least`.

    Up to `spare` of the best may not count, so that as many more are taken after them.
    """

    keep: int
    least: float = -math.inf
    spare: int = 0


class Named(StrEnum):
    """What a candidate has of the names in the query, such as a code, a version or an article's number."""

    NOT = ""
    NAME = "name"
    """Exactly one of them, which few passages have: it comes first."""
    DETAIL = "detail"
    """The same of what only adds to a question, such as an amount: it comes first where it was judged to fit."""
    COMMON = "common"
    """Exactly one of them, as many passages have."""
    OTHER = "other"
    """Only another one of the same form: it comes after those that have the right one."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk some first stage returned, with what every stage said of it."""

    stored: StoredChunk
    dense: Ranked | None = None
    full_text: Ranked | None = None
    fused: Ranked | None = None
    log_odds: float | None = None
    """Score of the reranker; None where it did not judge this candidate."""
    rank: int | None = None
    """Final rank, after reranking where it ran."""
    number: int | None = None
    """The context number `[n]` when it was kept."""
    dropped: Reason | None = None
    """Reason why it was not kept."""
    similar_to: str = ""
    """Id of the chunk it nearly repeats and was collapsed into; "" for none."""
    named: Named = Named.NOT
    names: tuple[str, ...] = ()
    """The names it was found to have: those of the query, or the others, as they stand in it."""

    @property
    def probability(self) -> float | None:
        """The reranker's opinion in [0, 1]: P(yes) for Qwen3, an estimate offline."""
        return None if self.log_odds is None else sigmoid(self.log_odds)

    @property
    def kept(self) -> bool:
        return self.number is not None


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A part of one knowledge base: what is in one of the folders or documents, and has one of the tags."""

    collection: str
    """Id of the knowledge base."""
    documents: tuple[str, ...] = ()
    """Names; one that ends in "/" is a folder. Empty means all."""
    tags: tuple[str, ...] = ()
    """Empty means any."""


def within(name: str, documents: Sequence[str]) -> bool:
    """True if a document is one of `documents`, or in one of the folders among them; empty means any."""
    return not documents or any(name.startswith(d) if d.endswith("/") else name == d for d in documents)


@dataclass(frozen=True, slots=True)
class RetrievalOptions:
    """Options of retrieval that the user may change per question."""

    mode: Mode = Mode.HYBRID
    candidates: int = 20
    """Candidates per first-stage search."""
    contexts: int = 6
    """Most contexts kept."""
    threshold: float = 0.17
    """Least probability of a context, in [0, 1]."""
    instruction: str = ""
    guidance: str = ""
    """What the language model is told besides its rules."""
    documents: tuple[str, ...] = ()
    """Names to search in, in every knowledge base; one that ends in "/" is a folder. Empty means all."""
    rerank: bool = True
    collections: tuple[str, ...] = ()
    """Ids of the knowledge bases to search in; empty means the default one."""
    dense_weight: float = 1.0
    """Weight of dense search in the fusion, against `full_text_weight`; both 0 or more."""
    full_text_weight: float = 1.0
    pinned: tuple[str, ...] = ()
    """Ids of chunks the user wants kept whatever their probability, in this order."""
    banned: tuple[str, ...] = ()
    """Ids of chunks the user does not want kept."""
    narrowed: tuple[Narrowing, ...] = ()
    """Knowledge bases of which only a part is searched."""
    approach: Approach = Approach.AUTO
    """Whether one search is made, or steps are taken."""
    thoroughness: Thoroughness = Thoroughness.NORMAL
    """How much may be spent on steps."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """Parameters of the fusion of result lists.

    `k` dampens the lead of the first ranks; a weight of 0 leaves a list out of the order, not out of sight.
    """

    k: int = 60
    dense_weight: float = 1.0
    full_text_weight: float = 1.0
    language: str = ""
    """The query's language, where passages in other languages go by the better of their two ranks; "" where all ranks
    add up."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two kept chunks, by id, that stand in different versions of what looks like one document."""

    first: str
    second: str
    why: Reason


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The outcome of the two-stage retrieval: every candidate in final order."""

    query: str
    options: RetrievalOptions
    candidates: tuple[Candidate, ...]
    fusion: Fusion = Fusion()
    """Fusion as used: what the options say, unless the embedding model does not know the query's language."""
    conflicts: tuple[Conflict, ...] = ()
    nowhere: tuple[str, ...] = ()
    """Names in the query without which there is no answer, and which no passage that was searched has."""
    nearest: str = ""
    """The nearest name to the first of them that some passage has."""
    unknown: tuple[str, ...] = ()
    """Other words in the query that no passage that was searched has, in any form."""

    @property
    def contexts(self) -> tuple[Candidate, ...]:
        return tuple(c for c in self.candidates if c.kept)
