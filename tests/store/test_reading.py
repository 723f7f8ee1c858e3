"""Documents read whole, and where a chunk stands for a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from rag.errors import StoreError
from rag.store import Connection, MilvusStore
from rag.store.limits import MOST_HITS
from rag.types import DenseRank

from .corpus import DIMENSION, GRAPH, Sample, axis, sample


def ladder(name: str, cosines: Sequence[float]) -> Sample:
    """A document whose chunks have these inner products with the first axis."""
    made = sample(name, *(f"{name} step {number}" for number in range(len(cosines))))
    vectors = np.vstack([c * axis(0) + np.sqrt(1 - c * c) * axis(1) for c in cosines]).astype(np.float32)
    return Sample(made.document, made.chunks, vectors)


def ids(store: MilvusStore, name: str) -> list[str]:
    return [stored.id for stored in store.chunks(name)]


def plain(standings: Mapping[str, DenseRank], keys: Sequence[str]) -> list[tuple[float, int | None, bool]]:
    return [(round(standings[key].score, 4), standings[key].rank, standings[key].returned) for key in keys]


def test_each_chunk_stands_where_the_search_puts_it(store: MilvusStore) -> None:
    ladder("a.md", [0.9, 0.5, 0.1]).put(store)
    ladder("b.md", [0.8, 0.2]).put(store)
    a, b = ids(store, "a.md"), ids(store, "b.md")
    found = store.rank_dense(axis(0), [*b, *a, "unknown"], depth=10)
    assert plain(found, [*a, *b]) == [(0.9, 1, True), (0.5, 3, True), (0.1, 5, True), (0.8, 2, True), (0.2, 4, True)]
    assert "unknown" not in found
    assert store.rank_dense(axis(0), [], depth=10) == {}


def test_deeper_than_looked_has_a_score_and_no_rank(store: MilvusStore) -> None:
    ladder("a.md", [0.9, 0.5, 0.1]).put(store)
    found = store.rank_dense(axis(0), ids(store, "a.md"), depth=2)
    assert plain(found, ids(store, "a.md")) == [(0.9, 1, True), (0.5, 2, True), (0.1, None, False)]


def test_ranks_are_those_among_the_documents_searched(store: MilvusStore) -> None:
    ladder("a.md", [0.9, 0.5]).put(store)
    ladder("b.md", [0.7]).put(store)
    inside, outside = ids(store, "b.md"), ids(store, "a.md")
    found = store.rank_dense(axis(0), [*inside, *outside], depth=10, documents=["b.md"])
    assert plain(found, [*inside, *outside]) == [(0.7, 1, True), (0.9, None, False), (0.5, None, False)]


def test_a_revision_that_was_replaced_stands_nowhere(store: MilvusStore) -> None:
    ladder("a.md", [0.9]).put(store)
    former = ids(store, "a.md")
    ladder("a.md", [0.4, 0.3]).put(store)
    assert store.rank_dense(axis(0), former, depth=10) == {}


def test_a_chunk_the_index_passes_over_gets_the_rank_it_should_have_had(
    store: MilvusStore, connection: Connection, collection: str
) -> None:
    ladder("a.md", [0.9, 0.5, 0.1]).put(store)
    missed = ids(store, "a.md")[1]

    class Forgetful:
        """An approximate index: it never returns one chunk."""

        def __getattr__(self, name: str) -> Any:
            return getattr(connection, name)

        def call(self, method: str, *args: Any, **options: Any) -> Any:
            answer = connection.call(method, *args, **options)
            if method == "search":
                return [[row for row in answer[0] if row["entity"]["id"] != missed]]
            return answer

    approximate: Any = Forgetful()
    other = MilvusStore(
        approximate,
        collection,
        dimension=DIMENSION,
        search=GRAPH,
        full_text_missing=None,
    )
    found = other.rank_dense(axis(0), ids(store, "a.md"), depth=3)
    assert plain(found, ids(store, "a.md")) == [(0.9, 1, True), (0.5, 2, False), (0.1, 2, True)]


def test_a_depth_milvus_does_not_reach_is_refused(store: MilvusStore) -> None:
    with pytest.raises(StoreError) as refused:
        store.rank_dense(axis(0), ["x"], depth=MOST_HITS + 1)
    assert refused.value.reason.code == "store.too_many_hits"


def test_contents_are_what_was_put(store: MilvusStore) -> None:
    given = [
        sample("b.md", "fox", "dog", headings=("Animals",)),
        sample("a.md", *(f"paragraph {number}" for number in range(30))),
        sample("empty.md"),
    ]
    for one in given:
        one.put(store)
    found = list(store.contents())
    assert [content.document for content in found] == [given[1].document, given[0].document, given[2].document]
    for content, one in zip(found, (given[1], given[0], given[2]), strict=True):
        assert content.chunks == one.chunks
        assert content.vectors.shape == (len(one.chunks), DIMENSION)
        assert np.allclose(content.vectors, one.vectors, atol=1e-6)
    assert [content.document.name for content in store.contents(["b.md", "unknown.md"])] == ["b.md"]
    assert list(store.contents([])) == []


def test_contents_of_a_replaced_document_are_those_of_its_new_revision(store: MilvusStore) -> None:
    sample("a.md", "former", "kept").put(store)
    now = sample("a.md", "kept", "later")
    now.put(store)
    assert [content.chunks for content in store.contents()] == [now.chunks]


def test_a_document_larger_than_one_read_is_whole_in_contents(store: MilvusStore) -> None:
    long = sample("long.md", *(f"paragraph {number}" for number in range(2_100)))
    long.put(store)
    sample("short.md", "fox").put(store)
    found = {content.document.name: content for content in store.contents()}
    assert found["long.md"].chunks == long.chunks
    assert np.allclose(found["long.md"].vectors, long.vectors, atol=1e-6)
    assert len(found["short.md"].chunks) == 1


@pytest.mark.lite_only
def test_a_document_replaced_while_contents_are_read_comes_in_one_revision(store: MilvusStore) -> None:
    former = [sample(f"{number}.md", *(f"former {part}" for part in range(900))) for number in range(3)]
    for one in former:
        one.put(store)
    reading = store.contents()
    first = next(reading)  # the first two were read together, the third comes later
    later = sample("2.md", "later")
    later.put(store)
    seen = [first, *reading]
    assert [content.document.sha256 for content in seen] == [
        former[0].document.sha256,
        former[1].document.sha256,
        later.document.sha256,
    ]
    assert [len(content.chunks) for content in seen] == [900, 900, 1]
