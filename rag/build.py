"""The one place where the parts meet. Heavy libraries are imported inside functions, when their part is built."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import uuid4

from .book import LedgerBook
from .catalogue import Catalogue, KnowledgeBase
from .chunking import ChunkLimits
from .conversation import Conversation
from .device import prepare_environment
from .draft import Setup
from .errors import LibraryError, StoreError, StoreUnavailable
from .events import Cancel, IngestEvent
from .files import FileLimits, Refused
from .indexes import Indexes
from .ingest import Ingest
from .jobrunner import JobRunner, Renew, Take
from .jobs import JobBook
from .language import UNDETERMINED, detect
from .library import Library
from .marks import Marks
from .messages import reason
from .models import load_models
from .prompts import PromptBudget
from .protocols import ChatModel, Embedder, Store
from .readiness import wait_until_ready
from .retrieval import Policy, Retriever
from .runtime import Models, Runtime, Talk
from .scope import Scope
from .service import Service
from .settings import Secret, Settings
from .spool import Spool
from .sqlite import Database
from .types import Chunk, Document, Fingerprint, Source, StoredChunk
from .versions import versions

if TYPE_CHECKING:
    from .store import Connection, IndexOptions, MilvusStore

SCHEMA_VERSION = "1"
"""Of the Milvus collections and the lexical terms in them; part of every fingerprint."""

KEPT = "plainsight.db"
"""File in the data folder that holds conversations and whatever else is kept beside Milvus."""

MEGABYTE = 1_000_000


def build(settings: Settings) -> Service:
    """The product, not yet started: `service.runtime.start()` begins to load the models."""
    prepare_environment(os.environ)
    chat = _chat(settings)
    kept = kept_in(settings)
    library = Library(Catalogue(kept, settings.collection), Milvus(settings))
    runtime = Runtime(
        library=library,
        load=lambda indexed, report, cancel: load_models(settings, indexed, report, cancel),
        talk=lambda models, scope: _talk(settings, models, scope, chat),
        ingest=lambda models, store, base: _ingest(settings, models, store, base),
        chat=chat.info if chat else None,
    )
    indexes = Indexes(
        library,
        lambda: runtime.models().embedder,
        lambda embedder: chunk_limits(settings, embedder),
        lambda embedder: fingerprint(embedder, chunk_limits(settings, embedder)),
    )
    jobs = JobRunner(
        JobBook(kept),
        Spool(Path(settings.data_dir) / "jobs"),
        _taking(runtime),
        _renewing(runtime, indexes),
        lock=Path(settings.data_dir) / "jobs.lock",
    )
    return Service(settings, runtime, _file_limits(settings), LedgerBook(kept), Marks(kept), jobs, indexes)


def _taking(runtime: Runtime) -> Take:
    """What the jobs do with their files: into the knowledge base, once the models are there."""

    def take(sources: Iterable[Source | Refused], /, *, collection: str, cancel: Cancel) -> Iterator[IngestEvent]:
        wait_until_ready(runtime.status, cancel)
        if not cancel:
            yield from runtime.ingest(collection).run(sources, cancel=cancel)

    return take


def _renewing(runtime: Runtime, indexes: Indexes) -> Renew:
    """What the jobs do that build a new index, once the models are there."""

    def renew(collection: str, /, *, cancel: Cancel) -> Iterator[IngestEvent]:
        wait_until_ready(runtime.status, cancel)
        if not cancel:
            yield from indexes.rebuild(collection, cancel=cancel)

    return renew


def kept_in(settings: Settings) -> Database:
    """The file that holds what is kept beside Milvus; not opened yet."""
    return Database(Path(settings.data_dir) / KEPT)


@contextmanager
def opened_library(settings: Settings) -> Iterator[Library]:
    """The knowledge bases without any model, released at the end; for what needs none."""
    kept = kept_in(settings)
    with closing(kept), closing(Library(Catalogue(kept, settings.collection), Milvus(settings))) as library:
        yield library


@contextmanager
def opened(settings: Settings) -> Iterator[Service]:
    """The product with everything loaded, released at the end; for the command line. Raises RagError."""
    service = build(settings)
    service.runtime.start()
    try:
        service.runtime.wait()
        yield service
    finally:
        service.close()


@contextmanager
def throw_away(settings: Settings) -> Iterator[Service]:
    """The product over an empty collection of its own, dropped at the end; for evaluation. Raises RagError."""
    with TemporaryDirectory(prefix="plainsight-") as folder:
        name = f"evaluation_{uuid4().hex}"
        uri = settings.uri if "://" in settings.uri else str(Path(folder) / "milvus.db")
        alone = replace(settings, collection=name, milvus_uri=uri, data_dir=folder)
        try:
            with opened(alone) as service:
                yield service
        finally:
            if "://" in uri:
                with closing(Milvus(alone)) as database:
                    database.drop(name)


class Milvus:
    """The `Database` of the library: the collections of one Milvus, connected to when first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._open: Connection | None = None

    def documents(self, collection: str) -> list[Document]:
        from .store import read_documents

        return read_documents(self._connection(), collection)

    def chunks(self, collection: str, document: str) -> list[StoredChunk]:
        from .store import read_chunks

        return read_chunks(self._connection(), collection, document)

    def fingerprint(self, collection: str) -> Fingerprint | None:
        from .store import fingerprint_of

        return fingerprint_of(self._connection(), collection)

    def open(self, collection: str, embedder: Embedder) -> Store:
        from .store import MilvusStore

        made_with = fingerprint(embedder, chunk_limits(self._settings, embedder))
        return MilvusStore.open(self._connection(), collection, made_with, index=_index(self._settings))

    def open_as_made(self, collection: str) -> Store:
        from .store import MilvusStore, fingerprint_of

        made_with = fingerprint_of(self._connection(), collection)
        if made_with is None:
            raise StoreError(reason("store.foreign_collection", collection=collection))
        return MilvusStore.open(self._connection(), collection, made_with, index=_index(self._settings))

    def drop(self, collection: str) -> None:
        from .store import drop

        drop(self._connection(), collection)

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._open.close()
                self._open = None

    def _connection(self) -> Connection:
        with self._lock:
            if self._open is None:
                self._open = connected(self._settings)
            return self._open


class AtHand:
    """The `Knowledge` that `verify` compares with: read without any model, and nothing is made."""

    def __init__(self, settings: Settings) -> None:
        self._kept = kept_in(settings)
        self._catalogue = Catalogue(self._kept, settings.collection)
        self._milvus = Milvus(settings)

    def hashes(self, base: str) -> Mapping[str, str]:
        try:
            return {d.name: d.sha256 for d in self._milvus.documents(self._live(base))}
        except LibraryError:
            return {}  # the knowledge base is gone, and so are its documents

    def chunks(self, base: str, document: str) -> Sequence[Chunk]:
        return [stored.chunk for stored in self._milvus.chunks(self._live(base), document)]

    def close(self) -> None:
        self._milvus.close()
        self._kept.close()

    def _live(self, base: str) -> str:
        """The collection of a knowledge base, "" for the default one."""
        default = self._catalogue.default
        return self._catalogue.base(base).live if self._kept.path.exists() else base or default


def at_hand(settings: Settings) -> AtHand:
    """The knowledge bases of the settings. Raises StoreError where there are none."""
    if "://" not in settings.uri and not Path(settings.uri).exists():
        raise StoreUnavailable(reason("verify.no_database", path=settings.uri))
    return AtHand(settings)


def connected(settings: Settings) -> Connection:
    """A connection to the Milvus of the settings. Raises StoreUnavailable or StoreLocked."""
    from .store import connect

    return connect(
        settings.uri,
        token=settings.milvus_token.reveal(),
        database=settings.milvus_database,
        timeout=settings.milvus_timeout,
        certificate=settings.milvus_server_pem,
        strong=settings.milvus_consistency == "strong",
    )


@contextmanager
def holding(
    settings: Settings, collection: str, made_with: Fingerprint | None = None, *, damaged: bool = False
) -> Iterator[tuple[MilvusStore, Fingerprint]]:
    """A collection as it stands, no model loaded, and what it was made with; made anew with `made_with`.

    Raises StoreError when it is not there and cannot be made, IndexMismatch when it was made with something else.
    """
    from .store import MilvusStore, fingerprint_of

    if made_with is None and "://" not in settings.uri and not Path(settings.uri).exists():
        # Connecting would make an empty database of a slip of the pen.
        raise StoreError(reason("transfer.nothing_there", uri=settings.uri, collection=collection))
    with closing(connected(settings)) as connection:
        found = made_with or fingerprint_of(connection, collection)
        if found is None:
            where = connection.address.shown
            raise StoreError(reason("transfer.nothing_there", uri=where, collection=collection))
        yield MilvusStore.open(connection, collection, found, index=_index(settings), damaged=damaged), found


def elsewhere(settings: Settings, uri: str) -> Settings:
    """The settings for another Milvus. What is for servers alone is left out for an embedded database; credentials in
    the address count before those of the settings."""
    if "://" not in uri:
        path = str(Path(uri).expanduser().resolve())
        return replace(settings, milvus_uri=path, milvus_token=Secret(""), milvus_database="", milvus_server_pem="")
    token = Secret("") if "@" in uri else settings.milvus_token
    pem = settings.milvus_server_pem if uri.startswith("https://") else ""
    return replace(settings, milvus_uri=uri, milvus_token=token, milvus_server_pem=pem)


def _index(settings: Settings) -> IndexOptions:
    from .store import IndexOptions

    s = settings
    return IndexOptions(
        kind=s.milvus_index,
        m=s.hnsw_m,
        ef_construction=s.hnsw_ef_construction,
        ef=s.hnsw_ef,
        nlist=s.ivf_nlist,
        nprobe=s.ivf_nprobe,
    )


def fingerprint(embedder: Embedder, limits: ChunkLimits) -> Fingerprint:
    """What an index made with these parts is comparable to."""
    info = embedder.info
    return Fingerprint(info.name, info.revision, embedder.dimension, limits.fingerprint, SCHEMA_VERSION)


def chunk_limits(settings: Settings, embedder: Embedder) -> ChunkLimits:
    """How documents are cut: as set, but never longer than the embedder reads."""
    most = min(settings.chunk_tokens, embedder.max_tokens)
    return ChunkLimits(max_tokens=most, overlap_tokens=min(settings.chunk_overlap, most // 2))


def _chat(settings: Settings) -> ChatModel | None:
    """The chat model, or None without a key. Local servers that check no key still need one set: any word does."""
    if not settings.openai_api_key:
        return None
    from .generation import OpenAIChat

    return OpenAIChat(
        settings.openai_model,
        settings.openai_api_key.reveal(),
        settings.openai_base_url,
        timeout_s=settings.openai_timeout,
        max_retries=settings.openai_retries,
        temperature=settings.openai_temperature,
        max_output_tokens=settings.openai_max_tokens,
    )


def _talk(settings: Settings, models: Models, scope: Scope, chat: ChatModel | None) -> Talk:
    policy = Policy(rrf_k=settings.rrf_k, rerank_seconds=settings.rerank_seconds)
    retriever = Retriever(
        models.embedder, models.reranker, scope, detect_language=detect, policy=policy, remark=scope.left_out
    )
    infos = {"embedder": models.embedder.info, "reranker": models.reranker.info}
    made_with = fingerprint(models.embedder, chunk_limits(settings, models.embedder))
    conversation = Conversation(
        retriever,
        scope,
        chat=chat,
        extractor=models.extractor,
        count_tokens=models.embedder.count_tokens,
        detect_language=detect,
        budget=PromptBudget(settings.context_tokens, settings.history_tokens),
        setup=Setup(
            models.profile,
            {**infos, "chat": chat.info} if chat else infos,
            scope.fingerprints(made_with),
            versions(),
            scope.names,
        ),
    )
    return Talk(retriever, conversation)


def _ingest(settings: Settings, models: Models, store: Store, base: KnowledgeBase) -> Ingest:
    def language(text: str) -> str:
        found = detect(text)
        return base.language if base.language and found == UNDETERMINED else found

    return Ingest(store, models.embedder, limits=chunk_limits(settings, models.embedder), detect=language)


def _file_limits(settings: Settings) -> FileLimits:
    return FileLimits(
        max_file_bytes=int(settings.max_file_mb * MEGABYTE),
        max_files=settings.max_files,
        max_total_bytes=int(settings.max_total_mb * MEGABYTE),
    )
