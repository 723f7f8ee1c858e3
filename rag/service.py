"""What the page, the command line and any other front can ask of the product. Knows no front.

Safe to call from several threads: models guard themselves, the store has its own write lock, and no call leaves
anything of one caller behind for the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from . import ASSETS
from .documents.files import FileLimits, Refused, Seen, Unchanged, collect, collect_changed
from .errors import DocumentRefused, KeepingError, LibraryError
from .evaluation.dataset import Question
from .evaluation.index_comparison import Comparison, compare
from .events import Cancel, IngestEvent, Judging, Retrieved, StageEvent
from .evidence.conversation_store import ConversationStore
from .evidence.marks import Marks
from .evidence.whynot import Diagnosis, WhyNot
from .knowledge.catalog import KnowledgeBase, shown
from .knowledge.change_counter import ChangeCounter
from .knowledge.indexes import Indexes
from .knowledge.ingest import refusal
from .knowledge.inventory import Recorded
from .knowledge.jobs.job import JobKind
from .knowledge.jobs.worker import JobWorker
from .knowledge.listing import Listed, Listing, listed
from .knowledge.originals import Originals, name_by_content
from .ledger import AnswerEvent, Ledger, Request
from .messages import Reason, reason
from .protocols import Store
from .retrieval.scope import SearchTarget
from .runtime import Runtime
from .settings import Settings
from .status import Status
from .types import Document, RetrievalOptions, Source, StoredChunk

HANDBOOK = ASSETS / "handbook"


class Service:
    """The knowledge bases, ready or getting ready. `base` is the id of one, "" the default one."""

    def __init__(
        self,
        settings: Settings,
        runtime: Runtime,
        limits: FileLimits,
        book: ConversationStore,
        marks: Marks,
        jobs: JobWorker,
        indexes: Indexes,
        originals: Originals | None,
        edition: ChangeCounter,
    ) -> None:
        """`originals` are the files of the documents; None where they are not to be kept."""
        self.settings = settings
        self.runtime = runtime
        self.library = runtime.library
        self.limits = limits
        self.book = book
        self.marks = marks
        self.jobs = jobs
        self.indexes = indexes
        self.originals = originals
        self._edition = edition
        self._run = uuid4().hex

    def start(self) -> None:
        """Begin to load the models, and to work on what an earlier run left undone. Returns at once."""
        self.runtime.start()
        self.jobs.start()

    def status(self) -> Status:
        """Which models run, or what stands in their way."""
        return self.runtime.status()

    def ask(self, request: Request, *, cancel: Cancel) -> Iterator[AnswerEvent]:
        """Events of one answer, the last one `Answered`. Raises RagError when the question cannot be asked at all."""
        return self.runtime.talk(request.options).conversation.ask(request, cancel=cancel)

    def search(
        self, query: str, options: RetrievalOptions, *, cancel: Cancel
    ) -> Iterator[StageEvent | Judging | Retrieved]:
        """Events of a retrieval without an answer. Raises RagError when nothing can be searched at all."""
        return self.runtime.talk(options).retriever.run(query, options, cancel=cancel)

    def defaults(self, collections: Sequence[str] = ()) -> RetrievalOptions:
        """What a question to these knowledge bases is asked with unless the user changes it. Raises LibraryError."""
        return self.library.defaults(self.settings.retrieval, collections)

    def bases(self) -> list[KnowledgeBase]:
        """All knowledge bases, the default one first."""
        return self.library.catalogue.all()

    def create_base(self, name: str, *, description: str = "") -> KnowledgeBase:
        """A new, empty knowledge base. Raises LibraryError when it cannot be called that."""
        return self.library.catalogue.create(name, description=description)

    def change_base(self, base: KnowledgeBase) -> KnowledgeBase:
        """Keep what `base` says of itself. Raises LibraryError when it cannot be so."""
        return self.library.catalogue.change(base)

    def delete_base(self, base: str, *, typed: str) -> KnowledgeBase:
        """Remove a knowledge base with everything in it, once its name was typed again. Raises LibraryError.

        Jobs that fill it are cancelled, and the batch that runs is waited for.
        """
        return self.library.delete(base, typed=typed, left=self.jobs.abandon)

    def ingest(
        self, sources: Iterable[Source | Refused | Seen], *, cancel: Cancel, base: str = "", moves: bool = False
    ) -> Iterator[IngestEvent]:
        """Events of every file; with `moves`, one that has another name now takes the place of the old one.

        Raises RagError when nothing can be ingested at all.
        """
        return self.runtime.ingest(base).run(sources, cancel=cancel, moves=moves)

    def reingest(self, names: Sequence[str], *, cancel: Cancel, base: str = "") -> Iterator[IngestEvent]:
        """Take documents again from the files that were kept of them: events of every one, refused ones last.

        Raises KeepingError when no files are kept at all, RagError when nothing can be ingested at all.
        """
        refused: list[Refused] = []

        def kept() -> Iterator[Source]:
            for each in self.kept_files(names, base=base):
                if isinstance(each, Refused):
                    refused.append(each)  # past the ingest, which would note it with the document
                else:
                    yield each

        self._kept()
        yield from self.ingest(kept(), cancel=cancel, base=base)
        yield from map(refusal, refused)

    def bring_back(self, documents: Sequence[Recorded], *, cancel: Cancel, base: str = "") -> Iterator[IngestEvent]:
        """Put documents that are gone from the files that were kept of them, under their names: events of every one,
        refused ones last. Raises like `reingest`."""
        originals = self._kept()
        refused: list[Refused] = []

        def kept() -> Iterator[Source]:
            for each in documents:
                try:
                    data = originals.get(each.sha256, name=each.name)
                except KeepingError as e:
                    refused.append(Refused(each.name, "", 0, e.reason))
                else:
                    yield Source(each.name if each.named else name_by_content(each.sha256, data), data)

        yield from self.ingest(kept(), cancel=cancel, base=base)
        yield from map(refusal, refused)

    def add_reingest(self, names: Sequence[str], *, base: str = "") -> str:
        """A job that takes documents again; returns its id. Raises KeepingError when no files are kept at all."""
        self._kept()
        return self.jobs.add(base, lambda: self.kept_files(names, base=base), JobKind.REINGEST)

    def kept_files(self, names: Sequence[str], *, base: str = "") -> Iterator[Source | Refused]:
        """The files of documents, to be taken again; of one that has none, why."""
        originals, documents = self._kept(), {d.name: d for d in self.documents(base=base)}
        for name in names:
            try:
                yield Source(name, _file(originals, documents.get(name), name), again=True)
            except (KeepingError, DocumentRefused) as e:
                yield Refused(name, "", documents[name].size if name in documents else 0, e.reason)

    def original(self, name: str, *, base: str = "") -> bytes:
        """The file a document was made of, as it came. Raises DocumentRefused when the document is not there, and
        KeepingError when its file is not."""
        return _file(self._kept(), next((d for d in self.documents(base=base) if d.name == name), None), name)

    def has_original(self, sha256: str) -> bool:
        """Whether the file of a document with that content is kept."""
        return self.originals is not None and self.originals.has(sha256)

    def sources(self, paths: Iterable[Path]) -> Iterator[Source | Refused]:
        """Files, folders and zips as sources, each refusal with its reason."""
        return collect(paths, limits=self.limits)

    def changed(self, folder: Path, unchanged: Unchanged) -> Iterator[Source | Refused | Seen]:
        """A folder's files as sources, those that are `unchanged` unread."""
        return collect_changed(folder, limits=self.limits, unchanged=unchanged)

    def sample(self) -> Iterator[Source | Refused]:
        """The sample handbook."""
        return collect([HANDBOOK], limits=self.limits)

    def missing(self) -> Reason | None:
        """That documents are missing which should be there, as it was at the last look; None for nothing."""
        return self.library.stock.remark

    def documents(self, *, base: str = "") -> list[Document]:
        """All documents, also while models load."""
        return self.library.documents(base)

    def chunks(self, name: str, *, base: str = "") -> list[StoredChunk]:
        """The chunks of one document, in order; none when it is not there."""
        return self._store(base).chunks(name)

    def why_not(
        self, ledger: Ledger, *, text: str = "", base: str = "", document: str = "", chunk: str = ""
    ) -> Diagnosis:
        """What kept a passage from being sent for an answer: the one that holds `text`, or the chunk with that id.

        Raises RagError when there is no such passage, or nothing can be looked up at all.
        """
        models = self.runtime.models()
        default = self.library.catalogue.default
        stores = self.library.reachable((*(ledger.options.collections or (default,)), base))
        asked = WhyNot(stores, self.library.scope, models.embedder, models.reranker, default=default)
        return asked.of_chunk(ledger, base, document, chunk) if chunk else asked.of_text(ledger, text)

    def delete(self, names: Sequence[str], *, base: str = "") -> int:
        """Remove documents with their vectors for good; returns how many were there."""
        return self._store(base).delete(names)

    def bury(self, names: Sequence[str], *, base: str = "") -> int:
        """Delete documents; for some minutes `restore` brings them back. Returns how many were there."""
        store = self._store(base)
        count = store.bury(names)
        self.library.tend(store)
        return count

    def restore(self, names: Sequence[str], *, base: str = "") -> int:
        """Bring deleted documents back; returns for how many it was not too late."""
        return self._store(base).restore(names)

    def enable(self, names: Sequence[str], enabled: bool, *, base: str = "") -> int:
        """Let searches look into documents, or not; nothing is embedded. Returns how many changed."""
        return self._store(base).enable(names, enabled)

    def listing(self, listing: Listing, *, base: str = "") -> Listed:
        """One page of the documents, filtered and in order, also while models load."""
        return listed(self.library.documents(base), listing)

    def edition(self) -> str:
        """Another one whenever documents, knowledge bases or jobs may have changed, by whichever program. Asks no
        Milvus, so that it can be asked often. Raises KeepingError."""
        seen = (self._run, self.bases(), self._edition.state(), self.jobs.version)
        return sha256(repr(seen).encode()).hexdigest()[:16]

    def compare_indexes(self, base: str, questions: Sequence[Question], *, cancel: Cancel) -> Comparison:
        """The live index of a knowledge base and the new one beside it, asked the same questions.

        Raises LibraryError when there is no new index, or RagError when one of the two cannot be searched at all.
        """
        state = self.indexes.state(base)
        if not state.building:
            raise LibraryError(reason("reindexing.not_ready", name=shown(state.base)))
        new = SearchTarget(state.base.id, shown(state.base), self.library.beside(state.base.id, state.building))
        old = self.library.place(state.base.id)
        options = replace(self.defaults([state.base.id]), collections=(state.base.id,), threshold=0.0)
        return compare(self.runtime.retriever(old), self.runtime.retriever(new), questions, options, cancel=cancel)

    def close(self) -> None:
        """End what is under way, and release the databases."""
        self.jobs.close()
        self.runtime.close()
        self.book.close()

    def _kept(self) -> Originals:
        if self.originals is None:
            raise KeepingError(reason("originals.off"))
        return self.originals

    def _store(self, base: str) -> Store:
        self.runtime.models()
        return self.library.as_it_is(base)


def _file(originals: Originals, document: Document | None, name: str) -> bytes:
    if document is None:
        raise DocumentRefused(reason("originals.no_document", name=name))
    return originals.get(document.sha256, name=name)
