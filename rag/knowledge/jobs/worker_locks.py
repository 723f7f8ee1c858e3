"""Locks of the programs that work on jobs: each holds a file lock of its own, which the system frees when it dies.

So nobody has to guess from times whether a program still lives, and one that is merely slow loses no job.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import KeepingError
from rag.messages import reason
from rag.private_files import private_folder

ENTER_SECONDS = 5.0
"""Longest wait for the gate. It is held for milliseconds; a holder for longer is no runner of this version."""


class WorkerLocks:
    """The runners over one folder, this one among them. Safe for many threads."""

    def __init__(self, folder: Path, *, gate: Path) -> None:
        """`gate` is a file locked while locks are made or removed: a new one must not be taken for a dead one's."""
        self.id = uuid.uuid4().hex
        self._folder = folder
        self._own = FileLock(self._place(self.id), thread_local=False)  # taken in one thread, released in another
        self._gate = FileLock(gate, thread_local=False)
        self._lock = threading.Lock()  # a file lock lets every thread in that has the object

    def enter(self) -> None:
        """Count as living for the other runners from now on. Raises KeepingError when no lock can be had."""
        with self._lock:
            if self._own.is_locked:
                return
            with self._gated(ENTER_SECONDS):
                private_folder(self._folder)
                self._own.acquire(timeout=0)

    def leave(self) -> None:
        """Count as living no more: the jobs of this runner can be taken over."""
        with self._lock:
            if self._own.is_locked:
                self._own.release()
                with contextlib.suppress(OSError):  # on Windows while another looks at it, who then removes it
                    self._place(self.id).unlink(missing_ok=True)

    def living(self, *, patience: float = 0.0) -> set[str]:
        """Return the ids of runners whose program lives; remove the locks of the dead.

        Raises KeepingError when that cannot be told, as when another runner asks for longer than `patience` seconds.
        """
        with self._lock, self._gated(patience):
            return {path.stem for path in sorted(self._folder.glob("*.lock")) if self._lives(path)}

    def _lives(self, path: Path) -> bool:
        if path.stem == self.id:
            return self._own.is_locked
        other = FileLock(path, thread_local=False)
        try:
            other.acquire(timeout=0)
        except Timeout:
            return True
        other.release()
        path.unlink(missing_ok=True)
        return False

    def _place(self, id: str) -> Path:
        return self._folder / f"{id}.lock"

    @contextmanager
    def _gated(self, patience: float) -> Iterator[None]:
        try:
            private_folder(self._folder.parent)
            with self._gate.acquire(timeout=patience, poll_interval=0.01):
                yield
        except (OSError, NotImplementedError) as e:  # Timeout is an OSError
            detail = type(e).__name__ if isinstance(e, Timeout) else str(e)
            raise KeepingError(reason("jobs.no_lock", path=str(self._gate.lock_file), detail=detail)) from e
