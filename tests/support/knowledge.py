"""A small knowledge base on real Milvus Lite, for tests of whole paths with fake models."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from rag.protocols import Embedder, Store
from rag.store import MilvusStore, connect
from rag.types import Chunk, Document, Fingerprint

TEXTS = {
    "tls.md": "Rotate the certificate online. Send SIGHUP and wait for the reload.",
    "backup.md": "A backup is taken every night. Restore it with the restore command.",
    "limits.md": "The largest file is 20 MB. A zip may hold 2000 files.",
    "fruit.md": "Bananas are yellow and rich in potassium.",
    "zh.md": "索引的精度由参数决定。向量的维度不能改变。",
}


def open_store(folder: Path, embedder: Embedder, texts: Mapping[str, str] = TEXTS) -> MilvusStore:
    """A store in `folder` with one document of one chunk per text."""
    fingerprint = Fingerprint("fake", "1", embedder.dimension, "whole", "1")
    store = MilvusStore.open(connect(str(folder / "milvus.db")), "test", fingerprint)
    for name, text in texts.items():
        add(store, embedder, name, text)
    store.flush()
    return store


def add(store: Store, embedder: Embedder, name: str, text: str) -> None:
    """One document of one chunk under the heading "Guide"."""
    digest = sha256(text.encode()).hexdigest()
    (tokens,) = embedder.count_tokens([text])
    chunk = Chunk(0, 0, len(text), ("Guide",), text, tokens)
    document = Document(name, digest, name, "en", len(text.encode()), 1, tokens, 0.0)
    store.put(document, [chunk], embedder.embed_documents([chunk.embedded_text]))
