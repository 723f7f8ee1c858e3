"""The maker of the multi-step questions: their gold is what the pages say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.multi_step import questions
from benchmarks.multi_step_pages import columns_of, corpus_rows, pages, sentences_with_link, tables_of
from benchmarks.multi_step_words import CHINESE, ENGLISH

TABLE = "| Name | Size |\n| --- | --- |\n| alpha | 3 |\n| beta | 10 |\n| gamma | 2 |\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "a/one.md": f"---\ntitle: Storage Tables\n---\n{TABLE}",
        "a/two.md": "# Storage Engines\n\nTo keep what was written, learn about the [logs](three.md) of an engine.\n",
        "a/three.md": "---\nid: x\n---\n\n```\n# not a title\n```\n\n# Storage Logs\n\nLogs.\n",
        "fragments/part.md": "| A | B |\n| --- | --- |\n",
        "SOURCE.md": "# Where it is from\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_a_page_without_a_title_in_front_matter_goes_by_its_first_heading(folder: Path) -> None:
    assert {page.name: page.title for page in pages(folder)} == {
        "a/one.md": "Storage Tables",
        "a/two.md": "Storage Engines",
        "a/three.md": "Storage Logs",
    }
    assert [row["id"] for row in corpus_rows(folder)] == ["a/one.md", "a/three.md", "a/two.md"]


def test_lists_count_every_page(folder: Path) -> None:
    found = {row["query"]: row for row in questions(pages(folder), ENGLISH)}
    assert found["How many documents have Storage in their title?"]["answer_any"] == ["3 document"]
    assert found["How many documents are in the folder a?"]["answer_any"] == ["3 document"]


def test_figures_are_those_of_the_cells() -> None:
    ((columns, rows),) = tables_of(TABLE)
    assert list(columns_of(columns, rows)) == [
        ("Size", {"highest": "10", "lowest": "2", "sum": "15", "mean": "5"}),
    ]


def test_a_sentence_loses_the_name_of_the_page_it_sends_to() -> None:
    text = (
        "Before you begin, learn [this](three.md) of what you use. See [that](three.md). Read [a](b.md) and [c](d.md)."
    )
    assert list(sentences_with_link(text)) == [("Before you begin, learn of what you use", "three.md")]


def test_bridges_need_both_pages(folder: Path) -> None:
    (bridge,) = [row for row in questions(pages(folder), ENGLISH) if row["kind"] == "bridge"]
    assert bridge["relevant"] == ["a/two.md", "a/three.md"] and "logs" not in bridge["query"]


def test_unanswerable_ones_name_nothing_that_stands_in_a_page(folder: Path) -> None:
    path = folder / "a" / "okta.md"
    asked = [row["query"] for row in questions(pages(folder), ENGLISH) if row["kind"] == "unanswerable"]
    path.write_text("# Sign in\n\nWith okta, PagerDuty and 钉钉.\n")
    left = [row["query"] for row in questions(pages(folder), ENGLISH) if row["kind"] == "unanswerable"]
    assert asked and not any("Okta" in query for query in left)
    assert not any("钉钉" in row["query"] for row in questions(pages(folder), CHINESE))


@pytest.mark.parametrize("name", ["multi_step.jsonl", "multi_step_zh.jsonl"])
def test_the_kept_sets_ask_nothing_twice(name: str) -> None:
    path = Path(__file__).parents[1] / "benchmarks" / name
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len({row["query"] for row in rows}) == len({row["qid"] for row in rows}) == len(rows)
    assert {row["kind"] for row in rows} == {
        "comparison", "bridge", "table", "aggregate", "list", "two parts", "unanswerable",
    }  # fmt: skip
    assert all(row["relevant"] or row.get("answer_any") or row.get("answerable") is False for row in rows)
