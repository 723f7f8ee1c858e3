"""Embedding chunks and one query: sentence-transformers in two ways, and the engine in each number type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rag.models.device import DeviceLock
from rag.models.engine.embedding import PackedEmbedder
from rag.models.numbers import NumberType
from rag.models.qwen3.prompts import EmbeddingTokens, query_text
from rag.models.tokens import FileTokenizer
from rag.types import Vectors

from .corpus import QUERIES, chunks
from .timing import Timing, interleaved
from .work import needed_flops

ONE_BY_ONE = "sentence-transformers, one text per call"
LIBRARY = "sentence-transformers encode, default"
OURS = "plainsight {}"

Method = Callable[[], Vectors]


class Embedders:
    """All methods over one folder."""

    def __init__(self, folder: Path, *, number_types: Sequence[NumberType], device: str) -> None:
        from sentence_transformers import SentenceTransformer

        self._tokens = EmbeddingTokens(FileTokenizer(folder), name="benchmark", limit=8192)
        self.device = device
        dtype = torch.float32 if device == "cpu" else torch.bfloat16
        self._library = SentenceTransformer(
            str(folder), device=device, model_kwargs={"dtype": dtype}, local_files_only=True
        )
        self._ours = {
            number_type: PackedEmbedder.load(
                folder, name="benchmark", revision="", number_type=number_type, lock=DeviceLock(), device=device
            )
            for number_type in number_types
        }

    def document_methods(self, texts: Sequence[str]) -> dict[str, Method]:
        """By name; each returns unit vectors in input order."""
        ours = {OURS.format(kind): partial(model.embed_documents, texts) for kind, model in self._ours.items()}
        return {
            ONE_BY_ONE: lambda: np.concatenate([self._encode([text]) for text in texts]),
            LIBRARY: lambda: self._encode(texts),
            **ours,
        }

    def _encode(self, texts: Sequence[str], prompt: str = "") -> Vectors:
        found = self._library.encode(
            list(texts), prompt=prompt or None, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(found)

    def query_methods(self, query: str) -> dict[str, Method]:
        """By name; each returns one unit vector."""
        ours = {
            OURS.format(kind): partial(model.embed_query, query, instruction="") for kind, model in self._ours.items()
        }
        return {LIBRARY: lambda: self._encode([query], query_text("", "")), **ours}

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Tokens of every text."""
        return [len(ids) for ids in self._tokens.ids(texts)]

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return self._tokens.counts([text])[0]

    def synchronise(self) -> None:
        """Wait for the device."""
        if self.device == "cuda":
            torch.cuda.synchronize()


def measure_documents(
    embedders: Embedders,
    *,
    number: int,
    rounds: int,
    progress: Callable[[str], None],
    shape: Any,
) -> dict[str, Any]:
    """One table: every method over the same chunks."""
    texts = chunks(number, embedders.count, seed=number)
    lengths = embedders.lengths(texts)
    methods = embedders.document_methods(texts)
    for method in embedders.document_methods(["A short text."]).values():
        method()
    timings = interleaved(methods, rounds=rounds, progress=progress, synchronise=embedders.synchronise)
    return {
        "chunks": number,
        "tokens": lengths,
        "needed_gflops": needed_flops(shape, lengths) / 1e9,
        "threads": torch.get_num_threads(),
        "methods": {name: _row(timing, timings[ONE_BY_ONE]) for name, timing in timings.items()},
    }


def measure_query(embedders: Embedders, *, rounds: int, progress: Callable[[str], None], shape: Any) -> dict[str, Any]:
    """One table: every method over single questions, one after the other, each asked for the first time."""
    for method in embedders.query_methods("A first question").values():
        method()
    timings = interleaved(
        {name: _each(embedders, name) for name in embedders.query_methods("")},
        rounds=rounds,
        progress=progress,
        synchronise=embedders.synchronise,
    )
    lengths = embedders.lengths([query_text(query, "") for query in QUERIES])
    return {
        "queries": len(QUERIES),
        "tokens": lengths,
        "needed_gflops": needed_flops(shape, lengths) / 1e9,
        "threads": torch.get_num_threads(),
        "methods": {name: _row(timing, timings[LIBRARY]) for name, timing in timings.items()},
    }


def _each(embedders: Embedders, name: str) -> Method:
    return lambda: np.concatenate([embedders.query_methods(query)[name]() for query in QUERIES])


def _row(timing: Timing[Vectors], reference: Timing[Vectors]) -> dict[str, Any]:
    cosines = (timing.result * reference.result).sum(1)
    return {
        "cpu_s": timing.cpu,
        "wall_s": timing.wall,
        "runs_cpu_s": timing.runs,
        "min_cosine": float(cosines.min()),
    }
