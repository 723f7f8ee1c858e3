"""`Embedder` on the packed engine: Qwen3-Embedding without transformers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from rag.status import ModelInfo
from rag.types import Vectors

from ..device import DeviceLock
from ..numbers import NumberType
from ..packing import PackBudget
from ..qwen3.prompts import PROBE, EmbeddingTokens, query_text
from ..qwen3.vectors import Qwen3Vectors
from ..tokens import FileTokenizer
from ..vectors import check_probe, unit_rows
from .assembly import Assembled, assemble
from .prefixes import Prefixes, common_prefix

CPU_PACK = 512
"""Tokens per pack on a CPU: products reach full speed from about 256 rows on, and small packs stay in its caches."""
GPU_PACK = 16_384


class PackedEmbedder(Qwen3Vectors):
    """Vectors of one Qwen3 embedding model. Safe for many threads: one pack at a time, questions first."""

    def __init__(
        self,
        model: Assembled,
        tokens: EmbeddingTokens,
        info: ModelInfo,
        *,
        lock: DeviceLock,
        dimension: int = 0,
        pack_tokens: int = 0,
    ) -> None:
        """`dimension` 0 is the model's own, `pack_tokens` 0 what suits the device. Raises ModelRejected."""
        packs = PackBudget(pack_tokens or pack_size(info.device), model=info.name)
        super().__init__(tokens, info, dimension=dimension, largest=model.network.shape.hidden, batching=packs)
        self._model = model
        self._lock = lock
        self._prefixes = Prefixes(model.network)
        check_probe(self.embed_query(PROBE, instruction=""), dimension=self._dimension, model=info.name)

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        name: str,
        revision: str,
        number_type: NumberType,
        lock: DeviceLock,
        device: str = "cpu",
        dimension: int = 0,
        max_tokens: int = 8192,
        pack_tokens: int = 0,
    ) -> PackedEmbedder:
        """From a complete model folder, without a network. Raises ModelsError, ModelRejected among them."""
        model = assemble(folder, number_type, device=device)
        limit = min(max_tokens, model.network.shape.limit)
        tokens = EmbeddingTokens(FileTokenizer(folder), name=name, limit=limit)
        info = ModelInfo(name=name, revision=revision, device=device, dtype=number_type.value)
        return cls(model, tokens, info, lock=lock, dimension=dimension, pack_tokens=pack_tokens)

    def embed_query(self, query: str, *, instruction: str) -> Vectors:
        ids, empty = self._tokens.ids([query_text(query, instruction), query_text("", instruction)])
        shared = min(common_prefix([ids, empty]), len(ids) - 1)
        with self._lock.turn(urgent=True):
            prefix = self._prefixes.of(ids[:shared], stable=shared)
            return self._vectors(self._model.network.last_rows([ids[shared:]], prefix=prefix))

    def _run(self, rows: Sequence[Sequence[int]], *, urgent: bool = False) -> Vectors:
        with self._lock.turn(urgent=urgent):
            return self._vectors(self._model.network.last_rows(rows))

    def _vectors(self, rows: Tensor) -> Vectors:
        whole: Vectors = self._model.final(rows).numpy()[:, : self._dimension]
        return unit_rows(whole)


def pack_size(device: str) -> int:
    """Tokens per pack that suit a device."""
    return CPU_PACK if device == "cpu" else GPU_PACK
