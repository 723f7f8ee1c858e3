"""The files documents were made of: kept by content, checked when read, gone once no document needs them."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from rag.errors import KeepingError
from rag.originals import GRACE_SECONDS, Originals, Shelf, usage
from rag.sqlite import Database

BYTES = b"%PDF-1.7 of something"
SHA = hashlib.sha256(BYTES).hexdigest()
OTHER = b"another"
OTHER_SHA = hashlib.sha256(OTHER).hexdigest()


class Rig:
    """Originals over a folder, with a clock."""

    def __init__(self, folder: Path, milvus: str = "milvus.db") -> None:
        self.folder = folder / "originals"
        self.time = 1_000.0
        self.database = Database(folder / "plainsight.db", busy_seconds=120.0)  # threads that write without a pause
        self.originals = Originals(self.folder, self.database, milvus, now=lambda: self.time)

    def place(self, sha256: str = SHA) -> Path:
        return self.folder / sha256[:2] / sha256

    def later(self) -> None:
        self.time += GRACE_SECONDS


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def code(caught: pytest.ExceptionInfo[KeepingError]) -> str:
    assert str(caught.value)
    return caught.value.reason.code


def test_bytes_come_back_as_they_were_kept(rig: Rig) -> None:
    Shelf(rig.originals, "kb").keep(SHA, BYTES)
    assert rig.originals.get(SHA, name="a.pdf") == BYTES
    assert Shelf(rig.originals, "other").has(SHA) and not rig.originals.has(OTHER_SHA)
    assert [path.name for path in rig.folder.rglob("*") if path.is_file()] == [SHA], "no part file is left"
    assert (usage(rig.folder).files, usage(rig.folder).size) == (1, len(BYTES))


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "/etc/passwd", SHA[:-1], SHA.upper(), f"{SHA}\n", "..", f"{SHA[:2]}/{SHA}"]
)
def test_what_is_no_hash_is_no_file(rig: Rig, name: str) -> None:
    rig.originals.keep("kb", SHA, BYTES)
    assert not rig.originals.has(name)
    with pytest.raises(KeepingError) as caught:
        rig.originals.get(name, name="a.pdf")
    assert code(caught) == "originals.not_kept"


def test_damaged_bytes_are_not_handed_out_and_make_room_for_sound_ones(rig: Rig) -> None:
    rig.originals.keep("kb", SHA, BYTES)
    rig.place().write_bytes(BYTES[::-1])
    with pytest.raises(KeepingError) as caught:
        rig.originals.get(SHA, name="a.pdf")
    assert code(caught) == "originals.damaged" and not rig.originals.has(SHA)
    rig.originals.keep("kb", SHA, BYTES)
    assert rig.originals.get(SHA, name="a.pdf") == BYTES


def test_half_a_file_is_written_anew(rig: Rig) -> None:
    rig.originals.keep("kb", SHA, BYTES)
    rig.place().write_bytes(BYTES[:5])
    rig.originals.keep("kb", SHA, BYTES)
    assert rig.originals.get(SHA, name="a.pdf") == BYTES


def test_a_folder_that_cannot_be_written_is_said(rig: Rig) -> None:
    rig.folder.write_text("in the way", encoding="utf-8")
    with pytest.raises(KeepingError) as caught:
        rig.originals.keep("kb", SHA, BYTES)
    assert code(caught) == "originals.unwritable"


def test_bytes_go_once_no_document_has_needed_them_for_a_while(rig: Rig) -> None:
    rig.originals.keep("kb", SHA, BYTES)
    rig.originals.keep("kb", OTHER_SHA, OTHER)
    assert rig.originals.tidy({"kb": [OTHER_SHA]}) == 0, "it may be on its way, or be deleted and restored"
    rig.time += GRACE_SECONDS - 1
    assert rig.originals.tidy({"kb": [OTHER_SHA]}) == 0
    rig.time += 1
    assert rig.originals.tidy({"kb": [OTHER_SHA]}) == 1
    assert not rig.place().exists() and rig.originals.has(OTHER_SHA)


def test_a_document_that_came_back_meanwhile_keeps_its_bytes(rig: Rig) -> None:
    rig.originals.keep("kb", SHA, BYTES)
    rig.originals.tidy({"kb": []})
    rig.originals.tidy({"kb": [SHA]})
    rig.later()
    assert rig.originals.tidy({"kb": []}) == 0, "the time begins anew"
    rig.originals.keep("kb", SHA, BYTES)
    rig.later()
    assert rig.originals.tidy({"kb": []}) == 0, "kept again: a document is about to be put"


def test_another_collection_that_holds_the_same_keeps_them(rig: Rig) -> None:
    rig.originals.keep("one", SHA, BYTES)
    rig.originals.tidy({"one": [SHA], "two": [SHA]})  # a second index, or a copy, was never told of the file
    rig.originals.tidy({"one": [], "two": [SHA]})
    rig.later()
    assert rig.originals.tidy({"one": [], "two": [SHA]}) == 0
    rig.originals.tidy({"two": []})
    rig.later()
    assert rig.originals.tidy({"two": []}) == 1


def test_a_collection_that_was_not_read_keeps_what_it_has(rig: Rig) -> None:
    rig.originals.keep("one", SHA, BYTES)
    rig.originals.tidy({"one": []})
    rig.later()
    assert rig.originals.tidy({"two": []}) == 0 and rig.originals.has(SHA)
    assert rig.originals.collections() == {"one"}


def test_another_milvus_keeps_what_it_has(tmp_path: Path) -> None:
    first, second = Rig(tmp_path, "milvus.db"), Rig(tmp_path, "localhost:19530/")
    first.originals.keep("kb", SHA, BYTES)
    for _ in range(3):
        second.originals.tidy({"kb": []})
        second.later()
    assert first.originals.has(SHA) and second.originals.collections() == set()


def test_files_nothing_is_known_of_stay(rig: Rig) -> None:
    rig.originals.keep("kb", SHA, BYTES)
    rig.database.close()
    (rig.database.path).unlink()
    for _ in range(2):
        rig.originals.tidy({"kb": []})
        rig.later()
    assert rig.originals.has(SHA)


def test_what_a_killed_writer_left_is_removed_when_it_is_old(rig: Rig) -> None:
    rig.originals.keep("kb", SHA, BYTES)
    part = rig.place().with_name(f"{SHA}.abc.part")
    part.write_bytes(b"half")
    rig.time = part.stat().st_mtime
    rig.originals.tidy({"kb": [SHA]})
    assert part.exists(), "somebody may be writing it"
    rig.time += GRACE_SECONDS + 1
    rig.originals.tidy({"kb": [SHA]})
    assert not part.exists() and rig.originals.has(SHA)


def test_bytes_that_cannot_be_removed_are_tried_again(rig: Rig) -> None:
    rig.originals.keep("kb", SHA, BYTES)
    rig.originals.tidy({"kb": []})
    rig.later()
    rig.place().unlink()
    rig.place().mkdir()  # no file: unlinking it fails, whoever asks
    with pytest.raises(KeepingError) as caught:
        rig.originals.tidy({"kb": []})
    assert code(caught) == "originals.no_access"
    rig.place().rmdir()
    rig.place().write_bytes(BYTES)
    assert rig.originals.tidy({"kb": []}) == 1


def test_who_keeps_nothing_leaves_no_database_behind(rig: Rig) -> None:
    assert not rig.originals.any
    assert not rig.database.path.exists()


def test_keeping_and_tidying_at_once_never_lose_what_was_kept_last(tmp_path: Path) -> None:
    """Two processes on one folder: one deletes and tidies, the other adds the same file again and again."""
    ours, theirs = Rig(tmp_path), Rig(tmp_path)
    lost: list[int] = []
    stop = threading.Event()

    def tidy() -> None:
        while not stop.is_set():
            theirs.originals.tidy({"kb": []})
            theirs.later()

    tidying = threading.Thread(target=tidy)
    tidying.start()
    for number in range(60):
        ours.originals.keep("kb", SHA, BYTES)
        with ours.database.write():  # nobody tidies now
            known = ours.database.read("SELECT 1 FROM originals")
            if known and not ours.originals.has(SHA):
                lost.append(number)
    stop.set()
    tidying.join()
    assert lost == [], "it was said to be held, and was not there"
