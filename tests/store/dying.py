"""Run as a program: replace or delete a document and be killed after the n-th write. See test_crashes."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from rag.store import Connection, MilvusStore, connect

from .corpus import EXACT, FINGERPRINT
from .revisions import NAME, NEW


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


def main(path: str, action: str, writes: str) -> None:
    connection: Any = connect(path)
    store = MilvusStore.open(connection, "kb", FINGERPRINT)
    dying: Any = Dying(connection, int(writes))
    store = MilvusStore(
        dying,
        "kb",
        dimension=FINGERPRINT.dimension,
        search=EXACT,
        full_text_missing=None,
    )
    if action == "replace":
        NEW.put(store)
    else:
        store.delete([NAME])
    print("survived", flush=True)
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
