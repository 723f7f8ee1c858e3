"""What is deleted and what is only missing: nothing goes because Milvus does not hold it, on real Milvus Lite."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from rag.database import Database
from rag.documents.chunking import ChunkLimits
from rag.errors import KeepingError, LibraryError, StoreError
from rag.events import Cancel
from rag.knowledge.catalog import Catalog
from rag.knowledge.ingest import Ingest
from rag.knowledge.inventory import MIGRATIONS, SETTLING_SECONDS, Deleted, Inventory, Recorded
from rag.knowledge.library import Library
from rag.knowledge.originals import TERM_SECONDS, Originals
from rag.settings import Settings
from rag.store.collection import UNDO_SECONDS, MilvusStore
from rag.store.from_settings import Milvus, name_of
from rag.types import Document, Source
from rag.ui.html.library.indexes import missing
from tests.support.fakes import BagEmbedder

TEXTS = {"ops/backup.md": "# Backup\n\nEvery night.\n", "tls.md": "# TLS\n\nRotate it.\n"}
HASHES = {name: sha256(text.encode()).hexdigest() for name, text in TEXTS.items()}


class App:
    """One program over a data folder, with a clock."""

    def __init__(self, folder: Path, *, uri: str = "", time: float = 1_000.0, serve: bool = True) -> None:
        settings = replace(Settings(), data_dir=str(folder), collection="main", milvus_uri=uri)
        self.folder, self.time = folder, time
        self.database = Database(folder / "plainsight.db")
        self.inventory = Inventory(self.database, name_of(settings), now=lambda: self.time)
        self.originals = Originals(folder / "originals", self.database, now=lambda: self.time)
        self.milvus = Milvus(settings, inventory=self.inventory)
        self.library = Library(Catalog(self.database, "main"), self.milvus, self.originals, self.inventory)
        if serve:
            self.library.serve(BagEmbedder())

    def ingest(self, texts: dict[str, str] = TEXTS, *, base: str = "") -> None:
        run = Ingest(
            self.library.store(base),
            BagEmbedder(),
            limits=ChunkLimits(max_tokens=60, overlap_tokens=0),
            detect=lambda _: "en",
            now=lambda: self.time,
            originals=self.originals,
        )
        assert all(not e.reason for e in run.run([Source(n, t.encode()) for n, t in texts.items()], cancel=Cancel()))

    def cleaned(self) -> int:
        """Files that go, however long one waits and however often one cleans."""
        count = 0
        for _ in range(5):
            count += self.library.tidy_originals()
            self.time += 10 * TERM_SECONDS
        return count

    def kept(self) -> set[str]:
        return {path.name for path in self.folder.glob("originals/??/*")}

    def waste(self) -> set[str]:
        return {path.name for path in self.folder.glob("waste/*")}

    def lost(self, base: str = "") -> list[str]:
        return [each.name for each in self.library.stock.lost(base)]

    def remark(self) -> str:
        return self.library.stock.remark.code if self.library.stock.remark else ""

    def close(self) -> None:
        self.library.close()
        self.database.close()


@contextmanager
def started(folder: Path, **options: object) -> Iterator[App]:
    app = App(folder, **options)  # type: ignore[arg-type]
    try:
        yield app
    finally:
        app.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with two documents, as a program left it."""
    with started(tmp_path / "data") as app:
        app.ingest()
    return tmp_path / "data"


# ---- missing, and not deleted ---------------------------------------------------------------------------------------


def database_deleted(folder: Path) -> None:
    shutil.rmtree(folder / "milvus.db")


def collections_dropped(folder: Path) -> None:
    with closing(Milvus(replace(Settings(), data_dir=str(folder)))) as unrecorded:
        unrecorded.drop("main")


def documents_emptied(folder: Path) -> None:
    """As another program does that knows of no inventory."""
    with closing(Milvus(replace(Settings(), data_dir=str(folder)))) as unrecorded:
        assert unrecorded.open("main", BagEmbedder()).delete(list(TEXTS)) == len(TEXTS)


def one_document_gone(folder: Path) -> None:
    with closing(Milvus(replace(Settings(), data_dir=str(folder)))) as unrecorded:
        unrecorded.open("main", BagEmbedder()).delete(["tls.md"])


@pytest.mark.parametrize("harm", [database_deleted, collections_dropped, documents_emptied, one_document_gone])
def test_no_file_goes_when_the_database_lost_documents_and_it_is_said(
    folder: Path, harm: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    harm(folder)
    for _ in range(2):
        with started(folder) as app:
            app.library.store()  # as the first question does, which makes what is missing anew
            assert app.cleaned() == 0 and app.kept() == set(HASHES.values())
            assert app.remark() == "inventory.lost" and "tls.md" in app.lost()
    assert "repair" in caplog.text


def test_the_page_says_what_is_missing_and_shows_no_tag_of_a_name(folder: Path) -> None:
    with started(folder) as app:
        app.ingest({"<b>bold</b>.md": "# Bold\n\nA text.\n"})
    database_deleted(folder)
    with started(folder) as app:
        shown = missing(app.library.stock.remark, "en")
    assert "3 documents" in shown and "&lt;b&gt;bold" in shown and "<b>bold" not in shown
    assert missing(None, "en") == ""


def test_no_file_goes_when_the_database_is_damaged(folder: Path) -> None:
    for path in folder.joinpath("milvus.db").rglob("*"):
        if path.is_file():
            path.write_bytes(b"\0" * 64)
    with started(folder) as app:
        with suppress(StoreError):
            app.library.store()
        assert app.cleaned() == 0 and app.kept() == set(HASHES.values())


def test_no_file_goes_when_another_database_is_named_by_mistake(folder: Path) -> None:
    with started(folder, uri=str(folder.parent / "other.db")) as app:
        app.library.store()
        assert app.cleaned() == 0 and app.kept() == set(HASHES.values())
        assert app.remark() == "inventory.elsewhere"
        app.ingest({"new.md": "# New\n\nAnother text.\n"})
        app.library.store().delete(["new.md"])
        assert app.cleaned() == 1 and app.kept() == set(HASHES.values())
    with started(folder) as app:
        assert app.cleaned() == 0 and app.kept() == set(HASHES.values()) and app.remark() == ""


def test_what_was_deleted_before_stays_while_something_is_lost(folder: Path) -> None:
    with started(folder) as app:
        app.library.store().delete(["tls.md"])
        app.library.tidy_originals()
        assert app.waste() == {HASHES["tls.md"]}
    database_deleted(folder)
    with started(folder) as app:
        assert app.cleaned() == 0 and app.waste() == {HASHES["tls.md"]}


def test_an_older_database_put_back_takes_no_newer_file(folder: Path) -> None:
    shutil.copytree(folder / "milvus.db", folder / "backup")
    with started(folder, time=2_000.0) as app:
        app.ingest({"tls.md": "# TLS\n\nRevised.\n"})
    shutil.rmtree(folder / "milvus.db")
    (folder / "backup").rename(folder / "milvus.db")
    with started(folder, time=3_000.0) as app:
        assert app.lost() == ["tls.md"]
        assert app.cleaned() == 0 and len(app.kept()) == 3


def test_indexes_are_not_built_from_a_database_that_lost_documents(folder: Path) -> None:
    one_document_gone(folder)
    with started(folder) as app, pytest.raises(LibraryError) as caught:
        app.library.stock.check_whole()
    assert caught.value.reason.code == "inventory.lost"


def test_documents_that_are_put_again_are_not_missed(folder: Path) -> None:
    database_deleted(folder)
    with started(folder) as app:
        app.ingest()
        assert app.lost() == [] and app.cleaned() == 0 and app.remark() == ""


def test_lost_documents_that_are_given_up_go_like_deleted_ones(folder: Path) -> None:
    database_deleted(folder)
    with started(folder) as app:
        app.library.stock.give_up("", app.library.stock.lost())
        assert app.lost() == [] and app.cleaned() == len(TEXTS) and app.kept() == set()


# ---- deleted --------------------------------------------------------------------------------------------------------


def test_the_file_of_a_deleted_document_goes_after_its_term(folder: Path) -> None:
    with started(folder) as app:
        app.library.store().delete(["tls.md"])
        assert app.library.tidy_originals() == 0 and app.waste() == {HASHES["tls.md"]}
        assert app.inventory.deleted("main") == [Deleted("tls.md", HASHES["tls.md"], app.time)]
        app.time += TERM_SECONDS
        assert app.library.tidy_originals() == 1 and app.waste() == set()
        assert app.kept() == {HASHES["ops/backup.md"]} and app.remark() == ""


def test_a_deletion_that_is_undone_leaves_its_file(folder: Path) -> None:
    with started(folder) as app:
        app.library.store().bury(["tls.md"])
        assert app.cleaned() == 0 and app.lost() == []
        assert app.library.store().restore(["tls.md"]) == 1
        assert app.cleaned() == 0 and app.kept() == set(HASHES.values()) and app.inventory.deleted("main") == []


def test_the_file_goes_once_a_deletion_can_not_be_undone_any_more(folder: Path) -> None:
    clock = [1_000.0]
    with started(folder, serve=False) as app:
        store = _store(app, now=lambda: clock[0])
        store.bury(["tls.md"])
        clock[0] += UNDO_SECONDS
        assert store.sweep() is False
        assert app.cleaned() == 1 and app.kept() == {HASHES["ops/backup.md"]} and app.lost() == []


def test_a_deletion_that_cannot_be_recorded_is_not_made(folder: Path) -> None:
    clock = [1_000.0]
    with started(folder, serve=False) as app:
        store = _store(app, now=lambda: clock[0], record=Full())
        with pytest.raises(KeepingError):
            store.delete(["tls.md"])
        store.bury(["tls.md"])
        clock[0] += UNDO_SECONDS
        assert store.sweep() is True, "it is to be swept still"
        assert app.lost() == [] and store.restore(["tls.md"]) == 1


def test_a_deletion_that_was_cut_off_is_taken_back(folder: Path) -> None:
    with started(folder) as app:
        app.inventory.removed("main", {"tls.md": HASHES["tls.md"]})  # and the program ends before Milvus is told
        assert app.library.tidy_originals() == 0 and app.waste() == {HASHES["tls.md"]}, "it may be under way"
        app.time += SETTLING_SECONDS
        assert app.cleaned() == 0 and app.kept() == set(HASHES.values()) and app.inventory.deleted("main") == []


def test_a_document_that_was_put_and_not_recorded_is_taken_up(folder: Path) -> None:
    with started(folder, serve=False) as app:
        _store(app, record=None).delete(["tls.md"])
        app.inventory.removed("main", {"tls.md": HASHES["tls.md"]})
    with closing(Milvus(replace(Settings(), data_dir=str(folder)))) as unrecorded, started(folder, time=2e3) as app:
        app.milvus = unrecorded
        run = Ingest(
            unrecorded.open("main", BagEmbedder()),
            BagEmbedder(),
            limits=ChunkLimits(max_tokens=60, overlap_tokens=0),
            detect=lambda _: "en",
            now=lambda: app.time,
        )
        list(run.run([Source("tls.md", b"# TLS\n\nRevised.\n")], cancel=Cancel()))
        assert app.lost() == []
        assert {each.name: each.added_at for each in app.inventory.recorded("main")}["tls.md"] == 2e3


def test_the_files_of_a_deleted_knowledge_base_go_but_those_others_have(folder: Path) -> None:
    with started(folder) as app:
        made = app.library.catalogue.create("Policies").id
        app.ingest({"tls.md": TEXTS["tls.md"], "leave.md": "# Leave\n\nThirty days.\n"}, base=made)
        app.library.delete(made, typed="Policies")
        assert app.cleaned() == 1 and app.kept() == set(HASHES.values()) and app.remark() == ""


def test_the_files_stay_through_a_change_of_index(folder: Path) -> None:
    with started(folder) as app:
        new = app.library.beside("main", "main_new")
        for each in app.library.store().contents():
            new.put(each.document, each.chunks, each.vectors)
        app.library.catalogue.keep_beside("main", building="main_new")
        app.library.catalogue.switch("main", "main_new")
        app.library.catalogue.keep_beside("main", former="main")
        app.library.store().delete(["tls.md"])
        assert app.cleaned() == 0 and app.kept() == set(HASHES.values()), "one can still go back to the former index"
        app.library.catalogue.keep_beside("main")
        app.library.forget("main")
        assert app.cleaned() == 1 and app.kept() == {HASHES["ops/backup.md"]} and app.remark() == ""


def test_two_apps_over_one_folder_keep_each_others_files(folder: Path) -> None:
    other = str(folder.parent / "other.db")
    with started(folder) as ours, started(folder, uri=other) as theirs:
        theirs.ingest()
        ours.library.store().delete(["tls.md"])
        assert (ours.cleaned(), theirs.cleaned(), ours.waste()) == (0, 0, set())
        theirs.library.store().delete(["tls.md"])
        assert ours.cleaned() + theirs.cleaned() == 1
        assert ours.kept() == {HASHES["ops/backup.md"]} and (ours.remark(), theirs.remark()) == ("", "")


# ---- recorded -------------------------------------------------------------------------------------------------------


def test_a_folder_from_before_is_recorded_at_the_first_look(folder: Path) -> None:
    before(folder, "main")
    with started(folder) as app:
        assert [(each.name, each.sha256) for each in app.inventory.recorded("main")] == sorted(HASHES.items())
        assert app.cleaned() == 0 and app.remark() == "" and app.kept() == set(HASHES.values())


def test_a_folder_from_before_over_an_empty_database_loses_no_file_and_says_what_is_missing(folder: Path) -> None:
    before(folder, "main")
    database_deleted(folder)
    with started(folder) as app:
        assert app.cleaned() == 0 and app.kept() == set(HASHES.values())
        assert app.remark() == "inventory.lost" and sorted(app.lost()) == sorted(HASHES.values())
        assert not any(each.named for each in app.library.stock.lost())


def test_what_is_deleted_while_a_collection_is_read_is_not_missed(folder: Path) -> None:
    with started(folder) as app:

        def meanwhile() -> list[Document]:
            app.library.store().delete(["tls.md"])
            return app.library.documents()

        assert app.inventory.take_stock("main", meanwhile) == []


def test_what_is_put_while_a_collection_is_read_is_not_missed(folder: Path) -> None:
    with started(folder) as app:

        def meanwhile() -> list[Document]:
            found = app.library.documents()
            app.ingest({"new.md": "# New\n\nA text.\n"})
            return found

        assert app.inventory.take_stock("main", meanwhile) == []


def test_a_record_that_fails_costs_no_document(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    inventory = Inventory(Database(tmp_path / "file" / "plainsight.db"), "milvus.db")
    inventory.added("main", Document("a.md", "0" * 64, "a", "en", 1, 1, 1, 0.0))
    with pytest.raises(KeepingError):
        inventory.removed("main", {"a.md": "0" * 64})


def test_names_are_found_again_with_their_content(folder: Path) -> None:
    with started(folder) as app:
        assert app.inventory.recorded("main") == [Recorded(n, HASHES[n], 1_000.0) for n in sorted(TEXTS)]


class Full:
    """A record on a full disk."""

    def added(self, collection: str, document: Document) -> None: ...

    def left(self, passages: object, *, staying: object = ()) -> None: ...

    def removed(self, collection: str, documents: object) -> None:
        from rag.messages import reason

        raise KeepingError(reason("keeping.unwritable", path="plainsight.db", detail="disk full"))


def _store(app: App, **options: object) -> MilvusStore:
    """The default knowledge base's store with other parts."""
    connection = app.milvus._connection()
    made_with = app.milvus.fingerprint("main")
    assert made_with is not None
    return MilvusStore.open(connection, "main", made_with, **{"record": app.inventory, **options})  # type: ignore[arg-type]


def before(folder: Path, collection: str) -> None:
    """Make the kept file what a program wrote that recorded no names."""
    for path in folder.glob("plainsight.db*"):
        path.unlink()
    old = Database(folder / "plainsight.db")
    old.use("originals", MIGRATIONS[:1])
    with old.write() as db:
        rows = [("milvus.db", collection, digest) for digest in HASHES.values()]
        db.executemany("INSERT INTO originals VALUES (?, ?, ?, NULL)", rows)
    old.close()
