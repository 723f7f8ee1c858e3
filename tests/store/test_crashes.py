"""Killed at any point of a change, a document is whole: as it was, or as it is to be."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.store import MilvusStore, connect, diagnose, read_documents
from rag.types import Document
from tests.support.forking import Forks, forks

from .corpus import FINGERPRINT, Sample, question, sample, texts
from .revisions import AGAIN, NAME, NEW, OLD


@pytest.fixture(scope="module")
def change() -> Iterator[Forks]:
    with forks("tests.store.dying") as ready:
        yield ready


def killed_after(change: Forks, path: str, action: str, writes: int) -> None:
    """Begin the change in another process, which is killed after so many writes."""
    _, was_killed = change(path=path, action=action, writes=writes)
    assert was_killed


def prepared(path: str) -> None:
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    OLD.put(store)
    sample("other.md", "quite another fox").put(store)
    store.close()


def check_whole(path: str, expected: Sample | None) -> None:
    """Nothing but `expected` and the other document is to be seen, in any way of looking, and nothing is left over."""
    connection = connect(path)
    others: list[Document] = [document for document in read_documents(connection, "kb") if document.name != NAME]
    assert [document.name for document in others] == ["other.md"]
    store = MilvusStore.open(connection, "kb", FINGERPRINT)
    wanted = [chunk.text for chunk in expected.chunks] if expected else []
    assert store.documents() == sorted(
        [*others, *([expected.document] if expected else [])], key=lambda document: document.name
    )
    assert [s.chunk.text for s in store.chunks(NAME)] == wanted
    assert sorted(texts(store.search_dense(question("fox"), limit=1_000, documents=[NAME]))) == sorted(wanted)
    assert sorted(texts(store.search_full_text("fox", limit=1_000))) == sorted([*wanted, "quite another fox"])
    assert diagnose(connection, "kb").rows == len(wanted) + 1
    store.close()


@pytest.mark.parametrize(
    ("writes", "expected"),
    [
        pytest.param(1, OLD, id="after announcing"),
        pytest.param(2, OLD, id="after the first batch"),
        pytest.param(4, NEW, id="after committing"),
        pytest.param(5, NEW, id="after removing the old chunks"),
    ],
)
def test_killed_while_replacing(change: Forks, path: str, writes: int, expected: Sample) -> None:
    prepared(path)
    killed_after(change, path, "replace", writes)
    check_whole(path, expected)


@pytest.mark.parametrize(
    ("writes", "expected"),
    [
        pytest.param(1, OLD, id="after announcing"),
        pytest.param(2, OLD, id="after the first batch"),
        pytest.param(4, AGAIN, id="after committing"),
        pytest.param(5, AGAIN, id="after removing the old chunks"),
    ],
)
def test_killed_while_the_same_file_is_put_again(change: Forks, path: str, writes: int, expected: Sample) -> None:
    prepared(path)
    killed_after(change, path, "again", writes)
    check_whole(path, expected)


def test_killed_while_put_again_then_put_again(change: Forks, path: str) -> None:
    """What the first attempt left is neither mixed with the second nor left over."""
    prepared(path)
    killed_after(change, path, "again", 2)
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    for each in (AGAIN, OLD, AGAIN):
        each.put(store, again=True)
    store.close()
    check_whole(path, AGAIN)


def test_killed_while_deleting(change: Forks, path: str) -> None:
    prepared(path)
    killed_after(change, path, "delete", 1)
    check_whole(path, None)


def test_killed_then_replaced_again(change: Forks, path: str) -> None:
    prepared(path)
    killed_after(change, path, "replace", 2)
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    NEW.put(store)
    store.close()
    check_whole(path, NEW)


def test_killed_while_adding(change: Forks, path: str) -> None:
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    sample("other.md", "quite another fox").put(store)
    store.close()
    killed_after(change, path, "replace", 2)
    check_whole(path, None)


def test_rows_that_are_read_twice_after_a_crash_are_one_again(change: Forks, path: str, tmp_path: Path) -> None:
    """Lite removes its log last: killed before that, it finds the rows in the data file and in the log."""
    prepared(path)
    killed_after(change, path, "replace", 5)
    logs = [log for log in Path(path).glob("collections/*/wal/*") if log.stat().st_size]
    assert logs, "the layout of Milvus Lite has changed: correct this test"
    kept = {log: log.read_bytes() for log in logs}
    connect(path).close()
    MilvusStore.open(connect(path), "kb", FINGERPRINT).close()
    for log, data in kept.items():
        log.parent.mkdir(exist_ok=True)
        log.write_bytes(data)
    copy = shutil.copytree(path, tmp_path / "copy.db")
    connection = connect(str(copy))
    rows = connection.call("query", collection_name="kb", filter="", output_fields=["id"], limit=10_000)
    assert len(rows) > len({row["id"] for row in rows}), "Milvus Lite does this no more: leave it to Milvus Lite"
    assert [document.name for document in read_documents(connection, "kb")] == [NAME, "other.md"]
    connection.close()
    check_whole(path, NEW)
