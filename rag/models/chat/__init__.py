"""Chat models behind an OpenAI-compatible API; the only importer of openai.

No citations: text in, deltas out.
"""
