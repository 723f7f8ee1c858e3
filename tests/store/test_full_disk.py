"""A full disk: said as such, nothing acknowledged is lost, and what is written once there is room again is kept.

The disk is a limit on the size of files, which any user may set: writing beyond it fails half way, as on a full disk.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys

from rag.errors import StoreUnavailable
from rag.store import MilvusStore, connect, diagnose
from rag.text.language import detect
from tests import ROOT

from .corpus import FINGERPRINT, sample

ROOM = 300_000
EARLY = [f"early {number}.md" for number in range(40)]
LATE = [f"late {number}.md" for number in range(3)]


def put(store: MilvusStore, name: str) -> None:
    sample(name, *(f"{name} {part} " + os.urandom(200).hex() for part in range(40))).put(store)
    print(name, flush=True)


def main(path: str) -> None:
    """Run as a program: fill the disk, make room, go on, and be killed."""
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    detect("What tells languages apart is read from a file of its own, while there is room.")
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))
    try:
        for name in EARLY:
            put(store, name)
    except StoreUnavailable as e:
        print(e.reason.code, flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    for name in LATE:
        put(store, name)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_full_disk_loses_nothing_that_was_acknowledged(path: str) -> None:
    program = [sys.executable, "-m", "tests.store.test_full_disk", path]
    ended = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    acknowledged = ended.stdout.splitlines()
    acknowledged.remove("store.disk_full")
    assert 0 < len(acknowledged) < len(EARLY) + len(LATE)
    assert acknowledged[-3:] == LATE
    connection = connect(path)
    store = MilvusStore.open(connection, "kb", FINGERPRINT)
    assert [document.name for document in store.documents()] == sorted(acknowledged)
    assert [len(content.chunks) for content in store.contents()] == [40] * len(acknowledged)
    assert diagnose(connection, "kb").rows == 40 * len(acknowledged)
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
