"""A folder kept in step with a real store: added, changed, moved, deleted; and nothing that came another way."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from rag.chunking import ChunkLimits
from rag.errors import RagError
from rag.events import Cancel, DocumentOutcome, IngestEvent
from rag.files import FileLimits, Refused, collect
from rag.ingest import Ingest
from rag.sqlite import Database
from rag.store import MilvusStore
from rag.types import Source
from rag.watching import Folder, Gone, Watched

from .fakes import BagEmbedder
from .knowledge import add, open_store


class Base:
    """A knowledge base as the service offers it."""

    def __init__(self, store: MilvusStore) -> None:
        self.store = store
        limits = ChunkLimits(max_tokens=60, overlap_tokens=0)
        self._ingest = Ingest(store, BagEmbedder(), limits=limits, detect=lambda _: "en")

    def sources(self, paths: Iterable[Path]) -> Iterator[Source | Refused]:
        return collect(paths, limits=FileLimits())

    def ingest(
        self, sources: Iterable[Source | Refused], *, cancel: Cancel, base: str = "", moves: bool = False
    ) -> Iterator[IngestEvent]:
        return self._ingest.run(sources, cancel=cancel, moves=moves)

    def delete(self, names: Iterable[str], *, base: str = "") -> int:
        return self.store.delete(list(names))


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Base]:
    store = open_store(tmp_path, BagEmbedder(), {})
    add(store, BagEmbedder(), "by hand.md", "It came another way.")
    yield Base(store)
    store.close()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.md").write_text("# A\n\nalpha", encoding="utf-8")
    (folder / "sub" / "b.md").write_text("# B\n\nbeta", encoding="utf-8")
    return folder


def watched(notes: Path, base: Base) -> Folder:
    """The folder as a new start of the command sees it."""
    return Folder(notes, "kb", base, Watched(Database(notes.parent / "plainsight.db")))


def step(folder: Folder) -> dict[str, str]:
    """Name -> what became of it, without what stayed as it was."""
    found: dict[str, str] = {}
    for event in folder.step(cancel=Cancel()):
        if isinstance(event, Gone):
            found |= dict.fromkeys(event.names, "gone")
        elif event.outcome and event.outcome is not DocumentOutcome.UNCHANGED:
            found[event.name] = str(event.outcome)
    return found


def names(base: Base) -> set[str]:
    return {document.name for document in base.store.documents()}


def test_what_is_new_or_changed_is_added_and_what_is_gone_is_deleted(notes: Path, base: Base) -> None:
    folder = watched(notes, base)
    assert step(folder) == {"a.md": "added", "sub/b.md": "added"}
    assert step(folder) == {}
    (notes / "a.md").write_text("# A\n\nalpha and omega", encoding="utf-8")
    (notes / "c.md").write_text("# C\n\ngamma", encoding="utf-8")
    (notes / "sub" / "b.md").unlink()
    assert step(folder) == {"a.md": "replaced", "c.md": "added", "sub/b.md": "gone"}
    assert names(base) == {"a.md", "c.md", "by hand.md"}


def test_a_file_deleted_while_nobody_watched_is_noticed_by_the_next_watch(notes: Path, base: Base) -> None:
    step(watched(notes, base))
    (notes / "a.md").unlink()
    assert step(watched(notes, base)) == {"a.md": "gone"}


def test_a_moved_file_takes_its_old_place(notes: Path, base: Base) -> None:
    folder = watched(notes, base)
    step(folder)
    (notes / "a.md").rename(notes / "sub" / "a.md")
    assert step(folder)["sub/a.md"] == "moved"
    assert names(base) == {"sub/a.md", "sub/b.md", "by hand.md"}


def test_an_emptied_folder_takes_its_documents_and_no_others(notes: Path, base: Base) -> None:
    folder = watched(notes, base)
    step(folder)
    (notes / "a.md").unlink()
    (notes / "sub" / "b.md").unlink()
    assert {name for name, what in step(folder).items() if what == "gone"} == {"a.md", "sub/b.md"}
    assert names(base) == {"by hand.md"}


def test_a_folder_that_went_away_takes_no_document_with_it(notes: Path, base: Base) -> None:
    folder = watched(notes, base)
    step(folder)
    notes.rename(notes.parent / "elsewhere")
    with pytest.raises(RagError, match="no folder"):
        step(folder)
    assert names(base) == {"a.md", "sub/b.md", "by hand.md"}


def test_a_cancelled_step_deletes_nothing(notes: Path, base: Base) -> None:
    folder = watched(notes, base)
    step(folder)
    (notes / "a.md").unlink()
    cancel = Cancel()
    cancel.cancel()
    assert [e for e in folder.step(cancel=cancel) if isinstance(e, Gone)] == []
    assert "a.md" in names(base)


def test_every_change_is_followed_by_a_step(notes: Path, base: Base) -> None:
    folder = watched(notes, base)

    def changed() -> Iterator[str]:
        (notes / "new.md").write_text("# N\n\nnew", encoding="utf-8")
        yield "something"

    outcomes = [
        (e.name, e.outcome)
        for e in folder.follow(changed, cancel=Cancel())
        if isinstance(e, IngestEvent) and e.outcome is DocumentOutcome.ADDED
    ]
    assert [name for name, _ in outcomes] == ["a.md", "sub/b.md", "new.md"]


def test_the_operating_system_says_what_changed(notes: Path, base: Base) -> None:
    folder, cancel = watched(notes, base), Cancel()
    heard = iter(folder.changes(cancel))
    writer = threading.Timer(0.5, lambda: (notes / "heard.md").write_text("# H\n\nheard", encoding="utf-8"))
    writer.start()
    assert any(str(path).endswith("heard.md") for _, path in next(heard))  # type: ignore[attr-defined]
    cancel.cancel()
    assert list(heard) == []


def test_a_file_is_no_folder(notes: Path, base: Base) -> None:
    with pytest.raises(RagError, match="no folder"):
        watched(notes / "a.md", base)
