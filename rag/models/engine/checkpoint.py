"""A folder of safetensors -> the tensors of Qwen3's layers, fused and with norm weights folded in.

Files are memory mapped. Each layer opens its file anew and lets it go, so the pages of the file do not pile up beside
the converted copy; only the embedding table stays mapped, and only its looked-up rows ever reach memory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from rag.errors import ModelRejected
from rag.messages import reason

from .architecture import Architecture

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"


@dataclass(frozen=True, slots=True)
class LayerTensors:
    """One layer in fp32, `[out, in]` as torch stores a linear.

    The RMS norms before `qkv` and `gate_up` are gone: their weights are multiplied into the columns, which leaves the
    division by the row's root mean square, and that commutes with the product.
    """

    qkv: Tensor
    out: Tensor
    gate_up: Tensor
    down: Tensor
    head_norm: Tensor
    """`[heads + kv_heads, head_dim]`: what queries and keys are multiplied with after their own norm. The queries'
    rows hold the attention's 1/sqrt(head_dim) as well."""


class Checkpoint:
    """Named tensors of one model folder, whatever its files. Raises ModelRejected when a tensor is missing."""

    def __init__(self, folder: Path, shape: Architecture) -> None:
        self.folder = folder
        self.shape = shape

    @cached_property
    def _files(self) -> Mapping[str, str]:
        """Tensor name -> file name. Names lose a leading `model.`: embedding folders are saved without it."""
        index = self.folder / INDEX
        if index.is_file():
            names: dict[str, str] = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
            return {_bare(name): file for name, file in names.items()}
        with self._open(SINGLE) as file:
            return {_bare(name): SINGLE for name in file.keys()}  # noqa: SIM118 - not a dict

    def _open(self, file: str) -> Any:
        try:
            return safe_open(self.folder / file, framework="pt")
        except (OSError, SafetensorError) as error:
            raise ModelRejected(reason("engine.no_weights", folder=self.folder.name, file=file)) from error

    def tensors(self, *names: str) -> list[Tensor]:
        """The tensors as stored, mapped from their files. They keep the mapping alive: convert and let go."""
        found: list[Tensor] = []
        with ExitStack() as stack:
            opened: dict[str, Any] = {}
            for name in names:
                if name not in self._files:
                    raise ModelRejected(reason("engine.no_tensor", folder=self.folder.name, tensor=name))
                file = self._files[name]
                if file not in opened:
                    opened[file] = stack.enter_context(self._open(file))
                found.append(self._read(opened[file], name))
        return found

    def _read(self, file: Any, name: str) -> Tensor:
        stored = name if name in set(file.keys()) else f"model.{name}"
        tensor: Tensor = file.get_tensor(stored)
        return tensor

    def layer(self, index: int) -> LayerTensors:
        """Layer `index` in fp32, fused and folded."""
        at = f"layers.{index}."
        q, k, v, out, gate, up, down, before, after, q_norm, k_norm = self.tensors(
            *(f"{at}self_attn.{name}_proj.weight" for name in ("q", "k", "v", "o")),
            *(f"{at}mlp.{name}_proj.weight" for name in ("gate", "up", "down")),
            f"{at}input_layernorm.weight",
            f"{at}post_attention_layernorm.weight",
            f"{at}self_attn.q_norm.weight",
            f"{at}self_attn.k_norm.weight",
        )
        return LayerTensors(
            qkv=_stacked((q, k, v), columns=before),
            out=out.float(),
            gate_up=_stacked((gate, up), columns=after),
            down=down.float(),
            head_norm=torch.cat(
                [
                    (q_norm.float() * self.shape.head_dim**-0.5).expand(self.shape.heads, -1),
                    k_norm.float().expand(self.shape.kv_heads, -1),
                ]
            ),
        )

    @cached_property
    def embedding(self) -> Tensor:
        """`[vocabulary, hidden]` in the stored type, still mapped: index it, never convert it whole."""
        return self.tensors("embed_tokens.weight")[0]

    @cached_property
    def final_norm(self) -> Tensor:
        """`[hidden]`, fp32."""
        return self.tensors("norm.weight")[0].float()

    def head(self, ids: list[int]) -> Tensor:
        """`[len(ids), hidden]` fp32 rows of the output matrix, final norm folded in."""
        matrix = self.embedding if self.shape.tied else self.tensors("lm_head.weight")[0]
        return matrix[torch.tensor(ids)].float() * self.final_norm


def _bare(name: str) -> str:
    return name.removeprefix("model.")


def _stacked(parts: tuple[Tensor, ...], *, columns: Tensor) -> Tensor:
    """Rows of all parts below each other in fp32, each column times its weight; one allocation."""
    result = torch.empty(sum(len(part) for part in parts), parts[0].shape[1])
    torch.cat(parts, out=result)
    return result.mul_(columns.float())
