"""Brings the parts to life behind the page: connect, load, assemble, and say at any moment how far that is.

The page is up before any model; a question asked too early gets `ModelsNotReady`, never a wait without a word. A
database that was away when the program started is tried again when it is next needed.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from .conversation import Conversation
from .errors import ModelsError, ModelsNotReady, RagError, StoreError
from .events import Cancel
from .ingest import Ingest
from .messages import Reason, reason
from .protocols import Embedder, Extractor, Reranker, Store
from .retrieval import Retriever
from .status import ModelInfo, PartState, PartStatus, Status
from .types import Document, Fingerprint, RetrievalOptions

log = logging.getLogger(__name__)

Afterwards = Callable[[Cancel], None]
"""Work that is left once the models answer, such as checking a faster number type; ends when cancelled."""

CLOSING_SECONDS = 20.0
"""What cannot be cancelled, such as importing torch, is waited for that long."""

Report = Callable[[PartStatus], None]
"""Called by whoever loads a part, whenever its state changes."""


@dataclass(frozen=True, slots=True)
class Models:
    """The loaded models of a profile, and why that profile was chosen."""

    profile: str
    why: Reason
    embedder: Embedder
    reranker: Reranker
    extractor: Extractor
    afterwards: Afterwards


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that answers questions and takes documents."""

    models: Models
    store: Store
    retriever: Retriever
    conversation: Conversation
    ingest: Ingest


class Database(Protocol):
    """A collection that may not exist yet, in a database that may not answer yet."""

    def documents(self) -> list[Document]:
        """Committed documents, readable before any model is loaded. Raises StoreError."""

    def fingerprint(self) -> Fingerprint | None:
        """What the collection was made with; None when there is no collection. Raises StoreError."""

    def open(self, embedder: Embedder) -> Store:
        """The collection, created when missing. Raises StoreError, IndexMismatch among them."""

    def close(self) -> None:
        """Release the database."""


class Runtime:
    """Loads once, in one background thread."""

    def __init__(
        self,
        *,
        database: Database,
        load: Callable[[Fingerprint | None, Report, Cancel], Models],
        assemble: Callable[[Models, Store], Parts],
        chat: ModelInfo | None,
    ) -> None:
        self.database = database
        self._load = load
        self._assemble = assemble
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._cancel = Cancel()
        self._settled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="models", daemon=True)
        self._models: Models | None = None
        self._parts: Parts | None = None
        self._failure: RagError | None = None
        why = None if chat else reason("runtime.no_chat_model")
        self._status = {
            "store": PartStatus("store", PartState.WAITING),
            "embedder": PartStatus("embedder", PartState.WAITING),
            "reranker": PartStatus("reranker", PartState.WAITING),
            "chat": PartStatus("chat", PartState.READY, chat.name if chat else "", chat, why),
        }

    def start(self) -> None:
        """Begin to load. Returns at once."""
        self._thread.start()

    def status(self) -> Status:
        """How far everything is, for the page's header."""
        with self._lock:
            models, parts = self._models, tuple(self._status.values())
        return Status(models.profile if models else "", models.why if models else None, parts)

    def parts(self) -> Parts:
        """The running parts. Raises ModelsNotReady while loading, else the error that stands in the way."""
        if self._parts:
            return self._parts
        if not self._settled.is_set():
            raise ModelsNotReady(reason("runtime.loading"))
        return self._finish()

    def wait(self) -> Parts:
        """The running parts, however long loading takes; for the command line."""
        self._settled.wait()
        return self.parts()

    def documents(self) -> list[Document]:
        """The document list, also while models load. Raises StoreError."""
        return self._parts.store.documents() if self._parts else self.database.documents()

    def close(self) -> None:
        """End what is under way in the background, and release the database."""
        self._cancel.cancel()
        if self._thread.is_alive():  # a process that ends while torch or Milvus still works in it is aborted
            self._thread.join(CLOSING_SECONDS)
        self.database.close()

    def _run(self) -> None:
        try:
            self._models = self._load(self._indexed(), self._report, self._cancel)
            parts = self._finish()
            self._settled.set()
            _warm_up(parts, self._cancel)
            parts.models.afterwards(self._cancel)
        except RagError as e:
            log.error("%s", e)
            self._fail(e)
        except Exception as e:  # the thread's last line: whatever it is, the page must say that loading ended
            log.exception("loading broke down")
            self._fail(ModelsError(reason("runtime.broke_down", kind=type(e).__name__)))
        finally:
            self._settled.set()

    def _indexed(self) -> Fingerprint | None:
        self._report(PartStatus("store", PartState.LOADING))
        try:
            return self.database.fingerprint()
        except StoreError as e:
            self._report(PartStatus("store", PartState.FAILED, reason=e.reason))
            return None

    def _finish(self) -> Parts:
        with self._opening:
            if self._parts:
                return self._parts
            if not self._models:
                raise self._failure or ModelsNotReady(reason("runtime.loading"))
            try:
                store = self.database.open(self._models.embedder)
            except StoreError as e:
                self._report(PartStatus("store", PartState.FAILED, reason=e.reason))
                raise
            self._parts = self._assemble(self._models, store)
            self._report(PartStatus("store", PartState.READY, reason=store.full_text_missing()))
            return self._parts

    def _report(self, part: PartStatus) -> None:
        with self._lock:
            self._status[part.part] = part

    def _fail(self, error: RagError) -> None:
        self._failure = error
        with self._lock:
            for name, part in self._status.items():
                if part.state not in (PartState.READY, PartState.FAILED):
                    self._status[name] = replace(part, state=PartState.FAILED, reason=error.reason)


def _warm_up(parts: Parts, cancel: Cancel) -> None:
    """A search nobody waits for: Milvus Lite builds its full-text index on the first one, which takes seconds."""
    with contextlib.suppress(RagError):  # the first real search meets the same error, and says so
        for _ in parts.retriever.run("warm up", RetrievalOptions(candidates=1), cancel=cancel):
            pass
