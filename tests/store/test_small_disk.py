"""A small disk that really fills up: what was acknowledged stays, at once and after the program was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.errors import StoreUnavailable
from rag.store import MilvusStore, connect, diagnose
from tests import ROOT
from tests.support.small_disk import SmallDisk, small_disk

from .corpus import FINGERPRINT, sample

CHUNKS = 40
TRIES_WHILE_FULL = 3


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 12) as mounted:
        yield mounted


def put(store: MilvusStore, name: str) -> str:
    """Its own name once it is acknowledged, else the code of the reason."""
    try:
        sample(name, *(f"{name} {part} " + os.urandom(200).hex() for part in range(CHUNKS))).put(store)
    except StoreUnavailable as e:
        return e.reason.code
    return name


def flush(store: MilvusStore) -> str:
    try:
        store.flush()
    except StoreUnavailable as e:
        return e.reason.code
    return ""


def names(store: MilvusStore) -> list[str]:
    return [document.name for document in store.documents()]


def main(folder: str, leave: str, flushes: str) -> None:
    """Run as a program: fill the disk, go on trying while it is full, make room, go on, and be killed."""
    disk = SmallDisk(Path(folder))
    store = MilvusStore.open(connect(str(disk.folder / "milvus.db")), "kb", FINGERPRINT)
    acknowledged = [put(store, "first.md")]
    disk.fill(leave=int(leave))
    seen: list[str] = []
    for number in range(200):
        seen.append(put(store, f"early {number}.md"))
        if not seen[-1].endswith(".md"):
            break
    for number in range(TRIES_WHILE_FULL):
        seen.append(flush(store) if flushes == "flushes" else "")
        disk.fill()
        seen.append(put(store, f"full {number}.md"))
        assert names(store) == sorted(acknowledged + [name for name in seen if name.endswith(".md")]), "while full"
    disk.empty()
    for number in range(3):
        seen.append(put(store, f"late {number}.md"))
        assert flushes != "flushes" or flush(store) == ""
    acknowledged += [name for name in seen if name.endswith(".md")]
    assert names(store) == sorted(acknowledged), "once there is room"
    print(*acknowledged, *{code for code in seen if code and not code.endswith(".md")}, sep="\n", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("flushes", ["flushes", "leaves it"])
@pytest.mark.parametrize("leave", [0, 100_000, 1_000_000])
def test_a_full_disk_loses_nothing_that_was_acknowledged(disk: SmallDisk, leave: int, flushes: str) -> None:
    program = [sys.executable, "-m", "tests.store.test_small_disk", str(disk.folder), str(leave), flushes]
    ended = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    *acknowledged, code = ended.stdout.splitlines()
    assert code == "store.disk_full"
    assert acknowledged[0] == "first.md" and acknowledged[-3:] == [f"late {number}.md" for number in range(3)]
    connection = connect(str(disk.folder / "milvus.db"))
    store = MilvusStore.open(connection, "kb", FINGERPRINT)
    assert names(store) == sorted(acknowledged)
    assert [len(content.chunks) for content in store.contents()] == [CHUNKS] * len(acknowledged)
    assert diagnose(connection, "kb").rows == CHUNKS * len(acknowledged)
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
