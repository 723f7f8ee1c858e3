"""What is kept is for its owner alone."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from rag.database import Database
from rag.evidence.conversation_store import ConversationStore
from rag.private_files import private_folder, tighten


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_conversations_are_kept_for_their_owner_alone(tmp_path: Path) -> None:
    database = Database(tmp_path / "new" / "data" / "plainsight.db")
    assert ConversationStore(database).conversations("alice") == []
    assert mode(tmp_path / "new" / "data") == 0o700
    assert {mode(path) for path in (tmp_path / "new" / "data").iterdir()} == {0o600}
    database.close()


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    private_folder(tmp_path / "shared" / "a" / "b")
    assert [mode(tmp_path / "shared" / name) for name in (".", "a", "a/b")] == [0o755, 0o700, 0o700]


def test_a_data_folder_of_an_older_version_is_closed_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (tmp_path / "data").mkdir(mode=0o755)
    for _ in range(2):
        tighten(tmp_path / "data")
    assert mode(tmp_path / "data") == 0o700
    assert len(caplog.records) == 1
    tighten(tmp_path / "missing")
    assert not (tmp_path / "missing").exists()
