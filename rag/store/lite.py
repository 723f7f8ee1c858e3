"""The embedded engine, Milvus Lite: settings it offers no call for, and facts that only its folder tells."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..errors import StoreLocked, StoreUnavailable
from ..messages import reason

MEMTABLE_BYTES = 16 * 1024 * 1024
"""Lite flushes at this size. With its default of 128 MiB searches during an ingest took 3 times as long."""

MERGED_BYTES = 100_000_000
"""Lite merges its data files up to this size into one; see `prepare`."""


def prepare() -> None:
    """Set how Milvus Lite flushes and merges its files, for which it offers no call.

    BM25 on Lite counts document frequencies per data file, so a small new file beside a large old one scores far too
    low: measured, the one right chunk fell out of the first 1000. By default Lite merges only files of like size, four
    at a time; here it merges whenever there are two, until a file is large. A contract test watches the effect.
    """
    os.environ.setdefault("MILVUS_LITE_MEMTABLE_MEMORY_LIMIT_BYTES", str(MEMTABLE_BYTES))
    from milvus_lite.engine import compaction

    compaction.COMPACTION_MIN_FILES_PER_BUCKET = 2
    compaction.COMPACTION_BUCKET_BOUNDARIES = [MERGED_BYTES]


def checked_path(uri: str) -> str:
    """The absolute path of an embedded database; its parent folder exists afterwards."""
    if not uri.endswith(".db"):
        raise StoreUnavailable(reason("store.not_a_database_path", uri=uri.rpartition("@")[2]))
    path = Path(uri).expanduser().resolve()
    if path.is_file():
        raise StoreUnavailable(reason("store.old_file", uri=str(path)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise StoreUnavailable(reason("store.no_folder", uri=str(path.parent), detail=e.strerror or str(e))) from e
    if not os.access(path if path.exists() else path.parent, os.W_OK | os.X_OK):
        raise StoreUnavailable(reason("store.not_writable", uri=str(path)))
    return str(path)


def check_unlocked(path: str) -> None:
    """Raise StoreLocked when another process has the database open.

    Milvus Lite tells only its log why it cannot open such a database.
    """
    lock = Path(path) / "LOCK"
    if sys.platform == "win32" or not lock.exists():
        return
    import fcntl

    with lock.open("rb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            raise StoreLocked(reason("store.locked", uri=path)) from e


def identity(path: str) -> tuple[int, int] | None:
    """Device and number of the lock file in the folder of a database; None when there is none.

    They tell the folder from every other one.
    """
    try:
        found = (Path(path) / "LOCK").stat()  # made once, and held as long as the database is open
    except OSError:
        return None
    return found.st_dev, found.st_ino


def unclean(path: str) -> set[str]:
    """Collections whose log is still there: closing a database writes it into data files and removes it."""
    return {log.parents[1].name for log in Path(path).glob("collections/*/wal/*") if log.stat().st_size}


def remove_index_files(path: str, collection: str) -> int:
    """Delete the index files of `collection`, which are made anew from the data; return their number."""
    files = list((Path(path) / "collections" / collection).glob("**/indexes/*.idx"))
    for file in files:
        file.unlink()
    return len(files)


def release(path: str) -> None:
    """End Milvus Lite's server and release its lock: closing a client does neither."""
    from milvus_lite.server_manager import server_manager_instance

    server_manager_instance.release_server(path)
