"""A change of model on real Milvus Lite: the old index answers by full text, the new one is built beside it, no gap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rag.database import Database
from rag.errors import IndexMismatch, LibraryError, RagError
from rag.events import Cancel, DocumentOutcome, IngestEvent, Stage, StageEvent, StageState
from rag.knowledge.catalog import Catalog
from rag.knowledge.indexes import Indexes, new_name, whole_text
from rag.knowledge.ingest import Ingest
from rag.knowledge.library import Library
from rag.protocols import Embedder
from rag.retrieval.retriever import Policy, Retriever
from rag.settings import Settings
from rag.store.from_settings import Milvus, chunk_limits, fingerprint
from rag.text.language import detect
from rag.types import Fingerprint, Mode, RetrievalOptions, Source
from tests.support.fakes import BagEmbedder, OverlapReranker

PAGES = {
    "ops/tls.md": "---\ntags: [tls]\n---\n# TLS\n\n## Rotation\n\nRotate the certificate with SIGHUP.\n",
    "ops/backup.md": "# Backup\n\nA backup is taken every night.\n\n| a | b |\n| - | - |\n| 1 | 2 |\n",
    "zh.md": "# 索引\n\n索引的精度由参数决定。\n",
}


class Rig:
    """What a start of the program has: a library over a folder and its indexes, under some model and settings."""

    def __init__(self, folder: Path, *, dimension: int = 64, chunk_tokens: int = 240) -> None:
        self.embedder = BagEmbedder(dimension)
        self.settings = replace(Settings(), data_dir=str(folder), collection="main", chunk_tokens=chunk_tokens)
        self.database = Database(folder / "plainsight.db")
        self.library = Library(Catalog(self.database, "main"), Milvus(self.settings))
        self.library.serve(self.embedder)

        def made_with(embedder: Embedder) -> Fingerprint:
            return fingerprint(embedder, chunk_limits(self.settings, embedder))

        self.indexes = Indexes(self.library, lambda: self.embedder, lambda e: chunk_limits(self.settings, e), made_with)

    def ingest(self) -> None:
        limits = chunk_limits(self.settings, self.embedder)
        run = Ingest(self.library.store(), self.embedder, limits=limits, detect=detect)
        sources = [Source(name, text.encode()) for name, text in PAGES.items()]
        assert all(e.reason is None for e in run.run(sources, cancel=Cancel()))

    def search(self, query: str, mode: Mode = Mode.HYBRID) -> tuple[list[str], StageEvent]:
        """Documents found, best first, and what became of the dense search."""
        options = RetrievalOptions(mode=mode, threshold=0.0)
        scope = self.library.scope(options)
        run = Retriever(self.embedder, OverlapReranker(), scope, detect_language=detect, policy=Policy())
        events = list(run.run(query, options, cancel=Cancel()))
        dense = [e for e in events if isinstance(e, StageEvent) and e.stage is Stage.DENSE][-1]
        found = events[-1].retrieval.candidates  # type: ignore[union-attr]
        return [c.stored.document for c in found], dense

    def rebuild(self, cancel: Cancel | None = None) -> list[IngestEvent]:
        return [e for e in self.indexes.rebuild("", cancel=cancel or Cancel()) if e.outcome]

    def close(self) -> None:
        self.library.close()
        self.database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rig = Rig(tmp_path)
    rig.ingest()
    rig.close()
    return tmp_path


@pytest.fixture
def other(folder: Path) -> Iterator[Rig]:
    """The next start, with a model of another dimension."""
    rig = Rig(folder, dimension=32)
    yield rig
    rig.close()


def test_an_index_of_another_model_is_searched_by_full_text_alone_and_says_so(other: Rig) -> None:
    found, dense = other.search("rotate certificate SIGHUP")
    assert found[0] == "ops/tls.md"
    assert dense.state is StageState.FAILED and dense.reason is not None
    assert dense.reason.code == "reindexing.text_only" and "64 → 32" in str(dense.reason)
    with pytest.raises(RagError, match="only full text"):
        other.search("rotate certificate", Mode.DENSE)
    with pytest.raises(IndexMismatch):
        other.library.store()
    assert not other.indexes.state().in_full


def test_documents_of_an_index_that_was_made_differently_are_still_read(other: Rig) -> None:
    assert [chunk.document for chunk in other.library.as_it_is().chunks("ops/tls.md")]


def test_an_index_that_is_only_cut_differently_is_searched_in_full(folder: Path) -> None:
    rig = Rig(folder, chunk_tokens=100)
    _, dense = rig.search("rotate certificate SIGHUP")
    assert dense.state is StageState.FINISHED
    state = rig.indexes.state()
    assert state.mismatch is not None and state.in_full
    rig.close()


def test_from_mismatch_to_the_new_index_and_back(other: Rig) -> None:
    assert other.indexes.state().mismatch is not None
    assert [e.outcome for e in other.rebuild()] == [DocumentOutcome.ADDED] * 3
    state = other.indexes.state()
    assert state.ready and (state.done, state.total) == (3, 3)
    assert other.search("rotate certificate")[1].state is StageState.FAILED, "the old one answers until it is switched"
    switched = other.indexes.switch()
    assert switched.mismatch is None and switched.former == "main" and not switched.building
    found, dense = other.search("rotate certificate SIGHUP")
    assert (found[0], dense.state) == ("ops/tls.md", StageState.FINISHED)
    back = other.indexes.back()
    assert back.mismatch is not None and back.base.live == "main" and back.former == new_name("main", _made(other))


def _made(rig: Rig) -> Fingerprint:
    return fingerprint(rig.embedder, chunk_limits(rig.settings, rig.embedder))


def test_what_the_new_index_holds_is_what_a_fresh_ingest_would_hold(other: Rig, tmp_path: Path) -> None:
    other.rebuild()
    other.indexes.switch()
    fresh = Rig(tmp_path / "fresh", dimension=32)
    fresh.ingest()
    for name in PAGES:
        ours, theirs = other.library.store().chunks(name), fresh.library.store().chunks(name)
        assert [s.chunk for s in ours] == [s.chunk for s in theirs]

    def facts(rig: Rig) -> list[tuple[object, ...]]:
        return [(d.name, d.sha256, d.title, d.language, d.chunks, d.tags) for d in rig.library.documents()]

    assert facts(other) == facts(fresh)
    fresh.close()


def test_a_rebuild_that_was_cut_off_goes_on_where_it_stopped(folder: Path) -> None:
    first = Rig(folder, dimension=32)
    cancel = Cancel()
    ended = 0
    for event in first.indexes.rebuild("", cancel=cancel):
        if event.outcome:
            ended += 1
            cancel.cancel()
    assert ended == 3 and not first.indexes.state().ready
    with pytest.raises(LibraryError, match="no complete new index"):
        first.indexes.switch()
    first.close()
    second = Rig(folder, dimension=32)
    outcomes = [e.outcome for e in second.rebuild()]
    assert outcomes.count(DocumentOutcome.UNCHANGED) == 1 and outcomes.count(DocumentOutcome.ADDED) == 2
    assert second.indexes.state().ready
    second.close()


def test_a_document_deleted_from_the_old_index_goes_from_the_new_one(folder: Path) -> None:
    rig = Rig(folder, dimension=32)
    rig.rebuild()
    rig.library.as_made("main").delete(["zh.md"])
    rig.rebuild()
    assert sorted(d.name for d in rig.library.beside("", rig.indexes.state().building).documents()) == sorted(
        set(PAGES) - {"zh.md"}
    )
    rig.close()


def test_what_was_done_to_the_old_index_meanwhile_holds_in_the_new_one_too(other: Rig) -> None:
    old = other.library.as_it_is()
    old.enable(["ops/backup.md"], False)
    other.rebuild()
    old.enable(["ops/backup.md"], True)
    old.enable(["ops/tls.md"], False)
    old.bury(["zh.md"])
    assert other.indexes.state().ready
    other.indexes.switch()
    assert {d.name: d.enabled for d in other.library.documents()} == {"ops/backup.md": True, "ops/tls.md": False}
    found, dense = other.search("rotate certificate backup 索引")
    assert dense.state is StageState.FINISHED and set(found) == {"ops/backup.md"}
    other.indexes.back()
    assert old.restore(["zh.md"]) == 1, "the earlier index is as it was left"


def test_vectors_of_the_same_model_are_taken_over(folder: Path) -> None:
    rig = Rig(folder, chunk_tokens=200)
    rig.rebuild()
    assert rig.embedder.embedded == [], "every text stayed the same"
    rig.indexes.switch()
    assert rig.search("rotate certificate SIGHUP")[0][0] == "ops/tls.md"
    rig.close()


def test_the_earlier_index_is_gone_once_deleted(other: Rig) -> None:
    other.rebuild()
    other.indexes.switch()
    assert other.indexes.delete_former() == "main"
    assert other.indexes.state().former == ""
    assert Milvus(other.settings).fingerprint("main") is None
    for action in (other.indexes.back, other.indexes.delete_former):
        with pytest.raises(LibraryError, match="No earlier index"):
            action()


def test_there_is_nothing_to_build_for_an_index_of_what_runs(folder: Path) -> None:
    rig = Rig(folder)
    with pytest.raises(LibraryError, match="nothing to build"):
        rig.rebuild()
    rig.close()


def test_a_second_name_replaces_the_first_mark() -> None:
    one, two = Fingerprint("a", "1", 4, "c", "1"), Fingerprint("b", "1", 4, "c", "1")
    assert new_name(new_name("main", one), two) == new_name("main", two) != new_name("main", one)
    assert new_name("my_index", one).startswith("my_index_i")


def test_the_text_comes_back_with_every_character_at_its_offset(folder: Path) -> None:
    rig = Rig(folder)
    for name, text in PAGES.items():
        chunks = [stored.chunk for stored in rig.library.store().chunks(name)]
        whole = whole_text(chunks)
        assert all(whole[c.start : c.end] == c.text for c in chunks)
        assert whole.split() == text.split("---\n")[-1].split()
    rig.close()
