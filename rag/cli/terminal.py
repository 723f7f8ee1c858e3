"""A program at its terminal: characters it does not have, output that is lost, a reader that left, Ctrl-C.

Loads nothing but the standard library, so that it is there before anything that takes time.
"""

from __future__ import annotations

import codecs
import io
import json
import os
import shutil
import signal
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO

from .exits import INTERRUPTED, TERMINATED, UNREAD

NOTHING = Path()
"""Result of `path` for an empty argument: the folder one stands in is never meant by it."""


def program(main: Callable[[], int]) -> NoReturn:
    """Run `main` and exit with its code. Ctrl-C ends the process without a word, also before and after `main`."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as in the background of a script
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.unraisablehook = _unless_interrupted
    sys.exit(main())


class _Terminated(KeyboardInterrupt):
    """Interrupted by the signal of `kill` and `docker stop` instead of Ctrl-C."""


def ended(work: Callable[[], int], *, also: tuple[signal.Signals, ...] = ()) -> int:
    """The exit code of `work`: its own, or that it was interrupted, or that nobody reads its output any more.

    `also` names signals that interrupt it as Ctrl-C does, so that it can close what it has open.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        with _interruptible(also):
            code = work()
            flush()
            return code
    except BrokenPipeError:
        return UNREAD
    except _Terminated:
        return TERMINATED
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        for stream in (sys.stdout, sys.stderr):
            _settle(stream)


def flush() -> None:
    """Write what is still to be written. Raises OSError when it cannot be."""
    if sys.stdout is not None:
        sys.stdout.flush()


def tell(line: str) -> None:
    """A line on standard error; where that cannot be written either, nothing is left to tell."""
    with suppress(OSError):
        if sys.stderr is not None:
            sys.stderr.write(f"{line}\n")


def as_json(value: Any) -> str:
    """Plain values as JSON that stays whole in whatever encoding standard output has."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return json.dumps(value, ensure_ascii=codecs.lookup(encoding).name != "utf-8", indent=2)


def path(value: str) -> Path:
    """An argument that names a file or folder, `NOTHING` where it names none; `check` refuses that."""
    return NOTHING if not value or "\0" in value else Path(value)


def check(arguments: dict[str, Any], *, named: tuple[str, ...]) -> None:
    """Raise RagError for an argument that is no text, and for an empty one that has to name something.

    `named` are those that do, besides paths.
    """
    from rag.errors import RagError
    from rag.messages import reason

    for name, given in arguments.items():
        for value in given if isinstance(given, list) else [given]:
            if value is NOTHING or (value == "" and name in named):
                raise RagError(reason("report.empty_argument", name=name.upper()))
            if isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
                raise RagError(reason("report.no_text", name=name.upper()))


class GrowingText:
    """A text that grows on a terminal, where it can also be taken back; anywhere else it is written once it is whole,
    since what was written there stays."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._text = ""
        self._live = out.isatty() and os.environ.get("TERM", "") not in ("", "dumb")

    def add(self, text: str, *, afresh: bool) -> None:
        """More of the text; `afresh`: in place of all of it so far."""
        if afresh and self._live:
            self._out.write(self._erasing())
        self._text = text if afresh else self._text + text
        if self._live:
            self._out.write(text)
            self._out.flush()

    def end(self) -> None:
        """Nothing more comes."""
        if not self._live:
            self._out.write(self._text)

    def _erasing(self) -> str:
        """Control codes that make a terminal forget the text; it keeps what has left its screen at the top."""
        columns, lines = shutil.get_terminal_size()
        rows = sum(_columns(line) // columns + 1 for line in self._text.split("\n"))
        up = min(rows, lines) - 1
        return "\r" + (f"\x1b[{up}A" if up else "") + "\x1b[J"


def _columns(line: str) -> int:
    """The columns a line takes on a terminal."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in line)
    return len(line) + wide


@contextmanager
def _interruptible(also: tuple[signal.Signals, ...]) -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, once: a second one ends the process, however long the clean-up takes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [each for each in (signal.SIGINT, *also) if signal.getsignal(each) is not signal.SIG_IGN]

    def interrupted(number: int, _frame: FrameType | None) -> None:
        for each in heard:
            signal.signal(each, signal.SIG_DFL)
        raise KeyboardInterrupt if number == signal.SIGINT else _Terminated

    before = {each: signal.signal(each, interrupted) for each in heard}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _settle(stream: TextIO | None) -> None:
    """Give up what cannot be written, or Python would fail over it once more at its end."""
    if stream is None:
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _unless_interrupted(failed: Any) -> None:
    """Say nothing of Ctrl-C in a place that cannot raise, such as the end of an object."""
    if not issubclass(failed.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(failed)
