"""Plainsight's engine: two-stage retrieval over Markdown with the evidence in plain sight.

Importing this package loads no torch, pymilvus or gradio; `rag.build` does that, on demand.
"""

__version__ = "0.1.0"
