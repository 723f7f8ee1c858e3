"""Reasoning models that think aloud: a leading `<think>…</think>` is not part of the answer."""

from __future__ import annotations

OPENERS = ("<think>", "<thinking>")
CLOSERS = {"<think>": "</think>", "<thinking>": "</thinking>"}


class WithoutThinking:
    """Drops one leading thinking block from streamed text, wherever the deltas happen to be cut.

    Tags later in the answer are text like any other: only a block at the very start is known to be thinking.
    """

    def __init__(self) -> None:
        self._held = ""
        """Text that may still turn out to be a tag."""
        self._closer = ""
        """The tag that ends the block we are in."""
        self._blank = False
        """Blank text after the block is still to be dropped."""
        self._passing = False

    def feed(self, delta: str) -> str:
        """The part of the answer that is certain after `delta`."""
        if self._passing:
            return delta
        self._held += delta
        if not self._closer and not self._opened():
            return self._release()
        if self._closer and not self._closed():
            return ""
        if self._blank:
            self._held = self._held.lstrip()
            return self._release() if self._held else ""
        return ""

    def flush(self) -> str:
        """What was held back when the stream ended: the beginning of a tag that never was one."""
        return "" if self._closer else self._release()

    def _opened(self) -> bool:
        """Whether the text so far is, was or may become an opening tag."""
        if self._blank:
            return True
        start = self._held.lstrip()
        for opener in OPENERS:
            if start.startswith(opener):
                self._closer, self._held = CLOSERS[opener], start[len(opener) :]
                return True
        return any(opener.startswith(start) for opener in OPENERS)

    def _closed(self) -> bool:
        """Whether the block has ended; of its text only a possible beginning of the closing tag is kept."""
        _, found, after = self._held.partition(self._closer)
        if not found:
            self._held = self._held[-len(self._closer) + 1 :]
            return False
        self._closer, self._held, self._blank = "", after, True
        return True

    def _release(self) -> str:
        self._passing = True
        held, self._held = self._held, ""
        return held
