"""Files of one name that were sent without their folders: which are one document, and what the others are called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.documents.chunking import ChunkLimits
from rag.events import Cancel, DocumentOutcome
from rag.knowledge.ingest import Ingest
from rag.knowledge.revisions import is_revision
from rag.store import MilvusStore
from rag.types import Source
from tests.support.fakes import BagEmbedder
from tests.support.knowledge import open_store

SITE_A = "# Site A\n\nThe lamp at site A is amber. A red lamp costs $5, a blue lamp costs $7.\n"
SITE_B = "# Site B\n\nThe lamp at site B is violet.\n"
GUIDE = "# Guide\n\n## Tea\n\nBoil the water.\n\n## Coffee\n\nGrind the beans first.\n\n## Milk\n\nPour it last.\n"
LEAVE = "# 休假\n\n员工每年享有三十天带薪年假，须提前两周申请。\n"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(GUIDE, GUIDE.replace("Boil", "Heat"), True, id="a word"),
        pytest.param(GUIDE, GUIDE.replace("# Guide", "# The guide"), True, id="another title over the same text"),
        pytest.param(GUIDE, GUIDE + "\n## Sugar\n\nAs one likes it.\n" * 9, True, id="much more of it"),
        pytest.param(GUIDE, "# Guide\n\n## Tea\n\nBoil the water.\n", True, id="a part of it"),
        pytest.param("The limit is 5 MB.", "The limit is 8 MB.", True, id="the only line"),
        pytest.param(LEAVE, LEAVE.replace("三十", "二十五"), True, id="Chinese"),
        pytest.param(SITE_A, SITE_B, False, id="another site"),
        pytest.param("# Release 1.2\n\nFixes a bug.", "# Release 1.3\n\nAdds a thing.", False, id="another release"),
        pytest.param("Call the desk at noon.", "Keys are made once a year.", False, id="another note"),
        pytest.param(LEAVE, "# 报销\n\n差旅费用应在返回后一个月内凭票报销。\n", False, id="another Chinese one"),
        pytest.param(GUIDE, "# Guide\n\nKeys rotate nightly, all of them.", False, id="one title"),
        pytest.param(SITE_A + "\n[Home](/)\n", SITE_B + "\n[Home](/)\n", False, id="one line"),
    ],
)  # fmt: skip
def test_a_revision_keeps_lines_or_words(before: str, after: str, expected: bool) -> None:
    def title(text: str) -> str:
        return text.splitlines()[0][2:] if text.startswith("# ") else "README"

    assert is_revision(after, title(after), of=before, titled=title(before)) is expected


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    embedder = BagEmbedder()
    store = open_store(tmp_path, embedder, {})
    yield Run(store, embedder)
    store.close()


class Run:
    """Takes in what was sent, one job at a time."""

    def __init__(self, store: MilvusStore, embedder: BagEmbedder) -> None:
        self.store = store
        self._ingest = Ingest(
            store, embedder, limits=ChunkLimits(max_tokens=60, overlap_tokens=0), detect=lambda _: "en"
        )

    def job(self, *texts: str, name: str = "docs/README.md", sent: bool = True) -> list[tuple[str, str, str]]:
        """Name, outcome and the name beside which it is kept, of each file."""
        sources = [Source(name, text.encode(), sent=sent) for text in texts]
        return [
            (event.name, str(event.outcome), event.beside)
            for event in self._ingest.run(sources, cancel=Cancel())
            if event.outcome
        ]


FIRST, SECOND, THIRD = "docs/README.md", "docs/README (2).md", "docs/README (3).md"
ADDED, REPLACED, UNCHANGED = map(str, (DocumentOutcome.ADDED, DocumentOutcome.REPLACED, DocumentOutcome.UNCHANGED))


def test_two_files_of_one_name_are_both_kept(run: Run) -> None:
    assert run.job(SITE_A, SITE_B) == [(FIRST, ADDED, ""), (SECOND, ADDED, FIRST)]
    assert run.job(SITE_A, SITE_B) == [(FIRST, UNCHANGED, ""), (SECOND, UNCHANGED, FIRST)]


def test_of_two_files_that_came_together_neither_is_a_revision(run: Run) -> None:
    other = GUIDE.replace("Boil", "Heat")
    assert run.job(GUIDE, other) == [(FIRST, ADDED, ""), (SECOND, ADDED, FIRST)]
    assert run.job(GUIDE, GUIDE) == [(FIRST, UNCHANGED, ""), (FIRST, UNCHANGED, "")]


def test_another_text_under_the_name_of_a_document_loses_nothing(run: Run) -> None:
    run.job(SITE_A)
    assert run.job(SITE_B) == [(SECOND, ADDED, FIRST)]
    assert run.job(GUIDE) == [(THIRD, ADDED, FIRST)]
    assert [document.name for document in run.store.documents()] == sorted([FIRST, SECOND, THIRD])


def test_a_revision_replaces_the_document_it_is_one_of(run: Run) -> None:
    run.job(SITE_A, GUIDE)
    assert run.job(GUIDE.replace("Boil", "Heat")) == [(SECOND, REPLACED, FIRST)]
    assert run.job(SITE_A.replace("amber", "green")) == [(FIRST, REPLACED, "")]
    assert {document.name: document.revision for document in run.store.documents()} == {FIRST: 2, SECOND: 2}


def test_a_file_from_its_folder_replaces_whatever_has_its_name(run: Run) -> None:
    run.job(SITE_A, sent=False)
    assert run.job(SITE_B, sent=False) == [(FIRST, REPLACED, "")]
