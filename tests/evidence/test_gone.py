"""A data folder that is deleted, replaced or taken out while the program runs: said, and not written for nobody."""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from rag.database import Database
from rag.errors import KeepingError, StoreUnavailable
from rag.evidence.conversation_store import ConversationStore, new_conversation
from tests.support.fakes import BagEmbedder
from tests.support.knowledge import add, open_store
from tests.support.small_disk import small_disk

from .test_conversation_store import make_ledger as ledger

OWNER = "somebody"


def file_deleted(folder: Path) -> None:
    for file in folder.glob("plainsight.db*"):
        file.unlink()


def folder_moved(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


def folder_replaced(folder: Path) -> None:
    folder_moved(folder)
    folder.mkdir()
    with closing(Database(folder / "plainsight.db")) as other:
        ConversationStore(other).keep(OWNER, new_conversation(), ledger("in the other one"))


def restored_from_a_copy(folder: Path) -> None:
    copy = folder / "copy"
    shutil.copy2(folder / "plainsight.db", copy)
    copy.replace(folder / "plainsight.db")


HARM = [file_deleted, shutil.rmtree, folder_moved, folder_replaced, restored_from_a_copy]


@pytest.mark.parametrize("harm", HARM)
def test_what_is_kept_beside_milvus_is_not_written_for_nobody(
    tmp_path: Path, harm: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "data"
    path = folder / "plainsight.db"
    with closing(Database(path)) as database:
        book = ConversationStore(database)
        talk = new_conversation()
        book.keep(OWNER, talk, ledger("before"))
        harm(folder)
        there = path.exists() and path.read_bytes()
        for _ in range(3):
            with pytest.raises(KeepingError, match="deleted, replaced or taken out") as refused:
                book.keep(OWNER, talk, ledger("after"))
            assert refused.value.reason.values["path"] == str(path)
            with pytest.raises(KeepingError, match="deleted, replaced or taken out"):
                book.conversations(OWNER)
        assert (path.exists() and path.read_bytes()) == there, "nothing was begun anew"
    assert [record.levelno for record in caplog.records if record.name == "rag.database"] == [logging.ERROR]


def test_a_folder_that_is_put_back_is_used_again(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with closing(Database(folder / "plainsight.db")) as database:
        book = ConversationStore(database)
        talk = new_conversation()
        book.keep(OWNER, talk, ledger("before"))
        folder_moved(folder)
        with pytest.raises(KeepingError):
            book.keep(OWNER, talk, ledger("meanwhile"))
        folder.with_name("elsewhere").rename(folder)
        book.keep(OWNER, talk, ledger("after"))
        assert [kept.answers for kept in book.conversations(OWNER)] == [2]


def test_a_file_that_goes_during_a_write_is_said(tmp_path: Path) -> None:
    database = Database(tmp_path / "plainsight.db")
    ConversationStore(database)
    with pytest.raises(KeepingError, match="deleted, replaced"), database.write() as db:
        db.execute("DELETE FROM conversations")
        file_deleted(tmp_path)
    database.close()


def test_a_disk_that_is_taken_out_is_said(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        database = Database(disk.folder / "plainsight.db")
        book = ConversationStore(database)
        book.keep(OWNER, new_conversation(), ledger("before"))
        subprocess.run(["umount", "--lazy", str(disk.folder)], check=True)
        with pytest.raises(KeepingError, match="taken out"):
            book.keep(OWNER, new_conversation(), ledger("after"))
        assert list(disk.folder.iterdir()) == []
        database.close()


@pytest.mark.parametrize("harm", [shutil.rmtree, folder_moved])
def test_an_embedded_database_is_not_written_for_nobody(tmp_path: Path, harm: Callable[[Path], object]) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    store = open_store(folder, BagEmbedder(), {})
    add(store, BagEmbedder(), "before.md", "before")
    harm(folder)
    with pytest.raises(StoreUnavailable, match="deleted, replaced or taken out"):
        add(store, BagEmbedder(), "after.md", "after")
    store.close()
