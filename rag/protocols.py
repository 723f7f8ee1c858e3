"""Protocols between the parts: the methods a model, a database or a language model must have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from .events import Cancel
from .messages import Reason
from .status import ModelInfo
from .types import (
    Candidate,
    Chunk,
    DenseRank,
    Document,
    Fields,
    Hit,
    IndexedDocument,
    Message,
    PlacedDocument,
    ReplyForm,
    RerankLimits,
    StoredChunk,
    Usage,
    Vectors,
)
from .types.chat_server import ChatChoice, ChatExamination, ChatInUse


class Embedder(Protocol):
    """A model that turns texts into unit vectors."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int:
        """Longest text embedded whole, in tokens of `count_tokens`."""

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """`[len(texts), dimension]` in input order, of raw texts, no instruction; `[0, dimension]` for no texts.

        Somebody waits for all of them: they go before those of `stream_documents`, as questions do.
        """

    def stream_documents(self, texts: Sequence[str]) -> Iterator[tuple[Sequence[int], Vectors]]:
        """Yield the same as (positions in `texts`, their vectors) as they become known, every position once.

        The caller may stop early by closing the iterator: work not yet done is then not done.
        """

    def embed_query(self, query: str, *, instruction: str) -> Vectors:
        """The query's vector `[1, dimension]`; models without instructions ignore `instruction`."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text by this model's tokenizer, special tokens not counted."""


class Reranker(Protocol):
    """A model that judges how well each text answers a query."""

    @property
    def info(self) -> ModelInfo: ...

    def score(
        self, query: str, texts: Sequence[str], *, instruction: str, cut: RerankLimits | None = None
    ) -> Iterator[tuple[int, float]]:
        """Yield (position in `texts`, log-odds) as each becomes known, in any order, every position at least once.

        A position may come again with a more exact value: the last one counts. `cut` says which texts will be taken,
        for rerankers that are more exact where it matters.

        The caller may stop early by closing the iterator: work not yet done is then not done.
        """


class ChatModel(Protocol):
    """A model that turns messages into a streamed answer."""

    @property
    def info(self) -> ModelInfo: ...

    def stream(
        self,
        messages: Sequence[Message],
        *,
        cancel: Cancel,
        on_usage: Callable[[Usage], None] | None = None,
        stop: Sequence[str] = (),
        form: ReplyForm | None = None,
    ) -> Iterator[str]:
        """Yield text deltas. Raises GenerationError; ends quietly when cancelled.

        `on_usage` is called before the end, from any thread, with the tokens so far; never where nobody counts them.
        `stop` are texts at which the model may end; whoever cannot do without that looks for them too.
        With a `form` the server is asked to hold the reply to it; not every one does.
        """


class ExaminableChat(ChatModel, Protocol):
    """A chat model whose server can be asked what it has and can do."""

    def examine(self, *, trial: bool) -> ChatExamination:
        """Ask for its models; with a `trial`, have it answer too. Raises nothing."""


class LanguageModelDesk(Protocol):
    """Holder of the language model in use, which somebody may exchange for another."""

    def in_use(self) -> ChatInUse: ...

    def keep(self, choice: ChatChoice, *, forget_key: bool = False) -> None:
        """Choose from now on. Raises ChatChoiceRefused."""

    def examine(self, choice: ChatChoice) -> ChatExamination:
        """Try a choice without keeping it. Raises ChatChoiceRefused."""

    def look(self) -> ChatExamination:
        """Ask the server in use whether it is there, at no cost."""


class Extractor(Protocol):
    """A maker of answers from verbatim sentences, for when there is no chat model."""

    def answer(
        self, question: str, contexts: Sequence[Candidate], *, unknown: Sequence[str] = (), asked_in: str = ""
    ) -> Iterator[str]:
        """Yield pieces of an answer: sentences of the numbered contexts as they stand, each with its `[n]`.

        `unknown` are telling words of the question that no passage anywhere has; `asked_in` is the reader's language,
        where that is not the question's own.
        """


class Record(Protocol):
    """A record of the documents that each collection should hold."""

    def added(self, collection: str, document: Document) -> None:
        """Record that a document was put. Raises nothing."""

    def removed(self, collection: str, documents: Mapping[str, str]) -> None:
        """Record that `documents`, name -> sha256, are about to be deleted for good.

        Raises KeepingError, and then they stay.
        """

    def dropped(self, collection: str) -> None:
        """Record that a collection is about to be dropped with all its documents. Raises KeepingError."""

    def left(self, passages: Iterable[str], *, staying: Collection[str] = ()) -> None:
        """Be told of passages, each by the sha256 of its embedded text, whose rows are about to be removed, but for
        those that stay. They are looked up only where somebody asks for them. Raises nothing of its own."""


class Searchable(Protocol):
    """The scope a question searches: one collection, or what it may see of several."""

    def full_text_missing(self) -> Reason | None:
        """Reason why full-text search is not possible here; None when it is possible."""

    def search_dense(self, vector: Vectors, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        """Hits with the best inner products with the `[1, dim]` vector, best first.

        `documents` are names to search in, one that ends in "/" a folder; empty means all.
        """

    def search_full_text(self, query: str, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        """Hits with the best BM25 scores of the query's terms, best first; positive whatever the engine says."""

    def search_terms(self, terms: Sequence[str], *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        """The same of terms that are ready made: chunks that hold at least one of them, best first."""

    def documents(self) -> list[Document]:
        """All committed documents, by name."""

    def chunks(self, document: str) -> list[StoredChunk]:
        """The committed chunks of one document, in order."""


class Shelf(Protocol):
    """The documents of a question's scope, to be listed and read."""

    def placed(self, documents: Sequence[str] = ()) -> list[PlacedDocument]:
        """The enabled documents that the question may look into, those of these names; empty means all."""

    def read(self, placed: PlacedDocument) -> list[StoredChunk]:
        """The chunks of one of them, in order; none if it is not in the scope, or gone."""


class Store(Searchable, Protocol):
    """A store of chunks. One instance is one collection."""

    def rank_dense(
        self, vector: Vectors, chunk_ids: Sequence[str], *, depth: int, documents: Sequence[str] = ()
    ) -> dict[str, DenseRank]:
        """Score of each of these chunks for the `[1, dim]` vector, and its rank, down to `depth`, among `documents` or
        all. Chunks that do not count or are not there are missing."""

    def contents(self, names: Sequence[str] | None = None) -> Iterator[IndexedDocument]:
        """The committed documents of these names, all of them by default, each whole with its vectors, by name."""

    def vectors(self, document: str) -> dict[str, Vectors]:
        """Embedded text's sha256 -> its `[dim]` vector, of the committed revision: these need not be embedded again."""

    def put(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors, *, again: bool = False) -> bool:
        """Add or replace a document: visible all at once, never missing in between.

        The content that is there already changes nothing, unless it is put `again`; then nothing but that same content
        is replaced. Returns True if the document is there now as it was put, or was before.
        """

    def delete(self, names: Sequence[str]) -> int:
        """Remove documents with their chunks; returns how many were there."""

    def bury(self, names: Sequence[str]) -> int:
        """Delete documents so that `restore` can bring them back for some minutes; returns how many were there."""

    def restore(self, names: Sequence[str]) -> int:
        """Bring buried documents back; returns how many could be brought back in time."""

    def enable(self, names: Sequence[str], enabled: bool) -> int:
        """Let searches look into documents, or not, without embedding anything; returns how many changed."""

    def describe(self, name: str, fields: Fields) -> None:
        """Keep what the front matter of a document says, where that was not read when it was put."""

    def note(self, name: str, error: Reason | None) -> None:
        """Store with a document the reason why it could not be ingested anew; None where it is in order."""

    def sweep(self) -> bool:
        """Remove what no longer counts; returns True if deleted documents still wait to be removed."""

    def flush(self) -> None:
        """End an ingest job: make what was written fast to search and safe on disk."""

    def close(self) -> None:
        """Release the database."""


class Afresh(str):
    """A delta that replaces all deltas before it, which were the model's thinking."""

    __slots__ = ()
