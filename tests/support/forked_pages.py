"""Pages, each in a process of its own, forked from one that has loaded the libraries, which takes seconds.

The program reads lines of JSON, one for each thing to do, and answers each with one.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tests import ROOT


class ForkedPage:
    """A page that runs, with what a `subprocess.Popen` has of it."""

    def __init__(self, *, env: Mapping[str, str], log: Path, **scripted: Any) -> None:
        """Options of a page over the scripted service; without any the product itself, as `python app.py` starts it."""
        self._id = int(_asked(do="begin", env=dict(env), log=str(log), scripted=scripted))

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        code: int | None = _asked(do="poll", id=self._id)
        return code

    def end(self) -> None:
        _asked(do="end", id=self._id)


def _asked(**what: Any) -> Any:
    program = _program()
    assert program.stdin and program.stdout
    print(json.dumps(what), file=program.stdin, flush=True)
    return json.loads(program.stdout.readline())


@cache
def _program() -> subprocess.Popen[str]:
    """Ends when its input does, as when this process ends."""
    command = [sys.executable, "-m", __name__]
    program = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(program.communicate)
    return program


class Pages:
    """Does what it is told to, in the program."""

    def __init__(self) -> None:
        self._running: set[int] = set()

    def begin(self, *, env: Mapping[str, str], log: str, scripted: Mapping[str, Any]) -> int:
        serve = _scripted if scripted else _product()
        child = os.fork()
        if child:
            self._running.add(child)
            return child
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number in (1, 2):
            os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
        os.environ.clear()
        os.environ.update(env)
        try:
            os._exit(serve(**scripted) or 0)
        except Exception:
            traceback.print_exc()
        os._exit(1)

    def poll(self, *, id: int) -> int | None:
        if id not in self._running:
            return 0
        ended, status = os.waitpid(id, os.WNOHANG)
        self._running -= {ended}
        return os.waitstatus_to_exitcode(status) if ended else None

    def end(self, *, id: int) -> None:
        if id in self._running:
            os.kill(id, signal.SIGTERM)
            os.waitpid(id, 0)
            self._running.remove(id)

    def serve(self) -> None:
        for line in sys.stdin:
            what = json.loads(line)
            print(json.dumps(getattr(self, what.pop("do"))(**what)), flush=True)
        for id in list(self._running):
            self.end(id=id)


def _scripted(**options: Any) -> None:
    from tests.support.scripted_service import serve

    serve(**options)


def _product() -> Callable[[], int]:
    """The product's `main`, with what it loads once it runs."""
    import app

    for each in ("milvus_lite.server_manager", "pymilvus", "rag.build", "rag.models.offline"):
        import_module(each)  # nothing is connected before the fork
    return app.main


if __name__ == "__main__":
    for name in ("rag.ui.page", "tests.support.scripted_service"):
        import_module(name)
    Pages().serve()
