"""The number that every change of documents raises: exact among threads and programs, and never in anyone's way."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rag.accounts.actor import OPERATOR
from rag.build import build
from rag.data_folder import KEPT
from rag.database import Database
from rag.errors import KeepingError
from rag.knowledge.change_counter import SETTLING_SECONDS, ChangeCounter
from rag.settings import Settings
from rag.store.from_settings import Milvus
from tests import ROOT
from tests.store.corpus import sample
from tests.support.fakes import BagEmbedder

ANOTHER = """
import sys
from pathlib import Path
from rag.knowledge.change_counter import ChangeCounter
from rag.database import Database
ChangeCounter(Database(Path(sys.argv[1]))).advance()
"""


def test_every_change_counts_whoever_makes_it(tmp_path: Path) -> None:
    path = tmp_path / KEPT
    editions = [ChangeCounter(Database(path)) for _ in range(4)]
    assert editions[0].state() == (0, True)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda at: editions[at % 4].advance(), range(100)))
    subprocess.run([sys.executable, "-c", ANOTHER, path], cwd=ROOT, check=True)
    assert {edition.state()[0] for edition in editions} == {101}


def test_a_change_is_looked_at_again_once_everybody_sees_it(tmp_path: Path) -> None:
    clock = [1000.0]
    edition = ChangeCounter(Database(tmp_path / KEPT), now=lambda: clock[0])
    edition.advance()
    assert edition.state() == (1, False)
    clock[0] += SETTLING_SECONDS
    assert edition.state() == (1, True)
    edition.advance()
    assert edition.state() == (2, False)
    clock[0] -= 3600  # a clock that is set back does not leave it unsettled for an hour
    assert edition.state() == (2, True)


def test_a_change_that_cannot_be_noted_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    edition = ChangeCounter(Database(tmp_path / "file" / KEPT))
    edition.advance()
    with pytest.raises(KeepingError):
        edition.state()


def test_a_collection_tells_of_its_changes_whatever_it_was_made_with(tmp_path: Path) -> None:
    told: list[str] = []
    milvus = Milvus(replace(Settings(), data_dir=str(tmp_path)), changed=lambda: told.append("changed"))
    with closing(milvus):
        given = sample("a.md", "fox")
        milvus.open("main", BagEmbedder(32)).put(given.document, given.chunks, given.vectors)
        assert told == ["changed"]
        milvus.open_as_made("main").bury(["a.md"])
        assert told == ["changed"] * 2


def test_the_edition_of_the_product_is_another_after_any_change_and_the_same_without(tmp_path: Path) -> None:
    settings = Settings.from_env({"RAG_PROFILE": "offline", "RAG_DATA_DIR": str(tmp_path)})
    with closing(build(settings)) as service, closing(build(settings)) as other:
        seen = [service.edition(OPERATOR)]
        assert service.edition(OPERATOR) == seen[0]
        made = other.knowledge_bases.create(OPERATOR, "Policies")
        seen.append(service.edition(OPERATOR))
        other.knowledge_bases.change(OPERATOR, replace(made, name="Rules"))
        seen.append(service.edition(OPERATOR))
        ChangeCounter(Database(tmp_path / KEPT)).advance()
        seen.append(service.edition(OPERATOR))
        service.jobs.add(OPERATOR, "", lambda: [])
        seen.append(service.edition(OPERATOR))
        other.knowledge_bases.delete(OPERATOR, made.id, typed="Rules")
        seen.append(service.edition(OPERATOR))
        assert len(set(seen)) == len(seen)
        assert other.edition(OPERATOR) != service.edition(OPERATOR), (
            "a page of a program that was restarted looks again"
        )
