"""Servers: access, versions, outages. The server is Milvus Lite's engine behind a port (loopback.py)."""

from __future__ import annotations

import base64
from pathlib import Path
from threading import Event
from typing import Any

import grpc
import pytest
from pymilvus.exceptions import MilvusException

from rag.errors import StoreError, StoreSilent, StoreUnavailable
from rag.store import Connection, IndexOptions, MilvusStore, connect, diagnose
from rag.store.failures import Address, translated

from .corpus import FINGERPRINT, names, question, sample, texts
from .loopback import serving


def test_a_token_is_sent_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    expected = base64.b64encode(b"user:right").decode()

    def refusal(call: Any) -> grpc.StatusCode | None:
        sent = dict(call.invocation_metadata).get("authorization")
        return None if sent == expected else grpc.StatusCode.UNAUTHENTICATED

    with serving(tmp_path / "server", refusal=refusal) as uri:
        connect(uri, token="user:right", timeout=5).close()
        for token in ("user:wrong", ""):
            with pytest.raises(StoreUnavailable) as refused:
                connect(uri, token=token, timeout=5)
            assert refused.value.reason.code == "store.unauthenticated"
            assert "wrong" not in str(refused.value)


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        pytest.param(65535, "Retry timeout: 1.0s, message=proxy TaskCondition context Done", "too_slow", id="2.3 late"),
        pytest.param(10001, "timed out", "too_slow", id="late by its code"),
        pytest.param(65535, "fail to search: context deadline exceeded", "too_slow", id="a part of it late"),
        pytest.param(503, "no available shard delegator found", "recovering", id="shard"),
        pytest.param(106, "collection on recovering", "recovering", id="collection"),
        pytest.param(901, "node not found", "recovering", id="node"),
        pytest.param(65535, "Milvus Proxy is not ready yet", "recovering", id="proxy"),
        pytest.param(1, "service not ready", "recovering", id="service"),
    ],
)
def test_a_server_that_is_there_and_cannot_answer_now_is_no_refusal(code: int, said: str, expected: str) -> None:
    """The first is as 2.3.5 worded it while it recovered; the codes are those of Milvus's own table (pkg/util/merr)."""
    why = translated(MilvusException(code=code, message=said), Address("http://a:1", "", 1.0))
    assert isinstance(why, StoreUnavailable)
    assert isinstance(why, StoreSilent) == (expected == "too_slow")
    assert why.reason.code == f"store.{expected}"


def test_what_a_server_refuses_is_told_in_its_own_words() -> None:
    why = translated(MilvusException(code=1100, message="invalid parameter: dim"), Address("http://a:1", "", 1.0))
    assert not isinstance(why, StoreUnavailable)
    assert "invalid parameter: dim" in str(why)


def test_a_missing_right_is_named(tmp_path: Path) -> None:
    def refusal(call: Any) -> grpc.StatusCode | None:
        return grpc.StatusCode.PERMISSION_DENIED if call.method.endswith("/CreateCollection") else None

    with serving(tmp_path / "server", refusal=refusal) as uri:
        connection = connect(uri, timeout=5)
        with pytest.raises(StoreUnavailable) as refused:
            MilvusStore.open(connection, "kb", FINGERPRINT)
        assert refused.value.reason.code == "store.forbidden"
        connection.close()


def test_a_server_before_bm25_has_dense_search_and_says_what_is_missing(tmp_path: Path) -> None:
    with serving(tmp_path / "server", version="v2.4.9") as uri:
        connection = connect(uri, timeout=20)
        store = MilvusStore.open(connection, "kb", FINGERPRINT)
        missing = store.full_text_missing()
        assert missing and (missing.code, missing.values) == ("store.no_full_text", {"version": "v2.4.9"})
        sample("a.md", "fox").put(store)
        store.flush()
        assert names(store.search_dense(question("fox"), limit=1)) == ["a.md"]
        with pytest.raises(StoreError) as refused:
            store.search_full_text("fox", limit=1)
        assert refused.value.reason == missing
        assert diagnose(connection, "kb").full_text == missing
        store.close()


def test_a_collection_made_without_full_text_stays_so_after_an_upgrade(tmp_path: Path) -> None:
    for version, code in (("2.4.9", "store.no_full_text"), ("2.6.1", "store.made_without_full_text")):
        with serving(tmp_path / "server", version=version) as uri:
            store = MilvusStore.open(connect(uri, timeout=20), "kb", FINGERPRINT)
            missing = store.full_text_missing()
            assert missing and missing.code == code and str(missing)
            sample(f"{version}.md", "fox").put(store)
            assert len(store.search_dense(question("fox"), limit=5)) == len(store.documents())
            store.close()


def test_servers_get_hnsw_and_no_flush(tmp_path: Path) -> None:
    flushed = []

    def refusal(call: Any) -> None:
        flushed.extend(["flush"] if call.method.endswith("/Flush") else [])

    with serving(tmp_path / "server", version="2.4.9", refusal=refusal) as uri:
        connection = connect(uri, timeout=20)
        store = MilvusStore.open(connection, "kb", FINGERPRINT, index=IndexOptions(m=5, ef=8))
        sample("a.md", *(f"fox {number}" for number in range(40))).put(store)
        store.flush()
        assert diagnose(connection, "kb").index == "HNSW"
        assert len(store.search_dense(question("fox"), limit=40)) == 40
        store.close()
    assert flushed == []


def test_a_server_that_refuses_the_schema_says_why(tmp_path: Path) -> None:
    # This engine knows no whitespace tokenizer, which is what servers from 2.5 on are asked for.
    with serving(tmp_path / "server", version="2.5.4") as uri:
        connection = connect(uri, timeout=20)
        with pytest.raises(StoreError) as refused:
            MilvusStore.open(connection, "kb", FINGERPRINT)
        assert "whitespace" in str(refused.value)
        connection.close()


def test_a_collection_without_its_index_is_not_left_behind(tmp_path: Path) -> None:
    down = [True]

    def refusal(call: Any) -> grpc.StatusCode | None:
        return grpc.StatusCode.PERMISSION_DENIED if down[0] and call.method.endswith("/CreateIndex") else None

    with serving(tmp_path / "server", refusal=refusal) as uri:
        connection = connect(uri, timeout=20)
        with pytest.raises(StoreUnavailable) as refused:
            MilvusStore.open(connection, "kb", FINGERPRINT)
        assert refused.value.reason.code == "store.forbidden"
        assert connection.call("list_collections") == []
        down[0] = False
        store = MilvusStore.open(connection, "kb", FINGERPRINT)
        sample("a.md", "fox").put(store)
        assert names(store.search_full_text("fox", limit=1)) == ["a.md"]
        store.close()


@pytest.mark.full_text
@pytest.mark.parametrize("lost", [["dense_idx"], ["sparse_idx"], ["dense_idx", "sparse_idx"]], ids="+".join)
def test_an_index_lost_to_a_crash_is_made_at_the_next_start(
    connection: Connection, collection: str, lost: list[str]
) -> None:
    store = MilvusStore.open(connection, collection, FINGERPRINT)
    sample("a.md", "fox").put(store)
    connection.call("release_collection", collection_name=collection)
    for name in lost:
        connection.call("drop_index", collection_name=collection, index_name=name)
    store = MilvusStore.open(connection, collection, FINGERPRINT)
    assert names(store.search_dense(question("fox"), limit=1)) == ["a.md"]
    assert names(store.search_full_text("fox", limit=1)) == ["a.md"]


def test_a_search_that_takes_too_long_ends_at_the_timeout(tmp_path: Path) -> None:
    enough = Event()

    def before(method: str, context: Any) -> None:
        if method == "Search":
            enough.wait(60)

    with serving(tmp_path / "server", before=before) as uri:
        store = MilvusStore.open(connect(uri, timeout=0.5), "kb", FINGERPRINT)
        sample("a.md", "fox").put(store)
        with pytest.raises(StoreUnavailable) as refused:
            store.search_dense(question("fox"), limit=1)
        enough.set()
        assert refused.value.reason.code == "store.too_slow"
        assert [document.name for document in store.documents()] == ["a.md"]
        store.close()


def test_the_store_works_again_after_an_outage(tmp_path: Path) -> None:
    with serving(tmp_path / "server") as uri:
        port = int(uri.rpartition(":")[2])
        store = MilvusStore.open(connect(uri, timeout=5), "kb", FINGERPRINT)
        sample("a.md", "fox").put(store)
    for attempt in (lambda: store.search_full_text("fox", limit=1), store.documents, lambda: store.delete(["a.md"])):
        with pytest.raises(StoreUnavailable) as refused:
            attempt()
        assert refused.value.reason.code == "store.unreachable"
    with serving(tmp_path / "server", port=port):
        # What a restart left unloaded is loaded by the call itself.
        assert names(store.search_full_text("fox", limit=1)) == ["a.md"]
        assert [document.name for document in store.documents()] == ["a.md"]
        sample("b.md", "dog").put(store)
        assert store.delete(["a.md"]) == 1
        store.close()


def test_another_process_that_changes_a_document_between_two_reads(tmp_path: Path) -> None:
    """The hits found first belong to a revision that no longer counts when the registry is asked: searched again."""
    former, later = (sample("a.md", f"fox {name}") for name in ("former", "later"))
    armed: list[bool] = []

    def before(method: str, context: Any) -> None:
        if armed and method == "Query":
            armed.clear()
            later.put(other)

    with serving(tmp_path / "server", before=before) as uri:
        store = MilvusStore.open(connect(uri, timeout=20), "kb", FINGERPRINT)
        other = MilvusStore.open(connect(elsewhere(uri), timeout=20), "kb", FINGERPRINT)
        former.put(store)
        armed.append(True)
        assert texts(store.search_dense(question("fox"), limit=1)) == ["fox later"]
        assert not armed
        store.close()
        other.close()


def test_an_unfinished_change_of_another_process_is_left_to_it_for_an_hour(tmp_path: Path) -> None:
    former, later = (sample("a.md", f"fox {name}") for name in ("former", "later"))
    countdown = [0]
    clock = [1_700_000_000.0]

    def opened_elsewhere() -> MilvusStore:
        return MilvusStore.open(connect(elsewhere(uri), timeout=20), "kb", FINGERPRINT, now=lambda: clock[0])

    def before(method: str, context: Any) -> None:
        if method == "Upsert" and countdown[0]:
            countdown[0] -= 1
            if not countdown[0]:  # the last write of three: announced, chunks written, to be committed
                other = opened_elsewhere()
                rows_seen.append(diagnose(other_connection, "kb").rows)
                assert texts(other.search_dense(question("fox"), limit=5)) == ["fox former"]
                other.close()
                if cut_off:
                    context.abort(grpc.StatusCode.PERMISSION_DENIED, "the process ends here")

    rows_seen: list[int] = []
    cut_off: list[bool] = []
    with serving(tmp_path / "server", before=before) as uri:
        other_connection = connect(elsewhere(uri), timeout=20)
        store = MilvusStore.open(connect(uri, timeout=20), "kb", FINGERPRINT, now=lambda: clock[0])
        former.put(store)
        cut_off.append(True)
        countdown[0] = 3
        with pytest.raises(StoreError):
            later.put(store)
        assert rows_seen == [2]
        cut_off.clear()
        clock[0] += 3_700
        opened_elsewhere().close()
        assert diagnose(other_connection, "kb").rows == 1
        countdown[0] = 3
        later.put(store)
        assert rows_seen == [2, 2]
        assert texts(store.search_dense(question("fox"), limit=5)) == ["fox later"]
        store.close()
        other_connection.close()


def elsewhere(uri: str) -> str:
    """The same server by another name, so that this process shares no locks with itself."""
    return uri.replace("127.0.0.1", "localhost")
