"""Real Milvus for every test: Milvus Lite in a temporary folder, or the server of MILVUS_TEST_URI.

A test that asks for `connection` or `store` runs on either; one that asks for `path` is about Milvus Lite alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from rag.store import Connection, MilvusStore, connect, drop

from .corpus import FINGERPRINT


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Path of an embedded database that does not exist yet."""
    return str(tmp_path / "milvus.db")


@pytest.fixture
def collection() -> str:
    return f"test_{uuid4().hex[:12]}"


@pytest.fixture
def connection(path: str, collection: str) -> Iterator[Connection]:
    opened = connect(
        os.environ.get("MILVUS_TEST_URI", path), token=os.environ.get("MILVUS_TEST_TOKEN", ""), timeout=30.0
    )
    yield opened
    drop(opened, collection)
    opened.close()


@pytest.fixture
def store(connection: Connection, collection: str) -> MilvusStore:
    return MilvusStore.open(connection, collection, FINGERPRINT)
