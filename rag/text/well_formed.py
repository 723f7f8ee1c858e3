"""Texts from outside made fit to be kept, sent and shown: what no encoding holds is replaced, once, at the door. Pure.

Lone surrogates come from broken JSON escapes, from file names in another encoding and from browsers; a single one in a
question would make every later write of the conversation fail. NULs end texts early in C libraries, and other controls
steer terminals.
"""

from __future__ import annotations

import re

STRANGE = "\ufffd"
"""Replacement of a character that cannot be kept."""
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Controls except tabs and line ends. Marks that turn the direction of a text stay: some scripts need them."""
HIGH = ("\ud800", "\udbff")
"""First and last of the halves that begin a pair of surrogates."""


def well_formed(text: str) -> str:
    """The text with halves of characters and controls replaced; halves that belong together become their character."""
    return CONTROLS.sub(STRANGE, encodable(text))


def encodable(text: str) -> str:
    """The text with halves of characters that stand alone replaced."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class WellFormed:
    """Makes a streamed text well-formed; a character whose halves come in two deltas is put together."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, delta: str) -> str:
        """The delta, without a half at its end that the next one may complete."""
        text = self._half + delta
        self._half = text[-1] if text and HIGH[0] <= text[-1] <= HIGH[1] else ""
        return well_formed(text[:-1] if self._half else text)

    def flush(self) -> str:
        """Return what was held back when the stream ended."""
        half, self._half = self._half, ""
        return well_formed(half)
