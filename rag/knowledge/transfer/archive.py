"""The archive of a knowledge base: a zip file whose manifest lists its entries.

    manifest.json            fingerprint, counts, and name, size and sha256 of every other entry
    parts/00001.documents    documents, one JSON object a line
    parts/00001.chunks       their chunks in order, one JSON object a line
    parts/00001.vectors      their vectors in order, little-endian float32
    …
    originals/SHA256         the file a document was made of, where it was kept (since version 2)
    extra/NAME               anything else that belongs to the knowledge base

Documents are never split between parts, so that both sides hold one part at a time. Vectors are plain bytes: their
number follows from the chunks and the dimension, and nothing of a file decides how it is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from rag.types import Fingerprint

FORMAT = "plainsight"
VERSION, READABLE = 3, (1, 2, 3)
"""The second has originals, the third what opens each chunk; programs from before cannot read a later one."""

MANIFEST = "manifest.json"
PART = re.compile(r"parts/(\d{5,9})\.(documents|chunks|vectors)")
ORIGINAL = re.compile(r"originals/[0-9a-f]{64}")
EXTRA = re.compile(r"extra/[a-z0-9][a-z0-9_-]{0,59}(\.[a-z0-9]{1,8})?")

MANIFEST_BYTES = 64_000_000
"""A million parts' worth of names; a larger one is not read."""

ENTRY_BYTES = 4_000_000_000
"""The largest entry that is read: 250,000 chunks at 4096 dimensions in one document."""

ORIGINAL_BYTES = 1_100_000_000
"""The largest original that is read: more than the largest file RAG_MAX_FILE_MB admits."""

MOST_GROWTH = 200
"""Most times its packed size that an entry may take unpacked. Documents grow ten times at most, a bomb a thousand."""


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One file of the archive as the manifest names it."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Manifest of an archive: its fingerprint, counts and entries."""

    format: str
    version: int
    collection: str
    """The collection it was made from; it may go into another."""
    created_at: float
    """Seconds since the epoch, UTC."""
    fingerprint: Fingerprint
    documents: int
    chunks: int
    entries: tuple[ArchiveFile, ...]


@dataclass(frozen=True, slots=True)
class Extra:
    """Bytes that belong to a knowledge base beside its documents, such as its ledgers, under `extra/NAME`."""

    name: str
    open: Callable[[], BinaryIO]
