"""Embedding models, rerankers, chat models."""
