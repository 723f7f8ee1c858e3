"""Ingest on a real store: what is embedded, what is kept, and what is said about each file.

Only where the store itself must fail or be watched does a small one stand in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from rag.documents.chunking import ChunkLimits
from rag.documents.files import FileLimits, Refused, collect
from rag.documents.worker import InProcessReader
from rag.errors import ModelsNotReady, RagError, StoreError, StoreUnavailable
from rag.events import Cancel, DocumentOutcome, IngestEvent, IngestStage
from rag.knowledge.ingest import Ingest
from rag.messages import LANGUAGES, reason, text
from rag.protocols import Store
from rag.store import MilvusStore
from rag.text.language import detect
from rag.types import Chunk, Document, Source, Vectors
from tests import DATA
from tests.support.fakes import BagEmbedder
from tests.support.knowledge import open_store

CORPUS = DATA / "corpus"
LIMITS = ChunkLimits(max_tokens=60, overlap_tokens=8)
NOW = 1_700_000_000.0

GUIDE = b"# Guide\n\n## Tea\n\nBoil the water.\n\n## Coffee\n\nGrind the beans.\n\n## Milk\n\nPour it last.\n"


def ingest(store: MilvusStore | Recorder, embedder: BagEmbedder) -> Ingest:
    return Ingest(cast(Store, store), embedder, limits=LIMITS, detect=detect, now=lambda: NOW)


def events(run: Ingest, sources: Iterable[Source | Refused], cancel: Cancel | None = None) -> list[IngestEvent]:
    """All events; each file's last one, and only that, has an outcome, and every reason can be said."""
    found = list(run.run(sources, cancel=Cancel() if cancel is None else cancel))
    assert all(text(event.reason, language) for event in found if event.reason for language in LANGUAGES)
    return found


def outcomes(found: Iterable[IngestEvent]) -> list[tuple[str, DocumentOutcome, str]]:
    return [(e.name, e.outcome, e.reason.code if e.reason else "") for e in found if e.outcome]


@pytest.fixture
def embedder() -> BagEmbedder:
    return BagEmbedder()


@pytest.fixture
def store(tmp_path: Path, embedder: BagEmbedder) -> Iterator[MilvusStore]:
    opened = open_store(tmp_path, embedder, {})
    yield opened
    opened.close()


class Recorder:
    """A store in memory that keeps the order of calls and fails when told to."""

    def __init__(self, failures: dict[str, Exception] | None = None) -> None:
        self.calls: list[str] = []
        self.failures = failures or {}

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in self.failures:
            raise self.failures[name]

    def documents(self) -> list[Document]:
        self._call("documents")
        return []

    def vectors(self, document: str) -> dict[str, Vectors]:
        self._call("vectors")
        return {}

    def put(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors, *, again: bool = False) -> bool:
        self._call(f"put {document.name}")
        return True

    def flush(self) -> None:
        self._call("flush")


# ---- what gets in ---------------------------------------------------------------------------------------------------


def test_corpus_is_ingested_and_found(store: MilvusStore, embedder: BagEmbedder) -> None:
    found = events(ingest(store, embedder), collect([CORPUS], limits=FileLimits()))
    documents = {document.name: document for document in store.documents()}
    assert {name: (d.title, d.language) for name, d in documents.items()} == {
        "guides/backup.md": ("Backups: taking and restoring", "en"),
        "guides/limits.md": ("Limits", "en"),
        "mixed.md": ("Reranking 重排序", documents["mixed.md"].language),
        "nasty.md": ("code # not & tags {x}", "en"),
        "zh/faq.md": ("常见问题", "zh"),
    }
    backup = documents["guides/backup.md"]
    chunks = [stored.chunk for stored in store.chunks("guides/backup.md")]
    assert (backup.size, backup.chunks, backup.ingested_at) == (
        (CORPUS / "guides" / "backup.md").stat().st_size,
        len(chunks),
        NOW,
    )
    assert backup.tokens == sum(chunk.tokens for chunk in chunks)
    assert {e.name: (e.chunks, e.embedded) for e in found if e.outcome}["guides/backup.md"] == (
        len(chunks),
        len(chunks),
    )
    best = store.search_dense(embedder.embed_query("删除文档时向量也会删除吗", instruction=""), limit=1)
    assert best[0].stored.chunk.heading_path == ("常见问题", "数据保存在哪里？")


def test_events_of_a_file_come_in_order_with_counts() -> None:
    found = events(ingest(Recorder(), BagEmbedder(at_once=2)), [Source("a.md", GUIDE, "z.zip")])
    assert [(e.stage, e.done, e.total, e.embedded, e.outcome) for e in found] == [
        (IngestStage.READ, 0, 0, 0, None),
        (IngestStage.SPLIT, 0, 0, 0, None),
        (IngestStage.EMBED, 0, 3, 0, None),
        (IngestStage.EMBED, 2, 3, 2, None),
        (IngestStage.EMBED, 3, 3, 3, None),
        (IngestStage.INDEX, 3, 3, 3, None),
        (IngestStage.INDEX, 3, 3, 3, DocumentOutcome.ADDED),
    ]
    assert {(e.name, e.origin, e.size) for e in found} == {("a.md", "z.zip", len(GUIDE))}


def test_second_run_changes_and_embeds_nothing(store: MilvusStore, embedder: BagEmbedder) -> None:
    run = ingest(store, embedder)
    events(run, collect([CORPUS], limits=FileLimits()))
    before = store.documents()
    embedder.embedded.clear()
    found = events(run, collect([CORPUS], limits=FileLimits()))
    assert {e.outcome for e in found if e.outcome} == {DocumentOutcome.UNCHANGED}
    assert embedder.embedded == []
    assert store.documents() == before


def test_one_changed_paragraph_embeds_one_chunk(store: MilvusStore, embedder: BagEmbedder) -> None:
    run = ingest(store, embedder)
    events(run, [Source("a.md", GUIDE)])
    embedder.embedded.clear()
    changed = GUIDE.replace(b"Grind the beans.", b"Grind them finely.")
    found = events(run, [Source("a.md", changed)])
    assert outcomes(found) == [("a.md", DocumentOutcome.REPLACED, "")]
    assert (found[-1].chunks, found[-1].embedded) == (3, 1)
    assert embedder.embedded == ["Guide › Coffee\n## Coffee\n\nGrind them finely."]
    assert "".join(stored.chunk.text for stored in store.chunks("a.md")).count("Grind") == 1


def test_kept_vectors_belong_to_their_texts(store: MilvusStore) -> None:
    embedder = BagEmbedder(at_once=1)
    run = ingest(store, embedder)
    events(run, [Source("a.md", GUIDE)])
    events(run, [Source("a.md", b"# Guide\n\n## New\n\nFirst.\n" + GUIDE.removeprefix(b"# Guide\n"))])
    for stored in store.chunks("a.md"):
        query = embedder.embed_documents([stored.chunk.embedded_text])
        (hit,) = store.search_dense(query, limit=1)
        assert hit.stored == stored and hit.score == pytest.approx(1, abs=1e-5)


def test_renamed_file_and_repeated_text_are_embedded_once(store: MilvusStore, embedder: BagEmbedder) -> None:
    run = ingest(store, embedder)
    twice = b"# A\n\nSame words.\n\n# A\n\nSame words.\n"
    assert events(run, [Source("a.md", twice), Source("b.md", b"# A\n\nSame words.\n")])[-1].embedded == 0
    assert embedder.embedded == ["A\n# A\n\nSame words."]
    found = events(run, [Source("moved.md", twice)])
    assert (found[-1].outcome, found[-1].embedded, len(embedder.embedded)) == (DocumentOutcome.ADDED, 0, 1)


# ---- what does not --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "outcome", "code"),
    [
        (Source("b.md", b"%PDF-1.7"), DocumentOutcome.REFUSED, "files.known_binary"),
        (Source("b.md", b""), DocumentOutcome.REFUSED, "files.empty"),
        (Source("b.md", b"---\ntitle: x\n---\n"), DocumentOutcome.REFUSED, "ingest.no_text"),
        (Refused("b.md", "", 7, reason("files.zip_link")), DocumentOutcome.REFUSED, "files.zip_link"),
        (Source("x" * 2000 + ".md", b"text"), DocumentOutcome.FAILED, "store.name_length"),
        (Source("a.md", b"other"), DocumentOutcome.REFUSED, "ingest.same_name"),
        (Source("a.md", GUIDE), DocumentOutcome.UNCHANGED, ""),
    ],
    ids=["not text", "empty", "no text", "refused before", "refused by the store", "same name", "the same file twice"],
)
def test_one_bad_file_never_stops_the_others(
    store: MilvusStore, embedder: BagEmbedder, bad: Source | Refused, outcome: DocumentOutcome, code: str
) -> None:
    found = events(ingest(store, embedder), [Source("a.md", GUIDE), bad, Source("c.md", b"last")])
    assert outcomes(found) == [
        ("a.md", DocumentOutcome.ADDED, ""),
        (bad.name, outcome, code),
        ("c.md", DocumentOutcome.ADDED, ""),
    ]
    assert [document.name for document in store.documents()] == ["a.md", "c.md"]


class Broken(BagEmbedder):
    """Fails on texts with the word "poison"."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        if any("poison" in each for each in texts):
            raise self.error
        return super().embed_documents(texts)


@pytest.mark.parametrize(
    ("error", "first", "last"),
    [
        (RuntimeError("shape"), "ingest.fault", DocumentOutcome.ADDED),
        (ModelsNotReady(reason("files.empty")), "files.empty", DocumentOutcome.FAILED),
    ],
    ids=["a fault costs one file", "a missing model costs the rest"],
)
def test_failing_embedder(
    caplog: pytest.LogCaptureFixture, error: Exception, first: str, last: DocumentOutcome
) -> None:
    store = Recorder()
    with caplog.at_level(logging.CRITICAL):
        found = events(ingest(store, Broken(error)), [Source("a.md", b"poison"), Source("b.md", b"good")])
    assert outcomes(found)[0] == ("a.md", DocumentOutcome.FAILED, first)
    assert outcomes(found)[1][:2] == ("b.md", last)
    assert "put a.md" not in store.calls


def test_lost_store_is_told_for_every_file_and_not_tried_again(embedder: BagEmbedder) -> None:
    gone = StoreUnavailable(reason("files.empty"))
    store = Recorder({"put b.md": gone, "flush": gone})
    sources = [Source(f"{name}.md", name.encode()) for name in "abcd"]
    found = events(ingest(store, embedder), [*sources, Refused("e.pdf", "", 1, reason("files.blank"))])
    assert outcomes(found) == [
        ("a.md", DocumentOutcome.ADDED, ""),
        ("b.md", DocumentOutcome.FAILED, "files.empty"),
        ("c.md", DocumentOutcome.FAILED, "files.empty"),
        ("d.md", DocumentOutcome.FAILED, "files.empty"),
        ("e.pdf", DocumentOutcome.REFUSED, "files.blank"),
    ]
    assert store.calls == ["documents", "put a.md", "put b.md", "flush"]


@pytest.mark.parametrize("call", ["documents", "flush"])
def test_store_that_cannot_begin_or_end_a_job_raises(embedder: BagEmbedder, call: str) -> None:
    store = Recorder({call: StoreError(reason("files.empty"))})
    with pytest.raises(StoreError):
        events(ingest(store, embedder), [Source("a.md", b"a")])


# ---- stopping -------------------------------------------------------------------------------------------------------


class Cancelling(BagEmbedder):
    """Throws the switch during the given call, counted over `count_tokens` and `embed_documents`."""

    def __init__(self, cancel: Cancel, method: str, call: int) -> None:
        super().__init__(at_once=1)
        self.cancel, self.method, self.left = cancel, method, call

    def _called(self, method: str) -> None:
        self.left -= method == self.method
        if self.left == 0:
            self.cancel.cancel()

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        self._called("embed")
        return super().embed_documents(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        self._called("count")
        return super().count_tokens(texts)


@pytest.mark.parametrize(
    ("method", "call", "embedded"),
    [("count", 1, 0), ("embed", 1, 1), ("embed", 3, 3)],
    ids=["while splitting", "between two steps", "during the last step"],
)
def test_cancelled_file_leaves_the_revision_that_was_there(
    store: MilvusStore, embedder: BagEmbedder, method: str, call: int, embedded: int
) -> None:
    events(ingest(store, embedder), [Source("a.md", b"# Old\n\nThe old revision.")])
    before = store.chunks("a.md")
    cancel = Cancel()
    run = ingest(store, Cancelling(cancel, method, call))
    found = events(run, [Source("a.md", GUIDE), Source("b.md", GUIDE)], cancel)
    assert outcomes(found) == [("a.md", DocumentOutcome.CANCELLED, ""), ("b.md", DocumentOutcome.CANCELLED, "")]
    assert max(event.embedded for event in found) == embedded
    assert store.chunks("a.md") == before and len(store.documents()) == 1
    (hit,) = store.search_dense(embedder.embed_query("old revision", instruction=""), limit=5)
    assert hit.stored == before[0]
    assert outcomes(events(ingest(store, embedder), [Source("a.md", GUIDE)])) == [
        ("a.md", DocumentOutcome.REPLACED, "")
    ]


def test_cancelled_job_starts_nothing(embedder: BagEmbedder) -> None:
    cancel = Cancel()
    cancel.cancel()
    store = Recorder()
    refused = Refused("b.md", "", 1, reason("files.blank"))
    assert outcomes(events(ingest(store, embedder), [Source("a.md", GUIDE), refused], cancel)) == [
        ("a.md", DocumentOutcome.CANCELLED, ""),
        ("b.md", DocumentOutcome.REFUSED, "files.blank"),
    ]
    assert store.calls == ["documents"]


def closed(run: Iterator[IngestEvent]) -> None:
    run.close()  # type: ignore[attr-defined]


def exhausted(run: Iterator[IngestEvent]) -> None:
    assert list(run)


@pytest.mark.parametrize("end", [closed, exhausted])
def test_what_was_written_is_flushed_however_the_job_ends(
    embedder: BagEmbedder, end: Callable[[Iterator[IngestEvent]], None]
) -> None:
    store = Recorder()
    run = ingest(store, embedder).run([Source("a.md", b"a"), Source("b.md", b"b")], cancel=Cancel())
    while next(run).outcome is None:
        pass
    end(run)
    assert store.calls[-1] == "flush" and store.calls.count("flush") == 1


def test_errors_of_the_job_are_errors_a_person_can_read() -> None:
    with pytest.raises(RagError) as error:
        ChunkLimits(max_tokens=32, overlap_tokens=32)
    assert "RAG_CHUNK_OVERLAP" in str(error.value) and "16" in str(error.value)


# ---- what comes again under another name, and what could not be replaced --------------------------------------------

TEA = b"# Tea\n\nBoil the water.\n"


def last(found: Iterable[IngestEvent]) -> dict[str, tuple[DocumentOutcome | None, str]]:
    """Name -> outcome and twin of its last event."""
    return {event.name: (event.outcome, event.twin) for event in found if event.outcome}


def test_equal_content_under_another_name_is_said_and_not_embedded(store: MilvusStore, embedder: BagEmbedder) -> None:
    events(ingest(store, embedder), [Source("tea.md", TEA)])
    embedder.embedded.clear()
    found = events(ingest(store, embedder), [Source("drinks/tea.md", TEA), Source("new.md", TEA + b"\nAnd more.\n")])
    assert last(found) == {
        "drinks/tea.md": (DocumentOutcome.ADDED, "tea.md"),
        "new.md": (DocumentOutcome.ADDED, ""),
    }
    assert not any("Boil the water." in text and "more" not in text for text in embedder.embedded)
    assert [d.name for d in store.documents()] == ["drinks/tea.md", "new.md", "tea.md"]


def test_a_document_that_got_other_content_is_no_twin(store: MilvusStore, embedder: BagEmbedder) -> None:
    events(ingest(store, embedder), [Source("tea.md", TEA)])
    found = events(ingest(store, embedder), [Source("tea.md", GUIDE), Source("old.md", TEA)])
    assert last(found)["old.md"] == (DocumentOutcome.ADDED, "")


def moving(store: MilvusStore, embedder: BagEmbedder, *sources: Source) -> list[IngestEvent]:
    return list(ingest(store, embedder).run(sources, cancel=Cancel(), moves=True))


def test_a_moved_file_takes_its_old_place(store: MilvusStore, embedder: BagEmbedder) -> None:
    events(ingest(store, embedder), [Source("tea.md", TEA), Source("guide.md", GUIDE)])
    store.enable(["tea.md"], False)
    found = moving(store, embedder, Source("drinks/tea.md", TEA), Source("guide.md", GUIDE))
    assert last(found)["drinks/tea.md"] == (DocumentOutcome.MOVED, "tea.md")
    assert [(d.name, d.enabled) for d in store.documents()] == [("drinks/tea.md", False), ("guide.md", True)]


def test_a_copy_is_not_a_move(store: MilvusStore, embedder: BagEmbedder) -> None:
    events(ingest(store, embedder), [Source("tea.md", TEA)])
    found = moving(store, embedder, Source("copy.md", TEA), Source("tea.md", TEA))  # the old one comes up later
    assert last(found)["copy.md"] == (DocumentOutcome.ADDED, "tea.md")
    assert [d.name for d in store.documents()] == ["copy.md", "tea.md"]


def test_one_old_name_goes_once(store: MilvusStore, embedder: BagEmbedder) -> None:
    events(ingest(store, embedder), [Source("tea.md", TEA)])
    found = moving(store, embedder, Source("a.md", TEA), Source("b.md", TEA))
    assert [outcome for outcome, _ in last(found).values()].count(DocumentOutcome.MOVED) == 1
    assert [d.name for d in store.documents()] == ["a.md", "b.md"]


def test_a_cancelled_job_moves_nothing(store: MilvusStore, embedder: BagEmbedder) -> None:
    events(ingest(store, embedder), [Source("tea.md", TEA)])
    cancel = Cancel()
    run = ingest(store, embedder).run([Source("a.md", TEA), Source("b.md", GUIDE)], cancel=cancel, moves=True)
    for event in run:
        if event.outcome is DocumentOutcome.ADDED:
            cancel.cancel()
    assert [d.name for d in store.documents()] == ["a.md", "tea.md"]


def test_revisions_are_counted_and_a_disabled_document_stays_disabled(
    store: MilvusStore, embedder: BagEmbedder
) -> None:
    events(ingest(store, embedder), [Source("tea.md", TEA)])
    store.enable(["tea.md"], False)
    events(ingest(store, embedder), [Source("tea.md", GUIDE)])
    (document,) = store.documents()
    assert (document.revision, document.enabled) == (2, False)


def test_why_a_document_could_not_be_replaced_is_kept_with_it(store: MilvusStore, embedder: BagEmbedder) -> None:
    events(ingest(store, embedder), [Source("tea.md", TEA), Source("guide.md", GUIDE)])
    refused = Refused("guide.md", "", 9, reason("files.nothing_inside", accepted=".md"))
    events(ingest(store, embedder), [Source("tea.md", b"---\ntitle: Tea\n---\n"), refused])
    assert {d.name: d.error for d in store.documents()} == {
        "tea.md": reason("ingest.no_text"),
        "guide.md": refused.reason,
    }
    events(ingest(store, embedder), [Source("tea.md", TEA), Source("guide.md", TEA)])
    assert [d.error for d in store.documents()] == [None, None]


def test_a_second_file_of_one_name_says_nothing_of_the_first(store: MilvusStore, embedder: BagEmbedder) -> None:
    events(ingest(store, embedder), [Source("tea.md", TEA)])
    events(ingest(store, embedder), [Source("tea.md", TEA), Source("tea.md", GUIDE)])
    assert [d.error for d in store.documents()] == [None]


def test_a_picture_in_the_text_and_a_page_number_become_nothing_they_are_not(
    store: MilvusStore, embedder: BagEmbedder
) -> None:
    text = b"# Ring\n\n![A ring](data:image/png;base64," + b"iVBORw0KGgo" * 9000 + b") of brokers.\n"
    pages = Source("scan/2024-report.pdf", b"%PDF")
    run = Ingest(
        store, embedder, limits=LIMITS, detect=detect, now=lambda: NOW,
        reader=InProcessReader(lambda kind, data, *, cancel: "## Page 1\n\nKeys are made once."),
    )  # fmt: skip
    found = [e for e in events(run, [Source("ring.md", text), pages]) if e.outcome]
    assert [(e.name, e.chunks) for e in found] == [("ring.md", 1), ("scan/2024-report.pdf", 1)]
    (ring,) = store.chunks("ring.md")
    assert ring.chunk.text == "# Ring\n\n![A ring](data:image/png) of brokers." and ring.chunk.tokens < 60
    assert {d.name: d.title for d in store.documents()} == {"ring.md": "Ring", "scan/2024-report.pdf": "2024-report"}


def test_front_matter_of_a_document_from_before_is_read_when_its_file_comes_again(
    store: MilvusStore, embedder: BagEmbedder
) -> None:
    source = Source("plan.md", b"---\nstatus: draft\n---\n# Plan\n\nText of the plan.\n")
    events(ingest(store, embedder), [source])
    (new,) = store.documents()
    assert new.fields == (("status", ("draft",)),)
    (put,) = store.contents()
    store.delete(["plan.md"])
    store.put(replace(put.document, fields=None), put.chunks, put.vectors)  # as a version before this one did
    embedded = embedder.embedded if hasattr(embedder, "embedded") else None
    found = events(ingest(store, embedder), [source])
    assert found[-1].outcome is DocumentOutcome.UNCHANGED
    (old,) = store.documents()
    assert old == new and (embedded is None or embedder.embedded == embedded)
