"""Embedded databases that lost something on disk: what heals by itself, and what is said of the rest."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rag.cli.doctor import examine
from rag.data_folder import opened_library
from rag.errors import StoreError
from rag.settings import Settings
from rag.store import IndexOptions, MilvusStore, connect
from rag.store.reading import Census
from rag.store.registry import Registry, RegistryRow

from .corpus import FINGERPRINT, sample, searched, texts

DOCUMENTS = {name: sample(name, *(f"fox {name} {part}" for part in range(30))) for name in ("a.md", "b.md")}


def halved(pattern: str, keep: float = 0.5) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        for file in found(path, pattern):
            os.truncate(file, int(file.stat().st_size * keep))

    return damage


def removed(pattern: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        for file in found(path, pattern):
            file.unlink()

    return damage


def garbled(pattern: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        for file in found(path, pattern):
            data = bytearray(file.read_bytes())
            middle = len(data) // 2
            data[middle : middle + 50] = b"\x55" * 50
            file.write_bytes(data)

    return damage


def found(path: Path, pattern: str) -> list[Path]:
    files = [file for file in path.glob(f"collections/{pattern}") if file.is_file()]
    assert files, "the layout of Milvus Lite has changed: correct this test"
    return files


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound database of two documents, flushed and closed."""
    path = tmp_path_factory.mktemp("whole") / "milvus.db"
    for kind in ("flat", "hnsw"):
        options = IndexOptions(kind=kind)
        store = MilvusStore.open(connect(str(path)), kind, FINGERPRINT, index=options)
        for one in DOCUMENTS.values():
            one.put(store)
        store.flush()
        store.close()  # waits for the index files
    return path


@pytest.fixture
def copied(whole: Path, path: str) -> Path:
    shutil.copytree(whole, path)
    return Path(path)


def opened(path: Path, collection: str = "flat", *, damaged: bool = False) -> MilvusStore:
    connection = connect(str(path))
    try:
        return MilvusStore.open(connection, collection, FINGERPRINT, damaged=damaged)
    except BaseException:
        connection.close()
        raise


def check_all_there(store: MilvusStore) -> None:
    expected = sorted(chunk.text for one in DOCUMENTS.values() for chunk in one.chunks)
    assert all(sorted(texts(hits)) == expected for hits in searched(store, "fox", limit=1_000))
    assert [len(content.chunks) for content in store.contents()] == [30, 30]


@pytest.mark.parametrize("kind", ["flat", "hnsw"])
@pytest.mark.parametrize(
    "damage", [halved("**/*.idx"), halved("**/*.idx", 0), removed("**/*.idx")], ids=["cut", "empty", "gone"]
)
def test_an_index_file_is_made_anew_from_the_data(copied: Path, kind: str, damage: Callable[[Path], None]) -> None:
    damage(copied)
    store = opened(copied, kind)
    check_all_there(store)
    store.close()
    store = opened(copied, kind)  # and stays so
    check_all_there(store)
    store.close()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(halved("flat/manifest.json*"), id="both manifests cut"),
        pytest.param(halved("flat/schema.json"), id="schema cut"),
        pytest.param(halved("flat/**/*.parquet"), id="data cut"),
        pytest.param(garbled("flat/**/*.parquet"), id="data garbled"),
        pytest.param(halved("flat_registry/**/*.parquet"), id="registry cut"),
    ],
)
def test_what_cannot_be_read_is_called_damaged_by_the_store_and_by_doctor(
    copied: Path, damage: Callable[[Path], None]
) -> None:
    damage(copied)
    with pytest.raises(StoreError) as refused:
        opened(copied)
    assert refused.value.reason.code == "store.damaged"
    assert "import a backup or ingest" in str(refused.value)
    assert doctor(copied, "milvus") == "store.damaged"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(halved("flat/manifest.json"), id="manifest cut, the one before it taken"),
        pytest.param(removed("flat/**/*.parquet"), id="data gone"),
    ],
)
def test_chunks_that_are_gone_without_a_word_are_noticed_and_can_be_taken_out(
    copied: Path, damage: Callable[[Path], None]
) -> None:
    damage(copied)
    with pytest.raises(StoreError) as refused:
        opened(copied)
    assert (refused.value.reason.code, refused.value.reason.values["names"]) == ("store.chunks_lost", "a.md, b.md")
    assert doctor(copied, "collection") == "store.chunks_lost"
    store = opened(copied, damaged=True)
    assert [document.name for document in store.repair().incomplete] == ["a.md", "b.md"]
    store.close()
    store = opened(copied)
    assert store.documents() == []
    for one in DOCUMENTS.values():
        one.put(store)
    check_all_there(store)
    store.close()


def test_rows_whose_registry_is_gone_are_taken_out(copied: Path) -> None:
    removed("flat_registry/**/*.parquet")(copied)
    store = opened(copied)
    assert store.documents() == []
    assert [name for name, _ in store.census().strays] == ["a.md", "b.md"]
    store.close()
    assert finding(copied, "rows") == ("doctor.spare", True)
    assert finding(copied, "rows", deep=True) == ("doctor.strays", True)
    store = opened(copied)
    assert store.repair().incomplete == ()
    assert store.census().strays == ()
    store.close()
    assert finding(copied, "rows") == ("", True)


def test_a_sound_database_has_nothing_to_repair(copied: Path) -> None:
    store = opened(copied)
    assert store.repair() == Census((), ())
    check_all_there(store)
    store.close()
    assert finding(copied, "rows") == ("", True)
    assert finding(copied, "rows", deep=True) == ("doctor.accounted", True)


def test_as_many_rows_too_many_as_too_few_are_told_apart_by_a_deep_look(copied: Path) -> None:
    """As after a registry and a collection were each brought back from another day."""
    connection = connect(str(copied))
    store = MilvusStore.open(connection, "flat", FINGERPRINT)
    (former,) = (d for d in store.documents() if d.name == "a.md")
    registry = Registry(connection, "flat_registry")
    registry.write([RegistryRow(replace(former, sha256="0" * 64))])
    store.close()
    assert finding(copied, "rows") == ("", True)
    assert finding(copied, "collection", deep=True) == ("store.chunks_lost", False)
    assert finding(copied, "rows", deep=True) == ("doctor.strays", True)


def test_what_a_crash_left_is_the_next_starts_business_and_not_a_finding(copied: Path) -> None:
    connection = connect(str(copied))
    store = MilvusStore.open(connection, "flat", FINGERPRINT)
    (former,) = (d for d in store.documents() if d.name == "a.md")
    Registry(connection, "flat_registry").write([RegistryRow(replace(former, sha256=""), (former.sha256,))])
    store.close()
    assert finding(copied, "rows") == ("", True)
    opened(copied).close()
    assert finding(copied, "rows", deep=True) == ("doctor.accounted", True)


def test_a_deleted_document_that_can_be_restored_is_not_a_finding(copied: Path) -> None:
    store = opened(copied)
    assert store.bury(["a.md"]) == 1
    store.close()
    assert finding(copied, "rows") == ("", True)
    assert finding(copied, "rows", deep=True) == ("doctor.accounted", True)


def test_doctor_looks_at_every_knowledge_base_and_says_how_to_repair_it(copied: Path, tmp_path: Path) -> None:
    settings = at(copied, RAG_DATA_DIR=str(tmp_path))
    with opened_library(settings) as library:
        live = library.catalogue.create("The others").live
    store = opened(copied, live)
    DOCUMENTS["a.md"].put(store)
    store.close()
    connection = connect(str(copied))
    Registry(connection, f"{live}_registry").remove(["a.md"])
    connection.close()
    found = [finding for finding in examine(settings) if finding.what in ("collection", "rows")]
    assert [(each.what, each.why.values["collection"]) for each in found] == [
        ("collection", "flat"),
        ("collection", live),
        ("rows", live),
    ]
    assert "repair --kb 'The others'" in found[-1].line("en") and "repair --kb 'The others'" in found[-1].line("zh")


def at(path: Path, **more: str) -> Settings:
    return Settings.from_env({"RAG_PROFILE": "offline", "MILVUS_URI": str(path), "RAG_COLLECTION": "flat", **more})


def finding(path: Path, what: str, *, deep: bool = False) -> tuple[str, bool]:
    """Code of a finding of doctor and whether all is well with it; "" where it has none to tell."""
    data = {"RAG_DATA_DIR": str(path.parent / "data")}
    found = {each.what: each for each in examine(at(path, **data), deep=deep)}
    return (found[what].why.code, found[what].well) if what in found else ("", True)


def doctor(path: Path, what: str) -> str:
    """Code of the finding that something is wrong there."""
    return next(each.why.code for each in examine(at(path)) if each.what == what and not each.well)
