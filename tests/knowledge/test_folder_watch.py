"""A folder kept in step with a real store: added, changed, moved, deleted; and nothing that came another way."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from rag.database import Database
from rag.documents.chunking import ChunkLimits
from rag.documents.files import FileLimits, Refused, Seen, Unchanged, collect_changed
from rag.errors import RagError
from rag.events import Cancel, DocumentOutcome, IngestEvent, IngestStage
from rag.knowledge.folder_watch import MIGRATIONS, YOUNG_NS, Folder, Gone, Watched
from rag.knowledge.ingest import Ingest
from rag.store import MilvusStore
from rag.types import Document, Source
from tests.support.fakes import BagEmbedder
from tests.support.knowledge import add, open_store


def later() -> int:
    """A clock by which every file was written long ago."""
    return time.time_ns() + 10 * YOUNG_NS


class Base:
    """A knowledge base as the service offers it."""

    def __init__(self, store: MilvusStore) -> None:
        self.store = store
        limits = ChunkLimits(max_tokens=60, overlap_tokens=0)
        self._ingest = Ingest(store, BagEmbedder(), limits=limits, detect=lambda _: "en")

        self.read: list[str] = []
        """Names of files that were read, in order."""

    def changed(self, folder: Path, unchanged: Unchanged) -> Iterator[Source | Refused | Seen]:
        for each in collect_changed(folder, limits=FileLimits(max_files=10_000), unchanged=unchanged):
            self.read += [each.name] if isinstance(each, Source) else []
            yield each

    def documents(self, *, base: str = "") -> list[Document]:
        return self.store.documents()

    def ingest(
        self, sources: Iterable[Source | Refused | Seen], *, cancel: Cancel, base: str = "", moves: bool = False
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
    return Folder(notes, "kb", base, Watched(Database(notes.parent / "plainsight.db")), now=later)


def read(folder: Folder, base: Base) -> list[str]:
    """Names of the files a step reads."""
    base.read.clear()
    step(folder)
    return base.read


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


# ---- what is read ----------------------------------------------------------------------------------------------------


def test_only_files_that_were_written_to_are_read_also_after_a_restart(notes: Path, base: Base) -> None:
    assert read(watched(notes, base), base) == ["a.md", "sub/b.md"]
    folder = watched(notes, base)
    assert read(folder, base) == []
    (notes / "a.md").write_text("# A\n\nomega", encoding="utf-8")
    assert read(folder, base) == ["a.md"]
    assert read(folder, base) == [] and names(base) == {"a.md", "sub/b.md", "by hand.md"}


def test_a_change_that_keeps_size_and_time_is_noticed(notes: Path, base: Base) -> None:
    folder = watched(notes, base)
    step(folder)
    before = (notes / "a.md").stat()
    (notes / "a.md").write_text("# A\n\nAlpha", encoding="utf-8")
    os.utime(notes / "a.md", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (notes / "a.md").stat().st_size == before.st_size
    assert step(folder) == {"a.md": "replaced"}


def test_a_file_written_just_before_it_was_read_is_read_once_more(notes: Path, base: Base) -> None:
    clock = [(notes / "sub" / "b.md").stat().st_ctime_ns + YOUNG_NS // 2]
    folder = Folder(notes, "kb", base, Watched(Database(notes.parent / "plainsight.db")), now=lambda: clock[0])
    assert read(folder, base) == ["a.md", "sub/b.md"]
    clock[0] += YOUNG_NS
    assert read(folder, base) == ["a.md", "sub/b.md"], "something may have been written in the same moment"
    assert read(folder, base) == []


def test_what_was_changed_in_the_knowledge_base_is_read_again(notes: Path, base: Base) -> None:
    folder = watched(notes, base)
    step(folder)
    base.store.delete(["a.md"])
    assert step(folder) == {"a.md": "added"}
    base.store.delete(["sub/b.md"])
    add(base.store, BagEmbedder(), "sub/b.md", "Uploaded on the page.")
    assert step(folder) == {"sub/b.md": "replaced"}
    assert read(folder, base) == []


def test_a_refused_file_is_told_once_and_read_again_when_it_was_written_to(notes: Path, base: Base) -> None:
    (notes / "bad.md").write_bytes(b"\0\1\2" * 100)
    (notes / "more.zip").write_bytes(b"PK")
    folder = watched(notes, base)
    assert {name: what for name, what in step(folder).items() if what == "refused"} == {
        "bad.md": "refused",
        "more.zip": "refused",
    }
    assert step(folder) == {} and read(folder, base) == []
    (notes / "bad.md").write_text("# Good\n\nnow", encoding="utf-8")
    assert step(folder) == {"bad.md": "added"}
    (notes / "bad.md").unlink()
    assert step(folder) == {"bad.md": "gone"}


def test_a_file_that_failed_is_read_again(notes: Path, base: Base) -> None:
    folder, whole = watched(notes, base), base.ingest

    def failing(
        sources: Iterable[Source | Refused | Seen], *, cancel: Cancel, base: str = "", moves: bool = False
    ) -> Iterator[IngestEvent]:
        for event in whole(sources, cancel=cancel, base=base, moves=moves):
            failed = event.name == "a.md" and event.outcome
            yield replace(event, outcome=DocumentOutcome.FAILED) if failed else event

    base.ingest = failing  # type: ignore[method-assign]
    step(folder)
    assert read(folder, base) == ["a.md"]


def test_a_copy_of_a_file_that_was_not_read_is_no_move(notes: Path, base: Base) -> None:
    folder = watched(notes, base)
    step(folder)
    (notes / "copy.md").write_bytes((notes / "a.md").read_bytes())
    assert step(folder) == {"copy.md": "added"}
    assert names(base) == {"a.md", "copy.md", "sub/b.md", "by hand.md"}


def test_two_files_of_one_name_are_never_taken_for_known(notes: Path, base: Base) -> None:
    (notes / "é.md").write_text("# One\n\ncomposed", encoding="utf-8")
    (notes / "e\u0301.md").write_text("# Two\n\ndecomposed", encoding="utf-8")
    if len(list(notes.glob("*.md"))) < 3:
        pytest.skip("this file system makes them one")
    folder = watched(notes, base)
    step(folder)
    assert read(folder, base) == ["é.md", "é.md"]


def test_what_an_earlier_version_knew_is_read_once(notes: Path, base: Base) -> None:
    earlier = Database(notes.parent / "plainsight.db")
    earlier.use("watching", MIGRATIONS[:1])
    with earlier.write() as db:
        key = str(notes.resolve())
        db.executemany("INSERT INTO watched VALUES ('kb', ?, ?)", [(key, "a.md"), (key, "by hand.md")])
    earlier.close()
    folder = watched(notes, base)
    assert step(folder) == {"a.md": "added", "sub/b.md": "added", "by hand.md": "gone"}
    assert read(folder, base) == []


class Shelf:
    """Takes thousands of files in no time: documents are names with their hashes."""

    def __init__(self) -> None:
        self.shas: dict[str, str] = {}
        self.read = 0

    def changed(self, folder: Path, unchanged: Unchanged) -> Iterator[Source | Refused | Seen]:
        return collect_changed(folder, limits=FileLimits(max_files=10_000), unchanged=unchanged)

    def documents(self, *, base: str = "") -> list[Document]:
        return [Document(name, sha, name, "en", 1, 1, 1, 0.0) for name, sha in self.shas.items()]

    def ingest(
        self, sources: Iterable[Source | Refused | Seen], *, cancel: Cancel, base: str = "", moves: bool = False
    ) -> Iterator[IngestEvent]:
        for source in sources:
            if isinstance(source, Source):
                self.read += 1
                self.shas[source.name] = sha256(source.data).hexdigest()
                yield IngestEvent(source.name, "", 1, IngestStage.INDEX, outcome=DocumentOutcome.ADDED)

    def delete(self, names: Iterable[str], *, base: str = "") -> int:
        return sum(self.shas.pop(name, "") != "" for name in names)


def test_of_five_thousand_files_the_one_that_changed_is_read(tmp_path: Path) -> None:
    notes, shelf = tmp_path / "notes", Shelf()
    notes.mkdir()
    for number in range(5000):
        (notes / f"{number:04}.md").write_text(f"# Page {number}", encoding="utf-8")
    folder = Folder(notes, "kb", shelf, Watched(Database(tmp_path / "plainsight.db")), now=later)
    list(folder.step(cancel=Cancel()))
    assert shelf.read == 5000
    (notes / "1234.md").write_text("# Another page", encoding="utf-8")
    (notes / "4321.md").unlink()
    shelf.read = 0
    assert [e.name if isinstance(e, IngestEvent) else e.names for e in folder.step(cancel=Cancel())] == [
        "1234.md",
        ("4321.md",),
    ]
    assert shelf.read == 1
