"""A packaged embedding model: one vector per text, and one per piece of it, from one pass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b, sha256
from typing import Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize

from rag.status import ModelInfo
from rag.text.question import canonical
from rag.types import PassagePart, Vectors

from ..device import DeviceLock
from ..kept_vectors import KeptVectors
from ..packing import PackBudget
from ..recent import Recent
from ..tokens import portions
from ..vectors import check_probe, gathered, unit_rows
from .encoder import Encoder

MAX_TOKENS = 254
"""Pieces that are read of a text, what the model itself adds not counted; the rest of a longer text is not seen."""
PACK_TOKENS = 512
"""Tokens per pass: products reach full speed from about 256 rows on, and the first texts are done soon."""
KEPT_BYTES, KEPT_BESIDE_DISK = 150_000_000, 40_000_000
"""Vectors in memory of the passages seen last: of some 1,300 passages of usual length, and of the last questions' where
the others are read from disk in no time."""


class Tokenizer(Protocol):
    """Text to the ids of its pieces, nothing in it special."""

    def ids(self, texts: Sequence[str]) -> list[list[int]]: ...

    def counts(self, texts: Sequence[str]) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class Framing:
    """Ids that stand before and after a text's own."""

    before: tuple[int, ...]
    after: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Encoded:
    """The vectors the model makes of one text."""

    vector: NDArray[np.float32]
    """`[hidden]`, length 1: the mean over all pieces."""
    pieces: NDArray[np.float16]
    """`[pieces, hidden]`, rows of length 1; without what frames the text. Half precision: they are kept in memory."""

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return self.vector.nbytes + self.pieces.nbytes

    @property
    def data(self) -> bytes:
        """The vectors as bytes: the very same numbers, so that nothing ranks otherwise once it is kept."""
        return self.vector.astype("<f4").tobytes() + self.pieces.astype("<f2").tobytes()

    @classmethod
    def read(cls, data: bytes, hidden: int) -> Self | None:
        """The vectors of these bytes; None where they cannot be vectors of that width."""
        whole, rest = divmod(len(data) - 4 * hidden, 2 * hidden)
        if whole < 0 or rest:
            return None
        vector = np.frombuffer(data, "<f4", hidden).astype(np.float32)
        pieces = np.frombuffer(data, "<f2", offset=4 * hidden).reshape(-1, hidden).astype(np.float16)
        return cls(vector, pieces) if np.isfinite(vector).all() and np.isfinite(pieces).all() else None

    def without(self, centre: Centre) -> Encoded:
        """The vectors with what all texts of a kind have in common taken off, at length 1 again."""
        pieces = unit_rows(self.pieces - centre.pieces) if len(self.pieces) else self.pieces
        return Encoded(unit_rows(self.vector[None] - centre.vector)[0], pieces.astype(np.float16))


@dataclass(frozen=True, slots=True)
class Centre:
    """What texts of a kind have in common: the means of their vectors and of all their pieces."""

    vector: NDArray[np.float32]
    pieces: NDArray[np.float32]

    @classmethod
    def of(cls, texts: Sequence[Encoded]) -> Centre:
        """The centre of some texts, each counting as much as any other."""
        pieces = np.mean([encoded.pieces.mean(axis=0, dtype=np.float32) for encoded in texts], axis=0)
        return cls(np.mean([encoded.vector for encoded in texts], axis=0), pieces)


class PackagedEmbedder(ABC):
    """A loaded model as an `Embedder`; an instruction is ignored. Safe for many threads: one pass at a time, questions
    first.
    """

    def __init__(
        self,
        encoder: Encoder,
        tokenizer: Tokenizer,
        *,
        question: Framing,
        passage: Framing,
        lock: DeviceLock,
        kept: KeptVectors | None = None,
    ) -> None:
        """`kept` has the vectors of passages read before.

        Raises ModelRejected when what the model gives is no vector.
        """
        self._encoder = encoder
        self._tokenizer = tokenizer
        self._lock = lock
        self._question, self._passage = question, passage
        self._budget = PackBudget(PACK_TOKENS, model=self.info.name)
        most = KEPT_BESIDE_DISK if kept and kept.on else KEPT_BYTES
        self._seen = Recent[bytes, Encoded](most, size_of=lambda encoded: encoded.size)
        self._kept = kept
        check_probe(self.embed_query("probe", instruction=""), dimension=self.dimension, model=self.info.name)

    @property
    @abstractmethod
    def info(self) -> ModelInfo: ...

    @property
    def max_tokens(self) -> int:
        return MAX_TOKENS

    @property
    def dimension(self) -> int:
        return self._encoder.hidden

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """`[len(texts), dimension]` in input order, before documents that nobody waits for."""
        return gathered(self._streamed(texts, urgent=True), rows=len(texts), dimension=self.dimension)

    def stream_documents(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Vectors]]:
        return self._streamed(texts, urgent=False)

    def _streamed(self, texts: Sequence[str], *, urgent: bool) -> Iterator[tuple[list[int], Vectors]]:
        for group in self.passages(texts, urgent=urgent, whole=not urgent):
            yield list(group), np.stack([encoded.vector for encoded in group.values()])

    def embed_query(self, query: str, *, instruction: str) -> Vectors:
        """`[1, dimension]`."""
        return self.question(query).vector[None]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Pieces of each text, what the model itself adds not counted."""
        return self._tokenizer.counts(texts)

    def question(self, query: str) -> Encoded:
        """The vectors of a question."""
        (group,) = self._encoded([canonical(query)], self._question, urgent=True)
        return group[0]

    def passages(self, texts: Sequence[str], *, urgent: bool, whole: bool = True) -> Iterator[dict[int, Encoded]]:
        """Position -> vectors: at once for the texts seen lately, the others pack by pack, near the input order.

        `urgent` goes before all that is not. Only `whole` passages and their parts are kept on disk, not what somebody
        typed. Closing the iterator stops the work.
        """
        known = {position: found for position, text in enumerate(texts) if (found := self._seen.get(digest(text)))}
        if known:
            yield known
        missing = [position for position in range(len(texts)) if position not in known]
        for part in portions([texts[position] for position in missing]):
            for group in self._read(part, urgent=urgent, whole=whole):
                fresh = {missing[at]: encoded for at, encoded in group.items()}
                for position, encoded in fresh.items():
                    self._seen.put(digest(texts[position]), encoded)
                yield fresh
            missing = missing[len(part) :]

    def _read(self, texts: Sequence[str], *, urgent: bool, whole: bool) -> Iterator[dict[int, Encoded]]:
        """Position -> vectors: those that are kept on disk, then the others as they are made, which are kept then."""
        if self._kept is None or not self._kept.on:
            yield from self._encoded(texts, self._passage, urgent=urgent)
            return
        rows = self._kept.found(self._identity, texts).items()
        known = {position: read for position, row in rows if (read := Encoded.read(row, self.dimension))}
        if known:
            yield known
        missing = [position for position in range(len(texts)) if position not in known]
        made: list[tuple[str, bytes]] = []

        def lasting(text: str) -> bool:
            return isinstance(text, PassagePart) or (whole and (urgent or self._judges(text)))

        try:
            for group in self._encoded([texts[position] for position in missing], self._passage, urgent=urgent):
                fresh = {missing[at]: encoded for at, encoded in group.items()}
                made += [(texts[at], each.data) for at, each in fresh.items() if lasting(texts[at])]
                yield fresh
        finally:
            self._kept.keep(self._identity, made, room_only=not urgent)

    @cached_property
    def _identity(self) -> bytes:
        """A digest of all that decides the vectors of a text, but for the text."""
        info = self.info
        return sha256(repr((info.name, info.revision, info.dtype, MAX_TOKENS, self._passage)).encode()).digest()

    def _judges(self, text: str) -> bool:
        """True if questions about a passage will be judged by this model's vectors of its pieces."""
        return True

    def _encoded(self, texts: Sequence[str], frame: Framing, *, urgent: bool) -> Iterator[dict[int, Encoded]]:
        rows = self._framed(texts, frame)

        def run(pack: list[int]) -> list[Encoded]:
            with self._lock.turn(urgent=urgent):
                return self._run([rows[position] for position in pack], frame)

        for pack, outcome in self._budget.run([len(row) for row in rows], run):
            yield {
                position: self._settled(encoded, texts[position], frame)
                for position, encoded in zip(pack, outcome, strict=True)
            }

    def _framed(self, texts: Sequence[str], frame: Framing) -> list[tuple[int, ...]]:
        return [(*frame.before, *ids[:MAX_TOKENS], *frame.after) for ids in self._tokenizer.ids(texts)]

    def _settled(self, encoded: Encoded, text: str, frame: Framing) -> Encoded:
        """The vectors of a text as they are handed out."""
        return encoded

    def _run(self, rows: Sequence[Sequence[int]], frame: Framing) -> list[Encoded]:
        return [_encoded(states, frame) for states in self._encoder.rows(rows)]


@torch.inference_mode()
def _encoded(states: torch.Tensor, frame: Framing) -> Encoded:
    own = states[len(frame.before) : len(states) - len(frame.after)]
    pieces: NDArray[np.float16] = normalize(own, dim=-1).to(torch.float16).numpy()
    vector: NDArray[np.float32] = normalize(states.mean(0), dim=0).numpy()
    return Encoded(vector, pieces)


def digest(text: str) -> bytes:
    """Key a text is kept under: a digest, so that the text is not kept twice."""
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
