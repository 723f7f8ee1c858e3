"""What opens a chunk is kept with it; collections of earlier versions have no field for it and are read as they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.errors import IndexMismatch
from rag.store import Connection, MilvusStore, connect, read_chunks, schema
from rag.types import Chunk

from .corpus import DIMENSION, EMBEDDER, FINGERPRINT, Sample, question, sample

HEAD = "| Station | Interval (months) |\n|---|---|"
ROW = "| Willow | 5 |"


def cut_table(name: str = "table.md") -> Sample:
    """A document whose second chunk is the rest of a table."""
    one = sample(name, f"{HEAD}\n| Aster | 3 |", ROW)
    chunks = (one.chunks[0], replace(one.chunks[1], lead=HEAD))
    return replace(one, chunks=chunks, vectors=EMBEDDER.embed_documents([each.embedded_text for each in chunks]))


def older(connection: Connection, collection: str) -> None:
    """Make a collection as an earlier version did."""
    from pymilvus import CollectionSchema

    made = schema.chunk_schema(DIMENSION, full_text=True, is_lite=True)
    fields = [field for field in made.fields if field.name != "lead"]
    before = CollectionSchema(fields, functions=made.functions, enable_dynamic_field=False)
    schema.create(connection, collection, before, schema.fingerprint_property(FINGERPRINT))


def test_a_chunk_comes_back_with_what_opened_it(store: MilvusStore) -> None:
    one = cut_table()
    one.put(store)
    assert [stored.chunk for stored in store.chunks("table.md")] == list(one.chunks)
    (found,) = store.search_dense(question("Willow: Interval 5 months"), limit=1)
    assert found.stored.chunk == one.chunks[1]
    (whole,) = store.contents()
    assert whole.chunks == one.chunks


@pytest.mark.full_text
def test_a_row_is_found_by_the_names_of_its_columns(store: MilvusStore) -> None:
    cut_table().put(store)
    found = store.search_full_text("willow interval months", limit=1)
    assert [hit.stored.chunk.text for hit in found] == [ROW]


def test_an_older_collection_is_searched_read_and_filled_without_leads(path: str) -> None:
    connection = connect(path)
    older(connection, "kb")
    store = MilvusStore.open(connection, "kb", FINGERPRINT)
    one = cut_table()
    one.put(store)
    without = [replace(each, lead="") for each in one.chunks]
    assert [stored.chunk for stored in store.chunks("table.md")] == without
    assert {hit.stored.chunk for hit in store.search_dense(question("Willow"), limit=2)} == set(without)
    assert {hit.stored.chunk.lead for hit in store.search_full_text("willow", limit=2)} == {""}
    assert [stored.chunk for stored in read_chunks(connection, "kb", "table.md")] == without
    assert [each.chunks for each in store.contents()] == [tuple(without)]
    with pytest.raises(IndexMismatch):
        MilvusStore.open(connection, "kb", replace(FINGERPRINT, schema="2"))
    store.close()


def test_the_language_is_that_of_each_chunk(store: MilvusStore) -> None:
    texts = (
        "Every broker writes its files beside the old ones, and nothing is lost when it is restarted in between.",
        "每个片段最多包含 240 个词元，相邻片段之间有重叠。删除文档时，它的全部向量会一并删除。",
        "OK.",
    )
    sample("mixed.md", *texts, language="zh").put(store)
    assert [stored.language for stored in store.chunks("mixed.md")] == ["en", "zh", "zh"]


def test_a_lead_longer_than_its_field_is_cut(store: MilvusStore) -> None:
    one = sample("long.md", ROW)
    sized = replace(one, chunks=(Chunk(0, 0, len(ROW), (), ROW, 3, "字" * 9_000),))
    sized.put(store)
    (found,) = store.chunks("long.md")
    assert 0 < len(found.chunk.lead) < 9_000
