"""Tokens of pieces of one document, as they would be embedded: with their heading path and what opens them."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from rag.types import HEADING_SEPARATOR, Chunk

from .limits import ChunkLimits, TokenCounter
from .outline import Outline
from .syntax import shortened

COUNTED_AT_ONCE = 4096
"""Texts per call of the token counter: enough for it to work in parallel, little enough to hold in memory."""

Path = tuple[str, ...]


class Loads:
    """Counts pieces of a document, and knows the path and the lead they are counted with."""

    def __init__(self, text: str, found: Outline, count_tokens: TokenCounter, limits: ChunkLimits) -> None:
        self.text = text
        self.count_tokens = count_tokens
        self.limits = limits
        self.openings = found.openings
        self.leads: dict[str, str] = {"": ""}
        """Each lead as its pieces have it: "" where it is longer than a chunk."""
        self.paths = self._short([section.path for section in found.sections])

    def lead(self, start: int) -> str:
        """What opens a piece that starts there and was counted."""
        return self.leads[self.openings.lead(start)]

    def counts(self, texts: Sequence[str]) -> list[int]:
        batches = (texts[at : at + COUNTED_AT_ONCE] for at in range(0, len(texts), COUNTED_AT_ONCE))
        return [count for batch in batches for count in self.count_tokens(batch)]

    def loads(self, spans: Sequence[tuple[int, int, int]]) -> list[int]:
        """Tokens of spans (section, start, end) as embedded; by bytes, uncounted, where those are too many."""
        texts = [self.text[start:end] for _, start, end in spans]
        sizes = [len(text.encode("utf-8", "replace")) for text in texts]
        most = self.limits.max_bytes
        counted = [at for at, size in enumerate(sizes) if size <= most]
        leads = self._lead_of_each([spans[at][1] for at in counted])
        embedded = [
            Chunk(0, 0, 0, self.paths[spans[at][0]], texts[at], 0, lead).embedded_text
            for at, lead in zip(counted, leads, strict=True)
        ]
        loads = [self.limits.max_tokens * ceil(size / most) for size in sizes]
        for at, count in zip(counted, self.counts(embedded), strict=True):
            loads[at] = count
        return loads

    def _lead_of_each(self, starts: Sequence[int]) -> list[str]:
        """What opens the pieces that start there."""
        leads = [self.openings.lead(start) for start in starts]
        unknown = list(dict.fromkeys(lead for lead in leads if lead not in self.leads))
        for lead, count in zip(unknown, self.counts(unknown), strict=True):
            self.leads[lead] = lead if count <= self.limits.max_tokens else ""
        return [self.leads[lead] for lead in leads]

    def _short(self, paths: Sequence[Path]) -> list[Path]:
        """Paths of at most half the limit: outer headings go first, then the end of the last one."""
        short = {path: path for path in paths}
        long = [path for path in short if path]
        while long:
            counts = self.counts([HEADING_SEPARATOR.join(short[path]) for path in long])
            long = [path for path, n in zip(long, counts, strict=True) if n > self.limits.max_tokens // 2]
            for path in long:
                short[path] = _shorter(short[path])
            long = [path for path in long if short[path]]
        return [short[path] for path in paths]


def _shorter(path: Path) -> Path:
    if len(path) > 1:
        return path[1:]
    half = len(path[0]) // 2
    return (shortened(path[0], half),) if half > 1 else ()
