"""Qwen3's layers, run by ourselves: packed rows without padding, shared prefixes, two head rows.

```
architecture  config.json -> Architecture, or the reason why this engine must not run it
checkpoint    safetensors folder -> tensors, memory mapped, norm weights folded
linears       the matrix product in int8; those in fp32 and bf16 are rag.models.products, their choice .numbers
rotation      the orthogonal change of basis that makes int8 safe
attention     per segment over [prefix ; own] keys
network       the layers in order: packed token ids -> last hidden rows, or a prefix's keys and values
prefixes      keys and values of prompt beginnings, kept between calls
gate, gate_sets, verdicts   may int8 be used with this checkpoint? asked once, on real questions
choice        the number type to load, and why
repair        int8 scores near the cut again in fp32
embedding, reranking   the protocols of rag.protocols on top of it
serving       what the product calls
```

Nothing here imports transformers or sentence-transformers; torch is imported by the modules that compute.
"""
