"""Does one task after the other until its standard input ends: `python -m rag.documents.worker.worker MEGABYTES`.

Memory is bounded for the process, processor time for every task; a task that goes beyond the second ends the process.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import BinaryIO

from .wire import Head, receive, send

MEGABYTE = 1 << 20
LONGEST_TRACE = 4_000


def main() -> int:
    limited = sys.platform != "win32"
    if limited:
        _bound_memory(int(sys.argv[1]) * MEGABYTE)
    asked = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    while (task := receive(asked)) is not None:
        if limited:
            _bound_time(task[0]["seconds"])
        head, body = _done(*task, asked, answers)
        send(answers, {**head, "peak": _peak() if limited else 0}, body)
    return 0


def _done(head: Head, body: bytes, asked: BinaryIO, answers: BinaryIO) -> tuple[Head, bytes]:
    from rag.errors import DocumentRefused
    from rag.messages import as_json

    def count(texts: Sequence[str]) -> list[int]:
        send(answers, {"count": True}, json.dumps(texts).encode())
        counted = receive(asked)
        if counted is None:  # the app is gone
            raise SystemExit(0)
        return list(counted[0]["counts"])

    try:
        from .tasks import TASKS

        return TASKS[head["task"]](head, body, count)
    except DocumentRefused as e:
        return {"refused": as_json(e.reason)}, b""
    except MemoryError:
        return {"failed": "memory"}, b""
    except Exception as e:  # a fault of ours, met by one file: the app has words for it
        return {"failed": type(e).__name__, "trace": traceback.format_exc()[-LONGEST_TRACE:]}, b""


def _bound_memory(size: int) -> None:
    import resource

    if sys.platform == "linux":  # macOS has the limit and does not keep it
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _bound_time(seconds: float) -> None:
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (ceil(used.ru_utime + used.ru_stime + seconds), hard))


def _peak() -> int:
    """Megabytes this process had at most."""
    status = Path("/proc/self/status")
    if status.exists():  # on Linux `getrusage` begins with the peak of the process that started this one
        return int(status.read_text(encoding="ascii").partition("VmHWM:")[2].split(maxsplit=1)[0]) // 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MEGABYTE


if __name__ == "__main__":
    sys.exit(main())
