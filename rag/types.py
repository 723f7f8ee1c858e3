"""The values that travel between the parts, and the protocols the parts meet. Knows no library but numpy.

Words are those of the README: a *candidate* is a chunk any first stage returned, a *context* is a candidate sent to
the model, *evidence* is all candidates of one answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event as Flag
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .messages import Reason

Vectors = NDArray[np.float32]
"""float32 `[n, dim]`, rows of length 1."""

HEADING_SEPARATOR = " › "


# ---- documents and chunks -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """One ingested file as the registry knows it. `name` is path-like and unique in its collection."""

    name: str
    sha256: str
    title: str
    language: str
    """ISO 639-1 code of the main language, or "und"."""
    size: int
    """Bytes of the file."""
    chunks: int
    tokens: int
    """Tokens of all chunks, counted by the embedding model's tokenizer."""
    ingested_at: float
    """Seconds since the epoch, UTC."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document: `text == document_text[start:end]`, offsets in characters."""

    index: int
    start: int
    end: int
    heading_path: tuple[str, ...]
    text: str
    tokens: int

    @property
    def embedded_text(self) -> str:
        """What is embedded, indexed for full text and reranked: heading path, then the text as it stands."""
        path = HEADING_SEPARATOR.join(self.heading_path)
        return f"{path}\n{self.text}" if path else self.text


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as the store returns it, with the document it belongs to."""

    id: str
    document: str
    sha256: str
    """Of the document's bytes: the revision the chunk belongs to."""
    language: str
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class Hit:
    """One result of one search. Ranks start at 1; a higher score is better, whatever the engine's sign."""

    stored: StoredChunk
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What an index was made with. Two indexes are comparable only when all of it is equal."""

    model: str
    revision: str
    dimension: int
    chunker: str
    schema: str


# ---- stages ---------------------------------------------------------------------------------------------------------


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


class IngestStage(StrEnum):
    """The steps of one document, in order."""

    READ = "read"
    SPLIT = "split"
    EMBED = "embed"
    INDEX = "index"


class State(StrEnum):
    """What a stage is doing."""

    STARTED = "started"
    PROGRESS = "progress"
    FINISHED = "finished"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StageEvent:
    """A stage changed state. `reason` is set when it was skipped or failed; `milliseconds` once it ended."""

    stage: Stage
    state: State
    reason: Reason | None = None
    milliseconds: float | None = None
    done: int = 0
    total: int = 0


# ---- candidates -----------------------------------------------------------------------------------------------------


class Mode(StrEnum):
    """Which first-stage searches run."""

    DENSE = "dense"
    FULL_TEXT = "full_text"
    HYBRID = "hybrid"


@dataclass(frozen=True, slots=True)
class Ranked:
    """Rank (from 1) and score of a candidate in one list."""

    rank: int
    score: float


def sigmoid(log_odds: float) -> float:
    """Probability of a log-odds, in float64 and without overflow."""
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    grown = math.exp(log_odds)
    return grown / (1.0 + grown)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk some first stage returned, with what every stage said of it."""

    stored: StoredChunk
    dense: Ranked | None = None
    full_text: Ranked | None = None
    fused: Ranked | None = None
    log_odds: float | None = None
    """Of the reranker; None where it did not judge this candidate."""
    rank: int | None = None
    """Final rank, after reranking where it ran."""
    number: int | None = None
    """The context number `[n]` when it was kept."""
    dropped: Reason | None = None
    """Why it was not kept."""

    @property
    def probability(self) -> float | None:
        """The reranker's opinion in [0, 1]: P(yes) for Qwen3, an estimate offline."""
        return None if self.log_odds is None else sigmoid(self.log_odds)

    @property
    def kept(self) -> bool:
        return self.number is not None


@dataclass(frozen=True, slots=True)
class RetrievalOptions:
    """What the user may change per question."""

    mode: Mode = Mode.HYBRID
    candidates: int = 20
    """Candidates per first-stage search."""
    contexts: int = 6
    """Most contexts kept."""
    threshold: float = 0.17
    """Least probability of a context, in [0, 1]."""
    instruction: str = ""
    documents: tuple[str, ...] = ()
    """Names to search in; empty means all."""
    rerank: bool = True


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The outcome of the two-stage retrieval: every candidate in final order, kept ones first."""

    query: str
    options: RetrievalOptions
    candidates: tuple[Candidate, ...]

    @property
    def contexts(self) -> tuple[Candidate, ...]:
        return tuple(c for c in self.candidates if c.kept)


# ---- conversation ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the streamed answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The evidence is known (sent before generation starts)."""

    retrieval: Retrieval


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
class ModelInfo:
    """A running model as the page names it."""

    name: str
    revision: str
    device: str
    dtype: str
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes the model knows; empty means many."""
    score_name: str = ""
    """Rerankers: `p_yes` or `offline_estimate`."""


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


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier question and its answer, as the history of a conversation holds it."""

    question: str
    answer: str


# ---- ingest ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """A file offered for ingestion: `name` is path-like, `origin` the zip it came from or ""."""

    name: str
    data: bytes
    origin: str = ""


class DocumentOutcome(StrEnum):
    """What became of one file."""

    ADDED = "added"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
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


@dataclass
class Cancel:
    """A switch the user can throw; parts look at it between steps and register what to close at once."""

    flag: Flag = field(default_factory=Flag)
    _closers: list[Callable[[], None]] = field(default_factory=list)

    def on_cancel(self, close: Callable[[], None]) -> None:
        """Call `close` when cancelled; at once when that already happened."""
        self._closers.append(close)
        if self.flag.is_set():
            close()

    def cancel(self) -> None:
        """Throw the switch. Safe to call twice and from any thread."""
        self.flag.set()
        for close in tuple(self._closers):
            close()

    def __bool__(self) -> bool:
        return self.flag.is_set()


# ---- what is running ------------------------------------------------------------------------------------------------


class PartState(StrEnum):
    """Where a part of the product is on its way to work."""

    WAITING = "waiting"
    DOWNLOADING = "downloading"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One line of the status panel. `part` is embedder, reranker, chat or store; `done`/`total` bytes of a download."""

    part: str
    state: PartState
    name: str = ""
    info: ModelInfo | None = None
    reason: Reason | None = None
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """What is running now. `profile` is "" until chosen, then "qwen3" or "offline"; `why` says why that one."""

    profile: str
    why: Reason | None
    parts: tuple[PartStatus, ...]

    @property
    def ready(self) -> bool:
        """Questions and files are accepted."""
        needed = {p.part: p.state for p in self.parts}
        return all(needed.get(part) is PartState.READY for part in ("embedder", "reranker", "store"))


# ---- protocols ------------------------------------------------------------------------------------------------------


class Embedder(Protocol):
    """Texts to unit vectors."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int:
        """Longest text embedded whole, in tokens of `count_tokens`."""

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """`[len(texts), dimension]` in input order; raw texts, no instruction. An empty list gives `[0, dimension]`."""

    def embed_query(self, query: str, *, instruction: str) -> Vectors:
        """`[1, dimension]`; models without instructions ignore it."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by this model's tokenizer, special tokens not counted."""


class Reranker(Protocol):
    """How well does each text answer the query?"""

    @property
    def info(self) -> ModelInfo: ...

    def score(self, query: str, texts: Sequence[str], *, instruction: str) -> Iterator[tuple[int, float]]:
        """Yield (position in `texts`, log-odds) as each becomes known, in any order, every position at least once.

        A position may come again with a more exact value: the last one counts.

        The caller may stop early by closing the iterator: work not yet done is then not done.
        """


class ChatModel(Protocol):
    """Messages to a streamed answer."""

    @property
    def info(self) -> ModelInfo: ...

    def stream(self, messages: Sequence[Message], *, cancel: Cancel) -> Iterator[str]:
        """Yield text deltas. Raises GenerationError; ends quietly when cancelled."""


class Extractor(Protocol):
    """Answers made of verbatim sentences, for when no chat model is there."""

    def answer(self, question: str, contexts: Sequence[Candidate]) -> Iterator[str]:
        """Yield pieces of an answer: sentences of the numbered contexts as they stand, each with its `[n]`."""


class Store(Protocol):
    """Where chunks live. One instance is one collection."""

    def full_text_missing(self) -> Reason | None:
        """Why full-text search is not possible here, or None when it is."""

    def search_dense(self, vector: Vectors, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        """Best inner products with the `[1, dim]` vector, best first."""

    def search_full_text(self, query: str, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        """Best BM25 scores of the query's terms, best first; positive whatever the engine says."""

    def documents(self) -> list[Document]:
        """All committed documents, by name."""

    def chunks(self, document: str) -> list[StoredChunk]:
        """The committed chunks of one document, in order."""

    def vectors(self, document: str) -> dict[str, Vectors]:
        """Embedded text's sha256 -> its `[dim]` vector, of the committed revision: what need not be embedded again."""

    def put(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Add or replace a document: visible all at once, never missing in between."""

    def delete(self, names: Sequence[str]) -> int:
        """Remove documents with their chunks; returns how many were there."""

    def flush(self) -> None:
        """End of an ingest job: make what was written fast to search and safe on disk."""

    def close(self) -> None:
        """Release the database."""
