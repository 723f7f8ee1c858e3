"""Which index which Milvus is asked for, and what a search in it is told."""

from __future__ import annotations

import threading
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from rag.errors import StoreError
from rag.store import Connection, IndexOptions, MilvusStore, connect, diagnose, drop, schema
from rag.store.indexes import Index, IndexKind, search_params
from rag.store.trial import PREFIX
from tests.support.milvus_server import TOKEN, MilvusServer

from .conftest import Place
from .corpus import FINGERPRINT, names, question, sample
from .loopback import serving

INDEXED_ROWS = 4_000
"""A server builds no index for fewer than 1,024 rows, in each of the two shards a collection has."""


@pytest.mark.parametrize("kind", ["ivf_sq8", "ivf_rabitq", "diskann"])
def test_what_lite_would_accept_and_break_on_is_refused(path: str, kind: IndexKind) -> None:
    connection = connect(path)
    with pytest.raises(StoreError) as refused:
        MilvusStore.open(connection, "kb", FINGERPRINT, index=IndexOptions(kind=kind))
    assert refused.value.reason.code == "store.index_on_lite"
    assert refused.value.reason.values["kinds"] == "auto, flat, hnsw, hnsw_sq"
    assert connection.call("list_collections") == []
    connection.close()


@pytest.mark.parametrize(
    ("version", "kind"), [("2.4.9", "hnsw_sq"), ("2.5.4", "ivf_rabitq"), ("v2.1.0", "diskann")], ids=str
)
def test_a_server_too_old_for_an_index_says_since_when_there_is_one(
    tmp_path: Path, version: str, kind: IndexKind
) -> None:
    with serving(tmp_path / "server", version=version) as uri:
        connection = connect(uri, timeout=20)
        with pytest.raises(StoreError) as refused:
            MilvusStore.open(connection, "kb", FINGERPRINT, index=IndexOptions(kind=kind))
        assert refused.value.reason.code == "store.index_too_new"
        assert refused.value.reason.values["version"] == version
        assert connection.call("list_collections") == []
        connection.close()


def test_a_quantised_graph_on_lite_finds_and_survives_a_restart(path: str) -> None:
    options = IndexOptions(kind="hnsw_sq", m=8, ef_construction=40)
    for _ in range(2):
        connection = connect(path)
        store = MilvusStore.open(connection, "kb", FINGERPRINT, index=options)
        sample("a.md", *(f"fox {number}" for number in range(300))).put(store)
        sample("b.md", "dog").put(store)
        store.flush()
        assert names(store.search_dense(question("dog"), limit=1)) == ["b.md"]
        assert len(store.search_dense(question("fox"), limit=10, documents=["b.md", "a.md"])) == 10
        assert diagnose(connection, "kb").index == "HNSW_SQ"
        store.close()


@pytest.mark.server
@pytest.mark.parametrize(("kind", "type"), [("flat", "FLAT"), ("hnsw", "HNSW"), ("ivf_sq8", "IVF_SQ8")])
def test_a_real_server_builds_the_index_and_searches_in_it(
    milvus_server: MilvusServer, kind: IndexKind, type: str
) -> None:
    connection = connect(milvus_server.uri, token=TOKEN, certificate=str(milvus_server.authority), timeout=60)
    name = f"built_{kind}"
    options = IndexOptions(kind=kind, nlist=64, nprobe=16)
    store = MilvusStore.open(connection, name, FINGERPRINT, index=options)
    sample("a.md", *(f"fox {number}" for number in range(INDEXED_ROWS))).put(store)
    sample("b.md", "dog").put(store)
    connection.call("flush", collection_name=name)  # before that, no index
    deadline = monotonic() + 120
    while indexed(connection, name) < INDEXED_ROWS + 1 and monotonic() < deadline:
        threading.Event().wait(0.2)
    found = diagnose(connection, name)
    assert (found.index, found.pending, found.rows) == (type, 0, INDEXED_ROWS + 1)
    assert len(store.search_dense(question("fox"), limit=50)) == 50
    assert names(store.search_dense(question("dog"), limit=1)) == ["b.md"]
    assert len(store.search_dense(question("fox"), limit=5, documents=["b.md"])) == 1
    drop(connection, name)
    store.close()


def indexed(connection: Connection, collection: str) -> int:
    described = connection.call("describe_index", collection_name=collection, index_name="dense_idx")
    return int(described["indexed_rows"])


NEVER_BUILT = IndexOptions(kind="diskann", ef=16, trial_seconds=2)
"""The package was built without that index: it takes the name and the parameters, and never finishes."""


@pytest.mark.server
def test_an_index_a_real_server_never_builds_is_found_out_before_anything_changes(
    own_store: MilvusStore, server_place: Place
) -> None:
    sample("a.md", "fox", "dog").put(own_store)
    connection = server_place.connect()
    before = diagnose(connection, server_place.collection).index
    with pytest.raises(StoreError) as refused:
        MilvusStore.open(connection, server_place.collection, FINGERPRINT, index=NEVER_BUILT)
    assert (refused.value.reason.code, refused.value.reason.values["type"]) == ("store.index_not_built", "DISKANN")
    assert before != "DISKANN" and diagnose(connection, server_place.collection).index == before
    assert names(own_store.search_dense(question("dog"), limit=1)) == ["a.md"]
    with pytest.raises(StoreError) as refused:
        MilvusStore.open(connection, "on_disk", FINGERPRINT, index=NEVER_BUILT)
    assert refused.value.reason.code == "store.index_not_built"
    left = connection.call("list_collections")
    assert "on_disk" not in left and not [name for name in left if name.startswith(PREFIX)]
    connection.close()


@pytest.mark.server
def test_an_index_that_is_never_finished_answers_and_is_reported(milvus_server: MilvusServer) -> None:
    """As one that was made before there was a trial: searched one by one, with the parameters of its kind."""
    connection = connect(milvus_server.uri, token=TOKEN, certificate=str(milvus_server.authority), timeout=30)
    store = MilvusStore.open(connection, "on_disk", FINGERPRINT)
    sample("a.md", *(f"fox {number}" for number in range(INDEXED_ROWS))).put(store)
    connection.call("flush", collection_name="on_disk")
    schema.ensure_index(connection, "on_disk", schema.DENSE, Index("DISKANN", {}), metric="IP", keep=False)
    for options in (NEVER_BUILT, IndexOptions()):  # asked for again, and left as it is by auto
        store = MilvusStore.open(connection, "on_disk", FINGERPRINT, index=options)
        assert len(store.search_dense(question("fox"), limit=300)) == 300
    found = diagnose(connection, "on_disk")
    assert found.index == "DISKANN" and found.pending > 0
    drop(connection, "on_disk")
    store.close()


@pytest.mark.server
def test_strong_reads_see_what_another_connection_wrote_at_once(
    milvus_server: MilvusServer, own_store: MilvusStore, server_collection: str
) -> None:
    elsewhere = milvus_server.uri.replace("127.0.0.1", "localhost")
    other = connect(elsewhere, token=TOKEN, certificate=str(milvus_server.authority), timeout=30, strong=True)
    reader = MilvusStore.open(other, server_collection, FINGERPRINT)
    for number in range(4):
        sample(f"{number}.md", "fox").put(own_store)
        assert len(reader.search_dense(question("fox"), limit=10)) == number + 1
        assert len(reader.documents()) == number + 1
    reader.close()


@pytest.mark.parametrize(
    ("index", "fetch", "filtered", "is_lite", "expected"),
    [
        pytest.param("FLAT", 20, False, True, {}, id="exact"),
        pytest.param("HNSW", 20, False, False, {"ef": 100}, id="graph"),
        pytest.param("HNSW", 500, False, False, {"ef": 500}, id="graph, more hits than its width"),
        pytest.param("HNSW", 20, True, True, {"ef": 4096}, id="graph behind a filter on Lite"),
        pytest.param("HNSW", 20, True, False, {"ef": 100}, id="graph behind a filter on a server"),
        pytest.param("HNSW_SQ", 20, False, False, {"ef": 100}, id="quantised graph"),
        pytest.param("DISKANN", 20, False, False, {"search_list": 100}, id="graph on disk"),
        pytest.param("DISKANN", 5_000, False, False, {"search_list": 5_000}, id="graph on disk, many hits"),
        pytest.param("IVF_SQ8", 20, False, False, {"nprobe": 7}, id="8-bit codes"),
        pytest.param("IVF_RABITQ", 20, False, False, {"nprobe": 7, "refine_k": 2}, id="1-bit codes"),
        pytest.param("AUTOINDEX", 20, False, False, {}, id="one a managed server chose"),
    ],
)
def test_what_a_search_is_told(index: str, fetch: int, filtered: bool, is_lite: bool, expected: dict[str, Any]) -> None:
    params = search_params(index, IndexOptions(ef=100, nprobe=7), is_lite=is_lite)
    assert params(fetch, filtered) == {"metric_type": "IP", "params": expected}


def test_a_wide_search_list_stays_within_what_old_servers_take() -> None:
    params = search_params("DISKANN", IndexOptions(ef=1_000), is_lite=False)
    assert params(10, False)["params"] == {"search_list": 200}
    assert params(50, False)["params"] == {"search_list": 500}


@pytest.mark.parametrize(
    ("found", "serves"),
    [
        ({"M": "16", "sq_type": "sq8", "refine": "true"}, True),
        ({"M": 16.0}, True),
        ({"M": 16, "sq_type": "SQ6"}, False),
        ({"M": 17}, False),
    ],
    ids=str,
)
def test_an_index_that_is_there_is_kept_when_it_does_what_is_wanted(found: dict[str, Any], serves: bool) -> None:
    assert Index("HNSW_SQ", found).serves(Index("HNSW_SQ", {"M": 16, "sq_type": "SQ8"})) is serves
    assert not Index("HNSW", found).serves(Index("HNSW_SQ", {}))
