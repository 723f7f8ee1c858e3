"""The store of chunks, the only part that knows Milvus. Importing it loads no client; `connect` does.

| file            | holds                                                                  |
| --------------- | ---------------------------------------------------------------------- |
| `connecting.py` | opening an embedded database or a server                               |
| `connection.py` | calls with timeout, locks, what one failed write leaves                |
| `databases.py`  | what this process has open, and the locks                              |
| `failures.py`   | foreign exceptions to ours                                             |
| `schema.py`     | collections, indexes, fingerprint                                      |
| `indexes.py`    | kinds of index, their parameters, which Milvus has them                |
| `registry.py`   | which revision of which document counts                                |
| `rows.py`       | chunks as rows and back                                                |
| `search.py`     | dense and full-text search of what counts                              |
| `reading.py`    | documents whole: chunks and vectors of what counts                     |
| `trial.py`      | whether a server really builds an index                                |
| `removing.py`   | rows that count no more, and the mention of them                       |
| `opening.py`    | making, checking, indexing and loading a collection                    |
| `collection.py` | `MilvusStore`, the `Store` of `rag.protocols`                            |
| `inspection.py` | what can be asked without opening a store                              |
| `filters.py`    | filter expressions and their literals                                  |
| `limits.py`     | what Milvus accepts, checked beforehand                                |
"""

from __future__ import annotations

from .collection import MilvusStore
from .connecting import connect
from .connection import Connection
from .indexes import IndexKind, IndexOptions
from .inspection import StoreReport, diagnose, drop, fingerprint_of, read_chunks, read_documents, read_held
from .removing import passages

__all__ = [
    "Connection",
    "IndexKind",
    "IndexOptions",
    "MilvusStore",
    "StoreReport",
    "connect",
    "diagnose",
    "drop",
    "fingerprint_of",
    "passages",
    "read_chunks",
    "read_documents",
    "read_held",
]
