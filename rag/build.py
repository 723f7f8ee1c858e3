"""The one place where the parts meet. Heavy libraries are imported inside functions, when their part is built."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import uuid4

from .chunking import ChunkLimits
from .conversation import Conversation, Setup
from .device import DeviceLock, Placement, prepare_environment
from .files import FileLimits
from .ingest import Ingest
from .language import detect
from .profiles import Choice, Sought, choose
from .prompts import PromptBudget
from .retrieval import Policy, Retriever
from .runtime import Models, Parts, Report, Runtime
from .service import Service
from .settings import Settings
from .types import (
    Cancel,
    ChatModel,
    Document,
    Embedder,
    Fingerprint,
    PartState,
    PartStatus,
    Reranker,
    Store,
)

if TYPE_CHECKING:
    from .hub import Downloadable, Found
    from .store import Connection

SCHEMA_VERSION = "1"
"""Of the Milvus collections and the lexical terms in them; part of every fingerprint."""

MEGABYTE = 1_000_000


def build(settings: Settings) -> Service:
    """The product, not yet started: `service.runtime.start()` begins to load the models."""
    prepare_environment(os.environ)
    chat = _chat(settings)
    database = Collection(settings)
    runtime = Runtime(
        database=database,
        load=lambda indexed, report, cancel: load_models(settings, indexed, report, cancel),
        assemble=lambda models, store: _assemble(settings, models, store, chat),
        chat=chat.info if chat else None,
    )
    return Service(settings, runtime, _file_limits(settings))


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
                with closing(Collection(alone)) as collection:
                    collection.drop()


class Collection:
    """The `Database` of the runtime: one collection of one Milvus, connected to when first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._open: Connection | None = None

    def documents(self) -> list[Document]:
        from .store import read_documents

        return read_documents(self._connection(), self._settings.collection)

    def fingerprint(self) -> Fingerprint | None:
        from .store import fingerprint_of

        return fingerprint_of(self._connection(), self._settings.collection)

    def open(self, embedder: Embedder) -> Store:
        from .store import IndexOptions, MilvusStore

        s = self._settings
        index = IndexOptions(kind=s.milvus_index, m=s.hnsw_m, ef_construction=s.hnsw_ef_construction, ef=s.hnsw_ef)
        return MilvusStore.open(
            self._connection(), s.collection, fingerprint(embedder, chunk_limits(s, embedder)), index=index
        )

    def drop(self) -> None:
        """Remove the collection with all its documents. Raises StoreError."""
        from .store import drop

        drop(self._connection(), self._settings.collection)

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._open.close()
                self._open = None

    def _connection(self) -> Connection:
        from .store import connect

        s = self._settings
        with self._lock:
            if self._open is None:
                self._open = connect(
                    s.uri, token=s.milvus_token.reveal(), database=s.milvus_database, timeout=s.milvus_timeout
                )
            return self._open


def fingerprint(embedder: Embedder, limits: ChunkLimits) -> Fingerprint:
    """What an index made with these parts is comparable to."""
    info = embedder.info
    return Fingerprint(info.name, info.revision, embedder.dimension, limits.fingerprint, SCHEMA_VERSION)


def chunk_limits(settings: Settings, embedder: Embedder) -> ChunkLimits:
    """How documents are cut: as set, but never longer than the embedder reads."""
    most = min(settings.chunk_tokens, embedder.max_tokens)
    return ChunkLimits(max_tokens=most, overlap_tokens=min(settings.chunk_overlap, most // 2))


def load_models(settings: Settings, indexed: Fingerprint | None, report: Report, cancel: Cancel) -> Models:
    """Choose the profile, fetch what is missing, load. Raises ModelsError, or Stopped when cancelled."""
    from .device import choose_placement, limit_threads
    from .offline import NAME, Extractive

    for part in ("embedder", "reranker"):
        report(PartStatus(part, PartState.LOADING))
    choice: Choice[Found | Downloadable] = choose(
        settings.profile, indexed, offline_model=NAME, seek=lambda: _seek(settings)
    )
    placement = choose_placement(device=settings.device, threads=settings.threads)
    limit_threads(placement.threads)
    if choice.profile == "offline":
        embedder, reranker = _load_offline(report)
    else:
        folders = {
            part: _fetched(part, place, report, cancel)
            for part, place in (("embedder", choice.embedder), ("reranker", choice.reranker))
            if place
        }
        embedder, reranker = _load_qwen3(settings, folders, placement, report)
    detect("warm up")  # its table takes a second to load, which is better spent here than on the first question
    return Models(choice.profile, choice.why, embedder, reranker, Extractive(embedder))


def _seek(settings: Settings) -> tuple[Sought[Found | Downloadable], Sought[Found | Downloadable]]:
    from .hub import Found, Missing, locate

    def seek(model: str, revision: str) -> Sought[Found | Downloadable]:
        place = locate(model, revision)
        if isinstance(place, Missing):
            return Sought(None, missing=place.why)
        return Sought(place, here=isinstance(place, Found))

    embedder = seek(settings.embedding_model, settings.embedding_revision)
    if embedder.missing:  # an unreachable hub is waited for once, not twice
        return embedder, embedder
    return embedder, seek(settings.reranker_model, settings.reranker_revision)


def _load_offline(report: Report) -> tuple[Embedder, Reranker]:
    from .offline import MaxSimReranker, MiniLmEmbedder

    embedder = MiniLmEmbedder.load(lock=DeviceLock())
    report(PartStatus("embedder", PartState.READY, embedder.info.name, embedder.info))
    reranker = MaxSimReranker(embedder)
    report(PartStatus("reranker", PartState.READY, reranker.info.name, reranker.info))
    return embedder, reranker


def _load_qwen3(
    settings: Settings, found: Mapping[str, Found], placement: Placement, report: Report
) -> tuple[Embedder, Reranker]:
    from .embedding import Qwen3Embedder
    from .reranking import Qwen3Reranker

    lock = DeviceLock()
    embedder = Qwen3Embedder.load(
        found["embedder"].path,
        name=_shown(settings.embedding_model),
        revision=found["embedder"].revision,
        placement=placement,
        lock=lock,
        dimension=settings.embedding_dimension,
        max_tokens=settings.embedding_max_tokens,
        batch_tokens=settings.batch_tokens,
    )
    report(PartStatus("embedder", PartState.READY, embedder.info.name, embedder.info))
    reranker = Qwen3Reranker.load(
        found["reranker"].path,
        name=_shown(settings.reranker_model),
        revision=found["reranker"].revision,
        placement=placement,
        lock=lock,
        max_tokens=settings.reranker_max_tokens,
        batch_tokens=settings.batch_tokens,
    )
    report(PartStatus("reranker", PartState.READY, reranker.info.name, reranker.info))
    return embedder, reranker


def _shown(model: str) -> str:
    """The name of a model: its hub id, or the last part of a folder's path."""
    folder = Path(model).expanduser()
    return folder.resolve().name if folder.is_dir() else model


def _fetched(part: str, place: Found | Downloadable, report: Report, cancel: Cancel) -> Found:
    """The model's folder, downloaded first where it is not here."""
    from .download import download
    from .hub import Found

    if isinstance(place, Found):
        report(PartStatus(part, PartState.LOADING, place.path.name))
        return place

    def progress(done: int, total: int) -> None:
        report(PartStatus(part, PartState.DOWNLOADING, place.model_id, done=done, total=total))

    found = download(place, progress=progress, cancel=cancel)
    report(PartStatus(part, PartState.LOADING, place.model_id))
    return found


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


def _assemble(settings: Settings, models: Models, store: Store, chat: ChatModel | None) -> Parts:
    policy = Policy(rrf_k=settings.rrf_k, rerank_seconds=settings.rerank_seconds)
    retriever = Retriever(models.embedder, models.reranker, store, detect_language=detect, policy=policy)
    infos = {"embedder": models.embedder.info, "reranker": models.reranker.info}
    conversation = Conversation(
        retriever,
        store,
        chat=chat,
        extractor=models.extractor,
        count_tokens=models.embedder.count_tokens,
        setup=Setup(
            models.profile,
            {**infos, "chat": chat.info} if chat else infos,
            PromptBudget(settings.context_tokens, settings.history_tokens),
        ),
    )
    ingest = Ingest(store, models.embedder, limits=chunk_limits(settings, models.embedder), detect=detect)
    return Parts(models, store, retriever, conversation, ingest)


def _file_limits(settings: Settings) -> FileLimits:
    return FileLimits(
        max_file_bytes=int(settings.max_file_mb * MEGABYTE),
        max_files=settings.max_files,
        max_total_bytes=int(settings.max_total_mb * MEGABYTE),
    )
