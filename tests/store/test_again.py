"""The same file put again, cut or read another way: one revision takes the place of the other, by the same name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from rag.store import Connection, MilvusStore, diagnose
from rag.store.rows import text_hash

from .corpus import Sample, question, sample, searched, texts

ONCE = sample("a.md", "old fox", "same words")
OTHER = sample("a.md", "new fox", "same words", "and more")
RECUT = Sample(replace(OTHER.document, sha256=ONCE.document.sha256), OTHER.chunks, OTHER.vectors)


def test_put_again_it_is_replaced_whole_in_every_way_of_looking(
    store: MilvusStore, connection: Connection, collection: str
) -> None:
    ONCE.put(store)
    RECUT.put(store, again=True)
    assert store.documents() == [RECUT.document]
    assert [s.chunk for s in store.chunks("a.md")] == list(RECUT.chunks)
    assert {s.sha256 for s in store.chunks("a.md")} == {ONCE.document.sha256}
    assert set(store.vectors("a.md")) == {text_hash(chunk) for chunk in RECUT.chunks}
    for hits in searched(store, "old new fox same words and more", limit=10):
        assert sorted(texts(hits)) == ["and more", "new fox", "same words"]
        assert {hit.stored.sha256 for hit in hits} == {ONCE.document.sha256}
    (content,) = store.contents()
    assert content.chunks == RECUT.chunks and np.allclose(content.vectors, RECUT.vectors)
    assert diagnose(connection, collection).rows == 3
    assert store.census().incomplete == () and store.census().strays == ()


def test_every_take_has_keys_of_its_own_and_is_found_by_them(store: MilvusStore) -> None:
    ONCE.put(store)
    ids = {stored.id for stored in store.chunks("a.md")}
    for _ in range(3):
        ONCE.put(store, again=True)
        now = [stored.id for stored in store.chunks("a.md")]
        standings = store.rank_dense(question("old fox"), now, depth=1)
        assert {key: standing.rank for key, standing in standings.items()} == {now[0]: 1, now[1]: None}
    assert ids.isdisjoint(now) and store.rank_dense(question("old fox"), list(ids), depth=1) == {}


@pytest.mark.parametrize(
    "meanwhile",
    [
        pytest.param(lambda store: store.delete(["a.md"]), id="deleted"),
        pytest.param(lambda store: store.bury(["a.md"]), id="deleted for now"),
        pytest.param(lambda store: OTHER.put(store), id="replaced"),
    ],
)
def test_what_happened_to_it_meanwhile_is_not_undone(
    store: MilvusStore, meanwhile: Callable[[MilvusStore], object]
) -> None:
    ONCE.put(store)
    meanwhile(store)
    before = store.documents()
    assert not store.put(RECUT.document, RECUT.chunks, RECUT.vectors, again=True)
    assert store.documents() == before


def test_put_without_again_it_changes_nothing_also_after_it_was(store: MilvusStore) -> None:
    ONCE.put(store)
    RECUT.put(store, again=True)
    ONCE.put(store)
    assert store.documents() == [RECUT.document]


def test_what_was_put_again_can_be_replaced_deleted_and_brought_back(
    store: MilvusStore, connection: Connection, collection: str
) -> None:
    ONCE.put(store)
    RECUT.put(store, again=True)
    store.enable(["a.md"], False)
    assert store.put(RECUT.document, RECUT.chunks, RECUT.vectors, again=True)
    assert [s.chunk.text for s in store.chunks("a.md")] == ["new fox", "same words", "and more"]
    assert searched(store, "fox", limit=5)[0] == []
    store.bury(["a.md"])
    assert store.chunks("a.md") == []
    RECUT.put(store)
    assert [s.chunk.text for s in store.chunks("a.md")] == ["new fox", "same words", "and more"]
    OTHER.put(store)
    assert (store.documents(), diagnose(connection, collection).rows) == ([OTHER.document], 3)
    OTHER.put(store, again=True)
    store.delete(["a.md"])
    assert (store.documents(), store.census().strays) == ([], ())
    assert diagnose(connection, collection).rows == 0
