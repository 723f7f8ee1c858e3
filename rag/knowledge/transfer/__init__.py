"""A knowledge base moved whole, without a model: between databases, into an archive and back.

| file         | holds                                                                       |
| ------------ | --------------------------------------------------------------------------- |
| `moving.py`  | puts documents into a store, leaves those already there, then compares      |
| `archive.py` | the archive: its entries, and the limits for one that comes from afar       |
| `writing.py` | making an archive                                                           |
| `reading.py` | checking an archive whole, then giving its documents                        |
| `records.py` | documents and chunks as lines of JSON, and back with every value checked    |
"""

from __future__ import annotations

from .archive import Extra, Manifest
from .moving import Moved, move
from .reading import Archive
from .writing import write_archive

__all__ = ["Archive", "Extra", "Manifest", "Moved", "move", "write_archive"]
