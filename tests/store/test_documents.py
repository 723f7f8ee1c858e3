"""Putting, replacing, deleting and reading documents."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rag.errors import StoreError
from rag.store import Connection, MilvusStore, diagnose, read_documents
from rag.store.limits import HEADINGS_BYTES, NAME_BYTES, TEXT_BYTES
from rag.store.rows import chunk_ids, revision_of, text_hash
from rag.types import Chunk, Document

from .corpus import DIMENSION, FINGERPRINT, axis, names, question, sample, searched, texts


def test_a_document_comes_back_as_it_was_put(store: MilvusStore) -> None:
    guide = sample(
        "guides/a.md", "First part.", "Second\tpart.\n", headings=("Guide", "Über «Größe»", ""), language="de"
    )
    guide.put(store)
    assert store.documents() == [guide.document]
    stored = store.chunks("guides/a.md")
    assert [s.chunk for s in stored] == list(guide.chunks)
    assert {(s.document, s.sha256, s.language) for s in stored} == {("guides/a.md", guide.document.sha256, "de")}


def test_keys_follow_from_the_content(store: MilvusStore, connection: Connection, collection: str) -> None:
    def keys(name: str) -> list[str]:
        return [stored.id for stored in store.chunks(name)]

    document = sample("a.md", "same", "other").document
    takes = [replace(document, sha256=revision_of(document.sha256, take)) for take in (0, 1)]
    expected = [chunk_ids(collection, take) for take in takes]
    for name in ("a.md", "b.md"):
        sample(name, "same", "other").put(store)
    assert keys("a.md") == expected[0]
    assert len({*keys("a.md"), *keys("b.md")}) == 4
    store.delete(["a.md"])
    sample("a.md", "same", "other").put(store)
    # A server may show for a moment that the first take's rows are still to be swept: then this is another take.
    assert keys("a.md") in (expected[:1] if connection.embedded else expected)


def test_replacing_leaves_only_the_new_revision(store: MilvusStore, connection: Connection, collection: str) -> None:
    sample("a.md", "old fox", "old dog").put(store)
    sample("a.md", "new fox").put(store)
    assert all(texts(hits) == ["new fox"] for hits in searched(store, "fox dog old new", limit=10))
    assert [s.chunk.text for s in store.chunks("a.md")] == ["new fox"]
    assert diagnose(connection, collection).rows == 1


def test_the_same_revision_changes_nothing(store: MilvusStore) -> None:
    first = sample("a.md", "fox")
    first.put(store)
    store.put(first.document, first.chunks, axis(3))
    assert np.allclose(store.vectors("a.md")[text_hash(first.chunks[0])], first.vectors[0])


def test_vectors_are_those_of_the_committed_revision(store: MilvusStore) -> None:
    sample("a.md", "gone", "kept").put(store)
    now = sample("a.md", "kept", "new")
    now.put(store)
    found = store.vectors("a.md")
    assert set(found) == {text_hash(chunk) for chunk in now.chunks}
    assert all(found[text_hash(c)].dtype == np.float32 for c in now.chunks)
    assert all(np.allclose(found[text_hash(c)], v) for c, v in zip(now.chunks, now.vectors, strict=True))
    assert store.vectors("unknown.md") == {}


def test_deleting_counts_what_was_there(store: MilvusStore, connection: Connection, collection: str) -> None:
    for name in ("a.md", "b.md", "c.md"):
        sample(name, f"text of {name}", "shared words").put(store)
    assert store.delete(["a.md", "c.md", "c.md", "unknown.md", "half \ud800 a pair"]) == 2
    assert [document.name for document in store.documents()] == ["b.md"]
    assert all(set(names(hits)) == {"b.md"} for hits in searched(store, "shared words", limit=10))
    assert store.chunks("a.md") == []
    assert diagnose(connection, collection).rows == 2
    assert store.delete(["a.md"]) == 0


def test_two_documents_of_the_same_content_live_and_die_apart(store: MilvusStore) -> None:
    sample("a.md", "fox").put(store)
    sample("b.md", "fox").put(store)
    store.delete(["a.md"])
    assert all(names(hits) == ["b.md"] for hits in searched(store, "fox", limit=5))


def test_a_document_without_chunks_is_listed(store: MilvusStore) -> None:
    nothing = sample("empty.md")
    store.put(nothing.document, (), np.zeros((0, DIMENSION), np.float32))
    assert store.documents() == [nothing.document]
    assert store.chunks("empty.md") == []


def test_every_document_is_listed_page_by_page_in_order(connection: Connection, collection: str) -> None:
    store = MilvusStore.open(connection, collection, FINGERPRINT, page_rows=3)
    expected = [f"{number:02}.md" for number in range(10)]
    for name in reversed(expected):
        sample(name, name).put(store)
    assert [document.name for document in store.documents()] == expected
    assert read_documents(connection, collection) == store.documents()


def test_a_long_document_is_read_whole(store: MilvusStore) -> None:
    long = sample("long.md", *(f"paragraph {number}" for number in range(2_100)))
    long.put(store)
    assert [s.chunk.index for s in store.chunks("long.md")] == list(range(2_100))
    assert len(store.vectors("long.md")) == 2_100


def test_longest_name_and_text_in_bytes(store: MilvusStore) -> None:
    name, text = "名" * (NAME_BYTES // 3), "文" * (TEXT_BYTES // 3)
    sample(name, text).put(store)
    assert store.chunks(name)[0].chunk.text == text
    assert all(names(hits) == [name] for hits in searched(store, "文文", limit=1))


@pytest.mark.lite_only  # refused before a server is asked
@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        pytest.param(
            "名" * (NAME_BYTES // 3 + 1), "text", "store.name_length", id="name over in bytes, not characters"
        ),
        pytest.param("", "text", "store.name_length", id="no name"),
        pytest.param("a.md", "文" * (TEXT_BYTES // 3 + 1), "store.chunk_length", id="text over in bytes"),
        pytest.param("half \ud800 a pair", "text", "store.not_unicode", id="name that cannot be written"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(
    store: MilvusStore, name: str, text: str, code: str
) -> None:
    chunk = Chunk(0, 0, len(text), (), text, 1)
    with pytest.raises(StoreError) as refused:
        store.put(Document(name, "ab" * 32, "t", "en", 1, 1, 1, 0.0), [chunk], axis(0))
    assert refused.value.reason.code == code
    assert str(refused.value)
    assert store.documents() == []


@pytest.mark.lite_only  # refused before a server is asked
@pytest.mark.parametrize(
    ("vectors", "code"),
    [
        pytest.param(axis(0, DIMENSION + 1), "store.wrong_shape", id="other dimension"),
        pytest.param(np.vstack([axis(0), axis(1)]), "store.wrong_shape", id="other number of rows"),
        pytest.param(np.full((1, DIMENSION), np.nan, np.float32), "store.not_finite", id="not a number"),
        pytest.param(np.full((1, DIMENSION), np.inf, np.float32), "store.not_finite", id="infinite"),
    ],
)
def test_vectors_that_do_not_fit_are_refused(
    store: MilvusStore, vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]], code: str
) -> None:
    one = sample("a.md", "fox")
    with pytest.raises(StoreError) as refused:
        store.put(one.document, one.chunks, vectors)
    assert refused.value.reason.code == code
    assert store.documents() == []


def test_an_endless_heading_path_is_shortened_and_the_text_kept(store: MilvusStore) -> None:
    path = tuple(f"{number} " + "標題" * 1_000 for number in range(6))
    sample("a.md", "the text", headings=path).put(store)
    stored = store.chunks("a.md")[0].chunk
    assert stored.text == "the text"
    assert all(full.startswith(short) for full, short in zip(path, stored.heading_path, strict=True))
    assert 0 < sum(len(heading.encode()) for heading in stored.heading_path) <= HEADINGS_BYTES


def test_a_batch_larger_than_one_upsert_arrives_whole(store: MilvusStore) -> None:
    big = sample("big.md", *(f"{number} " + "x" * 60_000 for number in range(60)))
    big.put(store)
    assert [s.chunk for s in store.chunks("big.md")] == list(big.chunks)
    assert len(store.search_dense(question("paragraph"), limit=100)) == 60
