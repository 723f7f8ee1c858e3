"""What the product promises, folder by folder as in `rag/`; `support/` holds what several of them need."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
"""Folder of the product."""

DATA = Path(__file__).parent / "data"
"""A small corpus and the golden files."""
