"""Stand-ins for the two things a test cannot have: model weights and the paid API. Each has a test of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b

import numpy as np

from rag.events import Cancel
from rag.status import ModelInfo
from rag.types import Message, ReplyForm, RerankLimits, Usage, Vectors


def words(text: str) -> list[str]:
    """Lower-case words; every CJK character is a word."""
    return re.findall(r"[a-z0-9_]+|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", text.lower())


class BagEmbedder:
    """Hashed bag of words of unit length: texts that share words are near, so rankings can be asserted."""

    def __init__(self, dimension: int = 64, *, at_once: int = 32) -> None:
        """`at_once` texts come together when they are streamed."""
        self.at_once = at_once
        self.dimension = dimension
        self.max_tokens = 8192
        self.info = ModelInfo("bag-of-words", "1", "cpu", "float32")
        self.embedded: list[str] = []
        """Every document text that was embedded, in order."""

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        self.embedded.extend(texts)
        return self._embed(texts)

    def stream_documents(self, texts: Sequence[str]) -> Iterator[tuple[Sequence[int], Vectors]]:
        for start in range(0, len(texts), self.at_once):
            positions = range(start, min(start + self.at_once, len(texts)))
            yield positions, self.embed_documents([texts[p] for p in positions])

    def embed_query(self, query: str, *, instruction: str) -> Vectors:
        return self._embed([query])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(words(text)) for text in texts]

    def _embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[0] = 1e-3  # a text without words still has a direction
            for word in words(text):
                row[int.from_bytes(blake2b(word.encode(), digest_size=4).digest()) % self.dimension] += 1
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


class OverlapReranker:
    """Log-odds from the share of the query's words a text holds: all of them 4, none of them -4."""

    def __init__(self) -> None:
        self.info = ModelInfo("overlap", "1", "cpu", "float32", score_name="p_yes")

    def score(
        self, query: str, texts: Sequence[str], *, instruction: str, cut: RerankLimits | None = None
    ) -> Iterator[tuple[int, float]]:
        asked = set(words(query))
        for position, text in enumerate(texts):
            shared = len(asked & set(words(text))) / len(asked) if asked else 0.0
            yield position, 8 * shared - 4


class ScriptedChat:
    """Replies from a queue, as a list of deltas or an error to raise, and keeps what it was sent.

    With `usage` it counts tokens as a provider does.
    """

    def __init__(self, *replies: Sequence[str] | Exception, usage: Usage | None = None) -> None:
        self.info = ModelInfo("scripted", "1", "", "")
        self.replies = list(replies)
        self.usage = usage
        self.sent: list[tuple[Message, ...]] = []

    def stream(
        self,
        messages: Sequence[Message],
        *,
        cancel: Cancel,
        on_usage: Callable[[Usage], None] | None = None,
        stop: Sequence[str] = (),
        form: ReplyForm | None = None,
    ) -> Iterator[str]:
        self.sent.append(tuple(messages))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        for delta in reply:
            if cancel:
                return
            yield delta
        if self.usage and on_usage:
            on_usage(self.usage)
