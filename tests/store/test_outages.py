"""A real server that hangs, is killed and comes back, while it is searched and written to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from time import monotonic
from typing import TypeVar

import pytest

from rag.errors import StoreUnavailable
from rag.store import Connection, MilvusStore, connect, diagnose, drop
from tests.support.milvus_server import TOKEN, MilvusServer

from .corpus import FINGERPRINT, names, question, sample, texts
from .faults import faulty
from .revisions import NAME, NEW, OLD

pytestmark = pytest.mark.server

T = TypeVar("T")
SECONDS = 1.0
"""What a call may take. A server of the tests that hangs for twelve does not come back by itself."""
RECOVERY_SECONDS = 120
COLLECTION = "outages"


@pytest.fixture(scope="module")
def connection(milvus_server: MilvusServer) -> Iterator[Connection]:
    opened = connect(milvus_server.uri, token=TOKEN, certificate=str(milvus_server.authority), timeout=SECONDS)
    yield opened
    until_it_works(lambda: drop(opened, COLLECTION))
    opened.close()


@pytest.fixture
def store(connection: Connection) -> Iterator[MilvusStore]:
    """Holds a document that nothing happens to, and one that is about to be replaced."""
    opened = until_it_works(lambda: MilvusStore.open(connection, COLLECTION, FINGERPRINT))
    sample("other.md", "quite another fox").put(opened)
    OLD.put(opened)
    yield opened
    until_it_works(lambda: opened.delete([NAME, "other.md"]))


def until_it_works(attempt: Callable[[], T]) -> T:
    """The answer of the first attempt that Milvus is there for."""
    deadline = monotonic() + RECOVERY_SECONDS
    while True:
        try:
            return attempt()
        except StoreUnavailable:
            assert monotonic() < deadline
            threading.Event().wait(0.2)  # another process recovers meanwhile: do not take its processor


def refusal(attempt: Callable[[], object]) -> str:
    with pytest.raises(StoreUnavailable) as refused:
        attempt()
    assert str(refused.value)
    return refused.value.reason.code


def check_only(store: MilvusStore, expected: list[str]) -> None:
    """The changing document has exactly these texts, in every way of looking, and the other is untouched."""
    hits = until_it_works(lambda: store.search_dense(question("fox"), limit=1_000))
    assert sorted(texts(hits)) == sorted([*expected, "quite another fox"])
    assert [stored.chunk.text for stored in until_it_works(lambda: store.chunks(NAME))] == expected
    assert [document.name for document in until_it_works(store.documents)] == [NAME, "other.md"]


def test_a_hung_server_costs_each_call_its_timeout_and_then_goes_on(
    milvus_server: MilvusServer, store: MilvusStore
) -> None:
    with milvus_server.hung():
        assert refusal(lambda: store.search_dense(question("fox"), limit=1)) == "store.too_slow"
        assert refusal(store.documents) == "store.too_slow"
        assert refusal(lambda: NEW.put(store)) == "store.too_slow"
    check_only(store, texts_of_either(store))
    until_it_works(lambda: NEW.put(store))
    check_only(store, [chunk.text for chunk in NEW.chunks])


def texts_of_either(store: MilvusStore) -> list[str]:
    """A write that was given up may still have been done: one revision or the other, whole."""
    seen = [stored.chunk.text for stored in until_it_works(lambda: store.chunks(NAME))]
    assert seen in ([chunk.text for chunk in sample_.chunks] for sample_ in (OLD, NEW))
    return seen


def test_a_server_that_hangs_during_ingest(
    milvus_server: MilvusServer, connection: Connection, store: MilvusStore
) -> None:
    with ExitStack() as hanging:
        broken = faulty(connection, COLLECTION, writes=3, happen=lambda: hanging.enter_context(milvus_server.hung()))
        assert refusal(lambda: NEW.put(broken)) == "store.too_slow"
    check_only(store, [chunk.text for chunk in OLD.chunks])
    until_it_works(lambda: NEW.put(store))
    check_only(store, [chunk.text for chunk in NEW.chunks])
    assert diagnose(connection, COLLECTION).rows == len(NEW.chunks) + 1


def test_a_server_that_is_killed_during_ingest_and_started_again(
    milvus_server: MilvusServer, connection: Connection, store: MilvusStore
) -> None:
    broken = faulty(connection, COLLECTION, writes=3, happen=milvus_server.kill)
    try:
        assert refusal(lambda: NEW.put(broken)) == "store.unreachable"
        assert refusal(lambda: store.search_dense(question("fox"), limit=1)) == "store.unreachable"
        assert refusal(store.documents) == "store.unreachable"
        assert refusal(lambda: store.delete([NAME])) == "store.unreachable"
        assert refusal(lambda: connect(milvus_server.uri, timeout=SECONDS)) == "store.unreachable"
        starting = threading.Thread(target=milvus_server.start)
        starting.start()
        while starting.is_alive():  # searches go on while it recovers, and always end in a sentence
            try:
                assert "other.md" in names(store.search_dense(question("quite another fox"), limit=1))
            except StoreUnavailable as e:
                assert e.reason.code in {"store.unreachable", "store.hangs_up", "store.recovering", "store.too_slow"}
            starting.join(0.3)
    finally:
        if not milvus_server.alive:
            milvus_server.start()
    check_only(store, [chunk.text for chunk in OLD.chunks])
    until_it_works(lambda: NEW.put(store))
    check_only(store, [chunk.text for chunk in NEW.chunks])
    assert until_it_works(lambda: diagnose(connection, COLLECTION)).rows == len(NEW.chunks) + 1


@pytest.mark.parametrize(
    ("token", "certified", "scheme", "database", "code"),
    [
        pytest.param("root:wrong-word", True, "https", "", "store.unauthenticated", id="wrong password"),
        pytest.param("", True, "https", "", "store.unauthenticated", id="no token"),
        pytest.param(TOKEN, False, "https", "", "store.tls", id="certificate of an authority nobody knows"),
        pytest.param(TOKEN, False, "http", "", "store.hangs_up", id="no TLS against TLS"),
        pytest.param(TOKEN, True, "https", "elsewhere", "store.no_database", id="database that is not there"),
    ],
)
def test_access_that_is_denied(
    milvus_server: MilvusServer, token: str, certified: bool, scheme: str, database: str, code: str
) -> None:
    uri = milvus_server.uri.replace("https", scheme)
    certificate = str(milvus_server.authority) if certified else ""

    def attempt() -> None:
        connection = connect(uri, token=token, certificate=certificate, database=database, timeout=10)
        try:
            MilvusStore.open(connection, "kb", FINGERPRINT)
        finally:
            connection.close()

    with pytest.raises(StoreUnavailable) as refused:
        attempt()
    assert refused.value.reason.code == code
    assert "wrong-word" not in str(refused.value)


def test_a_connection_demands_its_own_certificate_whatever_others_did(milvus_server: MilvusServer) -> None:
    trusting = connect(milvus_server.uri, token=TOKEN, certificate=str(milvus_server.authority), timeout=10)
    with pytest.raises(StoreUnavailable) as refused:
        connect(milvus_server.uri, token=TOKEN, timeout=10)
    assert refused.value.reason.code == "store.tls"
    trusting.close()
