"""Vectors of passages on disk: found by all that decides them, trusted only where they are whole, and bounded."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from rag.models import kept_vectors
from rag.models.kept_vectors import KeptVectors
from rag.types import PassagePart

MODEL, OTHER = b"model", b"other"
INSIDE = b"so many numbers"
DATA = bytes(20_000) + INSIDE + bytes(range(200)) * 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "vectors.db"


@pytest.fixture
def kept(path: Path) -> KeptVectors:
    return KeptVectors(path, megabytes=1)


def changed(path: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(sql, values)


def hashes(*texts: str) -> Iterator[str]:
    return (sha256(text.encode()).hexdigest() for text in texts)


def test_nothing_is_written_before_there_is_something_to_keep(kept: KeptVectors, path: Path) -> None:
    assert kept.found(MODEL, ["a"]) == {}
    kept.keep(MODEL, [])
    assert not path.exists()


def test_what_was_kept_is_found_at_its_places_by_a_later_start_and_by_that_model_alone(
    kept: KeptVectors, path: Path
) -> None:
    kept.keep(MODEL, [("a", DATA), ("b", b"")])
    again = KeptVectors(path, megabytes=1)
    assert again.found(MODEL, ["c", "a", "b", "a"]) == {1: DATA, 2: b"", 3: DATA}
    assert again.found(OTHER, ["a"]) == {}


def test_the_file_is_the_owners_alone(kept: KeptVectors, path: Path) -> None:
    kept.keep(MODEL, [("a", DATA)])
    assert path.stat().st_mode & 0o077 == 0


def test_many_texts_are_found_at_once(kept: KeptVectors) -> None:
    texts = [f"text {number}" for number in range(2 * kept_vectors.ROWS + 1)]
    kept.keep(MODEL, [(text, text.encode()) for text in texts])
    assert kept.found(MODEL, texts) == {at: text.encode() for at, text in enumerate(texts)}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE vectors SET data = zeroblob(length(data))",
        "UPDATE vectors SET data = substr(data, 1, length(data) - 1)",
        "UPDATE vectors SET data = x''",
        "UPDATE vectors SET model = x'6f74686572'",  # the data of one model in the place of another's
        "UPDATE vectors SET text = x'00' WHERE text = (SELECT text FROM vectors)",
    ],
)
def test_a_damaged_or_foreign_row_is_ignored(kept: KeptVectors, path: Path, damage: str) -> None:
    kept.keep(MODEL, [("a", DATA)])
    changed(path, damage)
    assert kept.found(MODEL, ["a"]) == kept.found(OTHER, ["a"]) == {}


@pytest.mark.parametrize("content", [b"", b"no database " * 500, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_none_of_ours_stops_nobody_and_is_said_once(
    path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    kept = KeptVectors(path, megabytes=1)
    for _ in range(2):
        kept.found(MODEL, ["a"])
        kept.keep(MODEL, [("a", DATA)])
        kept.forget(hashes("a"))
    assert len(caplog.messages) == (1 if content else 0)
    assert path.read_bytes() == content or not content


def test_the_vectors_used_longest_ago_leave_when_there_is_no_room(
    kept: KeptVectors, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1_000_000.0]
    monkeypatch.setattr("rag.models.kept_vectors.time.time", lambda: clock[0])
    large = bytes(240_000)
    for text in "abcd":
        kept.keep(MODEL, [(text, large)])
        clock[0] += kept_vectors.FRESH_SECONDS + 1
    assert set(kept.found(MODEL, ["a"])) == {0}  # it was used since
    kept.keep(MODEL, [("e", large)], room_only=True)
    assert set(kept.found(MODEL, list("abcde"))) == {0, 1, 2, 3}
    changed(path, "UPDATE vectors SET used = 0 WHERE text = ?", kept_vectors.digest("b"))
    kept.keep(MODEL, [("e", large)])
    assert set(kept.found(MODEL, list("abcde"))) == {0, 2, 3, 4}
    kept.keep(MODEL, [("far too large", bytes(1_000_001))])
    assert set(kept.found(MODEL, list("abcde"))) == {0, 2, 3, 4}


def test_the_last_room_of_a_disk_is_left_to_others(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = [10_000_000]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=room[0]))
    kept = KeptVectors(path, megabytes=1, reserve=9.99)
    kept.keep(MODEL, [("a", DATA)])
    assert kept.found(MODEL, ["a"]) == {} and not path.exists()
    room[0] += 1_000_000
    kept.keep(MODEL, [("a", DATA)])
    assert kept.found(MODEL, ["a"]) == {0: DATA}


def test_a_passage_leaves_with_its_parts(kept: KeptVectors, path: Path) -> None:
    kept.keep(MODEL, [("passage", DATA), (PassagePart.of("quote", "passage"), DATA), ("other", DATA)])
    kept.keep(OTHER, [("passage", DATA)])
    kept.forget(hashes("passage", "other", "never seen"), staying=[*hashes("other")])
    assert kept.found(MODEL, ["passage", "quote", "other"]) == {2: DATA}
    assert kept.found(OTHER, ["passage"]) == {}
    assert path.read_bytes().count(INSIDE) == 1, "what was deleted is not to be read from free pages"


def test_where_nothing_is_kept_nobody_looks_up_what_leaves(kept: KeptVectors) -> None:
    looked_up = iter(["00"])
    kept.forget(looked_up)
    assert list(looked_up) == ["00"]


def test_without_room_nothing_is_kept_and_what_was_kept_is_removed(kept: KeptVectors, path: Path) -> None:
    kept.keep(MODEL, [("a", DATA)])
    off = KeptVectors(path, megabytes=0)
    assert kept.on and not off.on and not path.exists()
    off.keep(MODEL, [("a", DATA)])
    off.forget(hashes("a"))
    assert off.found(MODEL, ["a"]) == {}
    assert not path.exists()


def test_a_part_is_a_text_like_any_other() -> None:
    part = PassagePart.of("quote", "passage")
    assert (part, part.passage, f"{part}!") == ("quote", "passage", "quote!")
