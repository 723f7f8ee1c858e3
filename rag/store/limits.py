"""Limits of Milvus, checked here first: Lite counts characters where servers count bytes, and takes NaN vectors, any
name and any limit that a server refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np

from ..errors import StoreError
from ..messages import reason
from ..types import Chunk, Document, Vectors

T = TypeVar("T")

MOST_HITS = 16_384
"""Results of one search or query, offset included."""

TEXT_BYTES = 65_535
"""The longest VARCHAR there is."""

NAME_BYTES = 1_024
TITLE_BYTES = 1_024
HEADINGS_BYTES = 8_192
LEAD_BYTES = 8_192
LANGUAGE_BYTES = 16

BATCH_ROWS = 500
BATCH_BYTES = 3_000_000
"""Bytes of one upsert: far below the 64 MB of an RPC, and few enough that readers of Lite wait less than a second."""

_COLLECTION = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")


def check_collection(name: str) -> None:
    """Raise StoreError unless `name` may name a collection on every Milvus."""
    if not _COLLECTION.fullmatch(name):
        raise StoreError(reason("store.collection_name", collection=name[:100]))


def check_hits(limit: int) -> None:
    """Raise StoreError when more results are asked for than Milvus gives."""
    if limit > MOST_HITS:
        raise StoreError(reason("store.too_many_hits", limit=limit, most=MOST_HITS))


def check_vectors(vectors: Vectors, *, rows: int, dimension: int) -> None:
    """Raise StoreError unless `vectors` is `[rows, dimension]` and finite."""
    if vectors.shape != (rows, dimension):
        raise StoreError(
            reason("store.wrong_shape", shape=" × ".join(map(str, vectors.shape)), expected=f"{rows} × {dimension}")
        )
    if not np.isfinite(vectors).all():
        raise StoreError(reason("store.not_finite"))


def check_document(document: Document, chunks: Sequence[Chunk]) -> None:
    """Raise StoreError when a name or text is longer than a field holds."""
    if not all(map(is_unicode, (document.name, document.title, document.sha256, *(c.lead + c.text for c in chunks)))):
        raise StoreError(reason("store.not_unicode", name=ascii(document.name)[:80]))
    if not 0 < size(document.name) <= NAME_BYTES:
        raise StoreError(
            reason("store.name_length", name=document.name[:80], bytes=size(document.name), most=NAME_BYTES)
        )
    for chunk in chunks:
        if size(chunk.text) > TEXT_BYTES:
            raise StoreError(
                reason(
                    "store.chunk_length",
                    name=document.name,
                    chunk=chunk.index + 1,
                    bytes=size(chunk.text),
                    most=TEXT_BYTES,
                )
            )


def groups(items: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """`items` in order, at most `most` at a time."""
    for start in range(0, len(items), most):
        yield items[start : start + most]


def size(text: str) -> int:
    """Bytes of `text` in UTF-8."""
    return len(text.encode())


def is_unicode(text: str) -> bool:
    """True if `text` can be written as UTF-8: half a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def cut(text: str, most: int) -> str:
    """The longest beginning of `text` that fits into `most` UTF-8 bytes."""
    return text.encode()[:most].decode(errors="ignore")
