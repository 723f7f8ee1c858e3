"""What a knowledge base is made of: counted, remembered by revision, in bounded work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from rag.events import Cancel
from rag.knowledge.profile import shelf as shelves
from rag.knowledge.profile.counting import COMMONPLACE, profile_of
from rag.knowledge.profile.shelf import ContentsShelf
from rag.types import Chunk, Document, StoredChunk
from rag.types.contents import AlikeDocuments

LONG = "The pump is checked every morning by the person who opens the station, before the doors are unlocked. "
TEXTS = {
    "guide/a.md": f"{LONG}\n\nSee [b](b.md) and [nothing](gone.md).",
    "guide/b.md": "| Part | Load |\n|---|---|\n| x | 1 |\n| y | 2 |",
    "guide/plan v1.md": f"{LONG}\n\nSee [b](b.md).",
    "guide/plan v2.md": f"{LONG}\n\nSee [b](b.md).",
    "zh.md": "索引的精度由参数决定。",
}


def document(name: str, **other: object) -> Document:
    made = Document(name, f"hash of {name}", name, "zh" if name == "zh.md" else "en", 10, 1, 5, 1.0)
    return replace(made, **other)  # type: ignore[arg-type]


DOCUMENTS = [
    document("guide/a.md", tags=("pump", "daily"), date="2024-03-01"),
    document("guide/b.md", tags=("pump",), kind="pdf", fields=(("status", ("draft",)), ("owner", ("A",)))),
    document("guide/plan v1.md", date="2023-01-05"),
    document("guide/plan v2.md", fields=(("status", ("final",)),)),
    document("zh.md"),
]


class Index:
    """Chunks of documents, and how often they were read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def chunks(self, name: str) -> Sequence[StoredChunk]:
        self.read.append(name)
        text = TEXTS.get(name, LONG)
        return [StoredChunk(name, name, "", "en", Chunk(0, 0, len(text), ("Guide",), text, 5))]


def test_a_knowledge_base_is_counted() -> None:
    found = ContentsShelf().profile("kb", DOCUMENTS, Index().chunks, cancel=Cancel())
    assert (found.documents, found.read, found.chunks, found.tokens) == (5, 5, 5, 25)
    assert found.kinds == (("markdown", 4), ("pdf", 1)) and found.languages == (("en", 4), ("zh", 1))
    assert found.folders == (("guide/", 4),) and found.tags == (("pump", 2), ("daily", 1))
    assert found.fields == (("status", 2), ("owner", 1))
    assert (found.dated, found.dates) == (2, ("2023-01-05", "2024-03-01"))
    assert (found.tables, found.documents_with_tables) == (1, 1)
    assert [(s.document, s.columns, s.rows) for s in found.sketches] == [("guide/b.md", ("Part", "Load"), 2)]
    assert (found.links, found.dangling, found.linked) == (3, 1, (("guide/b.md", 3),))
    assert found.common_headings == (("Guide", 5),)
    assert found.alike == (AlikeDocuments("guide/plan v1.md", "guide/plan v2.md", 1.0, True),)


def test_nothing_is_counted_of_nothing() -> None:
    found = profile_of([], {})
    assert (found.documents, found.dates, found.kinds, found.alike) == (0, ("", ""), (), ())


def test_a_revision_is_read_once() -> None:
    shelf, index = ContentsShelf(), Index()
    first = shelf.profile("kb", DOCUMENTS, index.chunks, cancel=Cancel())
    assert shelf.profile("kb", DOCUMENTS, index.chunks, cancel=Cancel()) == first
    assert index.read == [d.name for d in DOCUMENTS]
    changed = [replace(DOCUMENTS[0], sha256="other"), *DOCUMENTS[1:]]
    shelf.profile("kb", changed, index.chunks, cancel=Cancel())
    shelf.profile("other", changed[:1], index.chunks, cancel=Cancel())
    assert index.read[5:] == ["guide/a.md", "guide/a.md"]


def test_the_work_is_bounded_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "MOST_READ", 3)
    shelf, index, cancel = ContentsShelf(), Index(), Cancel()
    assert shelf.profile("kb", DOCUMENTS, index.chunks, cancel=cancel).read == 3
    monkeypatch.setattr(shelves, "MOST_CHUNKS", 2)
    assert shelf.profile("kb", DOCUMENTS, index.chunks, cancel=cancel).read == 2
    cancel.cancel()
    stopped = shelf.profile("kb", DOCUMENTS, index.chunks, cancel=cancel)
    assert (stopped.read, stopped.documents) == (0, 5)
    monkeypatch.setattr(shelves, "REMEMBERED", 1)
    shelf.profile("new", DOCUMENTS, index.chunks, cancel=Cancel())
    assert len(shelf._held) == 1


def test_what_everybody_says_makes_no_pair() -> None:
    many = [document(f"{number}x.md") for number in range(COMMONPLACE + 1)]
    found = ContentsShelf().profile("kb", many, Index().chunks, cancel=Cancel())
    assert found.alike == ()
