"""The files documents were made of: kept by content, checked when read, gone once no document needs them."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from rag.database import Database
from rag.errors import KeepingError
from rag.knowledge.inventory import Inventory
from rag.knowledge.originals import ABANDONED_SECONDS, TERM_SECONDS, Originals, name_by_content, usage, waste
from rag.types import Document

BYTES = b"%PDF-1.7 of something"
SHA = hashlib.sha256(BYTES).hexdigest()
OTHER = b"another"
OTHER_SHA = hashlib.sha256(OTHER).hexdigest()


class Rig:
    """Originals over a folder with the inventory of one Milvus, and a clock."""

    def __init__(self, folder: Path, milvus: str = "milvus.db") -> None:
        self.folder = folder / "originals"
        self.waste = folder / "waste"
        self.time = 1_000.0
        self.database = Database(folder / "plainsight.db", busy_seconds=120.0)  # threads that write without a pause
        self.originals = Originals(self.folder, self.database, now=lambda: self.time)
        self.inventory = Inventory(self.database, milvus, now=lambda: self.time)

    def place(self, sha256: str = SHA) -> Path:
        return self.folder / sha256[:2] / sha256

    def put(self, name: str = "a.pdf", data: bytes = BYTES, *, collection: str = "kb") -> None:
        """As an ingest does."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.originals.keep(sha256, data)
        self.inventory.added(collection, Document(name, sha256, name, "en", len(data), 1, 1, self.time))

    def delete(self, name: str = "a.pdf", sha256: str = SHA, *, collection: str = "kb") -> None:
        self.inventory.removed(collection, {name: sha256})

    def later(self) -> None:
        self.time += TERM_SECONDS

    def tidied(self) -> int:
        """Files removed after as many clean-ups as anybody could wait for."""
        count = 0
        for _ in range(4):
            count += self.originals.tidy()
            self.later()
        return count


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def code(caught: pytest.ExceptionInfo[KeepingError]) -> str:
    assert str(caught.value)
    return caught.value.reason.code


def test_bytes_come_back_as_they_were_kept(rig: Rig) -> None:
    rig.originals.keep(SHA, BYTES)
    assert rig.originals.get(SHA, name="a.pdf") == BYTES
    assert rig.originals.has(SHA) and not rig.originals.has(OTHER_SHA)
    assert [path.name for path in rig.folder.rglob("*") if path.is_file()] == [SHA], "no part file is left"
    assert (usage(rig.folder).files, usage(rig.folder).size) == (1, len(BYTES))


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "/etc/passwd", SHA[:-1], SHA.upper(), f"{SHA}\n", "..", f"{SHA[:2]}/{SHA}"]
)
def test_what_is_no_hash_is_no_file(rig: Rig, name: str) -> None:
    rig.originals.keep(SHA, BYTES)
    assert not rig.originals.has(name)
    with pytest.raises(KeepingError) as caught:
        rig.originals.get(name, name="a.pdf")
    assert code(caught) == "originals.not_kept"


def test_damaged_bytes_are_not_handed_out_and_make_room_for_sound_ones(rig: Rig) -> None:
    rig.originals.keep(SHA, BYTES)
    rig.place().write_bytes(BYTES[::-1])
    with pytest.raises(KeepingError) as caught:
        rig.originals.get(SHA, name="a.pdf")
    assert code(caught) == "originals.damaged" and not rig.originals.has(SHA)
    assert (rig.waste / f"{SHA}.damaged").read_bytes() == BYTES[::-1], "what is left of it may be of use"
    rig.originals.keep(SHA, BYTES)
    assert rig.originals.get(SHA, name="a.pdf") == BYTES


@pytest.mark.parametrize("left", [BYTES[:5], BYTES[::-1]], ids=["half of it", "as many other bytes"])
def test_a_damaged_file_is_written_anew(rig: Rig, left: bytes) -> None:
    rig.originals.keep(SHA, BYTES)
    rig.place().write_bytes(left)
    rig.originals.keep(SHA, BYTES)
    assert rig.originals.get(SHA, name="a.pdf") == BYTES


def test_a_folder_that_cannot_be_written_is_said(rig: Rig) -> None:
    rig.folder.write_text("in the way", encoding="utf-8")
    with pytest.raises(KeepingError) as caught:
        rig.originals.keep(SHA, BYTES)
    assert code(caught) == "originals.unwritable"


def test_bytes_that_nobody_deleted_stay_whatever_is_missing(rig: Rig) -> None:
    rig.put()
    rig.originals.keep(OTHER_SHA, OTHER)  # its document was never put
    assert rig.tidied() == 0
    assert rig.originals.has(SHA) and rig.originals.has(OTHER_SHA)


def test_bytes_go_a_term_after_their_document_was_deleted(rig: Rig) -> None:
    rig.put()
    rig.put("b.pdf", OTHER)
    rig.delete()
    assert rig.originals.tidy() == 0 and (rig.waste / SHA).is_file() and not rig.place().exists()
    assert (waste(rig.folder).files, usage(rig.folder).files) == (1, 1)
    rig.time += TERM_SECONDS - 1
    assert rig.originals.tidy() == 0 and rig.originals.get(SHA, name="a.pdf") == BYTES
    rig.time += 1
    assert rig.originals.tidy() == 1 and not rig.originals.has(SHA)
    assert rig.originals.has(OTHER_SHA) and rig.inventory.deleted("kb") == [], "nothing is left of it, not even a name"


def test_the_term_begins_when_the_bytes_are_moved_aside(rig: Rig) -> None:
    rig.put()
    rig.delete()
    rig.time += 100 * TERM_SECONDS  # the app was off
    assert rig.originals.tidy() == 0 and rig.originals.has(SHA)


def test_bytes_without_a_term_go_at_the_next_clean_up(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.put()
    rig.delete()
    assert Originals(rig.folder, rig.database, term=0.0).tidy() == 1
    assert not rig.originals.has(SHA)


def test_the_bytes_of_a_former_revision_go(rig: Rig) -> None:
    rig.put()
    rig.put("a.pdf", OTHER)
    assert rig.tidied() == 1
    assert rig.originals.has(OTHER_SHA) and not rig.originals.has(SHA)


def test_a_document_that_came_back_has_its_bytes_again(rig: Rig) -> None:
    rig.put()
    rig.delete()
    rig.originals.tidy()
    rig.put()
    assert rig.place().is_file() and not (rig.waste / SHA).exists()
    assert rig.tidied() == 0 and rig.originals.has(SHA)


def test_bytes_that_are_moved_aside_come_back_with_any_document_that_has_them(rig: Rig) -> None:
    rig.put()
    rig.delete()
    rig.originals.tidy()
    copy = Document("copy.pdf", SHA, "copy", "en", 1, 1, 1, rig.time)
    rig.inventory.added("second", copy)  # as when a second index is built, which keeps no file
    assert rig.originals.tidy() == 0 and rig.place().is_file()
    assert rig.tidied() == 0


def test_bytes_that_were_kept_again_and_not_put_have_their_term_anew(rig: Rig) -> None:
    rig.put()
    rig.delete()
    rig.originals.tidy()
    rig.time += TERM_SECONDS - 1
    rig.originals.keep(SHA, BYTES)
    rig.time += 1
    assert rig.originals.tidy() == 0 and rig.originals.has(SHA)
    assert rig.tidied() == 1


def test_another_document_that_holds_the_same_keeps_them(rig: Rig) -> None:
    rig.put()
    rig.put("copy.pdf")
    rig.put(collection="other")
    rig.delete()
    rig.delete("copy.pdf")
    assert rig.tidied() == 0 and rig.place().is_file()
    rig.inventory.dropped("other")
    assert rig.tidied() == 1


def test_another_milvus_keeps_what_it_has(tmp_path: Path) -> None:
    first, second = Rig(tmp_path, "milvus.db"), Rig(tmp_path, "localhost:19530/")
    first.put()
    second.put()
    second.delete()
    second.inventory.dropped("kb")
    assert second.tidied() == 0 and first.originals.has(SHA)
    assert second.inventory.recorded("kb") == [] and [each.name for each in first.inventory.recorded("kb")] == ["a.pdf"]
    assert {milvus: len(found) for milvus, found in second.inventory.elsewhere("kb").items()} == {"milvus.db": 1}


def test_files_nothing_is_known_of_stay(rig: Rig) -> None:
    rig.put()
    rig.database.close()
    for path in rig.folder.parent.glob("plainsight.db*"):
        path.unlink()
    assert rig.tidied() == 0 and rig.originals.has(SHA)


def test_what_a_killed_writer_left_is_removed_when_it_is_old(rig: Rig) -> None:
    rig.originals.keep(SHA, BYTES)
    part = rig.place().with_name(f"{SHA}.abc.part")
    part.write_bytes(b"half")
    rig.time = part.stat().st_mtime
    rig.originals.tidy()
    assert part.exists(), "somebody may be writing it"
    rig.time += ABANDONED_SECONDS + 1
    rig.originals.tidy()
    assert not part.exists() and rig.originals.has(SHA)


def test_bytes_that_cannot_be_moved_are_tried_again(rig: Rig) -> None:
    rig.put()
    rig.delete()
    rig.waste.write_text("in the way", encoding="utf-8")
    with pytest.raises(KeepingError) as caught:
        rig.originals.tidy()
    assert code(caught) == "originals.no_access" and rig.originals.has(SHA)
    rig.waste.unlink()
    assert rig.tidied() == 1


def test_who_keeps_nothing_leaves_no_database_behind(rig: Rig) -> None:
    assert not rig.originals.any
    assert not rig.database.path.exists()


def test_keeping_and_tidying_at_once_never_lose_what_was_kept_last(tmp_path: Path) -> None:
    """Two processes on one folder: one deletes and tidies, the other adds the same file again and again."""
    ours, theirs = Rig(tmp_path), Rig(tmp_path)
    lost: list[int] = []
    stop, adding = threading.Event(), threading.Lock()

    def tidy() -> None:
        while not stop.is_set():
            theirs.delete()
            theirs.originals.tidy()
            with adding:  # the term does not pass while one file is added
                theirs.later()

    tidying = threading.Thread(target=tidy)
    tidying.start()
    for number in range(60):
        with adding:
            ours.put()
        with ours.database.write():  # nobody tidies now
            if ours.inventory.recorded("kb") and not ours.originals.has(SHA):
                lost.append(number)
    stop.set()
    tidying.join()
    assert lost == [], "it was said to be held, and was not there"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        pytest.param(b"# A heading", ".md", id="Markdown"),
        pytest.param(b"%PDF-1.7", ".pdf", id="PDF"),
        pytest.param(b"\n<!DOCTYPE HTML><p>a", ".html", id="HTML"),
        pytest.param(b"PK\3\4 word/document.xml", ".docx", id="Word"),
        pytest.param(b"PK\3\4 ppt/slides/slide1.xml", ".pptx", id="PowerPoint"),
    ],
)
def test_a_file_without_a_name_is_called_by_what_it_is(data: bytes, kind: str) -> None:
    assert name_by_content(SHA, data) == f"recovered/{SHA[:12]}{kind}"
