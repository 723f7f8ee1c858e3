"""What `ingest` says of each file."""

from __future__ import annotations

import pytest

from rag.cli.report import ingest_line
from rag.events import DocumentOutcome, IngestEvent, IngestStage
from rag.messages import Language, reason


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "mix: 11 files passed over: 3 .rst, 2 .csv, …."), ("zh", "mix: 略过 11 个文件：3 .rst, 2 .csv, …。")],
)
def test_files_that_are_no_documents_have_one_line(language: Language, said: str) -> None:
    told = reason("files.passed_over", count=11, kinds="3 .rst, 2 .csv, …")
    event = IngestEvent("mix", "", 0, IngestStage.READ, outcome=DocumentOutcome.PASSED_OVER, reason=told)
    assert ingest_line(event, language) == said


@pytest.mark.parametrize(
    ("language", "said"), [("en", "kept beside README.md, which is another document"), ("zh", "与 README.md 并存")]
)
def test_a_file_under_a_number_says_beside_which_it_is_kept(language: Language, said: str) -> None:
    event = IngestEvent("README (2).md", "", 9, IngestStage.INDEX, outcome=DocumentOutcome.ADDED, beside="README.md")
    line = ingest_line(event, language)
    assert "README (2).md" in line and said in line
