"""`config.json` of a model folder -> `Architecture`, or the reason why the engine must not run that model.

The engine knows exactly one network: Qwen3 as published (0.6B, 4B, 8B). Anything it does not recognise is refused
here, so that the caller takes the library's own path instead of getting plausible wrong numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import ModelRejected
from rag.messages import Reason, reason

DEFAULT_HEAD_DIM = 128
"""The `head_dim` that Qwen3's published configuration class assumes where none is written."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """The shape of a Qwen3 network. `heads` query heads share `kv_heads` key/value heads, each `head_dim` wide."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    rope_theta: float
    epsilon: float
    tied: bool
    """The output matrix is the embedding table."""
    limit: int
    """Most positions the model was made for."""

    @property
    def qkv(self) -> int:
        """Output width of the fused query/key/value product."""
        return (self.heads + 2 * self.kv_heads) * self.head_dim

    @property
    def parameters(self) -> int:
        """Weights of the layers' matrices: what a token is multiplied with. Norms and the vocabulary not counted."""
        attention = self.hidden * self.qkv + self.heads * self.head_dim * self.hidden
        return self.layers * (attention + 3 * self.hidden * self.intermediate)


def read_config(folder: Path) -> dict[str, Any]:
    """The model folder's `config.json`. Raises ModelRejected when it is missing or no JSON object."""
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelRejected(reason("engine.no_config", folder=folder.name)) from error
    if not isinstance(config, dict):
        raise ModelRejected(reason("engine.no_config", folder=folder.name))
    return config


def supports(config: Mapping[str, Any]) -> Reason | None:
    """None when the engine runs this model exactly, else why not."""
    rope = _rope(config)
    layer_types = config.get("layer_types") or []
    expectations = (
        ("model_type", config.get("model_type"), "qwen3"),
        ("hidden_act", config.get("hidden_act", "silu"), "silu"),
        ("attention_bias", bool(config.get("attention_bias")), False),
        ("use_sliding_window", bool(config.get("use_sliding_window")), False),
        ("layer_types", ", ".join(sorted(set(layer_types) - {"full_attention"})), ""),
        ("rope_type", rope.get("rope_type", rope.get("type", "default")), "default"),
        ("partial_rotary_factor", rope.get("partial_rotary_factor", 1.0), 1.0),
        ("quantization_config", "present" if config.get("quantization_config") else "", ""),
    )
    for name, found, expected in expectations:
        if found != expected:
            return reason("engine.unknown_architecture", name=name, found=str(found), expected=str(expected) or "—")
    if int(config["num_attention_heads"]) % int(config["num_key_value_heads"]):
        shape = f"{config['num_attention_heads']} / {config['num_key_value_heads']}"
        return reason("engine.unknown_architecture", name="heads / key heads", found=shape, expected="a whole ratio")
    return None


def architecture(config: Mapping[str, Any]) -> Architecture:
    """The shape written in `config`. Raises ModelRejected where `supports` gives a reason."""
    refusal = supports(config)
    if refusal is not None:
        raise ModelRejected(refusal)
    return Architecture(
        hidden=int(config["hidden_size"]),
        intermediate=int(config["intermediate_size"]),
        layers=int(config["num_hidden_layers"]),
        heads=int(config["num_attention_heads"]),
        kv_heads=int(config["num_key_value_heads"]),
        head_dim=int(config.get("head_dim") or DEFAULT_HEAD_DIM),
        vocabulary=int(config["vocab_size"]),
        rope_theta=float(_rope(config).get("rope_theta", 10_000.0)),
        epsilon=float(config.get("rms_norm_eps", 1e-6)),
        tied=bool(config.get("tie_word_embeddings", False)),
        limit=int(config.get("max_position_embeddings", 32_768)),
    )


def _rope(config: Mapping[str, Any]) -> dict[str, Any]:
    """Rotary settings: one table since transformers 5, loose keys and `rope_scaling` before."""
    table = dict(config.get("rope_parameters") or config.get("rope_scaling") or {})
    if config.get("rope_theta") is not None:
        table.setdefault("rope_theta", config["rope_theta"])
    return table
