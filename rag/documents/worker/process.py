"""The worker as the app sees it: a process that is started, asked, bounded in time and memory, and ended.

It is started anew, never forked: the app has threads, and holds what the files of strangers have no business with.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from rag import ROOT
from rag.errors import DocumentRefused, Stopped
from rag.events import Cancel
from rag.messages import from_json, reason

from .wire import Head, receive, send

log = logging.getLogger(__name__)


PATIENCE = 4
"""Times its processor time that a worker may be silent: other work may keep the machine busy."""

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
"""Every thread of a library would take 64 MB of address space for itself."""

SECRET = ("OPENAI_", "MILVUS_", "HF_TOKEN", "RAG_")
"""Beginnings of the variables a worker has no use for: keys and settings of the app."""

_OUT_OF_TIME = 24
"""SIGXCPU, which ends a process that used up its processor time."""

Count = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True, slots=True)
class WorkLimits:
    """Limits of processor time and memory for one file."""

    seconds: float = 120.0
    """Seconds of processor time, for one task; not bounded on Windows, where only the clock ends it."""
    megabytes: int = 1024
    """Megabytes of address space. The libraries need 450 at the start, and a file of 20 MB rarely as much again. Not
    bounded on Windows and macOS, which offer no such limit."""


class Worker:
    """One process, asked by one thread at a time."""

    def __init__(self, limits: WorkLimits) -> None:
        self._limits = limits
        self._late = False
        self.fit = True
        """True while the worker can be asked again."""
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.worker", str(limits.megabytes)],
            cwd=ROOT,
            env={k: v for k, v in os.environ.items() if not k.startswith(SECRET)} | ONE_THREAD,
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
        )

    def ask(
        self, head: Head, body: bytes, *, kind: str, cancel: Cancel, count: Count | None = None
    ) -> tuple[Head, bytes]:
        """The answer to a task about a file of that `kind`; `count` counts tokens for it.

        Raises DocumentRefused when it went wrong or beyond a limit, Stopped when cancelled, and what `count` raises.
        """
        try:
            with cancel.calls(self._process.kill):
                answer = self._answer({**head, "seconds": self._limits.seconds}, body, count)
        except BaseException:
            self.close()  # it waits for something that will not come
            raise
        self.fit = answer is not None and answer[0]["peak"] < self._limits.megabytes // 2
        if answer is None:
            self.close()
        if cancel:
            raise Stopped(reason("ingest.cancelled"))
        return self._checked(answer, kind)

    @property
    def pid(self) -> int:
        return self._process.pid

    def close(self) -> None:
        """End the process. Safe to call twice."""
        self.fit = False
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was not sent yet
                if pipe:
                    pipe.close()
        self._process.wait()

    def _answer(self, head: Head, body: bytes, count: Count | None) -> tuple[Head, bytes] | None:
        """The worker's final answer; None when the process ended before."""
        while True:
            found = self._exchanged(head, body)
            if found is None or "count" not in found[0] or count is None:
                return found
            head, body = {"counts": count(json.loads(found[1]))}, b""

    def _exchanged(self, head: Head, body: bytes) -> tuple[Head, bytes] | None:
        assert self._process.stdin and self._process.stdout
        watch = threading.Timer(PATIENCE * self._limits.seconds, self._give_up)
        watch.daemon = True
        watch.start()
        try:
            send(self._process.stdin, head, body)  # type: ignore[arg-type]
            return receive(self._process.stdout)  # type: ignore[arg-type]
        except OSError:
            return None
        finally:
            watch.cancel()

    def _give_up(self) -> None:
        self._late = True
        self._process.kill()

    def _checked(self, answer: tuple[Head, bytes] | None, kind: str) -> tuple[Head, bytes]:
        limits = self._limits
        if answer is None:
            code = self._process.returncode
            if self._late or code == -_OUT_OF_TIME:
                raise DocumentRefused(reason("convert.too_slow", kind=kind.upper(), seconds=limits.seconds))
            raise DocumentRefused(reason("convert.crashed", kind=kind.upper(), exit=code))
        head, _ = answer
        if "refused" in head:
            raise DocumentRefused(from_json(head["refused"]))
        if head.get("failed") == "memory":
            self.close()
            raise DocumentRefused(reason("convert.too_much_memory", kind=kind.upper(), limit=limits.megabytes))
        if "failed" in head:
            log.error("a %s file could not be read:\n%s", kind, head["trace"])
            raise DocumentRefused(reason("ingest.fault", error=head["failed"]))
        return answer
