"""The vectors kept of passages leave the disk with their document and with their index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rag.data_folder import inventory_in, kept_in, vectors_in
from rag.documents.chunking import ChunkLimits
from rag.events import Cancel
from rag.knowledge.ingest import Ingest
from rag.settings import Settings
from rag.store.from_settings import Milvus
from rag.types import Source
from tests.support.fakes import BagEmbedder

TEXTS = {
    "backup.md": "# Backup\n\nEvery night.\n\n# Restore\n\nAsk the operator.\n",
    "tls.md": "# TLS\n\nRotate it.\n",
}


class Kept:
    """A data folder with two documents whose passages have all been read."""

    def __init__(self, folder: Path) -> None:
        settings = replace(Settings(), data_dir=str(folder), collection="main", vectors_mb=1.0)
        self.database = kept_in(settings)
        self.milvus = Milvus(settings, inventory=inventory_in(settings, self.database))
        self.store = self.milvus.open("main", BagEmbedder())
        self.vectors = vectors_in(settings)
        self.ingest(TEXTS)
        self.texts = self.passages()
        self.vectors.keep(b"model", [(text, b"vectors") for text in self.texts])
        assert len(self.left()) == len(self.texts) == 3

    def ingest(self, texts: dict[str, str]) -> None:
        limits = ChunkLimits(max_tokens=12, overlap_tokens=0)
        run = Ingest(self.store, BagEmbedder(), limits=limits, detect=lambda _: "en")
        assert all(not e.reason for e in run.run([Source(n, t.encode()) for n, t in texts.items()], cancel=Cancel()))

    def passages(self) -> list[str]:
        return [s.chunk.embedded_text for d in self.store.documents() for s in self.store.chunks(d.name)]

    def left(self) -> Sequence[str]:
        """First headings of the passages whose vectors are there still."""
        return [self.texts[at].split("\n")[0] for at in self.vectors.found(b"model", self.texts)]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path / "data")
    with closing(made.database), closing(made.milvus):
        yield made


def test_with_a_document_that_is_deleted(kept: Kept) -> None:
    kept.store.delete(["backup.md"])
    assert kept.left() == ["TLS"]


def test_with_one_that_was_buried_once_nobody_can_bring_it_back(kept: Kept) -> None:
    kept.store.bury(["tls.md"])
    assert len(kept.left()) == 3
    kept.store.delete(["tls.md"])
    assert kept.left() == ["Backup", "Restore"]


def test_with_the_passages_that_a_new_revision_does_not_have(kept: Kept) -> None:
    kept.ingest({"backup.md": TEXTS["backup.md"].replace("Every night", "Every hour")})
    assert kept.left() == ["Restore", "TLS"]


def test_with_a_collection_that_is_dropped(kept: Kept) -> None:
    kept.milvus.drop("main")
    assert kept.left() == []
    kept.milvus.drop("main")  # there is none any more


def test_rows_left_over_from_a_crash_tell_what_leaves(kept: Kept) -> None:
    kept.store._remover.rows(["tls.md"], [d.sha256 for d in kept.store.documents()])  # type: ignore[attr-defined]
    assert kept.left() == ["Backup", "Restore"]
