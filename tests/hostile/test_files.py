"""Hostile files and names on the way in: taken under a clean name, or refused in words; nothing else happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.database import Database
from rag.documents.files import FileLimits, Refused, Upload, collect, decode
from rag.documents.files.names import clean_name, own_name, shown_name
from rag.errors import DocumentRefused, LibraryError
from rag.knowledge.catalog import Catalog
from rag.messages import LANGUAGES, Reason, text
from rag.types import Source

from .case import pending
from .files import FILES, Fate
from .names import NAMES

LIMITS = FileLimits(max_file_bytes=2_000_000, max_files=100, max_total_bytes=20_000_000)
HERE = [id for id in FILES if not id.startswith(("office: ", "html of: ", "text: "))]
"""Those that are read here: converters run in processes of their own, texts have a test of their own."""


def said(why: Reason) -> list[str]:
    """The reason in every language, fit for any page and log."""
    words = [text(why, language) for language in LANGUAGES]
    assert all(word.encode("utf-8") for word in words)
    return words


@pytest.mark.parametrize("id", HERE)
def test_a_hostile_file_is_taken_under_a_clean_name_or_refused_in_words(id: str, tmp_path: Path) -> None:
    if why := pending(f"files: {id}"):
        pytest.skip(why)
    file = FILES[id]
    place = tmp_path / "upload"
    place.write_bytes(file.data())
    found = list(collect([Upload(place, file.name)], limits=LIMITS))
    assert found
    assert list(tmp_path.iterdir()) == [place]
    refused = [each for each in found if isinstance(each, Refused)]
    assert all(said(each.reason) and each.name.encode("utf-8") is not None for each in refused)
    for source in (each for each in found if isinstance(each, Source)):
        assert clean_name(source.name) == source.name
        assert len(source.data) <= LIMITS.max_file_bytes
        _decoded(source.data)
    assert file.fate is not Fate.REFUSED or refused
    assert file.fate is not Fate.TAKEN or len(refused) < len(found)


def _decoded(data: bytes) -> None:
    try:
        assert decode(data).encode("utf-8")
    except DocumentRefused as e:
        said(e.reason)


@pytest.mark.parametrize("id", NAMES)
def test_a_hostile_name_leads_nowhere(id: str) -> None:
    name = NAMES[id]
    assert shown_name(name).encode("utf-8") is not None
    assert "/" not in own_name(name) and "\\" not in own_name(name)
    try:
        clean = clean_name(name)
    except DocumentRefused as e:
        said(e.reason)
        return
    assert clean.encode("utf-8") and not clean.startswith("/")
    assert not {"..", ".", ""} & set(clean.split("/"))


@pytest.mark.parametrize("id", NAMES)
def test_a_knowledge_base_by_a_hostile_name_is_made_or_refused_in_words(id: str, tmp_path: Path) -> None:
    if why := pending(f"names: {id}"):
        pytest.skip(why)
    database = Database(tmp_path / "plainsight.db")
    catalogue = Catalog(database, "plainsight")
    try:
        made = catalogue.create(NAMES[id], description=NAMES[id])
        assert made.name.encode("utf-8") and made in catalogue.all()
    except LibraryError as e:
        said(e.reason)
    finally:
        database.close()
