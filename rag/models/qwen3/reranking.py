"""Qwen3-Reranker: query and texts to log-odds of "yes", by the models' exact prompt. Knows no chunks, no thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from rag.errors import ModelRejected
from rag.messages import reason
from rag.status import ModelInfo
from rag.types import RerankLimits

from ..device import DeviceLock, Placement
from ..hub.weights import check_family
from ..tokens import FileTokenizer, left_padded
from .library import PaddedBatches, readable
from .prompts import RerankerTokens


class Qwen3Reranker:
    """Log-odds of one Qwen3 reranker. Safe for many threads: one forward pass at a time, before waiting documents."""

    def __init__(
        self,
        model: Any,
        tokens: RerankerTokens,
        info: ModelInfo,
        *,
        lock: DeviceLock,
        batch_tokens: int = 4096,
        batch_rows: int | None = None,
    ) -> None:
        self._model = model.eval()
        self._info = info
        self._lock = lock
        self._batching = PaddedBatches(batch_tokens, rows=batch_rows, model=info.name, in_order=True)
        self._tokens = tokens
        # Only the two rows of the head that are asked for: the other 151,667 logits are never computed.
        head = model.get_output_embeddings().weight[[tokens.yes, tokens.no]].detach().cpu().double()
        self._direction = head[0] - head[1]

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        name: str,
        revision: str,
        placement: Placement,
        lock: DeviceLock,
        max_tokens: int = 8192,
        batch_tokens: int = 4096,
    ) -> Qwen3Reranker:
        """From a complete model folder, without a network. Raises ModelsError, ModelRejected among them, and
        lets a lack of memory through.

        `max_tokens` counts the whole prompt and is lowered to what the model can take.
        """
        check_family(folder, name)
        with readable(name):
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                str(folder), local_files_only=True, dtype=getattr(torch, placement.dtype), output_loading_info=True
            )
        model, loading = loaded
        if loading["missing_keys"]:  # they would be filled with random numbers
            missing = ", ".join(sorted(loading["missing_keys"])[:3])
            raise ModelRejected(reason("models.weights_missing", model=name, names=missing))
        limit = min(max_tokens, model.config.max_position_embeddings)
        return cls(
            model.to(placement.device),
            RerankerTokens(FileTokenizer(folder), name=name, limit=limit),
            ModelInfo(
                name=name,
                revision=revision,
                device=placement.device,
                dtype=placement.dtype,
                score_name="p_yes",
            ),
            lock=lock,
            batch_tokens=batch_tokens,
            batch_rows=placement.batch_rows,
        )

    @property
    def info(self) -> ModelInfo:
        return self._info

    def score(
        self, query: str, texts: Sequence[str], *, instruction: str, cut: RerankLimits | None = None
    ) -> Iterator[tuple[int, float]]:
        rows = self._tokens.prompts(query, texts, instruction=instruction)
        done = self._batching.run([len(row) for row in rows], lambda batch: self._run([rows[i] for i in batch]))
        for batch, scores in done:
            yield from zip(batch, scores, strict=True)

    def _run(self, rows: Sequence[Sequence[int]]) -> list[float]:
        ids, mask = left_padded(rows, pad=rows[0][-1])  # masked, so any known token does
        device = self._model.device
        with self._lock.turn(urgent=True), torch.inference_mode():
            seen = torch.tensor(mask, device=device)
            hidden = self._model.base_model(
                input_ids=torch.tensor(ids, device=device),
                attention_mask=seen,
                position_ids=(seen.cumsum(-1) - 1).clamp(min=0),  # as if there were no padding
                use_cache=False,
            ).last_hidden_state[:, -1]
            last = hidden.float().cpu().double()
        log_odds: list[float] = (last @ self._direction).tolist()
        return log_odds
