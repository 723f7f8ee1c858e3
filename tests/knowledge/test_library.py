"""Several knowledge bases on one real Milvus Lite: kept apart, searched together, refused alone."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rag.database import Database
from rag.documents.chunking import ChunkLimits
from rag.errors import IndexMismatch, LibraryError, ModelsNotReady, StoreError, StoreUnavailable
from rag.events import Cancel, DocumentOutcome, Retrieved, Stage, StageEvent
from rag.knowledge.catalog import Catalog
from rag.knowledge.ingest import Ingest
from rag.knowledge.library import Library
from rag.messages import Reason, reason
from rag.protocols import Embedder, Store
from rag.retrieval.retriever import Policy, Retriever
from rag.retrieval.scope import Scope, SearchTarget
from rag.settings import Settings
from rag.store.from_settings import Milvus
from rag.types import Chunk, Document, Hit, Mode, Narrowing, RetrievalOptions, Source, StoredChunk, Vectors, within
from tests.support.fakes import BagEmbedder, OverlapReranker
from tests.support.knowledge import add

HANDBOOK = {"ops/tls.md": "Rotate the certificate with SIGHUP.", "ops/backup.md": "Restore a backup every night."}
POLICIES = {"tls.md": "A certificate lasts ninety days.", "leave.md": "Leave is thirty days."}


def opened(folder: Path, embedder: Embedder | None = None) -> Library:
    """The library of a folder, as after a start."""
    catalogue = Catalog(Database(folder / "plainsight.db"), "main")
    library = Library(catalogue, Milvus(replace(Settings(), data_dir=str(folder), collection="main")))
    library.serve(embedder or BagEmbedder())
    return library


def fill(library: Library, base: str, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        add(library.store(base), BagEmbedder(), name, text)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = opened(tmp_path)
    fill(made, "", HANDBOOK)
    yield made
    made.close()


@pytest.fixture
def policies(library: Library) -> str:
    made = library.catalogue.create("Policies").id
    fill(library, made, POLICIES)
    return made


def found(library: Library, query: str, options: RetrievalOptions) -> set[tuple[str, str]]:
    """(knowledge base, document) of all hits of both searches."""
    scope = library.scope(options)
    vector = BagEmbedder().embed_query(query, instruction="")
    hits = [
        *scope.search_dense(vector, limit=20, documents=options.documents),
        *scope.search_full_text(query, limit=20, documents=options.documents),
    ]
    return {(hit.stored.collection, hit.stored.document) for hit in hits}


def names(library: Library, query: str, options: RetrievalOptions) -> set[str]:
    return {document for _, document in found(library, query, options)}


def test_knowledge_bases_never_see_each_others_documents(library: Library, policies: str) -> None:
    assert names(library, "certificate days night", RetrievalOptions()) == set(HANDBOOK)
    assert names(library, "certificate days night", RetrievalOptions(collections=(policies,))) == set(POLICIES)
    assert [d.name for d in library.documents(policies)] == sorted(POLICIES)
    library.store(policies).delete(["tls.md", "ops/tls.md"])
    assert [d.name for d in library.documents()] == sorted(HANDBOOK)


def test_several_are_searched_as_one_and_say_where_a_chunk_is_from(library: Library, policies: str) -> None:
    both = RetrievalOptions(collections=("main", policies))
    assert found(library, "certificate days night", both) == {
        *(("main", name) for name in HANDBOOK), *((policies, name) for name in POLICIES),
    }  # fmt: skip
    hits = library.scope(both).search_dense(BagEmbedder().embed_query("ninety days", instruction=""), limit=3)
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits[0].stored.collection == policies


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        pytest.param({"documents": ("ops/",)}, {"ops/tls.md", "ops/backup.md", "tls.md", "leave.md"}, id="a folder"),
        pytest.param({"documents": ("ops/tls.md",)}, {"ops/tls.md", "tls.md", "leave.md"}, id="a document"),
        pytest.param({"documents": ("none/",)}, {"tls.md", "leave.md"}, id="an empty folder"),
        pytest.param({"tags": ("net",)}, {"net.md", "tls.md", "leave.md"}, id="a tag"),
        pytest.param({"tags": ("net",), "documents": ("ops/",)}, {"tls.md", "leave.md"}, id="a tag in a folder"),
        pytest.param({"tags": ("none",)}, {"tls.md", "leave.md"}, id="a tag nothing has"),
        pytest.param({}, {"ops/tls.md", "ops/backup.md", "net.md", "tls.md", "leave.md"}, id="all of it"),
    ],
)
def test_a_part_of_one_leaves_the_other_whole(
    library: Library, policies: str, part: dict[str, tuple[str, ...]], expected: set[str]
) -> None:
    tagged = Tagged(library.store(), {"net.md": ("net", "ops")})
    add(library.store(), BagEmbedder(), "net.md", "The network is up every day.")
    scope = Scope(
        [
            SearchTarget("main", "Main", tagged, Narrowing("main", **part)),
            SearchTarget(policies, "Policies", library.store(policies)),
        ]
    )
    vector = BagEmbedder().embed_query("certificate network days night", instruction="")
    assert {hit.stored.document for hit in scope.search_dense(vector, limit=20)} == expected


def test_documents_are_named_in_every_knowledge_base(library: Library, policies: str) -> None:
    both = RetrievalOptions(collections=("main", policies), documents=("tls.md", "ops/tls.md"))
    assert found(library, "certificate days", both) == {("main", "ops/tls.md"), (policies, "tls.md")}
    narrowed = replace(both, narrowed=(Narrowing("main", ("ops/",)),), documents=("tls.md",))
    with pytest.raises(KeyError):  # nothing of the folder is called that
        dict(found(library, "certificate days", narrowed))["main"]


def test_full_text_is_merged_by_rank_whatever_the_scores() -> None:
    high = Fixed([9.0, 8.0, 7.0])
    low = Fixed([0.3, 0.2])
    merged = Scope([SearchTarget("a", "A", high), SearchTarget("b", "B", low)]).search_full_text("x", limit=4)
    assert [(hit.stored.collection, hit.rank, hit.score) for hit in merged] == [
        ("a", 1, 9.0), ("b", 2, 0.3), ("a", 3, 8.0), ("b", 4, 0.2),
    ]  # fmt: skip


def test_an_index_of_another_model_is_searched_by_words_alone_and_the_stages_say_so(
    library: Library, policies: str, tmp_path: Path
) -> None:
    library.close()
    other = opened(tmp_path, BagEmbedder(dimension=32))
    fresh = other.catalogue.create("Fresh").id
    add(other.store(fresh), BagEmbedder(dimension=32), "new.md", "A certificate of another make.")
    with pytest.raises(IndexMismatch) as caught:
        other.store(policies)
    assert caught.value.reason.code == "store.mismatch"

    options = RetrievalOptions(collections=(policies, fresh), threshold=0.0)
    scope = other.scope(options)
    differences = caught.value.reason.values["differences"]
    text_only = reason("reindexing.text_only", differences=differences)
    assert scope.left_out() is None and scope.names == {policies: "Policies", fresh: "Fresh"}
    retriever = Retriever(
        BagEmbedder(dimension=32), OverlapReranker(), scope, detect_language=lambda _: "en", policy=Policy(),
        remark=scope.left_out,
    )  # fmt: skip
    events = list(retriever.run("certificate", options, cancel=Cancel()))
    remarks = {e.stage: e.reason for e in events if isinstance(e, StageEvent) and e.milliseconds is not None}
    assert remarks[Stage.DENSE] == reason("library.left_out", names="Policies", why=text_only)
    assert remarks[Stage.FULL_TEXT] is None
    assert isinstance(events[-1], Retrieved)
    by_vectors = {c.stored.document for c in events[-1].retrieval.candidates if c.dense}
    by_words = {c.stored.document for c in events[-1].retrieval.candidates if c.full_text}
    assert by_vectors == {"new.md"} and by_words == {"new.md", "tls.md"}
    other.close()


def test_one_that_breaks_in_the_middle_is_left_out(library: Library) -> None:
    why = reason("store.unreachable", uri="x")
    scope = Scope(
        [SearchTarget("main", "Main", library.store()), SearchTarget("b", "Broken", Fixed([1.0], broken=why))]
    )
    vector = BagEmbedder().embed_query("certificate", instruction="")
    assert {hit.stored.collection for hit in scope.search_dense(vector, limit=5)} == {"main"}
    assert scope.left_out() == reason("library.left_out", names="Broken", why=why)
    with pytest.raises(StoreUnavailable) as caught:
        Scope([SearchTarget("b", "Broken", Fixed([1.0], broken=why))]).search_dense(vector, limit=5)
    assert caught.value.reason == why


def test_full_text_that_one_lacks_is_searched_in_the_other(library: Library) -> None:
    without = reason("store.no_full_text", version="2.3")
    scope = Scope(
        [SearchTarget("b", "Old", Fixed([1.0], full_text=without)), SearchTarget("main", "Main", library.store())]
    )
    assert scope.full_text_missing() is None
    assert {hit.stored.collection for hit in scope.search_full_text("certificate", limit=5)} == {"main"}
    assert scope.left_out() == reason("library.left_out", names="Old", why=without)
    assert Scope([SearchTarget("b", "Old", Fixed([1.0], full_text=without))]).full_text_missing() == without


def test_a_knowledge_base_that_is_gone_is_passed_over(library: Library, policies: str) -> None:
    assert names(library, "certificate", RetrievalOptions(collections=("kb_gone", policies))) == set(POLICIES)
    with pytest.raises(LibraryError) as caught:
        library.scope(RetrievalOptions(collections=("kb_gone",)))
    assert caught.value.reason.code == "library.none"


def test_deleting_drops_the_collection(library: Library, policies: str) -> None:
    live = library.catalogue.base(policies).live
    assert library.delete(policies, typed="Policies").live == live
    database = Milvus(replace(Settings(), data_dir=str(Path(library.catalogue._database.path).parent)))
    assert database.fingerprint(live) is None and database.documents(live) == []
    database.close()
    assert library.catalogue.doomed() == []
    with pytest.raises(LibraryError):
        library.documents(policies)


def test_what_could_not_be_dropped_is_dropped_at_the_next_start(tmp_path: Path) -> None:
    first = opened(tmp_path)
    made = first.catalogue.create("Policies")
    fill(first, made.id, POLICIES)
    first.catalogue.delete(made.id, typed="Policies")  # and the process ends before the collection is dropped
    first.close()
    again = opened(tmp_path)
    database = Milvus(replace(Settings(), data_dir=str(tmp_path)))
    assert again.catalogue.doomed() == [] and database.fingerprint(made.live) is None
    database.close()
    again.close()


def test_documents_are_listed_before_the_models_are_there(tmp_path: Path) -> None:
    first = opened(tmp_path)
    fill(first, "", HANDBOOK)
    first.close()
    catalogue = Catalog(Database(tmp_path / "plainsight.db"), "main")
    waiting = Library(catalogue, Milvus(replace(Settings(), data_dir=str(tmp_path), collection="main")))
    assert [d.name for d in waiting.documents()] == sorted(HANDBOOK)
    with pytest.raises(ModelsNotReady):
        waiting.store()
    waiting.close()


def test_many_askers_open_a_store_once(library: Library) -> None:
    made = library.catalogue.create("Shared").id
    stores: list[Store] = []
    askers = [threading.Thread(target=lambda: stores.append(library.store(made))) for _ in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(stores) == 8 and all(store is stores[0] for store in stores)


def test_another_collection_goes_live_without_the_knowledge_base_changing(library: Library) -> None:
    add(library.store(), BagEmbedder(), "old.md", "old")
    library.catalogue.switch("main", "main_2")
    assert library.documents() == []
    fill(library, "", POLICIES)
    assert names(library, "certificate days", RetrievalOptions()) == set(POLICIES)
    library.catalogue.switch("main", "main")
    assert "old.md" in {d.name for d in library.documents()}


def test_own_wishes_count_when_one_knowledge_base_is_asked(library: Library, policies: str) -> None:
    library.catalogue.change(
        replace(library.catalogue.base(policies), instruction="Find the rule", mode=Mode.DENSE, contexts=2)
    )
    settings = RetrievalOptions(instruction="general")
    alone = library.defaults(settings, (policies,))
    assert (alone.instruction, alone.mode, alone.contexts, alone.candidates) == ("Find the rule", Mode.DENSE, 2, 20)
    assert library.defaults(settings, ("main", policies)) == settings
    assert library.defaults(settings, ()) == settings


@pytest.mark.parametrize(
    ("name", "documents", "expected"),
    [("a.md", (), True), ("a.md", ("a.md",), True), ("ab.md", ("a",), False), ("a/b.md", ("a/",), True),
     ("ab/c.md", ("a/",), False), ("a.md", ("b.md", "a/"), False)],
)  # fmt: skip
def test_within(name: str, documents: tuple[str, ...], expected: bool) -> None:
    assert within(name, documents) is expected


class Fixed:
    """A store that finds the same hits whatever is asked, or breaks."""

    def __init__(self, scores: list[float], *, broken: Reason | None = None, full_text: Reason | None = None) -> None:
        self.scores = scores
        self.broken = broken
        self.missing = full_text

    def full_text_missing(self) -> Reason | None:
        return self.missing

    def search_dense(self, vector: Vectors, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        return self._hits(limit)

    def search_full_text(self, query: str, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        return self._hits(limit)

    def search_terms(self, terms: Sequence[str], *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        return self._hits(limit)

    def chunks(self, document: str) -> list[StoredChunk]:
        return []

    def documents(self) -> list[Document]:
        return []

    def _hits(self, limit: int) -> list[Hit]:
        if self.broken:
            raise StoreUnavailable(self.broken)
        chunk = Chunk(0, 0, 1, (), "x", 1)
        stored = [StoredChunk(str(n), f"{n}.md", "", "en", chunk) for n in range(len(self.scores))]
        return [Hit(s, rank, score) for rank, (s, score) in enumerate(zip(stored, self.scores, strict=True), 1)][:limit]


class Tagged:
    """A store whose documents carry tags."""

    def __init__(self, store: Store, tags: Mapping[str, tuple[str, ...]]) -> None:
        self.store = store
        self.tags = tags
        self.full_text_missing = store.full_text_missing
        self.search_dense = store.search_dense
        self.search_full_text = store.search_full_text
        self.search_terms = store.search_terms

    def chunks(self, document: str) -> list[StoredChunk]:
        return []

    def documents(self) -> list[Document]:
        return [replace(d, tags=self.tags.get(d.name, ())) for d in self.store.documents()]


def test_hits_of_several_say_whose_they_are_and_those_of_one_do_not(library: Library, policies: str) -> None:
    add(library.store(policies), BagEmbedder(), "ops/tls.md", HANDBOOK["ops/tls.md"])
    vector = BagEmbedder().embed_query("certificate SIGHUP", instruction="")
    both = library.scope(RetrievalOptions(collections=("main", policies)))
    for hits in (both.search_dense(vector, limit=9), both.search_full_text("certificate SIGHUP", limit=9)):
        same = [hit.stored for hit in hits if hit.stored.document == "ops/tls.md"]
        assert {stored.base_name for stored in same} == {"Main", "Policies"}
        assert len({stored.id for stored in same}) == 2, "equal files of two knowledge bases are two passages"
    alone = library.scope(RetrievalOptions(collections=(policies,)))
    assert {hit.stored.base_name for hit in alone.search_dense(vector, limit=9)} == {""}


# ---- deleted while it is being filled ------------------------------------------------------------------------------


class DeletedMeanwhile(Milvus):
    """The knowledge base is deleted by another program between the look at the catalogue and the opening."""

    delete: Callable[[], object] = staticmethod(lambda: None)

    def open(self, collection: str, embedder: Embedder) -> Store:
        self.delete()
        return super().open(collection, embedder)


@pytest.mark.parametrize("beside", [False, True], ids=["its collection", "a new index beside"])
def test_a_knowledge_base_deleted_while_it_is_opened_gets_no_collection(tmp_path: Path, beside: bool) -> None:
    kept, other = Database(tmp_path / "plainsight.db"), Database(tmp_path / "plainsight.db")
    milvus = DeletedMeanwhile(replace(Settings(), data_dir=str(tmp_path), collection="main"))
    library = Library(Catalog(kept, "main"), milvus)
    library.serve(BagEmbedder())
    made = library.catalogue.create("Policies")
    milvus.delete = lambda: Catalog(other, "main").delete(made.id, typed="Policies")
    collection = f"{made.live}_new" if beside else made.live
    with pytest.raises(LibraryError):
        library.beside(made.id, collection) if beside else library.store(made.id)
    assert milvus.fingerprint(collection) is None, "nothing is left of it"
    assert library.catalogue.doomed() == []
    library.close()


def test_an_ingest_that_runs_while_its_knowledge_base_is_deleted_brings_nothing_back(
    library: Library, policies: str, tmp_path: Path
) -> None:
    live = library.catalogue.base(policies).live
    limits = ChunkLimits(max_tokens=60, overlap_tokens=0)
    run = Ingest(library.store(policies), BagEmbedder(), limits=limits, detect=lambda _: "en")
    texts = [Source(f"{i}.md", f"# Page {i}\n\nText number {i}.".encode()) for i in range(3)]
    events = run.run(texts, cancel=Cancel())
    outcomes: list[object] = []
    for event in events:
        outcomes += [event.outcome] if event.outcome else []
        if outcomes == [DocumentOutcome.ADDED] and not event.outcome:
            library.delete(policies, typed="Policies")
            break
    with contextlib.suppress(StoreError):
        outcomes += [event.outcome for event in events if event.outcome]
    assert outcomes == [DocumentOutcome.ADDED, DocumentOutcome.FAILED, DocumentOutcome.FAILED]
    with pytest.raises(LibraryError):
        library.store(policies)
    library.close()
    database = Milvus(replace(Settings(), data_dir=str(tmp_path)))
    assert database.fingerprint(live) is None
    database.close()
