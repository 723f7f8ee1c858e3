"""Questions that ask something of the rows of a table: which table, which rows, which column, what of it. Pure.

A table answers only if the words of the question are those of its columns, its cells, its headings or of counting:
a question that says more is for the search.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal

from rag.documents.contents.tables import DocumentTable, TableRow
from rag.text.question import bare
from rag.text.terms import query_terms, telling_words, terms

from .cells import Amount, Operation, amount_of
from .table_question import LONGEST_CELL, UNIT, WIDE, TableQuestion, Terms, bare_name, less, plain, reread, stands

MOST_ROWS = 5000
"""Rows of a table that is looked at."""
NUMERIC = 0.5
"""Share of the rows that have a number in a column of numbers."""


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table of a document, with the title by which a question may name that."""

    document: str
    collection: str
    title: str
    table: DocumentTable

    @property
    def of_documents(self) -> bool:
        """True for what is known of documents, a row for each: its rows say which by their `chunk`."""
        return not self.document


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


def answers(question: TableQuestion, tables: Sequence[SourceTable]) -> Iterator[Tabulation]:
    """What tables answer: the one that explains most of the question first, of a document the longest, where rows are
    counted with, then the first."""
    found: list[tuple[float, int, int, int, Tabulation]] = []
    documents = list(dict.fromkeys((source.collection, source.document) for source in tables))
    for place, source in enumerate(tables):
        if source.table.rows and len(source.table.rows) <= MOST_ROWS and (fit := _fit(question, source)):
            rows = 0 if question.operation is Operation.VALUE else len(source.table.rows)
            document = documents.index((source.collection, source.document))
            found.append((-fit[0], document, -rows, place, fit[1]))
    yield from (one[-1] for one in sorted(found, key=lambda one: one[:4]))


def _fit(question: TableQuestion, source: SourceTable) -> tuple[float, Tabulation] | None:
    """How much of the question a table explains, and what it would answer; None where it explains too little."""
    question = reread(question, source.table)
    table, asked = source.table, question.asked
    names = [frozenset(terms(UNIT.sub("", column))) for column in table.columns]
    rows, filters, told = _filtered(question, _without(source.title, question.text), table, names)
    title = frozenset(terms(" ".join((*table.heading_path, source.title, source.document))))
    group = _group(question, names)
    taken = {group, *filters}
    column = _column(question, rows, names, asked - told - title, taken)
    if column < 0:
        column = _column(question, rows, names, asked - told, taken)
    if not _complete(question, column, filters) and not (source.of_documents and group >= 0):
        return None
    rows = kept_within(rows, column, question.limits)
    if not rows and question.operation is not Operation.COUNT:
        return None
    around = title.union(*names, terms(" ".join(table.columns)))
    unknown = _unknown(question, source, around | told, filters.values())
    if unknown and not (question.names_table and 4 * unknown <= len(asked)):
        return None
    counted = column if question.operation is not Operation.COUNT or question.limits else -1
    explained = len(asked & (around | told)) + len(told & asked) + 2 * (counted >= 0) - 2 * unknown
    values = tuple((table.columns[place], cell) for place, cell in sorted(filters.items()))
    operation = question.operation
    if question.drawn and group >= 0 and operation is Operation.VALUE and _repeats(rows, group):
        operation = Operation.SUM
    return explained, Tabulation(source, operation, rows, counted, values, group, question.limits)


def _repeats(rows: Sequence[TableRow], column: int) -> bool:
    return len({row.cells[column] for row in rows}) < len(rows)


def _complete(question: TableQuestion, column: int, filters: Mapping[int, str]) -> bool:
    """True if a question says all that is needed to count, or to find a cell."""
    if question.operation is Operation.COUNT:
        return column >= 0 if question.limits else question.names_table or bool(filters)
    return column >= 0 and (question.operation is not Operation.VALUE or question.drawn or bool(filters))


def _unknown(question: TableQuestion, source: SourceTable, known: Terms, cells: Iterable[str]) -> int:
    """How many words of the question are neither those of the table nor silent. In Chinese no blank parts them: there
    those are left that stand between names of the table, of its document and of what is counted."""
    known = known | frozenset(terms(" ".join(question.words.silent)))
    if question.words.between is None:
        return sum(term not in known for term in question.asked)
    columns = source.table.columns
    names = (source.title, *source.table.heading_path, *columns, *map(bare_name, columns), *cells)
    left = less(question.text, map(plain, names))
    for pattern in (*question.words.operations.values(), *question.words.limits.values(), question.words.between):
        left = pattern.sub(" ", left)
    return sum(not all(_part_of(term, known) for term in terms(word)) for word in telling_words(left))


def _part_of(term: str, known: Terms) -> bool:
    """True for a known term, and for a Chinese pair of characters that runs over the edge of two that are known."""
    return term in known or bool(WIDE.match(term) and all(c in known for c in term))


def _filtered(
    question: TableQuestion, text: str, table: DocumentTable, names: Sequence[Terms]
) -> tuple[tuple[TableRow, ...], dict[int, str], Terms]:
    """The rows whose cells the question names in `text`, the columns and values they go by, and the terms of those.

    A number is a value of a column that the question names too.
    """
    all_names = frozenset().union(*names) if names else frozenset()
    beside = less(text, map(plain, table.columns))
    named: list[tuple[Terms, int, str]] = []
    for column in range(len(table.columns)):
        for cell in dict.fromkeys(row.cells[column] for row in table.rows):
            if not cell or len(cell) > LONGEST_CELL or not stands(bare(cell), text):
                continue
            own = frozenset(query_terms(cell))
            if not own <= question.asked:  # a name that a Chinese character follows is not joined there
                own = frozenset(term for term in own if "_" not in term)
            counts = amount_of(cell) is None or bool(names[column] & question.asked)
            telling = not own <= all_names or (cell not in table.columns and stands(plain(cell), beside))
            if own and own <= question.asked and telling and counts:
                named.append((own, column, cell))
    rows: tuple[TableRow, ...] = table.rows
    filters: dict[int, str] = {}
    told: Terms = frozenset()
    for own, column, cell in sorted(named, key=lambda one: (-len(one[0]), one[1])):
        kept = tuple(row for row in rows if row.cells[column] == cell)
        if kept and column not in filters and not own <= told:
            rows, told = kept, told | own
            filters[column] = cell
    return rows, filters, told


def _without(title: str, text: str) -> str:
    """A question less the title of the document it names, whose words choose no rows."""
    title = unicodedata.normalize("NFKC", bare(title))
    at = text.casefold().find(title.casefold()) if title else -1
    return f"{text[:at]} {text[at + len(title) :]}" if at >= 0 else text


def _group(question: TableQuestion, names: Sequence[Terms]) -> int:
    if not question.grouped:
        return -1
    first = query_terms(question.grouped)[:2]
    return next((place for place, own in enumerate(names) if own and set(first) & own), -1)


def _column(
    question: TableQuestion, rows: Sequence[TableRow], names: Sequence[Terms], asked: Terms, taken: AbstractSet[int]
) -> int:
    """The column that is asked for: of numbers, unless a cell is asked for; -1 for none."""
    best, merit = -1, 0.0
    for place, own in enumerate(names):
        if place in taken or not own & asked:
            continue
        counts = question.operation is not Operation.VALUE or question.limits or question.drawn
        if counts and not numeric(rows, place):
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


def kept_within(rows: tuple[TableRow, ...], column: int, limits: Sequence[tuple[str, Decimal]]) -> tuple[TableRow, ...]:
    """The rows whose number in a column keeps to the limits; all of them without limits."""
    return tuple(row for row in rows if _within(amount_of(row.cells[column]), limits)) if limits else rows


def _within(amount: Amount | None, limits: Sequence[tuple[str, Decimal]]) -> bool:
    if amount is None:
        return False
    value = amount.value
    holds = {">": value.__gt__, ">=": value.__ge__, "<": value.__lt__, "<=": value.__le__}
    return all(holds[sign](limit) for sign, limit in limits)
