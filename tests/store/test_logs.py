"""Logs of the embedded database that a crash left torn: read as far as they are whole, and set aside as they were."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.errors import StoreError
from rag.store import MilvusStore, connect
from rag.store.logs import ASIDE, MOST_ASIDE, set_aside
from tests import ROOT

from .corpus import FINGERPRINT, sample

NAMES = ["a.md", "b.md", "c.md"]
BEGUN = b"\xff\xff\xff\xff\x88\x00\x00\x00half a record"


def main(path: str) -> None:
    """Run as a program: put documents, and be killed before they are written out."""
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    for name in NAMES:
        sample(name, f"{name} one", f"{name} two").put(store)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def killed(path: str) -> Path:
    program = [sys.executable, "-m", "tests.store.test_logs", path]
    ended = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    return Path(path)


def logs(database: Path) -> list[Path]:
    found = sorted(database.glob("collections/*/wal/wal_data_*.arrow"))
    assert found, "the layout of Milvus Lite has changed: correct this test"
    return found


def aside(database: Path) -> list[bytes]:
    folder = database / ASIDE
    return sorted(file.read_bytes() for file in folder.iterdir()) if folder.is_dir() else []


def names(database: Path) -> list[str]:
    store = MilvusStore.open(connect(str(database)), "kb", FINGERPRINT)
    found = [document.name for document in store.documents()]
    assert [len(content.chunks) for content in store.contents()] == [2] * len(found)
    store.flush()
    store.close()
    return found


def test_whole_logs_are_not_set_aside(killed: Path) -> None:
    assert names(killed) == NAMES
    assert aside(killed) == []


def test_half_a_record_costs_nothing_that_was_acknowledged_and_is_kept(killed: Path) -> None:
    for log in logs(killed):
        log.write_bytes(log.read_bytes() + BEGUN)
    torn = sorted(log.read_bytes() for log in logs(killed))
    assert names(killed) == NAMES
    assert aside(killed) == torn
    assert names(killed) == NAMES, "the engine has deleted the log now"
    assert aside(killed) == torn


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda data: data[: len(data) // 2], id="cut"),
        pytest.param(lambda data: data[: len(data) // 2] + bytes(64) + data[len(data) // 2 + 64 :], id="zeros inside"),
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: b"\x55" * len(data), id="garbage"),
    ],
)
def test_a_log_that_lost_records_is_kept_as_it_was_found(killed: Path, harm: Callable[[bytes], bytes]) -> None:
    (chunks, _registry) = logs(killed)
    chunks.write_bytes(harm(chunks.read_bytes()))
    harmed = chunks.read_bytes()
    with pytest.raises(StoreError, match="has lost chunks") as refused:
        names(killed)
    assert str(killed) in str(refused.value)
    assert aside(killed) == ([harmed] if harmed else [])


def test_only_the_latest_of_them_are_kept(killed: Path) -> None:
    log = logs(killed)[0]
    for round in range(MOST_ASIDE + 3):
        log.write_bytes(log.read_bytes() + BEGUN)
        os.utime(log, (round, round))
        copied = log.with_suffix(".new")  # a file of its own each time, as the engine makes them
        copied.write_bytes(log.read_bytes())
        os.utime(copied, (round, round))
        copied.replace(log)
        assert len(set_aside(str(killed))) == 1
    assert len(aside(killed)) == MOST_ASIDE


if __name__ == "__main__":
    main(*sys.argv[1:])
