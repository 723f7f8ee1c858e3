"""Many threads on one store: nothing is lost, and a document that is being replaced is never missing or half there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from rag.store import Connection, MilvusStore, diagnose

from .corpus import names, question, sample, texts

WRITERS = 8
DOCUMENTS_EACH = 6


@pytest.mark.lite_only
def test_writers_and_readers_lose_nothing(store: MilvusStore, connection: Connection, collection: str) -> None:
    sample("first.md", "the very first fox").put(store)
    written = Event()

    def write(writer: int) -> None:
        for number in range(DOCUMENTS_EACH):
            sample(f"{writer}/{number}.md", *(f"fox {writer} {number} {part}" for part in range(5))).put(store)
            if number % 3 == 2:
                store.flush()
        store.delete([f"{writer}/0.md"])

    def read() -> int:
        searches = 0
        while not written.is_set():
            assert names(store.search_full_text("very first", limit=1)) == ["first.md"]
            assert names(store.search_dense(question("the very first fox"), limit=1)) == ["first.md"]
            searches += 1
        return searches

    with ThreadPoolExecutor(WRITERS + 2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        writers = [pool.submit(write, writer) for writer in range(WRITERS)]
        try:
            for one in writers:
                one.result()
        finally:
            written.set()
        assert all(reader.result() for reader in readers)

    kept = sorted(f"{writer}/{number}.md" for writer in range(WRITERS) for number in range(1, DOCUMENTS_EACH))
    assert [document.name for document in store.documents()] == [*kept, "first.md"]
    assert all(len(store.chunks(name)) == 5 for name in kept)
    assert diagnose(connection, collection).rows == 5 * len(kept) + 1


@pytest.mark.lite_only
@pytest.mark.parametrize("way", ["dense", "full text", "chunks", "list"])
def test_a_reader_sees_one_revision_or_the_other(store: MilvusStore, way: str) -> None:
    revisions = [sample("a.md", *(f"fox {name} {part}" for part in range(8))) for name in ("former", "later")]
    complete = [sorted(chunk.text for chunk in revision.chunks) for revision in revisions]
    looks: dict[str, Callable[[], list[str]]] = {
        "dense": lambda: texts(store.search_dense(question("fox"), limit=8)),
        "full text": lambda: texts(store.search_full_text("fox", limit=8)),
        "chunks": lambda: [stored.chunk.text for stored in store.chunks("a.md")],
        "list": lambda: complete[[r.document for r in revisions].index(store.documents()[0])],
    }
    revisions[0].put(store)
    done = Event()

    def replace_often() -> None:
        try:
            for turn in range(12):
                revisions[(turn + 1) % 2].put(store)
                if turn % 4 == 3:
                    store.flush()
        finally:
            done.set()

    seen: list[list[str]] = []
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(replace_often)
        while not done.is_set():
            seen.append(sorted(looks[way]()))
        writing.result()
    assert seen
    assert [look for look in seen if look not in complete] == []
