"""The one place where the parts meet. Heavy libraries are imported inside functions, when their part is built."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from . import __version__
from .answering.answerer import Answerer
from .answering.draft import Setup
from .answering.extract import Extractive
from .answering.prompts import PromptBudget
from .answering.steps.budget import StepBudget
from .answering.steps.ways import KnownWays
from .data_folder import inventory_in, kept_in, originals_in, vectors_in
from .documents.files import FileLimits, Refused
from .documents.worker import WorkerReader
from .events import Cancel, IngestEvent
from .evidence.conversation_store import ConversationStore
from .evidence.marks import Marks
from .knowledge.catalog import Catalog
from .knowledge.change_counter import ChangeCounter
from .knowledge.indexes import Indexes
from .knowledge.ingest import Ingest
from .knowledge.jobs.disk_room import DiskRoom
from .knowledge.jobs.job_files import JobFiles
from .knowledge.jobs.job_store import JobStore
from .knowledge.jobs.journal import JobJournal
from .knowledge.jobs.queue import JobQueue
from .knowledge.jobs.worker import JobWorker, Renew, Take
from .knowledge.jobs.worker_locks import WorkerLocks
from .knowledge.knowledge_base import KnowledgeBase
from .knowledge.library import Library
from .knowledge.originals import Originals
from .models.allocator import few_arenas, give_back
from .models.chat.desk import ChatDesk
from .models.chat.openai_chat import OpenAIChat
from .models.device import prepare_environment
from .models.loaded import Models
from .models.loading import load_models
from .private_files import tighten
from .protocols import Store
from .retrieval.retriever import Policy, Retriever
from .retrieval.scope import Scope
from .runtime import Answering, Runtime, wait_until_ready
from .service import Service
from .service.conversations import ConversationService
from .service.documents import DocumentService
from .service.indexes import IndexService
from .service.jobs import JobService
from .service.knowledge_bases import KnowledgeBaseService
from .service.language_model import LanguageModelService, may_choose
from .service.marks import MarkService
from .settings import Settings
from .store.from_settings import Milvus, chunk_limits, fingerprint
from .text.language import UNDETERMINED, detect
from .types import Source

MEGABYTE = 1_000_000


def build(settings: Settings, *, damaged: bool = False) -> Service:
    """Build the product, not yet started: `start` or `load` begins to load the models.

    A knowledge base that has lost chunks is refused, unless `damaged` is expected.
    """
    prepare_environment(os.environ)
    few_arenas(os.environ)
    tighten(Path(settings.data_dir))
    desk, ways = ChatDesk(settings, OpenAIChat), KnownWays()
    kept = kept_in(settings)
    originals, changes = originals_in(settings, kept), ChangeCounter(kept)
    inventory, vectors = inventory_in(settings, kept), vectors_in(settings)
    milvus = Milvus(settings, damaged=damaged, changed=changes.advance, inventory=inventory)
    library = Library(Catalog(kept, settings.collection), milvus, originals, inventory)
    wanted = originals if settings.keep_originals else None
    runtime = Runtime(
        library=library,
        load=lambda indexed, report, cancel: load_models(
            settings, indexed, report, cancel, extractor=Extractive, kept=vectors
        ),
        talk=lambda models, scope: _talk(settings, models, scope, desk, ways),
        ingest=lambda models, store, base: _ingest(settings, models, store, base, wanted),
        chat=lambda: desk.chat.info if desk.chat else None,
        silent=desk.failure,
        able=desk.said,
    )
    indexes = Indexes(
        library,
        lambda: runtime.models().embedder,
        lambda embedder: chunk_limits(settings, embedder),
        lambda embedder: fingerprint(embedder, chunk_limits(settings, embedder)),
    )
    folder = Path(settings.data_dir)
    spool, runners = JobFiles(folder / "jobs"), WorkerLocks(folder / "runners", gate=folder / "jobs.lock")
    queue = JobQueue(job_store := JobStore(kept), spool, runners)
    worker = JobWorker(
        queue,
        JobJournal(queue, job_store, spool),
        spool,
        _taking(runtime),
        _renewing(runtime, indexes),
        there=library.catalogue.there,
        room=DiskRoom(_written(settings)),
    )
    documents = DocumentService(runtime, library, _file_limits(settings), wanted)
    return Service(
        settings,
        runtime,
        worker,
        changes,
        conversations=ConversationService(ConversationStore(kept)),
        marks=MarkService(Marks(kept)),
        knowledge_bases=KnowledgeBaseService(library, settings.retrieval, queue.abandon),
        documents=documents,
        jobs=JobService(queue, documents),
        indexes=IndexService(runtime, library, indexes, settings.retrieval),
        language_model=LanguageModelService(desk, may_choose=may_choose(settings)),
    )


def _written(settings: Settings) -> list[Path]:
    """The folders that documents are written to."""
    embedded = [] if "://" in settings.uri else [Path(settings.uri)]
    return [Path(settings.data_dir), *embedded]


def _taking(runtime: Runtime) -> Take:
    """The function by which jobs ingest files into a knowledge base; it waits for the models first."""

    def take(sources: Iterable[Source | Refused], /, *, collection: str, cancel: Cancel) -> Iterator[IngestEvent]:
        wait_until_ready(runtime.status, cancel)
        if not cancel:
            yield from runtime.ingest(collection).run(sources, cancel=cancel)
            give_back()

    return take


def _renewing(runtime: Runtime, indexes: Indexes) -> Renew:
    """The function by which jobs build a new index; it waits for the models first."""

    def renew(collection: str, /, *, cancel: Cancel) -> Iterator[IngestEvent]:
        wait_until_ready(runtime.status, cancel)
        if not cancel:
            yield from indexes.rebuild(collection, cancel=cancel)
            give_back()

    return renew


@contextmanager
def opened(settings: Settings, *, damaged: bool = False) -> Iterator[Service]:
    """Yield the product with everything loaded, released at the end; for the command line. Raises RagError."""
    service = build(settings, damaged=damaged)
    try:
        service.load()
        yield service
    finally:
        service.close()


@contextmanager
def throw_away(settings: Settings) -> Iterator[Service]:
    """Yield the product over an empty collection of its own, dropped at the end; for evaluation. Raises RagError."""
    with TemporaryDirectory(prefix="plainsight-") as folder:
        name = f"evaluation_{uuid4().hex}"
        uri = settings.uri if "://" in settings.uri else str(Path(folder) / "milvus.db")
        alone = replace(settings, collection=name, milvus_uri=uri, data_dir=folder, keep_originals=False)
        try:
            with opened(alone) as service:
                yield service
        finally:
            if "://" in uri:
                with closing(Milvus(alone)) as database:
                    database.drop(name)


def _talk(settings: Settings, models: Models, scope: Scope, desk: ChatDesk, ways: KnownWays) -> Answering:
    chat, budget = desk.chat, PromptBudget(settings.context_tokens, settings.history_tokens)
    policy = Policy(rrf_k=settings.rrf_k, rerank_seconds=settings.rerank_seconds)
    retriever = Retriever(
        models.embedder, models.reranker, scope, detect_language=detect, policy=policy, remark=scope.left_out
    )
    infos = {"embedder": models.embedder.info, "reranker": models.reranker.info}
    made_with = fingerprint(models.embedder, chunk_limits(settings, models.embedder))
    answerer = Answerer(
        retriever,
        scope,
        chat=chat,
        extractor=models.extractor,
        count_tokens=models.embedder.count_tokens,
        detect_language=detect,
        budget=replace(budget.within(desk.context(), answer=desk.longest()), brief=desk.weak()),
        shelf=scope,
        steps=StepBudget(settings.step_limit, settings.step_seconds, settings.step_calls, settings.step_tokens),
        ways=ways,
        setup=Setup(
            models.profile,
            {**infos, "chat": chat.info} if chat else infos,
            scope.fingerprints(made_with),
            versions(),
            scope.names,
        ),
    )
    return Answering(retriever, answerer)


def _ingest(
    settings: Settings, models: Models, store: Store, base: KnowledgeBase, originals: Originals | None
) -> Ingest:
    def language(text: str) -> str:
        found = detect(text)
        return base.language if base.language and found == UNDETERMINED else found

    limits = chunk_limits(settings, models.embedder)
    return Ingest(store, models.embedder, limits=limits, detect=language, originals=originals, reader=WorkerReader())


def _file_limits(settings: Settings) -> FileLimits:
    return FileLimits(
        max_file_bytes=int(settings.max_file_mb * MEGABYTE),
        max_files=settings.max_files,
        max_total_bytes=int(settings.max_total_mb * MEGABYTE),
    )


LIBRARIES = ("pymilvus", "milvus-lite", "torch", "transformers", "sentence-transformers", "openai")
"""Libraries whose change may change a result."""


@cache
def versions() -> Mapping[str, str]:
    """Name -> version, of Plainsight and of `LIBRARIES`; a library that is not installed is left out."""
    found = {"plainsight": __version__}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
