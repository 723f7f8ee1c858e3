"""The write-ahead logs of the embedded engine, and the repair of one that a failed write or a crash left torn.

Measured on a full disk: a flush that fails takes what it was to write out of sight, and the next one that succeeds
deletes the log it still stood in. And a record that was begun behind half a record is not read after a crash.
"""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import StoreUnavailable
from ..messages import reason

log = logging.getLogger(__name__)

ASIDE = "torn"
"""Folder in the database for logs that could not be read to their end."""

MOST_ASIDE = 8
"""Most logs kept there; the oldest are deleted."""


def reread(path: str, name: str) -> None:
    """Read a collection anew from its files after a write failed, as after a start, and begin a new log.

    Needs no room: half a record is cut off, and what was acknowledged before it is in the logs or in data files.
    Nobody may read or write meanwhile. Raises StoreUnavailable when the files cannot be read.
    """
    from milvus_lite.server_manager import server_manager_instance

    try:
        collection: Any = server_manager_instance._servers[path][1].get_collection(name)
        with collection._maintenance_lock:
            _cut(collection._wal)
            _recover(collection)
    except OSError as e:
        why = reason("store.unreadable_log", uri=path, detail=e.strerror or str(e))
        raise StoreUnavailable(why) from e


def _recover(collection: Any) -> None:
    """Do in place what the engine does when it opens a collection: whoever holds the collection goes on with it."""
    from milvus_lite.engine.recovery import execute_recovery
    from milvus_lite.storage.manifest import Manifest
    from milvus_lite.storage.wal import WAL

    folder, manifest = collection.data_dir, Manifest.load(collection.data_dir)
    memory, deleted, number = execute_recovery(data_dir=folder, schema=collection._schema, manifest=manifest)
    collection._manifest, collection._memtable, collection._delta_index = manifest, memory, deleted
    # Never back: a number that half a record had must not be given again, or the older row would win.
    collection._next_seq = max(collection._next_seq, manifest.current_seq + 1, memory.max_seq + 1)
    logs = str(Path(folder) / "wal")
    collection._recovered_wal_bytes = WAL.existing_size_bytes(logs)
    collection._wal = WAL(logs, collection._wal_data_schema, collection._wal_delta_schema, number)
    collection._refresh_segment_cache()


def _cut(wal: Any) -> None:
    """End a log with its last whole record, and throw away what is still waiting to be written to it."""
    for sink, whole in ((wal._data_sink, wal._data_size_bytes), (wal._delta_sink, wal._delta_size_bytes)):
        if sink is None or sink.closed:
            continue
        file = sink.raw  # closing the buffer itself would write what it holds
        file.truncate(whole)
        file.close()
        if not whole:
            Path(file.name).unlink(missing_ok=True)


def set_aside(path: str) -> list[Path]:
    """Keep a second name for every log that cannot be read to its end; the engine reads what is whole, then deletes it.

    What follows the last whole record was never acknowledged, unless the disk itself lost bytes. Returns those kept.
    """
    kept: list[Path] = []
    for file in sorted(Path(path).glob("collections/*/wal/*.arrow")):
        whole, size = _whole_bytes(file), file.stat().st_size
        if whole == size:
            continue
        aside = Path(path) / ASIDE / f"{file.parents[1].name}-{file.stem}-{file.stat().st_mtime_ns}{file.suffix}"
        log.warning("%s can be read up to byte %d of %d only; it is kept as %s", file, whole, size, aside)
        if aside.exists() or _linked(file, aside):
            kept.append(aside)
    folder = Path(path) / ASIDE
    if kept:
        for old in sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime_ns)[:-MOST_ASIDE]:
            old.unlink(missing_ok=True)
    return kept


def _linked(file: Path, aside: Path) -> bool:
    """Keep `file` under a second name, which takes no room on a full disk, or as a copy where there are no such names.

    False if neither can be made.
    """
    try:
        aside.parent.mkdir(exist_ok=True)
        with suppress(OSError):
            os.link(file, aside)
            return True
        shutil.copy2(file, aside)
    except OSError as e:
        log.error("%s could not be kept: %s", file, e)
        return False
    return True


def _whole_bytes(file: Path) -> int:
    """Number of bytes up to the end of the last whole record of a log."""
    import pyarrow as pa  # type: ignore[import-untyped]

    end = 0
    with pa.OSFile(str(file), "rb") as source:
        try:
            reader = pa.ipc.open_stream(source)
            end = source.tell()
            for batch in reader:
                batch.validate(full=True)
                end = source.tell()
            end = source.tell()  # behind the mark of the end, where the log was closed
        except (pa.ArrowInvalid, OSError) as e:
            log.info("%s: %s", file, e)
    return end
