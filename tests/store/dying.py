"""Changes that are killed after their n-th write: the program of test_crashes, see `tests.support.forking`."""

from __future__ import annotations

import os
import signal
from typing import Any

import milvus_lite.server_manager  # noqa: F401 - loaded before the fork; nothing here is connected then
import pymilvus  # noqa: F401

from rag.store import Connection, MilvusStore, connect
from tests.support.forking import serve

from .corpus import EXACT, FINGERPRINT
from .revisions import AGAIN, NAME, NEW


class Dying:
    """A connection whose process is killed after its n-th write: no handler runs, nothing is tidied up."""

    def __init__(self, connection: Connection, writes: int) -> None:
        self._connection = connection
        self._left = writes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        answer = self._connection.call(method, *args, **options)
        if method in ("upsert", "delete"):
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return answer


def change_and_die(path: str, action: str, writes: int) -> None:
    """Replace or delete a document."""
    connection: Any = connect(path)
    store = MilvusStore.open(connection, "kb", FINGERPRINT)
    dying: Any = Dying(connection, writes)
    store = MilvusStore(
        dying,
        "kb",
        dimension=FINGERPRINT.dimension,
        search=EXACT,
        full_text_missing=None,
    )
    if action == "replace":
        NEW.put(store)
    elif action == "again":
        AGAIN.put(store, again=True)
    else:
        store.delete([NAME])
    connection.close()


if __name__ == "__main__":
    serve(change_and_die)
