"""The documents of the knowledge bases, as fronts may ask for them. `base` is the id of one, "" the default one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from rag import ASSETS
from rag.accounts.actor import Actor
from rag.documents.files import FileLimits, Refused, Seen, Unchanged, Upload, collect, collect_changed
from rag.errors import DocumentRefused, KeepingError, RagError
from rag.events import Cancel, IngestEvent
from rag.knowledge.ingest import refusal
from rag.knowledge.inventory import Recorded
from rag.knowledge.library import Library
from rag.knowledge.listing import Listed, Listing, listed
from rag.knowledge.originals import Originals, name_by_content
from rag.messages import reason
from rag.protocols import Store
from rag.runtime import Runtime
from rag.types import Document, Source, StoredChunk

HANDBOOK = ASSETS / "handbook"


class DocumentService:
    """The documents of all knowledge bases: they belong to everybody."""

    def __init__(self, runtime: Runtime, library: Library, limits: FileLimits, originals: Originals | None) -> None:
        """`originals` are the files of the documents; None where they are not to be kept."""
        self._runtime = runtime
        self._library = library
        self._limits = limits
        self._originals = originals

    # ---- what there is ----------------------------------------------------------------------------------------------

    def all(self, actor: Actor, *, base: str = "") -> list[Document]:
        """All documents, also while models load."""
        return self._library.documents(base)

    def listing(self, actor: Actor, listing: Listing, *, base: str = "") -> Listed:
        """One page of the documents, filtered and in order, also while models load."""
        return listed(self._library.documents(base), listing)

    def chunks(self, actor: Actor, name: str, *, base: str = "") -> list[StoredChunk]:
        """The chunks of one document, in order; none when it is not there."""
        return self._store(base).chunks(name)

    def original(self, actor: Actor, name: str, *, base: str = "") -> bytes:
        """The file a document was made of, as it came. Raises DocumentRefused when the document is not there, and
        KeepingError when its file is not."""
        originals = self._kept()
        return _file(originals, next((d for d in self._library.documents(base) if d.name == name), None), name)

    def has_original(self, actor: Actor, sha256: str) -> bool:
        """True if the file of a document with that content is kept."""
        return self._originals is not None and self._originals.has(sha256)

    # ---- what comes in ----------------------------------------------------------------------------------------------

    def sources(self, actor: Actor, paths: Iterable[Path | Upload], *, base: str = "") -> Iterator[Source | Refused]:
        """Yield files, folders and zips as sources, each refusal with its reason. Files that are in the knowledge base
        already, unchanged, count towards no limit."""
        there: dict[str, str] = {}
        with suppress(RagError):  # who takes them in says what is wrong with the store
            there = {document.name: document.sha256 for document in self.all(actor, base=base)}
        return collect(paths, limits=self._limits, there=there)

    def uploads(self, actor: Actor, paths: Iterable[Path], *, base: str = "") -> Iterator[Source | Refused]:
        """Like `sources`, of files as a browser sends them: what is known of each is its own name."""
        return self.sources(actor, [Upload(path, path.name) for path in paths], base=base)

    def changed(self, actor: Actor, folder: Path, unchanged: Unchanged) -> Iterator[Source | Refused | Seen]:
        """A folder's files as sources, those that are `unchanged` unread."""
        return collect_changed(folder, limits=self._limits, unchanged=unchanged)

    def sample(self, actor: Actor, language: str) -> Iterator[Source | Refused]:
        """The sample handbook in one language, without a word on the files of ours beside it."""
        found = collect([HANDBOOK], limits=self._limits)
        pages = (each for each in found if each.name.startswith(f"{language}/"))
        return (each for each in pages if not (isinstance(each, Refused) and each.passed_over))

    def ingest(
        self,
        actor: Actor,
        sources: Iterable[Source | Refused | Seen],
        *,
        cancel: Cancel,
        base: str = "",
        moves: bool = False,
    ) -> Iterator[IngestEvent]:
        """Events of every file; with `moves`, one that has another name now takes the place of the old one.

        Raises RagError when nothing can be ingested at all.
        """
        return self._runtime.ingest(base).run(sources, cancel=cancel, moves=moves)

    def reingest(self, actor: Actor, names: Sequence[str], *, cancel: Cancel, base: str = "") -> Iterator[IngestEvent]:
        """Take documents again from the files that were kept of them: events of every one, refused ones last.

        Raises KeepingError when no files are kept at all, RagError when nothing can be ingested at all.
        """
        refused: list[Refused] = []

        def kept() -> Iterator[Source]:
            for each in self.kept_files(actor, names, base=base):
                if isinstance(each, Refused):
                    refused.append(each)  # past the ingest, which would note it with the document
                else:
                    yield each

        self._kept()
        yield from self.ingest(actor, kept(), cancel=cancel, base=base)
        yield from map(refusal, refused)

    def bring_back(
        self, actor: Actor, documents: Sequence[Recorded], *, cancel: Cancel, base: str = ""
    ) -> Iterator[IngestEvent]:
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

        yield from self.ingest(actor, kept(), cancel=cancel, base=base)
        yield from map(refusal, refused)

    def kept_files(self, actor: Actor, names: Sequence[str], *, base: str = "") -> Iterator[Source | Refused]:
        """Yield the kept files of documents, to be ingested again; a refusal with its reason for one that has none.

        Raises KeepingError when no files are kept at all.
        """
        return self._files(self._kept(), names, base)

    # ---- what is done to them ---------------------------------------------------------------------------------------

    def delete(self, actor: Actor, names: Sequence[str], *, base: str = "") -> int:
        """Remove documents with their vectors for good; returns how many were there."""
        return self._store(base).delete(names)

    def bury(self, actor: Actor, names: Sequence[str], *, base: str = "") -> int:
        """Delete documents; for some minutes `restore` brings them back. Returns how many were there."""
        store = self._store(base)
        count = store.bury(names)
        self._library.tend(store)
        return count

    def restore(self, actor: Actor, names: Sequence[str], *, base: str = "") -> int:
        """Bring deleted documents back; returns for how many it was not too late."""
        return self._store(base).restore(names)

    def enable(self, actor: Actor, names: Sequence[str], enabled: bool, *, base: str = "") -> int:
        """Let searches look into documents, or not; nothing is embedded. Returns how many changed."""
        return self._store(base).enable(names, enabled)

    def tidy_originals(self, actor: Actor) -> int:
        """Move aside the files of deleted documents, and remove those whose term has passed; returns how many."""
        return self._library.tidy_originals()

    def _files(self, originals: Originals, names: Sequence[str], base: str) -> Iterator[Source | Refused]:
        documents = {d.name: d for d in self._library.documents(base)}
        for name in names:
            try:
                yield Source(name, _file(originals, documents.get(name), name), again=True)
            except (KeepingError, DocumentRefused) as e:
                yield Refused(name, "", documents[name].size if name in documents else 0, e.reason)

    def _kept(self) -> Originals:
        if self._originals is None:
            raise KeepingError(reason("originals.off"))
        return self._originals

    def _store(self, base: str) -> Store:
        self._runtime.models()
        return self._library.as_it_is(base)


def _file(originals: Originals, document: Document | None, name: str) -> bytes:
    if document is None:
        raise DocumentRefused(reason("originals.no_document", name=name))
    return originals.get(document.sha256, name=name)
