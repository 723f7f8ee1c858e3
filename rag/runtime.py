"""Start of the parts behind the page: connect, load, assemble, and report at any moment how far that is.

The page is up before any model; a question asked too early gets `ModelsNotReady`, never a silent wait. A
database that was away when the program started is tried again when it is next needed.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from rag.models.loaded import Models, Report

from .answering.answerer import Answerer
from .errors import IndexMismatch, ModelsError, ModelsNotReady, RagError, StoreError
from .events import Cancel
from .knowledge.ingest import Ingest
from .knowledge.knowledge_base import KnowledgeBase
from .knowledge.library import Library
from .messages import Reason, reason
from .protocols import Store
from .retrieval.retriever import Retriever
from .retrieval.scope import Scope, SearchTarget
from .status import ModelInfo, PartState, PartStatus, Status
from .types import Fingerprint, RetrievalOptions

log = logging.getLogger(__name__)


CLOSING_SECONDS = 20.0
"""Seconds that closing waits for what cannot be cancelled, such as importing torch."""


@dataclass(frozen=True, slots=True)
class Answering:
    """The parts that answer questions over one scope."""

    retriever: Retriever
    answerer: Answerer


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that answers questions over the default knowledge base and takes documents into it."""

    models: Models
    store: Store
    retriever: Retriever
    answerer: Answerer
    ingest: Ingest


class Runtime:
    """The loaded models and the parts built on them; loads once, in one background thread."""

    def __init__(
        self,
        *,
        library: Library,
        load: Callable[[Fingerprint | None, Report, Cancel], Models],
        talk: Callable[[Models, Scope], Answering],
        ingest: Callable[[Models, Store, KnowledgeBase], Ingest],
        chat: Callable[[], ModelInfo | None],
        silent: Callable[[], Reason | None] = lambda: None,
        able: Callable[[], Reason | None] = lambda: None,
    ) -> None:
        """`chat` gives the language model in use, which may change; `silent` says why it did not answer when it was
        last asked, None when it did; `able` says what its server can do, None where that is not known."""
        self.library = library
        self._load = load
        self._talk = talk
        self._ingest = ingest
        self._chat = chat
        self._silent = silent
        self._able = able
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._cancel = Cancel()
        self._settled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="models", daemon=True)
        self._models: Models | None = None
        self._usable = False
        self._failure: RagError | None = None
        self._status = {
            "store": PartStatus("store", PartState.WAITING),
            "embedder": PartStatus("embedder", PartState.WAITING),
            "reranker": PartStatus("reranker", PartState.WAITING),
        }

    def start(self) -> None:
        """Begin to load. Returns at once."""
        self._thread.start()

    def status(self) -> Status:
        """State of every part, for the page's header."""
        with self._lock:
            models, parts = self._models, dict(self._status)
        store, remark = parts["store"], self.library.stock.remark
        if remark and store.state is PartState.READY:
            parts["store"] = replace(store, reason=remark)
        parts["chat"] = self._chat_status()
        return Status(models.profile if models else "", models.why if models else None, tuple(parts.values()))

    def _chat_status(self) -> PartStatus:
        chat, silent = self._chat(), self._silent()
        if chat is None:
            return PartStatus("chat", PartState.READY, reason=reason("runtime.no_chat_model"))
        return PartStatus(
            "chat", PartState.FAILED if silent else PartState.READY, chat.name, chat, silent or self._able()
        )

    def models(self) -> Models:
        """The running models. Raises ModelsNotReady while loading, else the error that stands in the way."""
        if not self._usable and not self._settled.is_set():
            raise ModelsNotReady(reason("runtime.loading"))
        return self._finish()

    def talk(self, options: RetrievalOptions) -> Answering:
        """The parts that answer with these options. Raises like `models`, and when their scope cannot be searched."""
        models = self.models()
        return self._talk(models, self.library.scope(options))

    def retriever(self, place: SearchTarget) -> Retriever:
        """The retriever that searches one place alone. Raises like `models`, and when it cannot be searched."""
        return self._talk(self.models(), Scope([place])).retriever

    def ingest(self, base: str = "") -> Ingest:
        """The ingest that takes documents into a knowledge base. Raises like `models`, and when it cannot be opened."""
        models = self.models()
        return self._ingest(models, self.library.store(base), self.library.catalogue.base(base))

    def parts(self) -> Parts:
        """The parts of the default knowledge base. Raises like `talk` and `ingest`."""
        talk = self.talk(RetrievalOptions())
        store = self.library.store()
        return Parts(self.models(), store, talk.retriever, talk.answerer, self.ingest())

    def wait(self) -> None:
        """Wait until everything runs, however long loading takes. Raises like `models`."""
        self._settled.wait()
        self.models()

    def close(self) -> None:
        """End what is under way in the background, and release the database."""
        self._cancel.cancel()
        if self._thread.is_alive():  # a process that ends while torch or Milvus still works in it is aborted
            self._thread.join(CLOSING_SECONDS)
        self.library.close()

    def _run(self) -> None:
        try:
            self._models = self._load(self._indexed(), self._report, self._cancel)
            self._finish()
            self._settled.set()
            self._warm_up()
            self._models.afterwards(self._cancel)
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
            return self.library.fingerprint()
        except StoreError as e:
            self._report(PartStatus("store", PartState.FAILED, reason=e.reason))
            return None

    def _finish(self) -> Models:
        with self._opening:
            if not self._models:
                raise self._failure or ModelsNotReady(reason("runtime.loading"))
            if self._usable:
                return self._models
            self.library.serve(self._models.embedder)
            try:
                missing = self.library.store().full_text_missing()
            except IndexMismatch as e:
                missing = e.reason  # its full text answers, and a new index can be built beside it
            except StoreError as e:
                self._report(PartStatus("store", PartState.FAILED, reason=e.reason))
                raise
            self._usable = True
            self._report(PartStatus("store", PartState.READY, reason=missing))
            return self._models

    def _warm_up(self) -> None:
        """Search once ahead of users: Milvus Lite builds its full-text index on the first one, which takes seconds."""
        options = RetrievalOptions(candidates=1)
        with contextlib.suppress(RagError):  # the first real search meets the same error, and says so
            for _ in self.talk(options).retriever.run("warm up", options, cancel=self._cancel):
                pass

    def _report(self, part: PartStatus) -> None:
        with self._lock:
            self._status[part.part] = part

    def _fail(self, error: RagError) -> None:
        self._failure = error
        with self._lock:
            for name, part in self._status.items():
                if part.state not in (PartState.READY, PartState.FAILED):
                    self._status[name] = replace(part, state=PartState.FAILED, reason=error.reason)


READY_POLL = 0.25
"""Seconds between looks at models that still load."""


def wait_until_ready(status_now: Callable[[], Status], cancel: Cancel) -> None:
    """Wait until the models can be used, or until cancelled. Raises RagError when they never can be."""
    while not (status := status_now()).ready and not cancel:
        failed = [p for p in status.parts if p.state is PartState.FAILED and p.reason and p.part != "chat"]
        if failed and failed[0].part != "store" and failed[0].reason:
            raise RagError(failed[0].reason)
        if failed and not is_loading(status.parts):
            return  # a database that was away is tried again by the question itself
        cancel.flag.wait(READY_POLL)


def is_loading(parts: Iterable[PartStatus]) -> bool:
    """True while any part is waiting, downloading or loading."""
    return any(p.state in (PartState.WAITING, PartState.LOADING, PartState.DOWNLOADING) for p in parts)
