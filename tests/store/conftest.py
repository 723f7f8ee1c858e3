"""Real Milvus for every test: Milvus Lite in a temporary folder, and a server.

A test that asks for `connection` or `store` is part of the contract: it runs on both. The server is the one of
MILVUS_TEST_URI, or one started here from a package (`tests/support/milvus_server.py`); that one has no full text, so
tests marked `full_text` run on Lite and on MILVUS_TEST_URI only. A test that asks for `path` is about Milvus Lite
alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from rag.errors import StoreError
from rag.store import Connection, MilvusStore, connect, drop
from tests.support.milvus_server import TOKEN, MilvusServer

from .corpus import FINGERPRINT

GIVEN = "MILVUS_TEST_URI"


@dataclass(frozen=True)
class Place:
    """A Milvus and the collection in it that tests use. Making one takes seconds on a server: it is used again."""

    uri: str
    token: str
    collection: str
    certificate: str = ""

    def connect(self) -> Connection:
        return connect(self.uri, token=self.token, certificate=self.certificate, timeout=120.0)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "place" not in metafunc.fixturenames:
        return
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    own_server = not os.environ.get(GIVEN)
    places = [pytest.param("lite")]
    if not ("lite_only" in marks or ("full_text" in marks and own_server)):
        places.append(pytest.param("server", marks=pytest.mark.server))
    metafunc.parametrize("place", places, indirect=True)


@pytest.fixture(scope="session")
def server_collection() -> str:
    return f"test_{uuid4().hex[:12]}"


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Path of an embedded database that does not exist yet."""
    return str(tmp_path / "milvus.db")


@pytest.fixture
def place(request: pytest.FixtureRequest, path: str, server_collection: str) -> Place:
    if request.param == "lite":
        return Place(path, "", "kb")
    if given := os.environ.get(GIVEN):
        return Place(given, os.environ.get("MILVUS_TEST_TOKEN", ""), server_collection)
    server: MilvusServer = request.getfixturevalue("milvus_server")
    return Place(server.uri, TOKEN, server_collection, str(server.authority))


@pytest.fixture
def collection(place: Place) -> str:
    return place.collection


@pytest.fixture
def connection(place: Place, dropped_at_the_end: list[Place]) -> Iterator[Connection]:
    opened = place.connect()
    yield opened
    if not opened.embedded:
        dropped_at_the_end.append(place)
        empty(opened, place.collection)
    opened.close()


@pytest.fixture(scope="session")
def dropped_at_the_end() -> Iterator[list[Place]]:
    used: list[Place] = []
    yield used
    for place in set(used) if os.environ.get(GIVEN) else ():
        connection = place.connect()
        drop(connection, place.collection)
        connection.close()


def empty(connection: Connection, collection: str) -> None:
    """Leave the collection as the next test wants it."""
    if not connection.call("has_collection", collection_name=collection):
        return
    try:
        store = MilvusStore.open(connection, collection, FINGERPRINT)
        store.delete([document.name for document in store.documents()])
    except StoreError:
        drop(connection, collection)


@pytest.fixture
def fresh(connection: Connection, collection: str) -> Iterator[str]:
    """A collection that is not there yet, for tests that make one themselves."""
    name = f"{collection}_fresh"
    yield name
    drop(connection, name)


@pytest.fixture
def server_place(milvus_server: MilvusServer, server_collection: str) -> Place:
    """On the server the tests start themselves, whatever MILVUS_TEST_URI says."""
    return Place(milvus_server.uri, TOKEN, server_collection, str(milvus_server.authority))


@pytest.fixture
def own_store(server_place: Place) -> Iterator[MilvusStore]:
    """Empty, at `server_place`."""
    opened = MilvusStore.open(connection := server_place.connect(), server_place.collection, FINGERPRINT)
    yield opened
    empty(connection, server_place.collection)
    opened.close()


@pytest.fixture
def store(connection: Connection, collection: str) -> MilvusStore:
    return MilvusStore.open(connection, collection, FINGERPRINT)
