"""Reranking: the tutorial's way, sentence-transformers, and the engine in each number type."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rag.models.device import DeviceLock
from rag.models.engine.gate import spearman
from rag.models.engine.reranking import PackedReranker
from rag.models.numbers import NumberType
from rag.models.qwen3.prompts import RerankerTokens
from rag.models.tokens import FileTokenizer
from rag.options import INSTRUCTION

from .corpus import QUERIES, passages
from .timing import Timing, interleaved
from .work import needed_flops

TUTORIAL = "tutorial: one by one, all logits"
LIBRARY = "sentence-transformers CrossEncoder"
OURS = "plainsight {}"
TOP = 5
LIMIT = 8192
WARM_UP = ["A short text."]

Method = Callable[[], list[float]]


class Rerankers:
    """All methods over one folder. The tutorial's way runs on the very weights CrossEncoder loaded.

    Without `references` the engine alone is measured: enough for U, which compares with the machine's own products.
    """

    def __init__(
        self, folder: Path, *, number_types: Sequence[NumberType], device: str, references: bool = True
    ) -> None:
        self._tokens = RerankerTokens(FileTokenizer(folder), name="benchmark", limit=LIMIT)
        self.device = device
        self._cross_encoder: Any = _cross_encoder(folder, device) if references else None
        self._ours = {
            number_type: PackedReranker.load(
                folder,
                name="benchmark",
                revision="",
                number_type=number_type,
                lock=DeviceLock(),
                device=device,
                max_tokens=LIMIT,
            )
            for number_type in number_types
        }

    def methods(self, query: str, texts: Sequence[str]) -> dict[str, Method]:
        """By name; each returns P(yes) in input order."""
        ours = {OURS.format(kind): self._our_method(model, query, texts) for kind, model in self._ours.items()}
        if self._cross_encoder is None:
            return ours
        return {
            TUTORIAL: lambda: self._tutorial(query, texts),
            LIBRARY: lambda: self._library(query, texts),
            **ours,
        }

    def lengths(self, query: str, texts: Sequence[str]) -> list[int]:
        """Tokens of every prompt."""
        return [len(ids) for ids in self._tokens.prompts(query, texts, instruction=INSTRUCTION)]

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._tokens.plain.ids([text])[0])

    def synchronise(self) -> None:
        """Wait for the device."""
        if self.device == "cuda":
            torch.cuda.synchronize()

    @torch.inference_mode()
    def _tutorial(self, query: str, texts: Sequence[str]) -> list[float]:
        model = self._cross_encoder[0].auto_model
        answers = torch.tensor([self._tokens.no, self._tokens.yes], device=model.device)
        scores = []
        for ids in self._tokens.prompts(query, texts, instruction=INSTRUCTION):
            logits = model(torch.tensor([ids], device=model.device)).logits[:, -1]
            scores.append(float(torch.softmax(logits[0, answers].double(), 0)[1]))
        return scores

    def _library(self, query: str, texts: Sequence[str]) -> list[float]:
        scores = self._cross_encoder.predict(
            [(query, text) for text in texts], prompt=INSTRUCTION, show_progress_bar=False
        )
        return [float(score) for score in scores]

    def _our_method(self, model: PackedReranker, query: str, texts: Sequence[str]) -> Method:
        def run() -> list[float]:
            log_odds = np.empty(len(texts))
            for position, score in model.score(query, texts, instruction=INSTRUCTION):
                log_odds[position] = score
            scores: list[float] = (1 / (1 + np.exp(-log_odds))).tolist()
            return scores

        return run


def _cross_encoder(folder: Path, device: str) -> Any:
    from sentence_transformers import CrossEncoder

    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    return CrossEncoder(
        str(folder),
        device=device,
        max_length=LIMIT,
        activation_fn=torch.nn.Sigmoid(),
        model_kwargs={"dtype": dtype},
        local_files_only=True,
    )


def measure(
    rerankers: Rerankers,
    *,
    number: int,
    rounds: int,
    progress: Callable[[str], None],
    shape: Any,
    others: Callable[[str, Sequence[str]], Mapping[str, Method]] = lambda query, texts: {},
) -> dict[str, Any]:
    """One table: every method over the same `number` passages; `others` gives more methods."""
    query, texts = QUERIES[0], passages(number, rerankers.count, seed=number)
    lengths = rerankers.lengths(query, texts)
    chosen = {**rerankers.methods(query, texts), **others(query, texts)}
    warm = {**rerankers.methods(QUERIES[1], WARM_UP), **others(QUERIES[1], WARM_UP)}
    for name in chosen:  # first calls lay out memory and keep the constant prefix, as a running product has
        warm[name]()
    timings = interleaved(chosen, rounds=rounds, progress=progress, synchronise=rerankers.synchronise)
    reference = timings.get(TUTORIAL) or timings.get(OURS.format(NumberType.FP32))
    gc.collect()
    return {
        "passages": number,
        "prompt_tokens": lengths,
        "needed_gflops": needed_flops(shape, lengths) / 1e9,
        "threads": torch.get_num_threads(),
        "methods": {name: _row(timing, reference) for name, timing in timings.items()},
    }


def _row(timing: Timing[list[float]], reference: Timing[list[float]] | None) -> dict[str, Any]:
    seconds = {"cpu_s": timing.cpu, "wall_s": timing.wall, "runs_cpu_s": timing.runs}
    return {**seconds, **(_agreement(timing.result, reference.result) if reference else {})}


def _agreement(scores: Sequence[float], reference: Sequence[float]) -> dict[str, Any]:
    found, expected = np.array(scores), np.array(reference)
    top = min(TOP, len(found))
    best, wanted = set(np.argsort(-found)[:top]), set(np.argsort(-expected)[:top])
    return {
        "max_dp": float(np.abs(found - expected).max()),
        "mean_dp": float(np.abs(found - expected).mean()),
        "rank_correlation": spearman(expected.tolist(), found.tolist()) if len(found) > 2 else None,
        "top_overlap": len(best & wanted) / top,
    }
