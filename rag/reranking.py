"""Qwen3-Reranker: query and texts to log-odds of "yes", by the models' exact prompt. Knows no chunks, no thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from .device import DeviceLock, Placement
from .errors import ModelRejected, ModelsError
from .messages import reason
from .settings import INSTRUCTION
from .tokens import PlainTokenizer, batches, left_padded
from .types import ModelInfo
from .weights import check_family

PREFIX = (
    "<|im_start|>system\n"
    "Judge whether the Document meets the requirements based on the Query and the Instruct provided. "
    'Note that the answer can only be "yes" or "no".<|im_end|>\n'
    "<|im_start|>user\n"
)
BODY = "<Instruct>: {instruction}\n<Query>: {query}\n<Document>: {document}"
SUFFIX = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
TAGS = ("<|im_start|>", "<|im_end|>", "<think>", "</think>")
"""Each must be one token, or the prompt is not the one the model was trained on."""
SMALLEST_PROMPT = 512
"""Below this the template, the instruction and the query leave no room for a document."""
QUERY_SHARE = 4
"""Instruction and query may each take up to one part in four of the room, so that a document always has half."""


class Qwen3Reranker:
    """Log-odds of one Qwen3 reranker. Safe for many threads: one forward pass at a time, before waiting documents."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        info: ModelInfo,
        *,
        lock: DeviceLock,
        max_tokens: int = 8192,
        batch_tokens: int = 4096,
        batch_rows: int | None = None,
    ) -> None:
        """`max_tokens` counts the whole prompt and is lowered to what the model can take.

        Raises ModelRejected when model or tokenizer is not what this class needs.
        """
        self._model = model.eval()
        self._info = info
        self._lock = lock
        self._batch_tokens = batch_tokens
        self._batch_rows = batch_rows
        self._plain = PlainTokenizer(tokenizer)
        _check_tags(tokenizer, info.name)
        yes, no = (_single_token(word, tokenizer, self._plain, info.name) for word in ("yes", "no"))
        self._prefix = tokenizer.encode(PREFIX, add_special_tokens=False)
        self._suffix = tokenizer.encode(SUFFIX, add_special_tokens=False)
        self._pad = tokenizer.convert_tokens_to_ids("<|im_end|>")  # masked, so any known token does
        limit = min(max_tokens, model.config.max_position_embeddings)
        if limit < SMALLEST_PROMPT:
            raise ModelRejected(reason("models.prompt", model=info.name, value=limit, smallest=SMALLEST_PROMPT))
        self._room = limit - len(self._prefix) - len(self._suffix)
        # Only the two rows of the head that are asked for: the other 151,667 logits are never computed.
        head = model.get_output_embeddings().weight[[yes, no]].detach().cpu().double()
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
        """From a complete model folder, without a network. Raises ModelsError, ModelRejected among them."""
        check_family(folder, name)
        try:
            tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                str(folder), local_files_only=True, dtype=getattr(torch, placement.dtype), output_loading_info=True
            )
            model, loading = loaded
        except (OSError, ValueError, RuntimeError, KeyError) as e:
            raise ModelsError(reason("models.unreadable", model=name, error=f"{type(e).__name__}: {e}")) from e
        if loading["missing_keys"]:  # they would be filled with random numbers
            missing = ", ".join(sorted(loading["missing_keys"])[:3])
            raise ModelRejected(reason("models.weights_missing", model=name, names=missing))
        return cls(
            model.to(placement.device),
            tokenizer,
            ModelInfo(
                name=name,
                revision=revision,
                device=placement.device,
                dtype=placement.dtype,
                score_name="p_yes",
            ),
            lock=lock,
            max_tokens=max_tokens,
            batch_tokens=batch_tokens,
            batch_rows=placement.batch_rows,
        )

    @property
    def info(self) -> ModelInfo:
        return self._info

    def score(self, query: str, texts: Sequence[str], *, instruction: str) -> Iterator[tuple[int, float]]:
        rows = self.prompts(query, texts, instruction=instruction)
        groups = batches([len(r) for r in rows], budget=self._batch_tokens, rows=self._batch_rows, in_order=True)
        for group in groups:
            yield from zip(group, self._run([rows[p] for p in group]), strict=True)

    def prompts(self, query: str, texts: Sequence[str], *, instruction: str) -> list[list[int]]:
        """The token ids the model is given for each text: template whole, only the end of a long text cut off."""
        share = self._room // QUERY_SHARE
        task = self._plain.cut(" ".join(instruction.split()) or INSTRUCTION, share)
        asked = self._plain.cut(query, share)
        bodies = self._plain.ids([BODY.format(instruction=task, query=asked, document=text) for text in texts])
        return [[*self._prefix, *body[: self._room], *self._suffix] for body in bodies]

    def _run(self, rows: Sequence[Sequence[int]]) -> list[float]:
        ids, mask = left_padded(rows, self._pad)
        device = self._model.device
        try:
            with self._lock.turn(urgent=True), torch.inference_mode():
                seen = torch.tensor(mask, device=device)
                hidden = self._model.base_model(
                    input_ids=torch.tensor(ids, device=device),
                    attention_mask=seen,
                    position_ids=(seen.cumsum(-1) - 1).clamp(min=0),  # as if there were no padding
                    use_cache=False,
                ).last_hidden_state[:, -1]
                last = hidden.float().cpu().double()
        except torch.OutOfMemoryError as e:
            why = reason("models.out_of_memory", model=self._info.name, tokens=self._batch_tokens)
            raise ModelsError(why) from e
        log_odds: list[float] = (last @ self._direction).tolist()
        return log_odds


def _check_tags(tokenizer: Any, name: str) -> None:
    for tag in TAGS:
        if len(tokenizer.encode(tag, add_special_tokens=False)) != 1:
            raise ModelRejected(reason("models.template", model=name, token=tag))


def _single_token(word: str, tokenizer: Any, plain: PlainTokenizer, name: str) -> int:
    ids = plain.ids([word])[0]
    if len(ids) != 1 or tokenizer.convert_ids_to_tokens(ids[0]) != word:
        raise ModelRejected(reason("models.answer_token", model=name, word=word))
    return ids[0]
