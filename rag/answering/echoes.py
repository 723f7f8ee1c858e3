"""A weak model goes on with its prompt: the boundary, or contexts of its own making. There its answer ends."""

from __future__ import annotations

import re

HEADER = re.compile(r"\n[#>*\s]{0,8}context \d{1,3}[ \t]{0,8}\n(?:knowledge base|document|section): ", re.I)
"""The first lines of a context, with or without its boundary."""
WORD = "context"
BEGUN = re.compile(
    rf"\n[#>*\s]{{0,8}}(?:{'|'.join(WORD[:n] for n in range(1, len(WORD)))}"
    r"|context ?\d{0,3}[ \t]{0,8}(?:\n[a-z ]{0,15}:?)?)?\Z",
    re.IGNORECASE,
)
"""The end of a text that may still become one."""
BEFORE = "# \t\n>*"
"""What may stand before a repetition and goes with it."""
START = "\n"
"""Stands before what is held of a reply at first: its first line begins a line too."""
MOST_HELD = 400
LONGEST = 64
"""Characters of the longest beginning."""


class WithoutEcho:
    """Streamed text up to where the prompt with this `boundary` is repeated, wherever the deltas are cut.

    `ended` from there on: nothing that follows is part of the answer.
    """

    def __init__(self, boundary: str) -> None:
        self._marks = tuple(mark for mark in (boundary, boundary.lstrip("#")) if mark)
        self.again()

    def again(self) -> None:
        """What was passed on is no answer any more: another one begins."""
        self._held = START
        """Text that is not passed on yet. Blanks at its end stay in it, so that it begins with them if with a line."""
        self._begun = False
        self.ended = False

    def feed(self, delta: str) -> str:
        """The part of the answer that is certain after `delta`."""
        if self.ended:
            return ""
        self._held += delta
        end = self._end()
        self.ended = end is not None
        return self._pass(self._certain() if end is None else len(self._held[:end].rstrip(BEFORE)))

    def flush(self) -> str:
        """What was held until the reply ended."""
        return "" if self.ended else self._pass(len(self._held))

    def _end(self) -> int | None:
        """Where the answer ends; None while nothing shows that it does."""
        found = [at for mark in self._marks if (at := self._held.find(mark)) >= 0]
        header = HEADER.search(self._held)
        return min([*found, header.start()] if header else found, default=None)

    def _certain(self) -> int:
        """Characters that can be part of no repetition."""
        begun = BEGUN.search(self._held, max(0, len(self._held) - LONGEST))
        certain = len(self._held[: begun.start()].rstrip(BEFORE)) if begun else len(self._held)
        for mark in self._marks:
            parts = (n for n in range(len(mark) - 1, 0, -1) if self._held.endswith(mark[:n]))
            certain = min(certain, len(self._held) - next(parts, 0))
        return max(certain, len(self._held) - MOST_HELD)

    def _pass(self, end: int) -> str:
        passed, self._held = self._held[:end], self._held[end:]
        first, self._begun = bool(passed) and not self._begun, self._begun or bool(passed)
        return passed[len(START) :] if first else passed
