"""The keys of chunks follow from the revision, so one document's rows are never looked for among all others."""

from __future__ import annotations

from typing import Any

import pytest

from rag.store import Connection, MilvusStore, diagnose
from rag.store.reading import CHUNKS_PER_READ
from rag.store.rows import chunk_ids

from .corpus import DIMENSION, EXACT, names, question, sample, searched


class Watched:
    """A connection that notes how the rows of a collection were asked for."""

    def __init__(self, connection: Connection, collection: str) -> None:
        self._connection = connection
        self._collection = collection
        self.filters: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        if method in ("query", "delete") and options["collection_name"] == self._collection and "ids" not in options:
            self.filters.append(options["filter"])
        return self._connection.call(method, *args, **options)

    @property
    def looked_for(self) -> list[str]:
        """Filters that are not a list of keys."""
        return [each for each in self.filters if not each.startswith("id in [")]


@pytest.fixture
def watched(connection: Connection, collection: str) -> Watched:
    return Watched(connection, collection)


def watching(watched: Any, collection: str) -> MilvusStore:
    return MilvusStore(watched, collection, dimension=DIMENSION, search=EXACT, full_text_missing=None)


def test_one_document_is_read_replaced_and_deleted_by_its_keys(
    store: MilvusStore, watched: Watched, connection: Connection, collection: str
) -> None:
    for name in ("a.md", "b.md"):
        sample(name, "fox", "dog", "cat").put(store)
    seen = watching(watched, collection)
    assert [s.chunk.text for s in seen.chunks("a.md")] == ["fox", "dog", "cat"]
    assert len(seen.vectors("a.md")) == 3
    assert [len(content.chunks) for content in seen.contents()] == [3, 3]
    sample("a.md", "a new fox").put(seen)
    assert [s.chunk.text for s in seen.chunks("a.md")] == ["a new fox"]
    assert seen.delete(["b.md"]) == 1
    assert watched.filters and watched.looked_for == []
    assert diagnose(connection, collection).rows == 1
    assert all(names(hits) == ["a.md"] for hits in searched(store, "fox", limit=9))


def as_release_010_wrote_it(connection: Connection, collection: str, name: str) -> None:
    """Give the rows of a document other keys: they once followed from the text, too."""
    fields = [field["name"] for field in connection.call("describe_collection", collection_name=collection)["fields"]]
    fields = [field for field in fields if field != "sparse"]
    rows = connection.call(
        "query", collection_name=collection, filter=f'document == "{name}"', output_fields=fields, limit=100,
        consistency_level="Strong",
    )  # fmt: skip
    connection.call("delete", collection_name=collection, ids=[row["id"] for row in rows])
    others = [{**row, "id": row["id"][::-1]} for row in rows]
    connection.call("upsert", collection_name=collection, data=others)


def test_rows_with_the_keys_of_an_earlier_release_are_read_replaced_and_deleted(
    store: MilvusStore, watched: Watched, connection: Connection, collection: str
) -> None:
    former = [sample(name, f"fox of {name}", "dog") for name in ("a.md", "b.md", "c.md")]
    for one in former:
        one.put(store)
    for name in ("a.md", "b.md"):
        as_release_010_wrote_it(connection, collection, name)
    assert [s.chunk for s in store.chunks("a.md")] == list(former[0].chunks)
    assert len(store.vectors("b.md")) == 2
    seen = watching(watched, collection)
    assert [content.chunks for content in seen.contents()] == [one.chunks for one in former]
    assert len(watched.looked_for) == 1, "several documents are looked for at a time"
    sample("a.md", "new fox").put(store)
    assert store.delete(["b.md", "c.md"]) == 2
    left = connection.call(
        "query", collection_name=collection, filter='document != ""', output_fields=["document"], limit=10,
        consistency_level="Strong",
    )  # fmt: skip
    assert [row["document"] for row in left] == ["a.md"]
    assert all(names(hits) == ["a.md"] for hits in searched(store, "fox", limit=9))


def test_a_document_of_several_reads_goes_by_its_keys(
    store: MilvusStore, watched: Watched, connection: Connection, collection: str
) -> None:
    sample("long.md", *(f"paragraph {number}" for number in range(CHUNKS_PER_READ + 100))).put(store)
    sample("a.md", "fox").put(store)
    seen = watching(watched, collection)
    assert len(seen.vectors("long.md")) == CHUNKS_PER_READ + 100
    assert seen.delete(["long.md"]) == 1
    assert watched.looked_for == []
    assert diagnose(connection, collection).rows == 1
    assert names(store.search_dense(question("fox"), limit=2)) == ["a.md"]


def test_keys_differ_by_collection_name_revision_and_place() -> None:
    one, other = sample("a.md", "fox", "fox").document, sample("b.md", "fox", "fox").document
    newer = sample("a.md", "fox", "dog").document
    keys = [key for document in (one, other, newer) for key in chunk_ids("kb", document)]
    keys += chunk_ids("elsewhere", one)
    assert len(set(keys)) == len(keys) == 8
    assert chunk_ids("kb", one) == keys[:2]
