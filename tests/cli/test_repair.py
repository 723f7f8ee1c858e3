"""The way back, on the command line: documents the database has lost, deleted ones, and what doctor says of both."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rag.cli.doctor import examine
from rag.cli.doctor_finding import DoctorFinding
from rag.cli.exits import FAILED, OK
from rag.data_folder import KEPT
from rag.database import Database
from rag.knowledge.inventory import MIGRATIONS
from rag.settings import Settings
from rag.store.from_settings import Milvus
from rag.store.schema import REGISTRY_SUFFIX

from .test_main import CommandLine

TEXTS = {"guides/backup.md": "# Backup\n\nA backup is taken every night.\n", "水果.md": "# 水果\n\n香蕉是黄色的。\n"}


@pytest.fixture
def run(tmp_path: Path) -> CommandLine:
    """A command line over a knowledge base of two documents."""
    (tmp_path / "docs" / "guides").mkdir(parents=True)
    for name, text in TEXTS.items():
        (tmp_path / "docs" / name).write_text(text, encoding="utf-8")
    command = CommandLine(tmp_path)
    assert command("ingest", tmp_path / "docs")[0] == OK
    return command


def names(run: CommandLine, **env: str) -> list[str]:
    return [d["name"] for d in json.loads(run("documents", "--json", **env)[1])]


def findings(run: CommandLine, what: str, **env: str) -> list[DoctorFinding]:
    """Those of doctor that something is wrong with."""
    settings = Settings.from_env({"RAG_PROFILE": "offline", "RAG_DATA_DIR": str(run.folder), **env})
    found = [each for each in examine(settings) if each.what == what and not each.well]
    assert all(each.line("en") and each.line("zh") for each in found)
    return found


def codes(run: CommandLine, what: str, **env: str) -> list[str]:
    return [each.why.code for each in findings(run, what, **env)]


def original(run: CommandLine, name: str) -> Path:
    sha256 = hashlib.sha256(TEXTS[name].encode()).hexdigest()
    return run.folder / "originals" / sha256[:2] / sha256


# ---- lost -----------------------------------------------------------------------------------------------------------


def deleted(folder: Path) -> None:
    shutil.rmtree(folder / "milvus.db")


def emptied(folder: Path) -> None:
    with closing(Milvus(replace(Settings(), data_dir=str(folder)))) as unrecorded:
        unrecorded.drop("plainsight")


def registry_gone(folder: Path) -> None:
    from rag.store.connecting import connect

    with closing(connect(str(folder / "milvus.db"))) as connection:
        connection.call("drop_collection", collection_name="plainsight" + REGISTRY_SUFFIX)


@pytest.mark.parametrize("harm", [deleted, emptied, registry_gone])
def test_documents_that_are_lost_are_said_and_brought_back_under_their_names(
    run: CommandLine, harm: Callable[[Path], None]
) -> None:
    harm(run.folder)
    assert codes(run, "documents") == ["doctor.lost"]
    code, out, _err = run("doctor")
    assert code == FAILED and "guides/backup.md" in out and "python -m rag repair" in out
    code, out, err = run("repair")
    assert code == OK, err
    assert "Bringing back from their kept files: 2" in out
    assert names(run) == sorted(TEXTS) and codes(run, "documents") == []
    assert "every night" in run("ask", "When is the backup taken?")[1]


def test_documents_are_brought_into_another_database(run: CommandLine, tmp_path: Path) -> None:
    other = {"MILVUS_URI": str(tmp_path / "other.db")}
    assert codes(run, "documents", **other) == ["doctor.elsewhere"]
    code, _out, err = run("repair", **other)
    assert code == OK, err
    assert names(run, **other) == sorted(TEXTS) and codes(run, "documents", **other) == []
    assert names(run) == sorted(TEXTS)


def test_lost_documents_without_a_file_are_named_until_they_are_given_up(run: CommandLine) -> None:
    original(run, "水果.md").unlink()
    deleted(run.folder)
    code, out, _err = run("repair")
    assert code == FAILED and "水果.md" in out and names(run) == ["guides/backup.md"]
    assert codes(run, "documents") == ["doctor.lost"]
    code, out, err = run("repair", "--take-out")
    assert code == OK and "Given up: 1" in out, err
    assert codes(run, "documents") == [] and names(run) == ["guides/backup.md"]


def test_rows_of_documents_without_a_file_stay_as_long_as_these_are_not_given_up(run: CommandLine) -> None:
    original(run, "水果.md").unlink()
    registry_gone(run.folder)
    code, out, _err = run("repair")
    assert code == FAILED and "the rows of 0 revisions" in out
    code, out, _err = run("repair", "--take-out")
    assert code == OK and "the rows of 1 revision " in out


def test_lost_documents_of_another_knowledge_base_are_brought_back_there(run: CommandLine) -> None:
    assert run("kb", "create", "The others")[0] == OK
    assert run("ingest", run.folder / "docs" / "水果.md", "--kb", "The others")[0] == OK
    deleted(run.folder)
    assert "repair --kb 'The others'" in findings(run, "documents")[1].line("en")
    code, _out, err = run("repair", "--kb", "The others")
    assert code == OK, err
    assert [d["name"] for d in json.loads(run("documents", "--json", "--kb", "The others")[1])] == ["水果.md"]


def test_documents_of_a_folder_from_before_names_were_recorded_come_back_by_their_content(run: CommandLine) -> None:
    for path in run.folder.glob(f"{KEPT}*"):
        path.unlink()
    with closing(Database(run.folder / KEPT)) as old:
        old.use("originals", MIGRATIONS[:1])
        rows = [("milvus.db", "plainsight", original(run, name).name) for name in TEXTS]
        with old.write() as db:
            db.executemany("INSERT INTO originals VALUES (?, ?, ?, NULL)", rows)
    deleted(run.folder)
    assert codes(run, "documents") == ["doctor.lost"]
    code, _out, err = run("repair")
    assert code == OK, err
    assert names(run) == sorted(f"recovered/{original(run, name).name[:12]}.md" for name in TEXTS)
    assert codes(run, "documents") == []


def test_nothing_to_repair_is_as_before(run: CommandLine, tmp_path: Path) -> None:
    code, out, _err = run("repair")
    assert code == OK and "Taken out: 0" in out
    empty = CommandLine(tmp_path / "empty")
    empty.folder.mkdir()
    code, _out, err = empty("repair")
    assert code == FAILED and "no collection" in err and not (empty.folder / "milvus.db").exists()


# ---- deleted --------------------------------------------------------------------------------------------------------


def test_deleted_documents_are_listed_and_brought_back(run: CommandLine) -> None:
    assert "No deleted document" in run("undelete")[1]
    assert run("delete", "guides/backup.md")[0] == OK
    assert not original(run, "guides/backup.md").exists()
    assert run("undelete")[1].startswith("guides/backup.md  deleted ")
    code, _out, err = run("undelete", "no.md")
    assert code == FAILED and "no.md" in err
    code, _out, err = run("undelete", "guides/backup.md")
    assert code == OK, err
    assert names(run) == sorted(TEXTS) and "No deleted document" in run("undelete")[1]
    assert run("reingest", "guides/backup.md")[0] == OK


def test_a_deleted_document_goes_for_good_where_no_term_is_wanted(run: CommandLine) -> None:
    assert run("delete", "guides/backup.md", RAG_WASTE_DAYS="0")[0] == OK
    assert not list(run.folder.glob("waste/*")) and "No deleted document" in run("undelete")[1]


# ---- what doctor says -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        pytest.param(Path.unlink, "doctor.files_missing", id="gone"),
        pytest.param(lambda path: path.write_bytes(b""), "doctor.files_damaged", id="empty"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[::-1]), "doctor.files_damaged", id="changed"),
    ],
)
def test_a_file_that_is_gone_or_changed_is_found_and_mended_by_adding_it_again(
    run: CommandLine, harm: Callable[[Path], object], code: str
) -> None:
    harm(original(run, "水果.md"))
    (found,) = findings(run, "originals")
    assert found.why.code == code and "水果.md" in found.line("en")
    assert run("doctor")[0] == FAILED
    assert run("ingest", run.folder / "docs")[0] == OK
    assert findings(run, "originals") == []


def test_files_that_are_not_to_be_kept_are_not_missed(run: CommandLine) -> None:
    original(run, "水果.md").unlink()
    assert codes(run, "originals", RAG_KEEP_ORIGINALS="false") == []


@pytest.mark.parametrize("damage", ["a page", "the head", "all of it"])
def test_a_damaged_file_of_conversations_is_found(run: CommandLine, damage: str) -> None:
    place = run.folder / KEPT
    with closing(Database(place)) as kept:
        kept.read("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(place.read_bytes())
    parts = {"a page": slice(4096, 8192), "the head": slice(0, 100), "all of it": slice(0, len(data))}
    part = parts[damage]
    data[part] = b"\x5a" * len(data[part])
    place.write_bytes(data)
    assert codes(run, "kept") == ["doctor.kept_damaged"]
    code, out, _err = run("doctor")
    assert code == FAILED and str(place) in out and "Traceback" not in out


def test_a_sound_folder_has_nothing_to_fix(run: CommandLine) -> None:
    assert all(codes(run, what) == [] for what in ("kept", "originals", "documents"))
