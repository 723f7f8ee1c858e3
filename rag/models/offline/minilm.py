"""all-MiniLM-L6-v2: one vector per text, or one per word piece. English only, no instruction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from rag.errors import ModelRejected, ModelsError
from rag.messages import reason
from rag.status import ModelInfo
from rag.text.question import canonical
from rag.types import Vectors

from ..device import DeviceLock
from ..tokens import PlainTokenizer, batches
from ..vectors import gathered
from .package import NAME, REVISION, check_weights, find_folder

LANGUAGES = ("en",)
MAX_TOKENS = 256
"""Word pieces with the two special ones, as the model was trained; the rest of a longer text is not seen."""
BATCH_TOKENS = 2048
DIMENSION = 384


@dataclass(frozen=True, slots=True)
class Encoded:
    """The vectors the model makes of one text."""

    vector: NDArray[np.float32]
    """`[384]`, length 1: the mean over all pieces."""
    pieces: NDArray[np.float16]
    """`[pieces, 384]`, rows of length 1; without the special pieces. Half precision: they are kept in memory."""


class MiniLmEmbedder:
    """The loaded model as an `Embedder`; an instruction is ignored. Safe for many threads: one forward pass at a time,
    questions first.
    """

    def __init__(self, model: SentenceTransformer, *, lock: DeviceLock) -> None:
        self._model = model.eval()
        self._lock = lock
        self._tokenizer = PlainTokenizer(model.tokenizer)
        self._start, self._end = model.tokenizer.cls_token_id, model.tokenizer.sep_token_id
        self._pad = model.tokenizer.pad_token_id

    @classmethod
    def load(cls, folder: Path | None = None, *, lock: DeviceLock) -> MiniLmEmbedder:
        """From the installed package, without a network and without running code of the package.

        Raises ModelsError when the package is not there or not readable, ModelRejected when its weights are not the
        ones that were measured.
        """
        folder = folder or find_folder()
        check_weights(folder)
        try:
            # `trust_remote_code` stays off, so the folder can name no class outside the library
            model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        except (OSError, ValueError, RuntimeError, KeyError) as e:
            raise ModelsError(reason("offline.unreadable", folder=str(folder), error=f"{type(e).__name__}: {e}")) from e
        loaded = cls(model, lock=lock)
        if loaded.embed_documents(["probe"]).shape != (1, DIMENSION):
            raise ModelRejected(reason("offline.wrong_dimension", expected=DIMENSION))
        return loaded

    @property
    def info(self) -> ModelInfo:
        return ModelInfo(name=NAME, revision=REVISION, device="cpu", dtype="float32", languages=LANGUAGES)

    @property
    def max_tokens(self) -> int:
        return MAX_TOKENS - 2

    @property
    def dimension(self) -> int:
        return DIMENSION

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """`[len(texts), 384]` in input order."""
        return gathered(self.stream_documents(texts), rows=len(texts), dimension=DIMENSION)

    def stream_documents(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Vectors]]:
        for group in self.encode_each(texts, urgent=False):
            yield list(group), np.stack([encoded.vector for encoded in group.values()])

    def embed_query(self, query: str, *, instruction: str) -> Vectors:
        """`[1, 384]`."""
        return self.encode([canonical(query)], urgent=True)[0].vector[None]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text, special ones not counted."""
        return self._tokenizer.counts(texts)

    def encode(self, texts: Sequence[str], *, urgent: bool) -> list[Encoded]:
        """Vectors of each text, in input order. `urgent` goes before all that is not."""
        found: dict[int, Encoded] = {}
        for group in self.encode_each(texts, urgent=urgent):
            found.update(group)
        return [found[position] for position in range(len(texts))]

    def encode_each(self, texts: Sequence[str], *, urgent: bool) -> Iterator[dict[int, Encoded]]:
        """Batch after batch, near the input order: position -> vectors. Closing the iterator stops the work."""
        ids = [row[: MAX_TOKENS - 2] for row in self._tokenizer.ids(texts)]
        lengths = [len(row) + 2 for row in ids]
        for group in batches(lengths, budget=BATCH_TOKENS, in_order=True):
            with self._lock.turn(urgent=urgent):
                outcome = self._run([ids[position] for position in group])
            yield dict(zip(group, outcome, strict=True))

    def _run(self, rows: Sequence[Sequence[int]]) -> list[Encoded]:
        width = max(len(row) for row in rows) + 2
        padded = [[self._start, *row, self._end] + [self._pad] * (width - len(row) - 2) for row in rows]
        ids = torch.tensor(padded)
        mask = torch.tensor([[1] * (len(row) + 2) + [0] * (width - len(row) - 2) for row in rows])
        with torch.inference_mode():
            out = self._model({"input_ids": ids, "attention_mask": mask})
            vectors = torch.nn.functional.normalize(out["sentence_embedding"], dim=-1).numpy()
            pieces = torch.nn.functional.normalize(out["token_embeddings"], dim=-1).to(torch.float16).numpy()
        return [
            Encoded(vectors[at].copy(), pieces[at, 1 : len(row) + 1].copy())  # copies let the padded batch go
            for at, row in enumerate(rows)
        ]
