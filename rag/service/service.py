"""`Service`, the only interface of the product: the page, the command line and any other front call it.

Safe to call from several threads: models guard themselves, the store has its own write lock, and no call leaves
anything of one caller behind for the next.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from hashlib import sha256
from uuid import uuid4

from rag.accounts.actor import SYSTEM, Actor
from rag.events import Cancel, Judging, Retrieved, StageEvent
from rag.evidence.whynot import Diagnosis, WhyNot
from rag.knowledge.change_counter import ChangeCounter
from rag.knowledge.jobs.worker import JobWorker
from rag.ledger import AnswerEvent, Ledger, Request
from rag.runtime import Parts, Runtime, wait_until_ready
from rag.settings import Settings
from rag.status import Status
from rag.types import RetrievalOptions

from .conversations import ConversationService
from .documents import DocumentService
from .indexes import IndexService
from .jobs import JobService
from .knowledge_bases import KnowledgeBaseService
from .language_model import LanguageModelService
from .marks import MarkService


class Service:
    """The whole product, ready or getting ready. Calls of one area are made on the part for it, such as `documents`."""

    def __init__(
        self,
        settings: Settings,
        runtime: Runtime,
        worker: JobWorker,
        changes: ChangeCounter,
        *,
        conversations: ConversationService,
        marks: MarkService,
        knowledge_bases: KnowledgeBaseService,
        documents: DocumentService,
        jobs: JobService,
        indexes: IndexService,
        language_model: LanguageModelService,
    ) -> None:
        """`worker` does the `jobs`; `changes` counts what any program changes."""
        self.settings = settings
        self.conversations = conversations
        self.marks = marks
        self.knowledge_bases = knowledge_bases
        self.documents = documents
        self.jobs = jobs
        self.indexes = indexes
        self.language_model = language_model
        self._runtime = runtime
        self._worker = worker
        self._changes = changes
        self._run = uuid4().hex

    def start(self) -> None:
        """Begin to load the models, and to work on the jobs an earlier run left undone. Returns at once."""
        self._runtime.start()
        self._worker.start()
        threading.Thread(target=self.language_model.look, args=(SYSTEM,), name="chat-look", daemon=True).start()

    def load(self) -> None:
        """Load the models, however long it takes, and work on no job: for a front that does one thing and ends.

        Raises RagError.
        """
        self._runtime.start()
        self._runtime.wait()

    def close(self) -> None:
        """End the work under way, and release the databases."""
        self._worker.close()
        self._runtime.close()
        self.conversations.close()

    def status(self, actor: Actor) -> Status:
        """Return the status: the models that run, or what stands in their way."""
        return self._runtime.status()

    def wait_until_ready(self, actor: Actor, cancel: Cancel) -> None:
        """Wait until the models can be used. Raises RagError when they never will."""
        wait_until_ready(lambda: self.status(actor), cancel)

    def edition(self, actor: Actor) -> str:
        """Return a digest that differs whenever documents, knowledge bases or jobs may have changed, by any program.
        Asks no Milvus, so that it can be called often. Raises KeepingError."""
        bases, version = self.knowledge_bases.all(actor), self.jobs.version(actor)
        return sha256(repr((self._run, bases, self._changes.state(), version)).encode()).hexdigest()[:16]

    def ask(self, actor: Actor, request: Request, *, cancel: Cancel) -> Iterator[AnswerEvent]:
        """Events of one answer, the last one `Answered`. Raises RagError when the question cannot be asked at all."""
        return self._runtime.talk(request.options).answerer.ask(request, cancel=cancel)

    def search(
        self, actor: Actor, query: str, options: RetrievalOptions, *, cancel: Cancel
    ) -> Iterator[StageEvent | Judging | Retrieved]:
        """Events of a retrieval without an answer, for a query whose slips of the pen are corrected.

        Raises RagError when nothing can be searched at all.
        """
        retriever = self._runtime.talk(options).retriever
        return retriever.run(retriever.spelled(query, options).query, options, cancel=cancel)

    def why_not(
        self, actor: Actor, ledger: Ledger, *, text: str = "", base: str = "", document: str = "", chunk: str = ""
    ) -> Diagnosis:
        """Find why a passage was not sent for an answer: the one that holds `text`, or the chunk with that id.

        Raises RagError when there is no such passage, or nothing can be looked up at all.
        """
        models, library = self._runtime.models(), self._runtime.library
        default = library.catalogue.default
        searched = [id for search in ledger.searches for id in search.options.collections or (default,)]
        stores = library.reachable((*dict.fromkeys(searched), base))
        asked = WhyNot(stores, library.scope, models.embedder, models.reranker, default=default)
        return asked.of_chunk(ledger, base, document, chunk) if chunk else asked.of_text(ledger, text)

    def parts(self, actor: Actor) -> Parts:
        """Return the parts that answer over the default knowledge base and ingest into it, to be measured one by one.

        Raises RagError.
        """
        return self._runtime.parts()
