"""Reasoning models that think aloud: a leading `<think>…</think>` is not part of the answer.

Some templates write the opening tag into the prompt, so that the reply holds the closing one alone. By then what came
before was taken for the answer: what follows is an `Afresh`, which takes its place.
"""

from __future__ import annotations

import re

from rag.protocols import Afresh

NAMES = "think|thinking|thoughts?|reasoning"
TAG = re.compile(rf"[<◁](?P<ends>/?)(?:{NAMES})[>▷]|(?-i:\[(?P<off>/?)THINK\])", re.IGNORECASE)
BEGUN = re.compile(r"[<◁\[]/?[a-z]{0,9}\Z", re.IGNORECASE)
"""The end of a text that may still become a tag."""
LONGEST_TAG = len("</reasoning>")
MOST_BLANKS = 200
"""Before a block; whoever begins with more does not think aloud."""
QUOTING = "`\"'“‘("
"""Before a tag these say that the answer speaks of it."""


class WithoutThinking:
    """Drops leading thinking blocks from streamed text, wherever the deltas happen to be cut.

    Later tags in pairs are text like any other: only a block at the very start is known to be thinking. A closing tag
    that nothing opened makes thinking of all that came before it.
    """

    def __init__(self) -> None:
        self._held = ""
        """Text that may still turn out to be a tag."""
        self._inside = False
        self._passing = False
        self._dropped = False
        """A block was dropped; so are the blanks behind it."""
        self._open = 0
        """Tags in the answer that are not closed yet."""
        self._before = ""
        """The last character of the answer."""

    def feed(self, delta: str) -> str:
        """The part of the answer that is certain after `delta`; an `Afresh` where it replaces what was certain."""
        self._held += delta
        return self._advance(final=False)

    def flush(self) -> str:
        """Return the text held back until the stream ended: the beginning of a tag that never was one."""
        return self._advance(final=True)

    def _advance(self, *, final: bool) -> str:
        if not self._passing and not self._past_blocks(final=final):
            return ""
        if (rest := self._past_closing()) is not None:
            self._held, self._passing, self._dropped, self._open = rest, False, True, 0
            return Afresh(self._advance(final=final))
        begun = None if final else BEGUN.search(self._held, max(0, len(self._held) - LONGEST_TAG))
        end = begun.start() if begun else len(self._held)
        passed, self._held = self._held[:end], self._held[end:]
        self._before = passed[-1:] or self._before
        return passed

    def _past_blocks(self, *, final: bool) -> bool:
        """True once the answer has begun: no block is open, and none may open any more."""
        while True:
            if self._inside and not self._closed():
                return False
            start = self._held.lstrip()
            self._held = start if self._dropped else self._held
            opening = TAG.match(start)
            near = len(self._held) - len(start) <= MOST_BLANKS
            if not near or not opening or _closes(opening):
                break
            self._inside, self._held = True, start[opening.end() :]
        may_open = not start or (BEGUN.fullmatch(start) and "/" not in start)
        self._passing = final or not near or not may_open
        return self._passing

    def _closed(self) -> bool:
        """True if the block has ended; of its text only a possible beginning of the closing tag is kept."""
        closing = next((tag for tag in TAG.finditer(self._held) if _closes(tag)), None)
        if closing is None:
            self._held = self._held[-LONGEST_TAG + 1 :]
            return False
        self._inside, self._dropped, self._held = False, True, self._held[closing.end() :]
        return True

    def _past_closing(self) -> str | None:
        """Text after a closing tag that nothing opened; None where there is no such tag."""
        for tag in TAG.finditer(self._held):
            before = self._held[tag.start() - 1] if tag.start() else self._before
            if not _closes(tag):
                self._open += 1
            elif self._open:
                self._open -= 1
            elif not before or before not in QUOTING:
                return self._held[tag.end() :]
        return None


def _closes(tag: re.Match[str]) -> bool:
    return bool(tag["ends"] or tag["off"])
