"""Folders with the exact shape of Qwen3-Embedding-0.6B and Qwen3-Reranker-0.6B and random weights.

Speed and memory depend on the shape alone. What does not carry over is quality: eight bits look far better on random
weights than on trained ones, so agreement measured here proves that code paths agree, and nothing more.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from rag.models.engine.architecture import Architecture, architecture
from rag.models.qwen3.prompts import BODY, END_OF_TEXT, PREFIX, SUFFIX, query_text

from .corpus import QUERIES, blocks

CONFIG: dict[str, Any] = {
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "attention_bias": False,
    "attention_dropout": 0.0,
    "head_dim": 128,
    "hidden_act": "silu",
    "hidden_size": 1024,
    "initializer_range": 0.02,
    "intermediate_size": 3072,
    "max_position_embeddings": 40960,
    "num_attention_heads": 16,
    "num_hidden_layers": 28,
    "num_key_value_heads": 8,
    "rms_norm_eps": 1e-06,
    "rope_scaling": None,
    "rope_theta": 1000000,
    "sliding_window": None,
    "tie_word_embeddings": True,
    "dtype": "bfloat16",
    "use_cache": True,
    "use_sliding_window": False,
    "vocab_size": 151669,
}
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = (END_OF_TEXT, "<|im_start|>", "<|im_end|>")
UNMARKED = ("<think>", "</think>")
CHAT_TEMPLATE = (
    "{%- set task = messages | selectattr('role', 'eq', 'system') | map(attribute='content') | first -%}\n"
    + PREFIX
    + BODY.replace("{instruction}", "{{ task }}")
    .replace("{query}", "{{ messages | selectattr('role', 'eq', 'query') | map(attribute='content') | first }}")
    .replace("{document}", "{{ messages | selectattr('role', 'eq', 'document') | map(attribute='content') | first }}")
    + SUFFIX
    + "{# keeps the last line break #}"
)
"""For CrossEncoder, whose folder must know the roles system, query and document."""


def shape(layers: int) -> Architecture:
    """The 0.6B network with so many layers."""
    return architecture({**CONFIG, "num_hidden_layers": layers})


def write_embedding(folder: Path, *, layers: int) -> Path:
    """A Sentence-Transformers folder; written once, then left as it is."""
    if not (folder / "complete").is_file():
        _write(folder, layers=layers, seed=1, tokenizer=_tokenizer(end=True), leading="")
        modules = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")]
        _json(
            folder / "modules.json",
            [
                {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
                for i, (kind, path) in enumerate(modules)
            ],
        )
        _json(
            folder / "1_Pooling/config.json",
            {"word_embedding_dimension": 1024, "pooling_mode_lasttoken": True, "include_prompt": True},
        )
        prompts = {"query": query_text("", ""), "document": ""}
        _json(folder / "config_sentence_transformers.json", {"prompts": prompts, "similarity_fn_name": "cosine"})
        (folder / "complete").touch()
    return folder


def write_reranker(folder: Path, *, layers: int) -> Path:
    """A causal language model folder; written once, then left as it is."""
    if not (folder / "complete").is_file():
        _write(folder, layers=layers, seed=2, tokenizer=_tokenizer(end=False), leading="model.")
        (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE, encoding="utf-8")
        (folder / "complete").touch()
    return folder


def _write(folder: Path, *, layers: int, seed: int, tokenizer: Tokenizer, leading: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _json(folder / "config.json", {**CONFIG, "num_hidden_layers": layers})
    tokenizer.save(str(folder / "tokenizer.json"))
    added = {
        str(tokenizer.token_to_id(token)): {
            "content": token, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False,
            "special": token in SPECIAL,
        }
        for token in (*SPECIAL, *UNMARKED)
    }  # fmt: skip
    _json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "Qwen2Tokenizer",
            "added_tokens_decoder": added,
            "eos_token": "<|im_end|>",
            "pad_token": END_OF_TEXT,
            "model_max_length": 131072,
        },
    )
    save_file(_weights(layers, seed, leading), folder / "model.safetensors", metadata={"format": "pt"})


def _weights(layers: int, seed: int, leading: str) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    hidden, inner, wide, narrow = 1024, 3072, 2048, 1024

    def matrix(rows: int, columns: int) -> torch.Tensor:
        return torch.empty(rows, columns).normal_(0, 0.02, generator=generator).bfloat16()

    tensors = {"embed_tokens.weight": matrix(CONFIG["vocab_size"], hidden), "norm.weight": torch.ones(hidden)}
    for index in range(layers):
        at = f"layers.{index}."
        tensors |= {
            f"{at}self_attn.q_proj.weight": matrix(wide, hidden),
            f"{at}self_attn.k_proj.weight": matrix(narrow, hidden),
            f"{at}self_attn.v_proj.weight": matrix(narrow, hidden),
            f"{at}self_attn.o_proj.weight": matrix(hidden, wide),
            f"{at}mlp.gate_proj.weight": matrix(inner, hidden),
            f"{at}mlp.up_proj.weight": matrix(inner, hidden),
            f"{at}mlp.down_proj.weight": matrix(hidden, inner),
            f"{at}self_attn.q_norm.weight": torch.ones(128),
            f"{at}self_attn.k_norm.weight": torch.ones(128),
            f"{at}input_layernorm.weight": torch.ones(hidden),
            f"{at}post_attention_layernorm.weight": torch.ones(hidden),
        }
    return {leading + name: tensor.bfloat16() for name, tensor in tensors.items()}


def _tokenizer(*, end: bool) -> Tokenizer:
    """Byte-level BPE as Qwen3's, trained on the passages: whole words, so that token counts are realistic."""
    bpe = Tokenizer(models.BPE())
    bpe.normalizer = normalizers.NFC()
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=12_000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    prompts = [PREFIX, BODY, SUFFIX, query_text("", ""), *QUERIES, "yes", "no"]
    bpe.train_from_iterator(blocks() + prompts * 500, trainer)
    bpe.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    bpe.add_tokens([AddedToken(token, special=False, normalized=False) for token in UNMARKED])
    if end:
        bpe.post_processor = processors.TemplateProcessing(
            single=f"$A {END_OF_TEXT}",
            pair=f"$A $B {END_OF_TEXT}",
            special_tokens=[(END_OF_TEXT, bpe.token_to_id(END_OF_TEXT))],
        )
    return bpe


def _json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
