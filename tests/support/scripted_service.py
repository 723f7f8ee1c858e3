"""A scripted service: the page's every state on demand, without models, at a pace the test sets.

What the page looks like with the real parts is tested with the real parts; this is for states those reach only by
accident, such as a reranker that breaks down or models that take their time to load.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from rag.accounts.actor import SYSTEM, Actor
from rag.citations.check import check
from rag.citations.stream import Given
from rag.database import Database
from rag.documents.contents.summary import contents_of
from rag.documents.files import Refused, Seen
from rag.errors import KeepingError, LibraryError, StoreUnavailable
from rag.events import (
    SEARCH_STAGES,
    Cancel,
    Delta,
    DocumentOutcome,
    IngestEvent,
    IngestStage,
    Retrieved,
    Stage,
    StageEvent,
    StageState,
)
from rag.evidence.conversation_store import ConversationStore
from rag.evidence.marks import Marks
from rag.evidence.whynot import Check, Diagnosis, Fit, Obstacle, Passage, Passing, Remedy, Step
from rag.knowledge.catalog import Catalog
from rag.knowledge.indexes import IndexState
from rag.knowledge.jobs.job_files import JobFiles
from rag.knowledge.jobs.job_store import JobStore
from rag.knowledge.jobs.journal import JobJournal
from rag.knowledge.jobs.queue import JobQueue
from rag.knowledge.jobs.worker import JobWorker
from rag.knowledge.jobs.worker_locks import WorkerLocks
from rag.knowledge.library import Library
from rag.knowledge.listing import Listed, Listing, listed
from rag.knowledge.profile.counting import profile_of
from rag.ledger import Answered, AnswerEvent, Author, Ledger, Outcome, Request, Search
from rag.messages import Reason, reason
from rag.models.chat.desk import ChatDesk
from rag.models.chat.openai_chat import OpenAIChat
from rag.protocols import Embedder, Store
from rag.service import Service
from rag.service.conversations import ConversationService
from rag.service.documents import DocumentService
from rag.service.indexes import IndexService
from rag.service.jobs import JobService
from rag.service.knowledge_bases import KnowledgeBaseService
from rag.service.language_model import LanguageModelService
from rag.service.marks import MarkService
from rag.settings import Settings
from rag.status import ModelInfo, PartState, PartStatus, Status
from rag.types import Candidate, Chunk, Document, Fingerprint, Ranked, Retrieval, RetrievalOptions, Source, StoredChunk
from rag.types.contents import KnowledgeProfile

EMBEDDER = ModelInfo("Qwen/Qwen3-Embedding-0.6B", "c54f2e6", "cpu", "float32")
RERANKER = ModelInfo("Qwen/Qwen3-Reranker-0.6B", "6e9e698", "cpu", "float32", score_name="p_yes")
CHAT = ModelInfo("gpt-4o", "", "", "")

HOLD_S = 120.0
LIMITS = (
    "RAG_CONNECTIONS_PER_ADDRESS",
    "RAG_QUESTIONS_PER_VISITOR",
    "RAG_UPLOAD_MB_PER_HOUR",
    "RAG_UPLOAD_FILES_PER_HOUR",
    "RAG_DISK_RESERVE_MB",
)
"""Settings of the served page that are read from the environment, beside those of the guard."""

TEXTS = [
    (
        "operations/tls.md",
        ("Operations", "TLS", "Rotating certificates"),
        "The broker reads its key pair at start-up and again on `SIGHUP`. To rotate a certificate, write the new files "
        "next to the old ones, then send `SIGHUP` to every broker. Existing consumers keep the session they "
        "negotiated; only new connections see the new certificate.\n\nWait for the reload counter to rise on each "
        "broker before you delete the old files.",
        4.28,
    ),
    (
        "operations/rolling-restart.md",
        ("Operations", "Rolling restart", "Draining a broker"),
        "A draining broker hands over its partitions one at a time and waits for each consumer to acknowledge the new "
        "leader. Do not restart more than one broker of the same rack at once.",
        1.47,
    ),
    (
        "reference/config.md",
        ("Reference", "Broker settings", "tls.*"),
        "| Key | Default | Reload |\n| --- | --- | --- |\n| `tls.cert.file` | — | on `SIGHUP` |\n| `tls.client.ca` "
        "| — | restart |\n\nChanging the client CA needs a rolling restart, because the trust store is shared.",
        1.23,
    ),
    ("faq.md", ("FAQ", "Why did my consumers rebalance?"), "A certificate change on its own never causes one.", -2.29),
    ("changelog.md", ("Changelog", "2.8"), "The reload counter is now exported for each listener.", -3.41),
    ("guides/docker.md", ("Guides", "Docker", "Volumes"), "Mount the certificate folder read-only.", -5.6),
]

ANSWER = """\
Yes, the **broker** key pair can be rotated while it runs. Consumers keep the session they negotiated, so nothing is
dropped [1].

1. Write the new `tls.crt` and `tls.key` beside the old files.
2. Send `SIGHUP` to each broker and wait for the reload counter to rise [1].

```bash
kill -HUP "$(pidof broker)"
```

**One exception:** a new client CA needs a rolling restart [3], one broker at a time [2]."""

QUOTES = [
    (1, "Existing consumers keep the session they negotiated"),
    (1, "waits for the reload counter to rise on each broker"),
    (3, "needs a rolling restart"),
    (2, "restart all brokers of a rack together"),
]
"""In order of the citations: word for word, nearly, word for word, false."""


class ScriptedDatabase:
    """Collections of which nothing is kept: the documents are the script's."""

    def documents(self, collection: str) -> list[Document]:
        return []

    def held(self, collection: str) -> list[Document] | None:
        return None

    def fingerprint(self, collection: str) -> Fingerprint | None:
        return None

    def open(self, collection: str, embedder: Embedder) -> Store:
        raise StoreUnavailable(reason("ui.turn_gone"))

    def open_as_made(self, collection: str) -> Store:
        raise StoreUnavailable(reason("ui.turn_gone"))

    def drop(self, collection: str) -> None:
        """Nothing is there."""

    def close(self) -> None:
        """Nothing is held."""


class ScriptedBases(KnowledgeBaseService):
    """Knowledge bases whose documents hold one table each, and a link to a document that is not there."""

    script: ScriptedService

    def profile(self, actor: Actor, id: str = "", *, cancel: Cancel) -> KnowledgeProfile:
        documents = self.script.documents.all(actor, base=id)
        text = "| Part | Load |\n|---|---|\n| x | 1 |\n\nSee [more](gone.md)."
        chunk = Chunk(0, 0, len(text), ("Guide <i>",), text, 9)
        return profile_of(documents, {d.name: contents_of(d.name, [chunk]) for d in documents})


class ScriptedIndexes(IndexService):
    """Every index was made with what runs."""

    def __init__(self) -> None:
        """Without indexes."""

    def notable(self, actor: Actor) -> list[IndexState]:
        return []

    def switch(self, actor: Actor, base: str = "") -> IndexState:
        raise LibraryError(reason("ui.turn_gone"))

    def back(self, actor: Actor, base: str = "") -> IndexState:
        raise LibraryError(reason("ui.turn_gone"))

    def delete_former(self, actor: Actor, base: str = "") -> str:
        raise LibraryError(reason("ui.turn_gone"))


class ScriptedDocuments(DocumentService):
    """Documents that are as many chunks as the script has texts, taken in at the script's pace."""

    def __init__(self, script: ScriptedService) -> None:
        self._script = script

    def uploads(self, actor: Actor, paths: Iterable[Path], *, base: str = "") -> Iterator[Source | Refused]:
        return (Source(path.name, path.read_bytes()) for path in paths)

    def sample(self, actor: Actor, language: str) -> Iterator[Source | Refused]:
        return (Source(f"handbook/en/0{i}.md", b"# Page\n" * 40) for i in range(1, 6))

    def ingest(
        self,
        actor: Actor,
        sources: Iterable[Source | Refused | Seen],
        *,
        cancel: Cancel,
        base: str = "",
        moves: bool = False,
    ) -> Iterator[IngestEvent]:
        for source in sources:
            if isinstance(source, Source):
                yield from self._file(source, cancel, self._shelf(base))

    def kept_files(self, actor: Actor, names: Sequence[str], *, base: str = "") -> Iterator[Source | Refused]:
        return (Source(name, b"# Page", again=True) for name in names)

    def all(self, actor: Actor, *, base: str = "") -> list[Document]:
        shelf = self._shelf(base)
        return [d for key, d in sorted(self._script.stored.items()) if key == shelf + d.name]

    def listing(self, actor: Actor, listing: Listing, *, base: str = "") -> Listed:
        if listing.words.startswith("hold "):
            self._held(listing.words)
        return listed(self.all(actor, base=base), listing)

    def _held(self, words: str) -> None:
        """Hang until the pipe `held` gives a byte; the pipe `listed` tells when."""
        with (self._script.folder / "listed").open("w", encoding="utf-8", buffering=1) as log:
            print("began", words, file=log)
            with (self._script.folder / "held").open("rb", buffering=0) as pipe:
                pipe.read(1)
            print("ended", words, file=log)

    def bury(self, actor: Actor, names: Sequence[str], *, base: str = "") -> int:
        keys = [self._shelf(base) + name for name in names]
        found = {key: self._script.stored.pop(key) for key in keys if key in self._script.stored}
        self._script.gone |= found
        return len(found)

    def restore(self, actor: Actor, names: Sequence[str], *, base: str = "") -> int:
        gone = self._script.gone
        found = {key: gone.pop(key) for name in names if (key := self._shelf(base) + name) in gone}
        self._script.stored |= found
        return len(found)

    def enable(self, actor: Actor, names: Sequence[str], enabled: bool, *, base: str = "") -> int:
        stored = self._script.stored
        keys = [key for name in names if (key := self._shelf(base) + name) in stored]
        stored |= {key: replace(stored[key], enabled=enabled) for key in keys}
        return len(keys)

    def chunks(self, actor: Actor, name: str, *, base: str = "") -> list[StoredChunk]:
        """Of an ingested document all texts one after the other, of an answer's its one."""
        held = [i for i, each in enumerate(TEXTS) if each[0] == name] or list(range(3)) * (
            self._shelf(base) + name in self._script.stored
        )
        found: list[StoredChunk] = []
        for index, i in enumerate(held):
            stored = _stored(i, name, *TEXTS[i][1:3])
            start = found[-1].chunk.end + 2 if found else 0
            chunk = replace(stored.chunk, index=index, start=start, end=start + len(stored.chunk.text))
            found.append(replace(stored, chunk=chunk))
        return found

    def has_original(self, actor: Actor, sha256: str) -> bool:
        return False

    def original(self, actor: Actor, name: str, *, base: str = "") -> bytes:
        raise KeepingError(reason("originals.not_kept", name=name))

    def _shelf(self, base: str) -> str:
        """What is before the names of a knowledge base's documents here; nothing for the default one."""
        return f"{base}\0" if base not in ("", "plainsight") else ""

    def _file(self, source: Source, cancel: Cancel, shelf: str) -> Iterator[IngestEvent]:
        total, size = 12, len(source.data)
        if cancel:
            yield IngestEvent(source.name, "", size, IngestStage.READ, outcome=DocumentOutcome.CANCELLED)
            return
        yield IngestEvent(source.name, "", size, IngestStage.READ)
        if not source.data:
            why = reason("stages.empty_question")
            yield IngestEvent(source.name, "", 0, IngestStage.READ, outcome=DocumentOutcome.REFUSED, reason=why)
            return
        yield IngestEvent(source.name, "", size, IngestStage.SPLIT, chunks=total)
        for done in range(1, total + 1):
            time.sleep(self._script.pause / 4)
            yield IngestEvent(source.name, "", size, IngestStage.EMBED, done, total, total, done)
        made = Document(source.name, "0" * 64, "Page", "en", size, total, 900, 1790000000.0)
        self._script.stored[shelf + source.name] = made
        yield IngestEvent(source.name, "", size, IngestStage.INDEX, total, total, total, total, DocumentOutcome.ADDED)


class ScriptedService(Service):
    """Answers by what the question holds: `hold STAGE`, `break rerank`, `401`, `nothing`, else the normal answer.

    Conversations, marks, knowledge bases and jobs are real ones, over a folder of its own.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        pause: float = 0.0,
        gate: Path | None = None,
        folder: Path | None = None,
    ) -> None:
        """`pause` are the seconds between two events; models are ready once the file `gate` exists, None: always."""
        self.settings = settings or Settings()
        self.pause = pause
        self.gate = gate
        self.folder = folder or _folder()
        self.stored: dict[str, Document] = {}
        self.gone: dict[str, Document] = {}
        """Deleted documents that can be restored."""
        self.asked: list[Request] = []
        kept = Database(self.folder / "plainsight.db")
        self.catalogue = Catalog(kept, "plainsight")
        queue, worker = self._job_queue()
        self.conversations = ConversationService(ConversationStore(kept))
        self.marks = MarkService(Marks(kept))
        library = Library(self.catalogue, ScriptedDatabase())
        self.knowledge_bases = ScriptedBases(library, self.settings.retrieval, queue.abandon)
        self.knowledge_bases.script = self
        self.documents = ScriptedDocuments(self)
        self.jobs = JobService(queue, self.documents)
        self.indexes = ScriptedIndexes()
        own = replace(self.settings, data_dir=str(self.folder))
        self.language_model = LanguageModelService(ChatDesk(own, OpenAIChat), may_choose=True)
        worker.start()

    def _job_queue(self) -> tuple[JobQueue, JobWorker]:
        book, spool = JobStore(Database(self.folder / "jobs.db")), JobFiles(self.folder / "jobs")
        queue = JobQueue(book, spool, WorkerLocks(self.folder / "runners", gate=self.folder / "jobs.lock"))
        journal = JobJournal(queue, book, spool)
        return queue, JobWorker(queue, journal, spool, self._take, self._renew, there=self.catalogue.there)

    def _take(
        self, sources: Iterable[Source | Refused], /, *, collection: str, cancel: Cancel
    ) -> Iterator[IngestEvent]:
        return self.documents.ingest(SYSTEM, sources, cancel=cancel, base=collection)

    def _renew(self, collection: str, /, *, cancel: Cancel) -> Iterator[IngestEvent]:
        for document in self.documents.all(SYSTEM):
            yield IngestEvent(document.name, "", 1, IngestStage.INDEX, outcome=DocumentOutcome.ADDED)

    def start(self) -> None:
        """Everything runs already."""

    def close(self) -> None:
        """Nothing is held."""

    def edition(self, actor: Actor) -> str:
        seen = (self.knowledge_bases.all(actor), sorted(self.stored.items()), self.jobs.version(actor))
        return sha256(repr(seen).encode()).hexdigest()

    def status(self, actor: Actor) -> Status:
        ready = self.gate is None or self.gate.exists()
        state = PartState.READY if ready else PartState.LOADING
        info = (EMBEDDER, RERANKER) if ready else (None, None)
        return Status(
            "qwen3" if ready else "",
            reason("runtime.profile_cached") if ready else None,
            (
                PartStatus("store", state),
                PartStatus("embedder", state, EMBEDDER.name, info[0]),
                PartStatus("reranker", state, RERANKER.name, info[1]),
                PartStatus("chat", PartState.READY, CHAT.name, CHAT),
            ),
        )

    def ask(self, actor: Actor, request: Request, *, cancel: Cancel) -> Iterator[AnswerEvent]:
        self.asked.append(request)
        scope = request.options.collections
        bases = self.knowledge_bases.all(actor) if scope else []
        names = {base.id: base.name or "Main" for base in bases if base.id in scope}
        for event in _Script(request, cancel, self.pause).events():
            yield Answered(replace(event.ledger, collections=names)) if isinstance(event, Answered) else event

    def why_not(
        self, actor: Actor, ledger: Ledger, *, text: str = "", base: str = "", document: str = "", chunk: str = ""
    ) -> Diagnosis:
        """Every passage missed the threshold, by as much as the candidate it names."""
        candidate = next((c for c in ledger.candidates if c.stored.id == chunk), ledger.candidates[-1])
        why = reason("whynot.below", probability=0.09, threshold=0.17, missing=0.08)
        steps = (
            Step(Check.SCOPE, Passing.PASSED, reason("whynot.in_scope", document=candidate.stored.document)),
            Step(
                Check.RERANK, Passing.STOPPED, reason("whynot.judged_now", probability=0.09, threshold=0.17), now=True
            ),
        )
        remedy = Remedy({"threshold": 0.09}, given=True, certain=True)
        passage = Passage(candidate.stored, Fit.CLOSE if text else Fit.EXACT, 0.93)
        return Diagnosis(Obstacle.BELOW_THRESHOLD, why, passage, None, steps, (), remedy)


@dataclass
class _Script:
    request: Request
    cancel: Cancel
    pause: float
    stages: list[StageEvent] = field(default_factory=list)
    answer: str = ""
    retrieval: Retrieval | None = None
    outcome: Outcome = Outcome.STOPPED
    why: Reason | None = None

    @property
    def question(self) -> str:
        return self.request.question

    @property
    def options(self) -> RetrievalOptions:
        return self.request.options

    @property
    def follow_up(self) -> bool:
        return bool(self.request.history)

    @property
    def query(self) -> str:
        """As typed, or as edited; a follow-up is always put into the same words."""
        return self.request.search_query or ("rotate TLS certificates" if self.follow_up else self.question)

    @property
    def author(self) -> Author:
        return Author.EDITED if self.request.search_query else Author.MODEL if self.follow_up else Author.USER

    def events(self) -> Iterator[AnswerEvent]:
        for event in self._steps():
            if self.cancel:
                break
            if isinstance(event, StageEvent) and event.milliseconds is None and event.state is not StageState.SKIPPED:
                time.sleep(self.pause)
            elif isinstance(event, StageEvent):
                self.stages.append(event)
            yield event
        if self.cancel:
            self.outcome, self.why = Outcome.STOPPED, reason("stages.stopped")
        yield Answered(self._ledger())

    def _steps(self) -> Iterator[AnswerEvent]:
        if self.request.search_query:
            yield StageEvent(Stage.REWRITE, StageState.SKIPPED, reason("stages.edited_query"))
        elif self.follow_up:
            yield from _stage(Stage.REWRITE, 240)
        else:
            yield StageEvent(Stage.REWRITE, StageState.SKIPPED, reason("stages.no_history"))
        for stage, spent in ((Stage.EMBED, 38), (Stage.DENSE, 6), (Stage.FULL_TEXT, 9), (Stage.FUSE, 1)):
            yield from _stage(stage, spent)
        broken = "break rerank" in self.question
        if broken:
            yield StageEvent(Stage.RERANK, StageState.FAILED, reason("stages.broke_down", kind="MemoryError"), 512)
        else:
            for done in range(0, 20, 4):
                yield StageEvent(Stage.RERANK, StageState.PROGRESS, done=done, total=20)
            self._hold("rerank")
            yield StageEvent(Stage.RERANK, StageState.FINISHED, None, 731, 20, 20)
        nothing = "nothing" in self.query and self.request.given is None
        self.retrieval = Retrieval(
            self.query,
            replace(self.options, threshold=0.99) if nothing else self.options,
            tuple(
                _candidate(i, None if broken else odds, kept=i < 3 and not nothing)
                for i, (*_, odds) in enumerate(TEXTS)
            ),
        )
        yield Retrieved(self.retrieval)
        if nothing:
            self.outcome = Outcome.ABSTAINED
            self.why = reason("stages.abstained", threshold=0.99, probability=0.98)
            return
        yield from self._generate()

    def _generate(self) -> Iterator[AnswerEvent]:
        yield StageEvent(Stage.GENERATE, StageState.STARTED)
        if "401" in self.question:
            self.outcome, self.why = Outcome.FAILED, reason("stages.broke_down", kind="401")
            yield StageEvent(Stage.GENERATE, StageState.FAILED, self.why, 80)
            return
        for i in range(0, len(ANSWER), 6):
            time.sleep(self.pause / 3)
            self.answer += ANSWER[i : i + 6]
            yield Delta(ANSWER[i : i + 6])
            if i > 60:
                self._hold("generate")
        yield StageEvent(Stage.GENERATE, StageState.FINISHED, None, 1650)
        yield StageEvent(Stage.CITE, StageState.FINISHED, None, 1, 4, 4)
        self.outcome = Outcome.GENERATED

    def _hold(self, stage: str) -> None:
        """Stay in the stage until stopped, where the question says so."""
        if f"hold {stage}" in self.question:
            self.cancel.flag.wait(HOLD_S)

    def _ledger(self) -> Ledger:
        contexts = self.retrieval.contexts if self.retrieval else ()
        ends = [m.end() for m in re.finditer(r"\[\d\]", self.answer)]
        given = [Given(number, words, end) for end, (number, words) in zip(ends, QUOTES, strict=False)]
        checked = check(self.answer, given, contexts, whole=self.outcome is Outcome.GENERATED)
        query = self.retrieval.query if self.retrieval else self.question
        options = self.retrieval.options if self.retrieval else self.options
        of_search = tuple(e for e in self.stages if e.stage in SEARCH_STAGES)
        return Ledger(
            self.question,
            self.options,
            (Search(1, query, self.author, options, of_search, self.retrieval),),
            tuple(e for e in self.stages if e.stage not in SEARCH_STAGES),
            (),
            self.answer,
            checked.citations,
            self.outcome,
            self.why,
            {"embedder": EMBEDDER, "reranker": RERANKER, "chat": CHAT},
            "qwen3",
            1790000000.0,
            self.request.id or uuid.uuid4().hex,
            quotes=checked.quotes,
            claims=checked.claims,
        )


def _stage(stage: Stage, spent: float) -> Iterator[StageEvent]:
    yield StageEvent(stage, StageState.STARTED)
    yield StageEvent(stage, StageState.FINISHED, None, spent)


def _stored(i: int, document: str, headings: tuple[str, ...], text: str) -> StoredChunk:
    return StoredChunk(f"c{i:031x}", document, "0" * 64, "en", Chunk(i, 0, len(text), headings, text, len(text) // 5))


def _candidate(i: int, log_odds: float | None, *, kept: bool) -> Candidate:
    dropped = None if kept else reason("stages.below_threshold", probability=0.09, threshold=0.1)
    return Candidate(
        stored=_stored(i, *TEXTS[i][:3]),
        dense=Ranked(((i * 3) % 7) + 1, 0.83 - i / 20) if i != 4 else None,
        full_text=Ranked(((i * 2) % 5) + 1, 14.2 - i),
        fused=Ranked(((i + 2) % 6) + 1, 0.032 - i / 900),
        log_odds=log_odds,
        rank=i + 1,
        number=i + 1 if kept else None,
        dropped=dropped,
    )


def _folder() -> Path:
    """A new folder in the home of the tests, which goes with them."""
    return Path(tempfile.mkdtemp(prefix="scripted-", dir=Path.home()))


def serve(port: int, *, pause: float = 0.0, gate: str = "") -> None:
    """Serve the page over the scripted service, with the folder and the front's settings that the environment names."""
    from rag.ui.page import build_page, launch_options

    front = ("RAG_HOST", "RAG_ALLOWED_HOSTS", "RAG_TRUSTED_PROXIES", "RAG_ROOT_PATH", "RAG_USER_HEADER", *LIMITS)
    settings = Settings.from_env({name: os.environ.get(name, "") for name in front} | {"RAG_PORT": str(port)})
    folder = Path(os.environ["RAG_DATA_DIR"]) if os.environ.get("RAG_DATA_DIR") else _folder()
    service = ScriptedService(settings, pause, Path(gate) if gate else None, folder)
    build_page(service).launch(quiet=True, **launch_options(service))
