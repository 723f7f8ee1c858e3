"""Work that may be killed at any moment, in processes forked from one that has loaded the slow libraries.

A program ends with `serve(work)`; a test talks to it through `forks(module)`. What the work tells comes as JSON lines.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

from tests import ROOT


def tell(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def kill_in(seconds: float) -> None:
    """No handler runs, nothing is tidied up."""
    killer = Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL))
    killer.daemon = True
    killer.start()


def serve(work: Callable[..., None]) -> None:
    """For each line of options do the work in a child, and say with what code that ended."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            work(**json.loads(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        tell({"ended": os.waitstatus_to_exitcode(status)})


class Forks:
    """Does the work of a program, each time in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, **options: Any) -> tuple[list[Any], bool]:
        """What was told before the end, and whether that was the killing."""
        assert self._process.stdin and self._process.stdout
        print(json.dumps(options), file=self._process.stdin, flush=True)
        told: list[Any] = []
        for line in self._process.stdout:
            what = json.loads(line)
            if isinstance(what, dict) and "ended" in what:
                assert what["ended"] in (0, -signal.SIGKILL), what
                return told, what["ended"] != 0
            told.append(what)
        raise AssertionError("the program has ended")


@contextmanager
def forks(module: str) -> Iterator[Forks]:
    command = [sys.executable, "-m", module]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Forks(process)
