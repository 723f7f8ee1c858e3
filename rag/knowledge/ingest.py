"""Makes documents in the store from files, as events: read, split, embed, index. Knows no model, database or page.

Running it again is cheap and safe: an unchanged file costs nothing, and in a changed one only changed chunks are
embedded. A document is put into the store whole, so whatever happens before leaves the revision that was there.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath

import numpy as np

from rag.documents.chunking import ChunkLimits, stated
from rag.documents.convert import kind_of
from rag.documents.files import Refused, Seen, decode
from rag.documents.worker import FileReader, InProcessReader, Split
from rag.errors import (
    DocumentRefused,
    IndexMismatch,
    KeepingError,
    ModelsError,
    RagError,
    Stopped,
    StoreError,
    StoreLocked,
    StoreUnavailable,
)
from rag.events import Cancel, DocumentOutcome, IngestEvent, IngestStage
from rag.messages import Reason, reason
from rag.protocols import Embedder, Store
from rag.types import Chunk, Document, Source, Vectors

from .description import described
from .ingest_run import IngestRun
from .originals import Originals
from .revisions import known_as, placed_as

log = logging.getLogger(__name__)

_HOPELESS = (StoreUnavailable, StoreLocked, IndexMismatch, ModelsError)
"""Errors that the next file would meet as well."""


class Ingest:
    """Takes sources into one collection. Holds no state between runs."""

    def __init__(
        self,
        store: Store,
        embedder: Embedder,
        *,
        limits: ChunkLimits,
        detect: Callable[[str], str],
        now: Callable[[], float] = time.time,
        reader: FileReader | None = None,
        originals: Originals | None = None,
    ) -> None:
        """`detect` gives the ISO 639-1 code of a text; `originals` is where the files are kept, None: nowhere.
        `reader` makes chunks of files; None: this process, which is for files one knows."""
        self._reader = reader or InProcessReader()
        self._originals = originals
        self._store = store
        self._embedder = embedder
        self._limits = limits
        self._detect = detect
        self._now = now

    def run(
        self, sources: Iterable[Source | Refused | Seen], *, cancel: Cancel, moves: bool = False
    ) -> Iterator[IngestEvent]:
        """Events of every source in order; the last one of each has an outcome, whatever happens. None of one `Seen`.

        With `moves`, a new file whose content is that of a document that did not come up takes its place: the file has
        another name now, or lies in another folder. That is known at the end, so such a file has a second last event.

        Of two files with one name the second is refused, unless they are equal; one that was sent gets a number where
        it is no revision of the document that has its name. Once cancelled, or when the store or
        the model is gone, the rest is reported without being tried. Raises StoreError when the store cannot say which
        documents it has, or cannot make safe what was written.
        """
        run = IngestRun({document.name: document for document in self._store.documents()})
        try:
            for source in sources:
                run.seen.add(source.name)
                if not isinstance(source, Seen):
                    yield from self._file(source, run, cancel)
            if moves and not cancel and not run.hopeless:
                yield from self._moved(run)
        finally:
            self._reader.close()
            self._flush(run)

    def _flush(self, run: IngestRun) -> None:
        if not run.written:
            return
        try:
            self._store.flush()
        except StoreUnavailable as e:
            if not run.hopeless:
                raise
            log.warning("not flushed: %s", e)  # every file it concerns has been told

    def _moved(self, run: IngestRun) -> Iterator[IngestEvent]:
        """Take away the old names of files that only moved; each old name goes once, for the first file like it."""
        gone: set[str] = set()
        for event in run.copies:
            old = run.documents[event.twin]
            if event.twin in run.seen | gone:
                continue
            if not old.enabled:
                self._store.enable([event.name], False)
            self._store.delete([event.twin])
            gone.add(event.twin)
            yield replace(event, outcome=DocumentOutcome.MOVED)

    def _noted(self, name: str, run: IngestRun, error: Reason | None) -> None:
        """Note with a document that is there why replacing it failed; None clears the note."""
        before = run.documents.get(name)
        if before is None or before.error == error or run.hopeless or (error and name in run.done):
            return
        try:
            self._store.note(name, error)
        except StoreError as e:
            log.warning("%r: not noted: %s", name, e)  # the event says it too

    def _file(self, source: Source | Refused, run: IngestRun, cancel: Cancel) -> Iterator[IngestEvent]:
        """Yield the events of one file; the last one has its outcome, also when it breaks off."""
        if isinstance(source, Refused):
            if not source.passed_over:
                self._noted(source.name, run, source.reason)
            yield refusal(source)
            return
        event = IngestEvent(source.name, source.origin, len(source.data), IngestStage.READ)
        if cancel:
            yield replace(event, outcome=DocumentOutcome.CANCELLED)
            return
        if run.hopeless:
            yield replace(event, outcome=DocumentOutcome.FAILED, reason=run.hopeless)
            return
        try:
            for moved in self._steps(source, event, run, cancel):
                event = moved
                yield event
        except Stopped:
            yield replace(event, outcome=DocumentOutcome.CANCELLED)
        except DocumentRefused as e:
            self._noted(source.name, run, e.reason)
            yield replace(event, outcome=DocumentOutcome.REFUSED, reason=e.reason)
        except RagError as e:
            run.hopeless = e.reason if isinstance(e, _HOPELESS) else None
            self._noted(source.name, run, e.reason)
            yield replace(event, outcome=DocumentOutcome.FAILED, reason=e.reason)
        except Exception as e:  # a fault of ours or of a library, met by one file: it must not cost the others
            log.exception("ingesting %r failed", source.name)
            fault = reason("ingest.fault", error=type(e).__name__)
            self._noted(source.name, run, fault)
            yield replace(event, outcome=DocumentOutcome.FAILED, reason=fault)

    def _steps(self, source: Source, event: IngestEvent, run: IngestRun, cancel: Cancel) -> Iterator[IngestEvent]:
        yield event
        sha256 = source.sha256
        if source.sent:
            source, event = _under(source, event, known_as(source, run.documents))
        elif run.done.get(source.name, sha256) != sha256:
            raise DocumentRefused(reason("ingest.same_name", name=source.name))
        before = run.documents.get(source.name)
        same = before is not None and before.sha256 == sha256
        if source.again and not same:  # it was replaced or deleted since: that must not be undone
            yield _other_now(event)
            return
        if before and same and not source.again:
            run.done[source.name] = sha256
            self._noted(source.name, run, None)
            self._described(source, before)
            unkept = None if self._originals and self._originals.sound(sha256) else self._unkept(source)
            yield replace(event, chunks=before.chunks, outcome=DocumentOutcome.UNCHANGED, unkept=unkept)
            return
        text = self._reader.text(kind_of(source.name), source.data, cancel=cancel)
        yield (event := replace(event, stage=IngestStage.SPLIT))
        split = self._split(source, text, cancel)
        chunks = split.chunks
        if source.sent and before:
            name = placed_as(source, text, split.title, run.documents, taken=run.done, read=self._text_of)
            source, event = _under(source, event, name)
            before = run.documents.get(name)
        counted = replace(event, stage=IngestStage.EMBED, total=len(chunks), chunks=len(chunks))
        event, vectors = yield from self._embed(chunks, self._kept(source.name, sha256, run), counted, run, cancel)
        yield (event := replace(event, stage=IngestStage.INDEX))
        document = described(source, sha256, split, detect=self._detect, at=self._now())
        if before:
            revision = before.revision if same else before.revision + 1
            document = replace(document, revision=revision, enabled=before.enabled)
        unkept = None if source.again else self._unkept(source)
        run.written = True
        if not self._store.put(document, chunks, vectors, again=source.again):
            yield _other_now(event)
            return
        if source.again:  # not before: a document that was deleted meanwhile gets its file back by nobody
            unkept = self._unkept(source)
        run.documents[source.name] = document
        run.done[source.name] = sha256
        twin = run.twin(source.name, sha256)
        run.twins[sha256] = twin or source.name
        outcome = DocumentOutcome.REPLACED if before else DocumentOutcome.ADDED
        ended = replace(event, outcome=outcome, twin=twin, unkept=unkept)
        if twin and not before:
            run.copies.append(ended)
        yield ended

    def _described(self, source: Source, document: Document) -> None:
        """Read the front matter of a document that was put before all of it was kept; nothing is embedded for it."""
        if document.fields is not None or document.kind != "markdown":
            return
        try:
            self._store.describe(document.name, stated(decode(source.data)).fields)
        except RagError as e:
            log.warning("%r: its front matter is not kept: %s", source.name, e)

    def _unkept(self, source: Source) -> Reason | None:
        """Keep the file beside its document; return why it could not be kept, or None. A failure costs no document."""
        if self._originals is None:
            return None
        try:
            self._originals.keep(source.sha256, source.data, same=source.kept)
        except KeepingError as e:
            log.warning("%r: its file is not kept: %s", source.name, e)
            return e.reason
        return None

    def _split(self, source: Source, text: str, cancel: Cancel) -> Split:
        count, stem = partial(self._count_tokens, cancel), PurePosixPath(source.name).stem
        split = self._reader.split(text, fallback=stem, count_tokens=count, limits=self._limits, cancel=cancel)
        if not split.chunks:
            raise DocumentRefused(reason("ingest.no_text"))
        return split

    def _text_of(self, name: str) -> str:
        return "\n".join(stored.chunk.text for stored in self._store.chunks(name))

    def _count_tokens(self, cancel: Cancel, texts: Sequence[str]) -> list[int]:
        _check(cancel)  # splitting a large file takes seconds, nearly all of them spent here
        return self._embedder.count_tokens(texts)

    def _kept(self, name: str, sha256: str, run: IngestRun) -> dict[str, Vectors]:
        """Return the vectors the store has for the document as it was, or for the same file under another name."""
        donor = name if name in run.documents else run.twin(name, sha256)
        return self._store.vectors(donor) if donor else {}

    def _embed(
        self, chunks: Sequence[Chunk], found: dict[str, Vectors], event: IngestEvent, run: IngestRun, cancel: Cancel
    ) -> Generator[IngestEvent, None, tuple[IngestEvent, Vectors]]:
        """Yields progress; returns the last event and `[len(chunks), dim]` vectors. Raises Stopped when cancelled."""
        keys = [hashlib.sha256(each.embedded_text.encode()).hexdigest() for each in chunks]
        found |= {key: run.vectors[key] for key in keys if key in run.vectors}
        missing = {key: each for key, each in zip(keys, chunks, strict=True) if key not in found}
        todo = list(missing.items())
        yield (event := replace(event, done=sum(key in found for key in keys)))
        _check(cancel)
        for positions, vectors in self._embedder.stream_documents([each.embedded_text for _, each in todo]):
            for position, vector in zip(positions, vectors, strict=True):
                key, _ = todo[position]
                found[key] = vector
                run.vectors[key] = vector
            known = sum(key in found for key in keys)
            yield (event := replace(event, done=known, embedded=event.embedded + len(positions)))
            _check(cancel)
        return event, np.stack([found[key] for key in keys])


def refusal(refused: Refused) -> IngestEvent:
    """Return the one event of a file that was refused unread, or of those that were passed over."""
    start = IngestEvent(refused.name, refused.origin, refused.size, IngestStage.READ)
    outcome = DocumentOutcome.PASSED_OVER if refused.passed_over else DocumentOutcome.REFUSED
    return replace(start, outcome=outcome, reason=refused.reason)


def _other_now(event: IngestEvent) -> IngestEvent:
    return replace(event, outcome=DocumentOutcome.REFUSED, reason=reason("originals.other_now"))


def _under(source: Source, event: IngestEvent, name: str) -> tuple[Source, IngestEvent]:
    """The file under the name it has here."""
    if name == source.name:
        return source, event
    return replace(source, name=name), replace(event, name=name, beside=source.name)


def _check(cancel: Cancel) -> None:
    if cancel:
        raise Stopped(reason("ingest.cancelled"))
