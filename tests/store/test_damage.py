"""Embedded databases that lost something on disk: what heals by itself, and what is said of the rest."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.doctor import examine
from rag.errors import StoreError
from rag.settings import Settings
from rag.store import IndexOptions, MilvusStore, connect

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
    assert [document.name for document in store.repair()] == ["a.md", "b.md"]
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
    assert store.repair() == []
    assert store.census().strays == ()
    store.close()


def test_a_sound_database_has_nothing_to_repair(copied: Path) -> None:
    store = opened(copied)
    assert store.repair() == []
    check_all_there(store)
    store.close()


def doctor(path: Path, what: str) -> str:
    """Code of the finding that something is wrong there."""
    settings = Settings.from_env({"RAG_PROFILE": "offline", "MILVUS_URI": str(path), "RAG_COLLECTION": "flat"})
    return next(finding.why.code for finding in examine(settings) if finding.what == what and not finding.well)
