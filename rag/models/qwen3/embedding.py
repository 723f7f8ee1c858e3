"""Qwen3-Embedding through Sentence-Transformers: texts to unit vectors. Knows no chunks and no store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling

from rag.errors import ModelRejected
from rag.messages import reason
from rag.status import ModelInfo
from rag.types import Vectors

from ..device import DeviceLock, Placement
from ..hub.weights import check_family
from ..tokens import FileTokenizer, left_padded
from ..vectors import check_probe, unit_rows
from .library import PaddedBatches, readable
from .prompts import PROBE, EmbeddingTokens, query_text
from .vectors import Qwen3Vectors


class Qwen3Embedder(Qwen3Vectors):
    """Vectors of one Qwen3 embedding model. Safe for many threads: one forward pass at a time, queries first."""

    def __init__(
        self,
        model: SentenceTransformer,
        tokens: EmbeddingTokens,
        info: ModelInfo,
        *,
        lock: DeviceLock,
        dimension: int = 0,
        batch_tokens: int = 4096,
        batch_rows: int | None = None,
    ) -> None:
        """`dimension` 0 is the model's own. Raises ModelRejected when the model is not what this class needs."""
        _check_pooling(model, info.name)
        batching = PaddedBatches(batch_tokens, rows=batch_rows, model=info.name)
        super().__init__(tokens, info, dimension=dimension, largest=_config(model).hidden_size, batching=batching)
        self._model = model.eval()
        self._lock = lock
        check_probe(self._run(tokens.ids([PROBE])), dimension=self._dimension, model=info.name)

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        name: str,
        revision: str,
        placement: Placement,
        lock: DeviceLock,
        dimension: int = 0,
        max_tokens: int = 8192,
        batch_tokens: int = 4096,
    ) -> Qwen3Embedder:
        """From a complete model folder, without a network. Raises ModelsError, ModelRejected among them, and
        lets a lack of memory through.

        `max_tokens` is lowered to what the model can take.
        """
        check_family(folder, name)
        with readable(name):
            model = SentenceTransformer(
                str(folder),
                device=placement.device,
                local_files_only=True,
                model_kwargs={"dtype": getattr(torch, placement.dtype)},
            )
        limit = min(max_tokens, _config(model).max_position_embeddings)
        return cls(
            model,
            EmbeddingTokens(FileTokenizer(folder), name=name, limit=limit),
            ModelInfo(name=name, revision=revision, device=placement.device, dtype=placement.dtype),
            lock=lock,
            dimension=dimension,
            batch_tokens=batch_tokens,
            batch_rows=placement.batch_rows,
        )

    def embed_query(self, query: str, *, instruction: str) -> Vectors:
        return self._run(self._tokens.ids([query_text(query, instruction)]), urgent=True)

    def _run(self, rows: Sequence[Sequence[int]], *, urgent: bool = False) -> Vectors:
        ids, mask = left_padded(rows, pad=rows[0][-1])  # masked, so any known token does
        device = self._model.device
        with self._lock.turn(urgent=urgent), torch.inference_mode():
            features = {
                "input_ids": torch.tensor(ids, device=device),
                "attention_mask": torch.tensor(mask, device=device),
            }
            whole = self._model(features)["sentence_embedding"].float().cpu().numpy()
        return unit_rows(whole[:, : self._dimension])


def _config(model: SentenceTransformer) -> Any:
    return model[0].config


def _check_pooling(model: SentenceTransformer, name: str) -> None:
    pooling = [module for module in model if isinstance(module, Pooling)]
    modes = [str(module.pooling_mode) for module in pooling]
    if modes != ["lasttoken"] or not pooling[0].include_prompt:
        raise ModelRejected(reason("models.pooling", model=name, found=", ".join(modes)))
