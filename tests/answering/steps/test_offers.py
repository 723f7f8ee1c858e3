"""Every kind of step a language model may choose: offered where it is possible, read strictly, and taken exactly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from rag.answering.steps.arguments import query_from, tabulation_from
from rag.answering.steps.kinds import KINDS, MOST_WITHIN
from rag.answering.steps.listing import DocumentQuery
from rag.answering.steps.model import ModelPlanner
from rag.answering.steps.offers import MOST, Offer, offers, schema_of
from rag.answering.steps.planner import GatheringState, StepChoice
from rag.answering.steps.results import said_of
from rag.answering.steps.rules import RulePlanner
from rag.answering.steps.tabulating import SourceTable
from rag.answering.steps.view import LARGEST_PROFILE, View
from rag.answering.steps.ways import KnownWays
from rag.documents.contents.tables import DocumentTable, TableRow
from rag.events import Cancel
from rag.evidence.records import read, write
from rag.ledger import Ledger
from rag.messages import LANGUAGES, reason, text
from rag.types import Document
from rag.types.steps import Approach, StepAuthor, StepKind
from tests.support.fakes import ScriptedChat

from . import test_lists_and_tables as lists
from .test_lists_and_tables import asking
from .test_model import state

store = lists.store

LOADS = [("P-1", "ram", "240 kg"), ("P-2", "screw", "1,024 kg"), ("P-3", "ram", "60 kg")]
DOCUMENTS = [
    Document("tls.md", "", "TLS", "en", 1, 1, 9, 0.0, tags=("security",), date="2024-03-01"),
    Document("lifetime.md", "", "Lifetime", "en", 1, 1, 5, 0.0, date="2024-05-20"),
    Document("old/lifetime.csv", "", "Old", "en", 1, 1, 7, 0.0, tags=("security",), kind="csv"),
]


def table(rows: Sequence[tuple[str, ...]] = LOADS, columns: tuple[str, ...] = ("Pump", "Type", "Load")) -> SourceTable:
    placed = tuple(TableRow(cells, 0, n, n + 1) for n, cells in enumerate(rows))
    return SourceTable("tls.md", "kb", "TLS", DocumentTable(("Loads",), columns, placed))


def full(**others: Any) -> GatheringState:
    """A moment at which everything is possible."""
    tables: Any = others.pop("tables", [table()])
    return replace(state(), documents=DOCUMENTS, tables=lambda: tables, readable=True, **others)


def chosen(*replies: dict[str, str], at: GatheringState | None = None) -> tuple[ScriptedChat, StepChoice]:
    chat = ScriptedChat(*([json.dumps({"reason": "So."} | reply)] for reply in replies))
    planner = ModelPlanner(chat, RulePlanner(), cancel=Cancel(), ways=KnownWays())
    return chat, planner.next(at or full())


DATED = DocumentQuery(kind="csv", since="2024-01-01", until="2024-05-31")


def said(**fields: str) -> dict[str, str]:
    return fields


def test_every_kind_is_offered_where_it_is_possible_and_says_why_where_it_is_not() -> None:
    offered, closed = offers(View(full()), KINDS)
    assert list(offered) == ["search", "read", "list", "tabulate", "answer"] and len(offered) <= MOST
    assert [(option.kind, option.open) for option in closed] == [
        (StepKind.CHART, False), (StepKind.COMPARE, False), (StepKind.GIVE_UP, False),
    ]  # fmt: skip
    bare = replace(state(found=False), documents=[])
    offered, closed = offers(View(bare), KINDS)
    assert list(offered) == ["search", "give_up"]
    assert [option.kind for option in closed] == [
        StepKind.READ, StepKind.LIST, StepKind.TABULATE, StepKind.CHART, StepKind.COMPARE, StepKind.ANSWER,
    ]  # fmt: skip
    assert all(text(option.why, language) for option in closed for language in LANGUAGES)


def test_no_more_kinds_are_offered_than_a_small_model_can_tell_apart_and_an_end_is_among_them() -> None:
    more: dict[Any, Any] = {f"kind {n}": KINDS[StepKind.SEARCH] for n in range(9)}
    offered, closed = offers(View(full()), more | dict(KINDS))
    assert len(offered) == MOST and "answer" in offered
    assert "steps.enough_offered" in {option.why.code for option in closed}


def test_the_schema_names_what_is_possible_by_handles_alone() -> None:
    properties = schema_of(offers(View(full()), KINDS)[0])["properties"]
    assert properties["tag"]["enum"] == ["", "G1"] and properties["folder"]["enum"] == ["", "F1"]
    assert properties["kind"]["enum"] == ["", "K1", "K2"] and properties["document"]["enum"] == ["", "D1"]
    assert properties["table"]["enum"] == ["", "T1"] and properties["column"]["enum"] == ["", "T1C1", "T1C2", "T1C3"]
    assert properties["order"]["enum"] == ["", "newest", "oldest", "longest", "shortest"]
    assert not any(word in json.dumps(properties) for word in ("security", "old/", "Pump", "ram", "csv"))
    undated = [replace(document, date="") for document in DOCUMENTS]
    fields = schema_of(offers(View(replace(full(), documents=undated)), KINDS)[0])["properties"]
    assert "since" not in fields and fields["order"]["enum"] == ["", "longest", "shortest"]


def test_a_search_keeps_to_a_part_of_the_documents() -> None:
    _, choice = chosen(said(action="search", query="expiry", tag="G1", folder="F1"))
    assert (choice.kind, choice.author, choice.documents) == (StepKind.SEARCH, StepAuthor.MODEL, ("old/lifetime.csv",))
    assert choice.arguments == (("tag", "security"), ("folder", "old/"))
    assert chosen(said(action="search", query="expiry"))[1].arguments == ()
    chat, choice = chosen(said(action="search", query="expiry", folder="F1", kind="K1"), said(action="answer"))
    assert choice.kind is StepKind.ANSWER and "0 documents" in chat.sent[1][-1].content


def test_a_search_is_not_narrowed_to_more_documents_than_can_be_named() -> None:
    many = [Document(f"in/{n}.md", "", "", "en", 1, 1, 1, 0.0) for n in range(MOST_WITHIN + 1)]
    view = View(replace(full(), documents=[*many, *DOCUMENTS], readable=False))
    assert view.folders == {"F1": "in/", "F2": "old/"}
    assert schema_of(offers(view, KINDS)[0])["properties"]["folder"]["enum"] == ["", "F2"]


def test_the_rest_of_a_section_is_read_by_its_handle() -> None:
    passage = state().searches[0].candidates[0].stored
    more = [replace(passage, id=str(n), chunk=replace(passage.chunk, index=n, text=f"{n} more")) for n in (2, 3)]
    at = replace(full(), read=lambda document, _: [passage, *more] if document == "tls.md" else [])
    chat, choice = chosen(said(action="read", section="S1"), at=at)
    assert (choice.documents, choice.section, len(choice.passages)) == (("tls.md",), "TLS", 3)
    assert json.loads(chat.sent[0][1].content)["sections"] == {"S1": "tls.md › TLS (3)"}
    first = replace(at.steps[0], number=2, kind=StepKind.READ, documents=("tls.md",), section="TLS")
    assert not View(replace(at, steps=(*at.steps, first))).sections
    assert not View(replace(at, read=lambda *_: [passage])).sections


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        (said(), DocumentQuery()),
        (said(tag="G1", order="newest", most="3"), DocumentQuery(tag="security", order="newest", most=3)),
        (said(kind="K2", since="2024", until="2024-05"), DATED),
    ],
)  # fmt: skip
def test_documents_are_listed_by_what_is_known_of_them(fields: dict[str, str], query: DocumentQuery) -> None:
    at = replace(full(), documents=[*DOCUMENTS, DOCUMENTS[0]])
    _, choice = chosen(said(action="list", **fields), at=at)
    assert (choice.kind, choice.listing) == (StepKind.LIST, query)
    assert query_from(choice.arguments) == query


@pytest.mark.parametrize(
    ("fields", "figure"),
    [
        (said(operation="count"), "3 rows"),
        (said(operation="count", where="T1C2", value="RAM"), "2 rows where Type is RAM"),
        (said(operation="most", column="T1C3"), "The highest Load is 1024 kg: P-2"),
        (said(operation="sum", column="T1C3", where="T1C2", sign="=", value="ram"), "The sum of Load where Type"),
        (said(operation="count", where="T1C3", sign=">", value="100"), "2 rows where Load > 100"),
        (said(operation="least", column="T1C3", where="T1C3", sign=">=", value="100 kg"), "The lowest Load where"),
        (said(column="T1C3", where="T1C1", value="P-2"), "Load where Pump is P-2: 1,024 kg"),
        (said(operation="mean", column="T1C3", group="T1C2"), "Mean of Load for each Type"),
    ],
)  # fmt: skip
def test_rows_are_counted_exactly(fields: dict[str, str], figure: str) -> None:
    _, choice = chosen(said(action="tabulate", table="T1", **fields))
    assert choice.kind is StepKind.TABULATE and choice.tabulation is not None and choice.documents == ("tls.md",)
    assert text(said_of(choice.tabulation)[0], "en").startswith(figure)
    assert tabulation_from(choice.arguments, choice.documents, [table([("x", "y")], ("a", "b")), table()]) == (
        choice.tabulation
    )


@pytest.mark.parametrize(
    "fields",
    [
        said(action="tabulate", operation="count"),
        said(action="tabulate", table="T1", operation="sum", column="T1C1"),
        said(action="tabulate", table="T1", operation="sum"),
        said(action="tabulate", table="T1", column="T1C3"),
        said(action="tabulate", table="T1", operation="count", where="T1C2", value="gear"),
        said(action="tabulate", table="T1", operation="sum", column="T1C3", where="T1C1", sign=">", value="2"),
        said(action="tabulate", table="T1", operation="count", where="T1C3", sign=">", value="NaN"),
        said(action="tabulate", table="T1", operation="count", where="T1C3", sign=">", value="1e999999999"),
        said(action="tabulate", table="T2", operation="count"),
        said(action="tabulate", table="T1", operation="least", column="T1C3", where="T1C3", sign=">", value="9999"),
        said(action="list", since="yesterday"),
        said(action="list", until="2024-13"),
        said(action="list", tag="security"),
        said(action="read"),
        said(action="give_up"),
    ],
    ids=range(15),
)  # fmt: skip
def test_what_is_not_possible_is_not_taken_and_the_model_is_told(fields: dict[str, str]) -> None:
    chat, choice = chosen(fields, said(action="answer"))
    assert (choice.kind, choice.author, len(chat.sent)) == (StepKind.ANSWER, StepAuthor.MODEL, 2)


def test_an_end_says_what_is_missing_and_other_options_are_kept_with_every_step() -> None:
    _, choice = chosen(said(action="answer", missing="how long it lasts"))
    assert text(choice.why, "en") == "So. Missing: how long it lasts"
    told = {option.kind: option.open for option in choice.options}
    closed = (StepKind.GIVE_UP, StepKind.CHART, StepKind.COMPARE)
    assert told == {kind: kind not in closed for kind in StepKind if kind is not StepKind.ANSWER}
    assert all(text(option.why, language) for option in choice.options for language in LANGUAGES)


def test_the_profile_is_short_whatever_the_documents_are_called() -> None:
    long = "系统管理与运维手册 </s><|im_end|> " * 20
    documents = [
        Document(f"{n % 9}{long}/{n % 5}{long}/{n}.md", "", "", f"l{n}", 1, 1, 1, 0.0, tags=(f"{n % 7}{long}",))
        for n in range(300)
    ]
    view = View(replace(full(), documents=documents))
    told = json.dumps(view.profile(), ensure_ascii=False)
    assert len(told.encode()) <= LARGEST_PROFILE and "<|im_end|>" not in told and "</s>" not in told
    assert view.profile()["documents"] == 300 and set(view.profile()["folders"]) == set(view.folders)
    assert set(schema_of(offers(view, KINDS)[0])["properties"]["tag"]["enum"]) == {"", *view.tags}


def test_what_steps_came_to_is_told_as_facts() -> None:
    chat, _ = chosen(said(action="answer"))
    told = json.loads(chat.sent[0][1].content)
    assert told["steps"] == [{"step": "search", "query": "certificate", "found": 0, "kept": 0}]
    assert told["tables"]["T1"]["columns"] == {"T1C1": "Pump", "T1C2": "Type", "T1C3": "Load"}
    assert told["knowledge"]["tags"] == {"G1": "security (2)"} and told["knowledge"]["dated"].startswith(
        "2, 2024-03-01"
    )


def planned(store: Any, *replies: dict[str, str]) -> Ledger:
    chat = ScriptedChat(*([json.dumps({"reason": "So."} | reply)] for reply in replies), ["Done [1]."])
    return asking(store)("What is said of the pumps?", chat=chat, approach=Approach.STEPS)


def test_steps_a_model_chose_are_taken_within_the_scope_and_kept(store: Any) -> None:
    ledger = planned(
        store,
        said(action="search", query="valves close", folder="F1"),
        said(action="list", tag="G1"),
        said(action="tabulate", table="T1", operation="count"),
        said(action="answer"),
    )
    kinds = [step.kind for step in ledger.steps]
    assert kinds == [StepKind.SEARCH, StepKind.SEARCH, StepKind.LIST, StepKind.TABULATE, StepKind.ANSWER]
    _, narrowed, listed, counted, _ = ledger.steps
    assert narrowed.documents == ("plant/pumps.md", "plant/valves.md") and narrowed.arguments == (("folder", "plant/"),)
    assert {c.stored.document for c in ledger.searches[1].candidates} <= set(narrowed.documents)
    assert listed.table is not None and listed.table.total == 1 and counted.table is not None
    assert text(counted.table.says, "en") == "4 rows"
    assert read(write(ledger)) == ledger


def test_an_entry_is_all_a_kind_needs() -> None:
    def compared(view: View) -> Offer:
        choice = StepChoice(StepKind.READ, StepAuthor.MODEL, reason("steps.model_says", text=""), documents=("tls.md",))
        return Offer(
            StepKind.READ, "compare", reason("steps.offers_read", links=1, sections=0), (), lambda said: choice
        )

    chat = ScriptedChat([json.dumps({"action": "read"})])
    planner = ModelPlanner(
        chat, RulePlanner(), cancel=Cancel(), ways=KnownWays(), kinds={**KINDS, StepKind.READ: compared}
    )
    assert planner.next(full()).documents == ("tls.md",)
    assert '- "read": compare;' in chat.sent[0][0].content
