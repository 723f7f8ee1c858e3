"""Questions that ask for documents by what is known of them, and those that do not."""

from __future__ import annotations

from typing import Any

import pytest

from rag.answering.steps.arguments import of_query, query_from
from rag.answering.steps.days import Relation, between, of_span
from rag.answering.steps.front_matter import front_table
from rag.answering.steps.listing import DocumentQuery, chosen, query_of
from rag.answering.steps.results import described
from rag.answering.steps.table_question import question_of
from rag.answering.steps.tabulating import answers
from rag.messages import LANGUAGES, text
from rag.types import Document


def document(name: str, **other: Any) -> Document:
    known: dict[str, Any] = {"sha256": "", "title": name, "language": "en", "size": 1, "chunks": 1, "tokens": len(name)}
    return Document(name, **{**known, "ingested_at": 0.0, **other})


PUMPS = document("plant/pumps.md", tags=("pump", "Station"), date="2024-03-01", title="Pumps of the station")
VALVES = document("plant/valves.md", tags=("valve", "Station"), date="2024-05-20")
NOTES = document("plant/sub/notes.md", tags=("spare part", "备件"), date="2023-11-02", language="zh")
PDF = document("handbook/a.pdf", kind="pdf")
DOCUMENTS = [PUMPS, VALVES, NOTES, PDF]
ALL = [PDF, PUMPS, NOTES, VALVES]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("How many documents are there?", ALL),
        ("how many documents are in the knowledge base", ALL),
        ("List all documents, please.", ALL),
        ("How many documents are tagged station?", [PUMPS, VALVES]),
        ("Which documents are tagged “spare part”?", [NOTES]),
        ("Which documents have the tag Station and are dated in 2024?", [PUMPS, VALVES]),
        ("How many documents are tagged nowhere?", []),
        ("list all documents in the folder plant", [PUMPS, NOTES, VALVES]),
        ("Which files are in the plant folder?", [PUMPS, NOTES, VALVES]),
        ("How many files are in plant/sub/?", [NOTES]),
        ("Which documents are in the folder sub?", [NOTES]),
        ("Which documents are dated after 2024-03-01?", [VALVES]),
        ("Which documents are dated since 2024-03-01?", [PUMPS, VALVES]),
        ("Which documents were written before March 2024?", [NOTES]),
        ("Which documents were written in March 2024?", [PUMPS]),
        ("Which articles were published in March 2024?", [PUMPS]),
        ("Which documents are dated between 1 November 2023 and 2024-03-01?", [PUMPS, NOTES]),
        ("How many PDF files are there?", [PDF]),
        ("Which documents are in Chinese?", [NOTES]),
        ("Which document is the newest?", [VALVES]),
        ("What are the two newest documents?", [VALVES, PUMPS]),
        ("Show me the oldest document", [NOTES]),
        ("Which is the longest document?", [NOTES]),
        ("How many documents have pumps in their title?", [PUMPS]),
        ("Which documents whose title contains Pumps are there", []),
        ("有多少个文档？", ALL),
        ("知识库里一共有几篇中文文档？", [NOTES]),
        ("标签为 Station 的文档有哪些？", [PUMPS, VALVES]),
        ("标签为备件的文档有哪些？", [NOTES]),
        ("列出 plant 文件夹里的所有文档", [PUMPS, NOTES, VALVES]),
        ("2024年3月之后的文档有哪些", [VALVES]),
        ("有多少个 PDF 文件？", [PDF]),
        ("最新的文档是哪一篇？", [VALVES]),
        ("Which files are in plant?", [PUMPS, NOTES, VALVES]),
        ("What is in the folder plant/sub?", [NOTES]),
        ("How many titles contain pumps?", [PUMPS]),
        ("How many docs have a title with the word pumps?", [PUMPS]),
        ("位于 plant/sub 的文档有哪些？", [NOTES]),
        ("统计 plant 文件夹中的文档数量", [PUMPS, NOTES, VALVES]),
        ("标题里出现 Pumps 的文章一共有多少？", [PUMPS]),
        ("标题包含 Pumps 的文档有多少个", [PUMPS]),
    ],
)
def test_documents_are_asked_for(question: str, found: list[Document]) -> None:
    query = query_of(question, DOCUMENTS)
    assert query is not None
    assert chosen(query, DOCUMENTS) == found


@pytest.mark.parametrize(
    "question",
    [
        "Which documents mention valves?", "Which pages explain the index?", "How many files can a zip hold?",
        "What files does the app read?", "How do I delete a document?", "documents",
        "What article was published in 1937?", "1937年的文章有哪些？",
        "文件大小的上限是多少？", "哪些文档提到了阀门？", "如何删除文档？", "", "?", "How many?",
        "How many documents " + "are tagged a and " * 20,
    ],
)  # fmt: skip
def test_what_asks_for_more_is_left_to_the_search(question: str) -> None:
    assert query_of(question, DOCUMENTS) is None


def test_a_query_says_what_it_asks() -> None:
    assert str(DocumentQuery(tag="a", since="2024-01-01")) == "tag=a since=2024-01-01"
    assert DocumentQuery().where() is None


@pytest.mark.parametrize(
    ("said", "span"),
    [
        ("2024", ("2024-01-01", "2024-12-31")), ("February 2024", ("2024-02-01", "2024-02-29")),
        ("5 March 2024", ("2024-03-05", "2024-03-05")), ("March 5, 2024", ("2024-03-05", "2024-03-05")),
        ("2024-12", ("2024-12-01", "2024-12-31")), ("2024年3月5日", ("2024-03-05", "2024-03-05")),
        ("2024-13", None), ("2024-02-30", None),
    ],
)  # fmt: skip
def test_days_months_and_years_are_ranges(said: str, span: tuple[str, str] | None) -> None:
    assert of_span(said) == span


def test_a_range_stands_in_a_relation() -> None:
    march = ("2024-03-01", "2024-03-31")
    assert between(Relation.AFTER, [march]) == ("2024-04-01", "")
    assert between(Relation.BEFORE, [march]) == ("", "2024-02-29")
    assert between(Relation.BETWEEN, [march, ("2025-01-01", "2025-12-31")]) == ("2024-03-01", "2025-12-31")


def stated(name: str, **fields: str | tuple[str, ...]) -> Document:
    said = tuple((key, (value,) if isinstance(value, str) else value) for key, value in fields.items())
    return document(name, title=f"Title {name}", fields=said)


STATED = [
    stated("a.md", status="draft", order="3", related_key="index"),
    stated("b.md", status="final", order="10", owner=("Bob", "Ann")),
    stated("c.md", status="draft", order="1"),
    stated("d.md", 状态="草稿"),
    document("e.md"),
    stated("f.md", deprecate="true"),
]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Which documents have status draft?", "a c"),
        ("List documents whose status is draft", "a c"),
        ("list the documents with status: draft", "a c"),
        ("How many documents have the status draft?", "a c"),
        ("Which documents have the owner ann?", "b"),
        ("Which documents have a related key?", "a"),
        ("Which documents have status frozen?", ""),
        ("List all documents sorted by order", "c a b"),
        ("List documents ordered by order descending", "b a c"),
        ("Which document has the highest order?", "b"),
        ("status 为 draft 的文档有哪些？", "a c"),
        ("有多少个文档的 status 是 final？", "b"),
        ("哪些文档的状态为草稿？", "d"),
        ("按 order 排序列出所有文档", "c a b"),
        ("Which documents have related_key set to index?", "a"),
        ("How many pages have draft as their status?", "a c"),
        ("How many docs belong to the related_key index?", "a"),
        ("What pages are under the status final?", "b"),
        ("How many documents are deprecated?", "f"),
        ("统计 related_key 为 index 的文档数", "a"),
        ("属于 status draft 的文档有多少个？", "a c"),
    ],
)
def test_documents_are_listed_by_front_matter(question: str, names: str) -> None:
    query = query_of(question, STATED)
    assert query is not None
    assert [d.name.removesuffix(".md") for d in chosen(query, STATED)] == names.split()
    assert query_from(of_query(query)) == query
    assert not (where := query.where()) or all(text(where, language) for language in LANGUAGES)


@pytest.mark.parametrize(
    ("question", "folder"),
    [
        ("文件夹 orders/status 中有多少个文档？", "orders/status/"),
        ("How many documents are in the folder order/x?", "order/x/"),
    ],
)
def test_a_path_holds_no_key(question: str, folder: str) -> None:
    lying = [*STATED, document("orders/status/x.md"), document("order/x/y.md")]
    assert query_of(question, lying) == DocumentQuery(folder=folder)


@pytest.mark.parametrize(
    "question",
    ["What is the status of the pumps?", "Which documents explain the draft order?", "Which documents have no status?"],
)
def test_what_is_no_key_is_for_the_search(question: str) -> None:
    assert query_of(question, STATED) is None


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many documents are there per status?", "count / status"),
        ("How many documents by owner?", "count / owner"),
        ("What is the average order of documents?", "mean order"),
        ("What is the highest order?", "most order"),
        ("What is the owner of Title b.md?", "value owner title = Title b.md"),
        ("各 status 有多少个文档？", "count / status"),
        ("文档的 order 的平均值是多少？", "mean order"),
        ("How do I make an index?", None),
        ("What is the status of the pumps?", None),
    ],
)
def test_front_matter_is_counted_with(question: str, expected: str | None) -> None:
    asked = question_of(question)
    found = next(answers(asked, front_table(question, STATED)), None) if asked else None
    assert (described(found) if found else None) == expected
