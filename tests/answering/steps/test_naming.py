"""Documents that words name by their title."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answering.steps.naming import titled, without_titles
from rag.answering.steps.planner import Aim, GatheringState
from rag.answering.steps.rules import RulePlanner
from rag.ledger import Author, Search
from rag.types import Document, RetrievalOptions

TITLES = {
    "a.md": "Milvus Limits", "b.md": "Milvus", "c.md": "Install Milvus Cluster with Helm", "d.md": "Milvus Cluster",
    "e.md": "释放 Collection", "f.md": "向量数据库概述", "g.md": "Twice the Same", "h.md": "twice the  same",
    "i.md": "",
}  # fmt: skip
DOCUMENTS = [Document(name, name, title, "en", 1, 1, 1, 0.0) for name, title in TITLES.items()]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("What is the limit of Query in the table of Milvus limits?", ["a.md"]),
        ("How do I install Milvus cluster with Helm", ["c.md"]),  # the longest, not what stands within it
        ("How do I run Milvus?", []),  # one word that is not all of it
        ("Milvus", ["b.md"]),
        ("怎么释放 Collection？", ["e.md"]),
        ("向量数据库概述的表格", ["f.md"]),
        ("twice the same", []),  # two documents are called so
        ("milvus limitsx", []),
        ("", []),
        ("Milvus Limits and Milvus Cluster", ["a.md", "d.md"]),
    ],
)
def test_titles_name_documents(words: str, expected: list[str]) -> None:
    assert [document.name for document in titled(words, DOCUMENTS)] == expected


def test_a_part_that_is_a_title_is_looked_for_in_its_document_first() -> None:
    question = "What is the difference between Milvus Limits and Milvus Cluster?"
    main = Search(1, question, Author.USER, RetrievalOptions())

    def choices(documents: list[Document]) -> list[tuple[str, tuple[str, ...]]]:
        state = GatheringState(question, (main,), (), documents, False, frozenset())
        found: list[tuple[str, tuple[str, ...]]] = []
        taken: set[Aim] = set()
        while (choice := RulePlanner().next(replace(state, done=frozenset(taken)))).purpose:
            taken.add(choice.aim)
            found.append((choice.purpose, choice.documents))
        return found

    assert choices(DOCUMENTS)[0] == ("Milvus Limits", ("a.md",))
    assert ("Milvus Cluster", ("d.md",)) in choices(DOCUMENTS)
    hidden = [replace(document, enabled=False) for document in DOCUMENTS]
    assert choices(hidden) == [("Milvus Limits", ()), ("Milvus Cluster", ())]


def test_the_words_of_a_title_are_taken_out() -> None:
    assert without_titles("In milvus limits: how many?", DOCUMENTS).split() == ["In", ":", "how", "many?"]
