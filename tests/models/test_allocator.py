"""Arenas of the C library, counted by the library itself in a process of its own."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from rag.models.allocator import ARENAS
from tests import ROOT

COUNT = """
import ctypes, os, sys, threading
from pathlib import Path
from rag.models.allocator import few_arenas, give_back
few_arenas(dict(os.environ))
library = ctypes.CDLL(None)
library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
together = threading.Barrier(12)
def work():
    together.wait()
    held = [library.malloc(20_000) for _ in range(200)]
    together.wait()
    for each in held:
        library.free(each)
threads = [threading.Thread(target=work) for _ in range(12)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
give_back()
library.fopen.restype = ctypes.c_void_p
file = library.fopen(sys.argv[1].encode(), b"w")
library.malloc_info(0, ctypes.c_void_p(file))
library.fclose(ctypes.c_void_p(file))
print(Path(sys.argv[1]).read_text().count("<heap nr="))
"""

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")


def arenas(path: object, **environ: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", COUNT, str(path)], cwd=ROOT, env=environ, check=True, capture_output=True, text=True
    )
    return int(done.stdout)


def test_threads_share_arenas(tmp_path: object) -> None:
    assert arenas(f"{tmp_path}/info") <= ARENAS


def test_whoever_decided_about_arenas_has_the_last_word(tmp_path: object) -> None:
    assert ARENAS < arenas(f"{tmp_path}/info", MALLOC_ARENA_MAX="6") <= 6
