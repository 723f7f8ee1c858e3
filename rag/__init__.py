"""Plainsight's engine: two-stage retrieval over Markdown with the evidence in plain sight.

Importing this package loads no torch, pymilvus or gradio; `rag.build` does that, on demand.
"""

from pathlib import Path

__version__ = "0.1.0"

ROOT = Path(__file__).parent.parent
"""Folder of the product: `app.py`, `rag/`, `assets/`."""

ASSETS = ROOT / "assets"
"""Style sheets, scripts, icons, words and the handbook."""
