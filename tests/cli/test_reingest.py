"""Documents taken again from the files that were kept of them: by ingest, as a job, and in every knowledge base."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rag.database import Database
from rag.documents.chunking import ChunkLimits
from rag.documents.worker import InProcessReader
from rag.errors import StoreUnavailable
from rag.events import Cancel, DocumentOutcome, IngestEvent
from rag.knowledge.catalog import Catalog
from rag.knowledge.ingest import Ingest
from rag.knowledge.inventory import Inventory
from rag.knowledge.library import Library
from rag.knowledge.originals import TERM_SECONDS, Originals
from rag.messages import reason
from rag.settings import Settings
from rag.store.from_settings import Milvus, name_of
from rag.types import Document, Source
from tests.support.fakes import BagEmbedder

TEXT = "# Backup\n\nA backup is taken every night.\n\n# Restore\n\nRun the restore command with a date.\n"
LIMITS = ChunkLimits(max_tokens=60, overlap_tokens=0)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Away(Milvus):
    """A Milvus that can go away."""

    away = False

    def held(self, collection: str) -> list[Document] | None:
        if self.away:
            raise StoreUnavailable(reason("store.closed", uri="x"))
        return super().held(collection)


class Rig:
    """Knowledge bases over a folder, with a clock."""

    def __init__(self, folder: Path) -> None:
        settings = replace(Settings(), data_dir=str(folder), collection="main")
        self.folder, self.time = folder, 0.0
        self.database = Database(folder / "plainsight.db")
        self.inventory = Inventory(self.database, name_of(settings), now=lambda: self.time)
        self.milvus = Away(settings, inventory=self.inventory)
        self.originals = Originals(folder / "originals", self.database, now=lambda: self.time)
        self.library = Library(Catalog(self.database, "main"), self.milvus, self.originals, self.inventory)
        self.embedder = BagEmbedder()
        self.library.serve(self.embedder)

    def take(
        self, *sources: Source, base: str = "", upper: bool = False, cancel: Cancel | None = None
    ) -> list[IngestEvent]:
        """The last event of each. With `upper` a converter of another kind reads the files."""
        ingest = Ingest(
            self.library.store(base),
            self.embedder,
            limits=LIMITS,
            detect=lambda _: "en",
            now=lambda: self.time,
            reader=InProcessReader(lambda kind, data, cancel: data.decode().upper() if upper else data.decode()),
            originals=self.originals,
        )
        return [e for e in ingest.run(sources, cancel=cancel or Cancel()) if e.outcome]

    def again(self, name: str, *, base: str = "", upper: bool = False) -> list[IngestEvent]:
        found = next(d for d in self.library.documents(base) if d.name == name)
        return self.take(Source(name, self.originals.get(found.sha256, name=name), again=True), base=base, upper=upper)

    def texts(self, name: str, base: str = "") -> str:
        return " ".join(stored.chunk.text for stored in self.library.store(base).chunks(name))

    def tidied(self) -> int:
        """Files removed once everything that is waited for has passed."""
        self.library.tidy_originals()
        self.time += TERM_SECONDS
        return self.library.tidy_originals()

    def close(self) -> None:
        self.library.close()
        self.database.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.close()


def source(text: str = TEXT, name: str = "a.html") -> Source:
    return Source(name, text.encode())


# ---- taken again ----------------------------------------------------------------------------------------------------


def test_the_kept_file_is_read_again_though_its_content_is_the_same(rig: Rig) -> None:
    rig.take(source())
    (unchanged,) = rig.take(source(), upper=True)
    assert unchanged.outcome is DocumentOutcome.UNCHANGED and "night" in rig.texts("a.html")
    rig.time = 5.0
    (event,) = rig.again("a.html", upper=True)
    assert (event.outcome, event.embedded) == (DocumentOutcome.REPLACED, event.chunks)
    assert "NIGHT" in rig.texts("a.html") and "night" not in rig.texts("a.html")
    (document,) = rig.library.documents()
    assert (document.sha256, document.revision, document.ingested_at) == (digest(TEXT), 1, 5.0)


def test_chunks_that_stay_the_same_keep_their_vectors(rig: Rig) -> None:
    rig.take(source())
    rig.embedder.embedded.clear()
    (event,) = rig.again("a.html")
    assert (event.embedded, rig.embedder.embedded) == (0, [])


def test_a_disabled_document_stays_disabled(rig: Rig) -> None:
    rig.take(source())
    rig.library.store().enable(["a.html"], False)
    rig.again("a.html", upper=True)
    assert [d.enabled for d in rig.library.documents()] == [False]


@pytest.mark.parametrize(
    "meanwhile",
    [
        pytest.param(lambda rig: rig.take(source("# New\n\nAnother text.\n")), id="replaced"),
        pytest.param(lambda rig: rig.library.store().bury(["a.html"]), id="deleted"),
    ],
)
def test_what_happened_to_a_document_meanwhile_is_not_undone(rig: Rig, meanwhile: Callable[[Rig], object]) -> None:
    rig.take(source())
    old = replace(source(), again=True)
    meanwhile(rig)
    before = rig.library.documents()
    (event,) = rig.take(old)
    assert (event.outcome, event.reason) == (DocumentOutcome.REFUSED, reason("originals.other_now"))
    assert rig.library.documents() == before, "and nothing is noted with it either"


def test_a_file_that_can_not_be_read_any_more_leaves_the_document(rig: Rig) -> None:
    rig.take(source())
    original = replace(source(), data=TEXT.encode(), again=True)
    cancel = Cancel()
    cancel.cancel()
    (event,) = rig.take(original, cancel=cancel)
    assert event.outcome is DocumentOutcome.CANCELLED and "night" in rig.texts("a.html")


# ---- keeping --------------------------------------------------------------------------------------------------------


def test_files_are_kept_as_they_came(rig: Rig) -> None:
    rig.take(source(), source("# B\n\nSecond.\n", "b.md"))
    assert rig.originals.get(digest(TEXT), name="a.html") == TEXT.encode()
    assert rig.originals.has(digest("# B\n\nSecond.\n"))
    (refused,) = rig.take(source("", "empty.md"))
    assert refused.outcome is DocumentOutcome.REFUSED and not rig.originals.has(digest(""))


def test_a_file_that_cannot_be_kept_costs_no_document(rig: Rig) -> None:
    (rig.folder / "originals").write_text("in the way", encoding="utf-8")
    (event,) = rig.take(source())
    assert event.outcome is DocumentOutcome.ADDED and event.reason is None
    assert event.unkept is not None and event.unkept.code == "originals.unwritable"
    assert [d.name for d in rig.library.documents()] == ["a.html"]
    (rig.folder / "originals").unlink()
    (event,) = rig.take(source())
    assert (event.outcome, event.unkept) == (DocumentOutcome.UNCHANGED, None)
    assert rig.originals.has(digest(TEXT)), "a file that comes again is kept, if it was not"


# ---- tidying --------------------------------------------------------------------------------------------------------


def test_files_of_documents_stay_and_those_of_replaced_and_deleted_ones_go(rig: Rig) -> None:
    rig.take(source(), source("# B\n\nSecond.\n", "b.md"), source("# C\n\nThird.\n", "c.md"))
    rig.take(source("# B\n\nSecond, revised.\n", "b.md"))
    rig.library.store().delete(["c.md"])
    assert rig.tidied() == 2
    kept = {digest(TEXT), digest("# B\n\nSecond, revised.\n")}
    assert {path.name for path in rig.folder.glob("originals/*/*")} == kept


def test_a_deleted_document_keeps_its_file_until_it_cannot_come_back(rig: Rig) -> None:
    rig.take(source())
    rig.library.store().bury(["a.html"])
    assert rig.tidied() == 0 and rig.originals.has(digest(TEXT))
    assert rig.library.store().restore(["a.html"]) == 1
    assert rig.tidied() == 0


def test_equal_files_of_two_knowledge_bases_go_with_the_last(rig: Rig) -> None:
    other = rig.library.catalogue.create("Other").id
    rig.take(source())
    rig.take(source(name="copy.html"), base=other)
    rig.library.store().delete(["a.html"])
    assert rig.tidied() == 0
    rig.library.delete(other, typed="Other")
    assert rig.tidied() == 1


def test_an_index_that_is_built_beside_holds_the_files_too(rig: Rig) -> None:
    rig.take(source())
    content = next(iter(rig.library.store().contents()))
    rig.library.beside("main", "main_new").put(content.document, content.chunks, content.vectors)
    rig.library.catalogue.keep_beside("main", building="main_new")
    rig.library.store().delete(["a.html"])
    assert rig.tidied() == 0 and rig.originals.has(digest(TEXT))


def test_while_a_store_cannot_be_read_no_file_goes(rig: Rig) -> None:
    rig.take(source())
    rig.library.store().delete(["a.html"])
    rig.milvus.away = True
    assert rig.tidied() == 0
    rig.milvus.away = False
    assert rig.tidied() == 1


def test_a_collection_that_is_not_there_may_only_be_away(rig: Rig) -> None:
    rig.take(source())
    with closing(Milvus(replace(Settings(), data_dir=str(rig.folder)))) as other:
        other.drop("main")  # not by us: as when the address leads to another Milvus for a day
    assert rig.tidied() == 0 and rig.originals.has(digest(TEXT))


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        pytest.param("", "milvus.db", id="in the data folder, wherever that lies"),
        pytest.param("/elsewhere/m.db", "/elsewhere/m.db", id="elsewhere"),
        pytest.param("http://root:secret@host:19530/", "host:19530/", id="a server, without credentials"),
    ],
)
def test_a_milvus_is_told_from_others(tmp_path: Path, uri: str, name: str) -> None:
    assert name_of(replace(Settings(), data_dir=str(tmp_path), milvus_uri=uri)) == name
