"""Qwen3-Embedding and Qwen3-Reranker: their prompts, and the protocols of `rag.protocols` on them.

No store, no page.
"""
