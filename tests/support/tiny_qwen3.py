"""Tiny Qwen3 folders with the layout of the published ones: true architecture and tokenizer rules, random weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

END = "<|endoftext|>"
SPECIAL = (END, "<|im_start|>", "<|im_end|>")
UNMARKED = ("<think>", "</think>")
"""Added tokens that the published tokenizer does not mark as special."""
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEXTS = [
    "Milvus stores vectors and finds the nearest ones by inner product.",
    "The reranker judges whether the document meets the requirements of the query.",
    "Given a web search query, retrieve relevant passages that answer the query",
    "向量数据库保存文档的向量，并返回与问题最接近的段落。",
    "中国的首都是北京。",
]
HIDDEN = 64
POSITIONS = 4096


def build_tokenizer(*, end: bool, answers: bool = True) -> Tokenizer:
    """Byte-level BPE trained on the spot. `end` closes texts; without `answers` "yes" is more than one token."""
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
        vocab_size=768, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    # Only frequent words become one token, as "yes" and "no" must.
    bpe.train_from_iterator(TEXTS + (["yes", "no"] * 500 if answers else []), trainer)
    bpe.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    bpe.add_tokens([AddedToken(token, special=False, normalized=False) for token in UNMARKED])
    if end:
        bpe.post_processor = processors.TemplateProcessing(
            single=f"$A {END}", pair=f"$A $B {END}", special_tokens=[(END, bpe.token_to_id(END))]
        )
    return bpe


def write_tokenizer(folder: Path, tokenizer: Tokenizer) -> None:
    """As the published folders: class Qwen2Tokenizer, `<|im_end|>` as end-of-sequence, `<|endoftext|>` as padding."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    added = {
        str(tokenizer.token_to_id(token)): {
            "content": token,
            "lstrip": False,
            "normalized": False,
            "rstrip": False,
            "single_word": False,
            "special": token in SPECIAL,
        }
        for token in (*SPECIAL, *UNMARKED)
    }
    config = {
        "tokenizer_class": "Qwen2Tokenizer",
        "added_tokens_decoder": added,
        "add_prefix_space": False,
        "bos_token": None,
        "eos_token": "<|im_end|>",
        "pad_token": END,
        "unk_token": None,
        "split_special_tokens": False,
        "model_max_length": 131072,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def write_weights(folder: Path, *, vocabulary: int, seed: int, tied: bool = True, shards: bool = False) -> None:
    """Random weights, wide enough that scores differ, in half precision as published."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM  # seconds, which collecting tests need not wait for

    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=HIDDEN,
        intermediate_size=2 * HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=POSITIONS,
        tie_word_embeddings=tied,
        initializer_range=0.2,
    )
    model: Any = Qwen3ForCausalLM(config)
    model.to(torch.bfloat16)
    model.save_pretrained(folder, **({"max_shard_size": "100KB"} if shards else {}))


def write_embedding_model(
    folder: Path, *, pooling: str = "lasttoken", end: bool = True, seed: int = 0, shards: bool = False
) -> Path:
    """A Sentence-Transformers folder with the three modules of Qwen3-Embedding."""
    tokenizer = build_tokenizer(end=end)
    write_tokenizer(folder, tokenizer)
    write_weights(folder, vocabulary=tokenizer.get_vocab_size(), seed=seed, shards=shards)
    kinds = (("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize"))
    modules = [
        {"idx": n, "name": str(n), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for n, (kind, path) in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    modes = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken")
    flags = {f"pooling_mode_{mode}": mode == pooling for mode in modes}
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"word_embedding_dimension": HIDDEN, **flags, "include_prompt": True})
    )
    prompts = {"query": "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"}
    (folder / "config_sentence_transformers.json").write_text(
        json.dumps({"prompts": {**prompts, "document": ""}, "similarity_fn_name": "cosine"})
    )
    return folder


def write_reranker(folder: Path, *, tied: bool = True, answers: bool = True, seed: int = 1) -> Path:
    """A causal language model folder as Qwen3-Reranker's: its tokenizer adds nothing at the end."""
    tokenizer = build_tokenizer(end=False, answers=answers)
    write_tokenizer(folder, tokenizer)
    write_weights(folder, vocabulary=tokenizer.get_vocab_size(), seed=seed, tied=tied)
    return folder
