"""Opening, reopening and closing: fingerprints, indexes, locks, and every way a connection can fail."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import faiss
import pytest

from rag.errors import IndexMismatch, StoreError, StoreLocked, StoreUnavailable
from rag.messages import reason
from rag.store import Connection, IndexOptions, MilvusStore, connect, diagnose, drop, fingerprint_of, read_documents
from tests import ROOT

from .corpus import FINGERPRINT, names, question, sample, texts

HOLDER = """
import sys
from rag.store import connect
connection = connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
connection.close()
"""


def test_what_was_put_is_there_after_reopening(path: str) -> None:
    first = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    sample("a.md", "the fox").put(first)
    first.flush()
    sample("b.md", "the dog").put(first)
    first.close()
    second = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    assert [document.name for document in second.documents()] == ["a.md", "b.md"]
    assert names(second.search_full_text("fox", limit=5)) == ["a.md"]
    assert names(second.search_dense(question("the dog"), limit=1)) == ["b.md"]
    second.close()


@pytest.mark.lite_only  # that a server keeps the fingerprint is seen below
@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"model": "other"}, id="model"),
        pytest.param({"revision": "2"}, id="revision"),
        pytest.param({"dimension": 48}, id="dimension"),
        pytest.param({"chunker": "other"}, id="chunker"),
        pytest.param({"schema": "2"}, id="schema"),
    ],
)
def test_another_fingerprint_is_a_mismatch_that_names_the_difference(
    store: MilvusStore, connection: Connection, collection: str, changed: dict[str, str | int]
) -> None:
    sample("a.md", "fox").put(store)
    with pytest.raises(IndexMismatch) as mismatch:
        MilvusStore.open(connection, collection, replace(FINGERPRINT, **changed))  # type: ignore[arg-type]
    (name, value), was = *changed.items(), getattr(FINGERPRINT, next(iter(changed)))
    assert mismatch.value.reason.code == "store.mismatch"
    assert mismatch.value.reason.values["differences"] == reason(f"store.other_{name}", was=str(was), now=str(value))
    assert [document.name for document in read_documents(connection, collection)] == ["a.md"]
    assert fingerprint_of(connection, collection) == FINGERPRINT


def test_a_dropped_collection_can_be_made_anew(connection: Connection, fresh: str) -> None:
    sample("a.md", "fox").put(MilvusStore.open(connection, fresh, FINGERPRINT))
    drop(connection, fresh)
    assert fingerprint_of(connection, fresh) is None
    assert read_documents(connection, fresh) == []
    other = replace(FINGERPRINT, dimension=48)
    assert MilvusStore.open(connection, fresh, other).documents() == []
    assert fingerprint_of(connection, fresh) == other


def test_a_collection_of_someone_else_is_left_alone(connection: Connection, fresh: str) -> None:
    connection.call("create_collection", collection_name=fresh, dimension=8)
    with pytest.raises(IndexMismatch) as mismatch:
        MilvusStore.open(connection, fresh, FINGERPRINT)
    assert mismatch.value.reason.code == "store.foreign_collection"


@pytest.mark.lite_only  # refused before a server is asked
@pytest.mark.parametrize("name", ["", "1kb", "a-b", "名", "a" * 201, 'a" or "', "a b"])
def test_names_a_server_would_refuse_are_refused(connection: Connection, name: str) -> None:
    with pytest.raises(StoreError) as refused:
        MilvusStore.open(connection, name, FINGERPRINT)
    assert refused.value.reason.code == "store.collection_name"


def test_an_index_nobody_knows_is_refused(connection: Connection, collection: str) -> None:
    with pytest.raises(StoreError) as refused:
        MilvusStore.open(connection, collection, FINGERPRINT, index=IndexOptions(kind="SCANN"))  # type: ignore[arg-type]
    assert refused.value.reason.code == "store.index_kind"


def test_the_parameters_of_hnsw_arrive(path: str) -> None:
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT, index=IndexOptions(kind="hnsw", m=7, ef_construction=21))
    sample("a.md", *(f"chunk {number}" for number in range(50))).put(store)
    store.flush()
    store.close()  # waits for the index file
    MilvusStore.open(connect(path), "kb", FINGERPRINT).close()
    built: list[Any] = [faiss.read_index(str(file)) for file in Path(path).glob("collections/kb/**/*.dense.hnsw.idx")]
    assert [(index.hnsw.nb_neighbors(1), index.hnsw.efConstruction) for index in built] == [(7, 21)]


def test_auto_is_exact_on_lite_and_a_forced_kind_rebuilds(path: str) -> None:
    connection = connect(path)
    store = MilvusStore.open(connection, "kb", FINGERPRINT)
    sample("a.md", "fox", "dog").put(store)
    kinds: list[IndexOptions] = [
        IndexOptions(),
        IndexOptions(kind="hnsw"),
        IndexOptions(),
        IndexOptions(kind="flat", bm25_k1=2.0),
    ]
    seen = []
    for options in kinds:
        store = MilvusStore.open(connection, "kb", FINGERPRINT, index=options)
        assert names(store.search_dense(question("fox"), limit=1)) == ["a.md"]
        assert names(store.search_full_text("fox", limit=1)) == ["a.md"]
        seen.append(diagnose(connection, "kb").index)
    assert seen == ["FLAT", "HNSW", "HNSW", "FLAT"]
    store.close()


def test_bm25_parameters_arrive(path: str) -> None:
    connection = connect(path)
    parts = ["fox", "fox fox fox fox", "dog", "dog", "dog"]

    def ratio(options: IndexOptions) -> float:
        """How much four mentions count beside one."""
        store = MilvusStore.open(connection, "kb", FINGERPRINT, index=options)
        sample("a.md", *parts).put(store)
        best, second = store.search_full_text("fox", limit=2)
        assert texts(store.search_dense(question("dog"), limit=1)) == ["dog"]
        assert diagnose(connection, "kb").index == "FLAT"
        return best.score / second.score

    # Without length normalisation (b=0): 4(k1+1)/(4+k1) beside 1.
    assert ratio(IndexOptions(bm25_k1=1.0, bm25_b=0.0)) == pytest.approx(1.6, rel=1e-3)
    assert ratio(IndexOptions(bm25_k1=2.0, bm25_b=0.0)) == pytest.approx(2.0, rel=1e-3)
    connection.close()


def test_a_late_small_document_is_not_drowned_by_a_large_old_one(path: str) -> None:
    """Lite weighs terms per data file: this is what merging the files is for."""
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    sample("old.md", *(f"common words {number} with target{number % 40}" for number in range(2_000))).put(store)
    store.flush()
    sample("late.md", "target7 target8 target9").put(store)
    store.flush()
    store.close()  # waits for the merge
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    assert names(store.search_full_text("target7 target8 target9 with common words", limit=1)) == ["late.md"]
    store.close()


def test_stores_of_one_process_share_the_database(path: str) -> None:
    first = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    second = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    sample("a.md", "fox").put(first)
    assert names(second.search_full_text("fox", limit=1)) == ["a.md"]
    first.close()
    sample("b.md", "dog").put(second)
    assert len(second.documents()) == 2
    with pytest.raises(StoreUnavailable) as closed:
        first.documents()
    assert closed.value.reason.code == "store.closed"
    second.close()
    second.close()


def test_the_same_database_by_another_path(path: str, tmp_path: Path) -> None:
    alias = tmp_path / "alias"
    alias.symlink_to(tmp_path, target_is_directory=True)
    first = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    second = MilvusStore.open(connect(str(alias / "milvus.db")), "kb", FINGERPRINT)
    sample("a.md", "fox").put(first)
    assert len(second.documents()) == 1
    first.close()
    second.close()


def test_closing_the_last_store_releases_the_lock(path: str) -> None:
    stores = [MilvusStore.open(connect(path), "kb", FINGERPRINT) for _ in range(2)]
    with (Path(path) / "LOCK").open("rb") as lock:
        stores[0].close()
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        stores[1].close()
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_database_another_process_holds_is_locked_until_it_ends(path: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as holder:
        assert holder.stdin and holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreLocked) as locked:
            connect(path)
        assert locked.value.reason.values["uri"] == path
        holder.stdin.close()
        assert holder.wait(timeout=30) == 0
    connect(path).close()


def test_a_proxy_of_the_environment_does_not_come_between(path: str) -> None:
    nowhere = "http://127.0.0.1:9"
    opened = subprocess.run(
        [sys.executable, "-c", "import sys; from rag.store import connect; connect(sys.argv[1]).close()", path],
        env={"http_proxy": nowhere, "https_proxy": nowhere, "grpc_proxy": nowhere, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert opened.returncode == 0, opened.stderr


@pytest.mark.parametrize("uri", ["./elsewhere/milvus.db", "unix:/nowhere", "http://127.0.0.1:1"])
def test_the_client_library_does_not_read_our_setting_of_the_same_name(path: str, uri: str) -> None:
    code = (
        "import os, sys; from rag.store import connect; connect(sys.argv[1]).close();"
        "sys.exit(os.environ['MILVUS_URI'] != sys.argv[2])"
    )
    command = [sys.executable, "-c", code, path, uri]
    ended = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "MILVUS_URI": uri}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


def test_importing_the_package_loads_no_client() -> None:
    code = (
        "import sys, rag.store; sys.exit(any(m.startswith(('pymilvus', 'milvus_lite', 'grpc')) for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def a_plain_file(folder: Path) -> str:
    (folder / "old.db").write_bytes(b"SQLite format 3\0")
    return str(folder / "old.db")


def below_a_file(folder: Path) -> str:
    (folder / "file").touch()
    return str(folder / "file" / "milvus.db")


def garbled_inside(folder: Path) -> str:
    (folder / "milvus.db").mkdir()
    (folder / "milvus.db" / "collections").touch()
    return str(folder / "milvus.db")


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        pytest.param(lambda folder: str(folder / "milvus"), "store.not_a_database_path", id="does not end in .db"),
        pytest.param(lambda folder: "", "store.not_a_database_path", id="nothing"),
        pytest.param(a_plain_file, "store.old_file", id="database of an older Milvus Lite"),
        pytest.param(below_a_file, "store.no_folder", id="folder that cannot be made"),
        pytest.param(garbled_inside, "store.cannot_open", id="folder with something else in it"),
        pytest.param(lambda folder: "ftp://127.0.0.1:1", "store.bad_address", id="unknown scheme"),
        pytest.param(lambda folder: "http://127.0.0.1:port", "store.bad_address", id="port that is no number"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_cannot_be_a_database(tmp_path: Path, uri: Callable[[Path], str], code: str) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        connect(uri(tmp_path), timeout=5)
    assert refused.value.reason.code == code
    assert str(refused.value)


def test_missing_folders_are_made(tmp_path: Path) -> None:
    connect(str(tmp_path / "a" / "b" / "milvus.db")).close()
    assert (tmp_path / "a" / "b" / "milvus.db").is_dir()


def test_an_unknown_database_name(path: str) -> None:
    connection = connect(path, database="elsewhere")
    with pytest.raises(StoreUnavailable) as refused:
        MilvusStore.open(connection, "kb", FINGERPRINT)
    assert refused.value.reason.code == "store.no_database"
    connection.close()


def test_a_damaged_collection_says_so(path: str) -> None:
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    store.close()
    (Path(path) / "collections" / "kb" / "schema.json").write_text("{")
    connection = connect(path)
    with pytest.raises(StoreError) as damaged:
        MilvusStore.open(connection, "kb", FINGERPRINT)
    assert damaged.value.reason.code == "store.damaged"
    connection.close()


def test_nothing_listens() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        uri = f"http://someone:secret-word@127.0.0.1:{reserved.getsockname()[1]}"
        with pytest.raises(StoreUnavailable) as refused:
            connect(uri, timeout=5)
    assert refused.value.reason.code == "store.unreachable"
    assert "secret-word" not in str(refused.value)


def test_a_server_that_never_answers_costs_the_timeout_at_most() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(StoreUnavailable) as refused:
        connect(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.5)
    assert refused.value.reason.code == "store.too_slow"
    assert refused.value.reason.values["seconds"] == 0.5


def test_tls_against_a_plain_server() -> None:
    class Plain(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Plain) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        with pytest.raises(StoreUnavailable) as refused:
            connect(f"https://127.0.0.1:{server.server_port}", timeout=5)
        server.shutdown()
        serving.join()
    assert refused.value.reason.code == "store.tls"


def test_a_removed_index_file_is_rebuilt(path: str) -> None:
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    sample("a.md", "fox").put(store)
    store.flush()
    store.close()
    for folder in Path(path).glob("collections/kb/**/indexes"):
        shutil.rmtree(folder)
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    assert names(store.search_dense(question("fox"), limit=1)) == ["a.md"]
    store.close()
