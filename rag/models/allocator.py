"""The C library's memory: in few arenas, and given back after work that needed much of it.

Every thread that allocates may get an arena of its own, up to eight for each core, and what lies free in one of them
is of no use to any other thread: a thread for each question left hundreds of megabytes so. Elsewhere than with glibc
nothing happens here.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from functools import cache

ARENAS = 2
"""Threads that compute hold large blocks for long and take few of them; more arenas make nothing faster."""
_ARENA_MAX = -8
"""M_ARENA_MAX of malloc.h."""
ASKED = ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")
"""Variables by which the user may have decided about it."""


def few_arenas(environ: Mapping[str, str]) -> None:
    """Let threads share arenas, unless the user decided about that. For the whole process; call it before threads
    start."""
    library = _glibc()
    if library and not any(name in environ for name in ASKED):
        library.mallopt(_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Return free memory to the system."""
    if library := _glibc():
        library.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(None)
    except (OSError, TypeError):  # Windows has no such thing as the program's own symbols
        return None
    return library if hasattr(library, "gnu_get_libc_version") else None
