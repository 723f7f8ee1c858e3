"""Questions that ask something of the rows of a table: which table, which rows, which column, what of it. Pure.

A table answers only if the words of the question are those of its columns, its cells, its headings or of counting:
a question that says more is for the search.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rag.documents.contents.tables import DocumentTable, TableRow
from rag.text.question import bare
from rag.text.scripts import UNSPACED
from rag.text.terms import query_terms, terms

from .cells import Amount, Operation, amount_of
from .table_words import TABLE_WORDS, TableWords

LONGEST_QUESTION = 300
LONGEST_CELL = 80
"""Characters of a cell by which rows are chosen."""
MOST_ROWS = 5000
"""Rows of a table that is looked at."""
NUMERIC = 0.5
"""Share of the rows that have a number in a column of numbers."""
UNIT = re.compile(r"\s*[(（\[][^()（）\[\]]{1,12}[)）\]]\s*$")
_WIDE = re.compile(rf"[{UNSPACED}]")
Terms = frozenset[str]


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table of a document, with the title by which a question may name that."""

    document: str
    collection: str
    title: str
    table: DocumentTable


@dataclass(frozen=True, slots=True)
class Tabulation:
    """What is asked of which rows of which table."""

    source: SourceTable
    operation: Operation
    rows: tuple[TableRow, ...]
    column: int
    """The column that is counted or told; -1 where rows are counted."""
    filters: tuple[tuple[str, str], ...] = ()
    """Column and value of the rows."""
    group: int = -1
    """The column whose values are told apart; -1 for none."""
    limits: tuple[tuple[str, Decimal], ...] = ()
    """Sign and number that the counted column's numbers keep to."""


@dataclass(frozen=True, slots=True)
class TableQuestion:
    """A question as it is held against tables."""

    operation: Operation
    words: TableWords
    asked: Terms
    """Its terms without those that say what is counted."""
    text: str
    names_table: bool
    limits: tuple[tuple[str, Decimal], ...]
    grouped: str
    """What stands behind the word for telling apart; "" for nothing."""


def question_of(question: str) -> TableQuestion | None:
    """What a question asks of tables; None where it is too long to tell. Any question may ask for a cell."""
    if len(question) > LONGEST_QUESTION:
        return None
    text = unicodedata.normalize("NFKC", bare(question))
    words = TABLE_WORDS[_WIDE.search(text) is not None]
    left, limits = text, []
    for sign, pattern in words.limits.items():
        if found := pattern.search(left):
            limits.append((sign, Decimal(found["n"].replace(",", ""))))
            left = f"{left[: found.start()]} {left[found.end() :]}"
    operation = next((each for each, pattern in words.operations.items() if pattern.search(left)), Operation.VALUE)
    if operation in words.operations:
        left = words.operations[operation].sub(" ", left)
    group = words.groups.search(left)
    names_table = words.table.search(text) is not None
    return TableQuestion(
        operation,
        words,
        frozenset(query_terms(left)),
        text,
        names_table,
        tuple(limits),
        left[group.end() :] if group else "",
    )


def answers(question: TableQuestion, tables: Sequence[SourceTable]) -> Iterator[Tabulation]:
    """What tables answer, the one that explains most of the question first."""
    found: list[tuple[float, int, Tabulation]] = []
    for place, source in enumerate(tables):
        if source.table.rows and len(source.table.rows) <= MOST_ROWS and (fit := _fit(question, source)):
            found.append((-fit[0], place, fit[1]))
    yield from (tabulation for _, _, tabulation in sorted(found, key=lambda one: one[:2]))


def _fit(question: TableQuestion, source: SourceTable) -> tuple[float, Tabulation] | None:
    table = source.table
    names = [frozenset(terms(UNIT.sub("", column))) for column in table.columns]
    asked = question.asked
    rows, filters, told = _filtered(question, table, names)
    if not rows:
        return None
    group = _group(question, names)
    column = _column(question, table, rows, names, told, group)
    if question.operation is Operation.VALUE and (column < 0 or not filters):
        return None
    if question.operation is Operation.COUNT:
        column = column if question.limits else -1
    elif column < 0:
        return None
    if question.limits:
        rows = tuple(row for row in rows if _within(amount_of(row.cells[column]), question.limits))
        if not rows and question.operation is not Operation.COUNT:
            return None
    around = frozenset(terms(" ".join((*table.heading_path, source.title, source.document, *table.columns))))
    known = around | told | frozenset(terms(" ".join(question.words.silent)))
    unknown = {term for term in asked - known if not _part_of(term, known)}
    if unknown and not (question.names_table and 4 * len(unknown) <= len(asked)):
        return None
    if question.operation is Operation.COUNT and not (question.names_table or filters or question.limits):
        return None
    explained = len(asked & (around | told)) + 2 * (column >= 0 and bool(names[column] & asked)) + len(told & asked)
    if question.operation is not Operation.COUNT and not names[column] & asked and len(told & asked) == 0:
        return None
    return explained - 2 * len(unknown), Tabulation(
        source, question.operation, rows, column, filters, group, question.limits
    )


def _part_of(term: str, known: Terms) -> bool:
    """True for a Chinese pair of characters that runs over the edge of two words that are known."""
    return bool(_WIDE.match(term)) and all(c in known for c in term)


def _filtered(
    question: TableQuestion, table: DocumentTable, names: Sequence[Terms]
) -> tuple[tuple[TableRow, ...], tuple[tuple[str, str], ...], Terms]:
    """The rows whose cells the question names, the columns and values they go by, and the terms of those."""
    rows: tuple[TableRow, ...] = table.rows
    filters: list[tuple[str, str]] = []
    told: set[str] = set()
    all_names = frozenset().union(*names) if names else frozenset()
    for column in range(len(table.columns)):
        named: dict[str, Terms] = {}
        for row in table.rows:
            cell = row.cells[column]
            if not cell or cell in named or len(cell) > LONGEST_CELL or not _stands(cell, question.text):
                continue
            own = frozenset(query_terms(cell))
            if own and own <= question.asked and not own <= all_names:
                named[cell] = own
        if not named:
            continue
        best = max(named, key=lambda cell: (len(named[cell]), len(cell)))
        if amount_of(best) and not filters and column:
            continue
        kept = tuple(row for row in rows if row.cells[column] == best)
        if kept:
            rows = kept
            filters.append((table.columns[column], best))
            told |= named[best]
    return rows, tuple(filters), frozenset(told)


def _stands(cell: str, text: str) -> bool:
    """True if a cell stands in the question as it is, whatever the case, and is no part of a word."""
    folded, told = cell.casefold(), text.casefold()
    at = told.find(folded)
    while at >= 0:
        before, after = told[at - 1 : at] if at else "", told[at + len(folded) : at + len(folded) + 1]
        if not (before and _joins(before, folded[0])) and not (after and _joins(folded[-1], after)):
            return True
        at = told.find(folded, at + 1)
    return False


def _joins(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum() and not (_WIDE.match(left) or _WIDE.match(right))


def _group(question: TableQuestion, names: Sequence[Terms]) -> int:
    if not question.grouped:
        return -1
    first = query_terms(question.grouped)[:2]
    return next((place for place, own in enumerate(names) if own and set(first) & own), -1)


def _column(
    question: TableQuestion,
    table: DocumentTable,
    rows: Sequence[TableRow],
    names: Sequence[Terms],
    told: Terms,
    group: int,
) -> int:
    """The column that is asked for: of numbers, unless a cell is asked for; -1 for none."""
    best, merit = -1, 0.0
    for place, own in enumerate(names):
        if place == group or not own or not own & (question.asked - told):
            continue
        if (question.operation is not Operation.VALUE or question.limits) and not numeric(rows, place):
            continue
        covered = len(own & question.asked) / len(own)
        if covered > merit and covered >= 0.5:
            best, merit = place, covered
    return best


def numeric(rows: Sequence[TableRow], column: int) -> bool:
    """True if a column holds numbers of one unit; cells without one may be among them."""
    amounts = [amount for row in rows if (amount := amount_of(row.cells[column]))]
    filled = sum(bool(row.cells[column].strip(" -–—")) for row in rows)
    return len({a.unit for a in amounts}) == 1 and len(amounts) >= NUMERIC * max(1, filled) and bool(amounts)


def _within(amount: Amount | None, limits: Sequence[tuple[str, Decimal]]) -> bool:
    if amount is None:
        return False
    value = amount.value
    holds = {">": value.__gt__, ">=": value.__ge__, "<": value.__lt__, "<=": value.__le__}
    return all(holds[sign](limit) for sign, limit in limits)
