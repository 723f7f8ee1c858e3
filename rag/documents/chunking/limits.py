"""Size limits of a chunk, and the name of the rules it was cut by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.errors import SettingsError
from rag.messages import reason

CHUNKER_VERSION = "3"
"""Version of the rules here. Other rules cut the same text otherwise, so an index made with them is another one."""

BYTES_PER_TOKEN = 64
"""A word piece tokenizer counts any long word as one unknown token; text of more bytes per token is no prose."""

MOST_BYTES = 48_000
"""UTF-8 bytes of a chunk's text: below the 65,535 that a Milvus field holds, with room for its escapes."""

TokenCounter = Callable[[Sequence[str]], list[int]]
"""Tokens of each text, special tokens not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkLimits:
    """`max_tokens` of a chunk with its heading path; `overlap_tokens` repeated where a section had to be cut."""

    max_tokens: int
    overlap_tokens: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.overlap_tokens <= self.max_tokens // 2:
            values = {"overlap": self.overlap_tokens, "limit": self.max_tokens, "most": self.max_tokens // 2}
            raise SettingsError(reason("ingest.overlap", **values))

    @property
    def max_bytes(self) -> int:
        """UTF-8 bytes of a chunk's text."""
        return min(BYTES_PER_TOKEN * self.max_tokens, MOST_BYTES)

    @property
    def fingerprint(self) -> str:
        """The chunking rules and limits as one text, which an index has to remember."""
        return f"{CHUNKER_VERSION}/{self.max_tokens}/{self.overlap_tokens}"
