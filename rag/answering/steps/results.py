"""What lists and tables come to: a table for a reader, and the passages it rests on as the outcome of a search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from rag.documents.contents.tables import TableRow, tables_of
from rag.ledger import Search
from rag.messages import Reason, reason
from rag.protocols import Shelf
from rag.retrieval.selection import select
from rag.types import Candidate, Document, PlacedDocument, Retrieval, RetrievalOptions, StoredChunk
from rag.types.steps import StepComparison, StepRow, StepTable

from .cells import Amount, Operation, amount_of, counted, shown
from .front_matter import front_table
from .listing import ORDERS, DocumentQuery, chosen, values_of
from .table_question import UNIT
from .tabulating import SourceTable, Tabulation
from .versions import differing

MOST_READ = 6
"""Documents whose tables are read for a question."""
MOST_CHUNKS = 400
"""Chunks of a document that is read for its tables."""
LOOKED_AT = 12
"""Best candidates of each search in which tables are looked for."""
KNOWN = ("name", "title", "tags", "date", "kind")
"""What is told of a document in a list."""
KEYS = 3
"""Rows named in a sentence."""
GROUPS = 8
"""Groups named in one."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What a step tells, and the passages it rests on."""

    retrieval: Retrieval
    table: StepTable | None = None
    comparison: StepComparison | None = None


class ScopeReader:
    """Lists and reads the documents of one question's scope; each document is read once."""

    def __init__(self, options: RetrievalOptions, shelf: Shelf) -> None:
        self._shelf = shelf
        self._within = options.documents
        self._read: dict[tuple[str, str], Sequence[StoredChunk]] = {}

    @cached_property
    def _placed(self) -> dict[tuple[str, str], PlacedDocument]:
        return {(one.collection, one.document.name): one for one in self._shelf.placed(self._within)}

    @property
    def documents(self) -> Sequence[Document]:
        """The documents of the scope."""
        return [one.document for one in self._placed.values()]

    def tables(self, searches: Sequence[Search], named: Sequence[Document] = ()) -> list[SourceTable]:
        """The tables of the documents that are `named`, then of those in which the best candidates hold one."""
        found: list[SourceTable] = []
        names = {document.name for document in named}
        best = (c.stored for search in searches for c in search.candidates[:LOOKED_AT])
        holding = [(stored.collection, stored.document) for stored in best if tables_of([stored.chunk])]
        keys = [*(key for key in self._placed if key[1] in names), *holding]
        for key in list(dict.fromkeys(keys))[:MOST_READ]:
            placed = self._placed.get(key)
            if placed and placed.document.chunks <= MOST_CHUNKS:
                tables = tables_of([stored.chunk for stored in self._chunks(key)])
                found += [SourceTable(key[1], key[0], placed.document.title, table) for table in tables]
        return found

    def front_matter(self, question: str) -> list[SourceTable]:
        """What front matter says under the keys that a question names, as a table with a row for each document."""
        return front_table(question, [one.document for one in self._placed.values()])

    def read(self, document: str, collection: str) -> Sequence[StoredChunk]:
        """The passages of a document of the scope, in order; none of one that is not in it, or too long."""
        keys = [key for key in self._placed if key[1] == document and collection in ("", key[0])]
        if not keys or self._placed[keys[0]].document.chunks > MOST_CHUNKS:
            return ()
        return self._chunks(keys[0])

    def listed(self, query: DocumentQuery, options: RetrievalOptions) -> LookedUp:
        """The documents that are asked for, and how each of the first of them begins."""
        by_document = {id(one.document): one for one in self._placed.values()}
        if (query.since or query.until) and not query.order:
            query = replace(query, order="oldest")
        found = [by_document[id(document)] for document in chosen(query, self.documents)]
        begins = (self._chunks((one.collection, one.document.name))[:1] for one in found[: options.contexts])
        passages = [stored for some in begins for stored in some]
        chunks = {(stored.collection, stored.document): stored.id for stored in passages}
        rows = [_of_document(one, chunks) for one in found[: StepTable.MOST_ROWS]]
        table = StepTable(
            _listing(query, found), KNOWN, tuple(rows), len(found), of_documents=True, in_time=_in_time(found)
        )
        return LookedUp(_outcome(str(query), passages, options), table)

    def tabulated(self, asked: Tabulation, options: RetrievalOptions) -> LookedUp:
        """What is asked of the rows, and the passages that hold them, those that decide first."""
        source = asked.source
        says, first = said_of(asked)
        order = dict.fromkeys(row.chunk for row in (*first, *asked.rows))
        by_index = self._passages(source, list(order)[: options.contexts])
        passages = [by_index[index] for index in order if index in by_index][: options.contexts]
        documents = list(self._placed.values()) if source.of_documents else []

        def placed(cells: tuple[str, ...], row: TableRow) -> StepRow:
            stored = by_index.get(row.chunk)
            if source.of_documents:
                one = documents[row.chunk]
                return StepRow(cells, one.document.name, one.collection, stored.id if stored else "")
            return StepRow(cells, source.document, source.collection, stored.id if stored else "", row.start, row.end)

        columns, rows = _rows(asked, placed)
        table = StepTable(
            says, columns, tuple(rows[: StepTable.MOST_ROWS]), len(rows), False, source.document,
            source.table.heading_path, deciding=tuple(placed(row.cells, row) for row in _deciding(asked, first)),
        )  # fmt: skip
        return LookedUp(_outcome(described(asked), passages, options), table)

    def compared(self, query: str, names: tuple[str, str], options: RetrievalOptions) -> LookedUp:
        """In what two versions of a document differ, and the passages that do."""
        key_of = {name: key for key in self._placed if (name := key[1]) in names}
        before, after = (self._chunks(key_of[name])[:MOST_CHUNKS] if name in key_of else () for name in names)
        found = differing(before, after, names)
        by_id = {stored.id: stored for stored in (*before, *after)}
        passages = dict.fromkeys(place.chunk for row in found.rows for place in row if place)
        kept = [by_id[chunk] for chunk in passages][: options.contexts]
        return LookedUp(_outcome(query, kept, options), comparison=found)

    def _passages(self, source: SourceTable, wanted: Sequence[int]) -> dict[int, StoredChunk]:
        """Passages of a table by what its rows call them; of one of documents, how those `wanted` begin."""
        if not source.of_documents:
            return {stored.chunk.index: stored for stored in self._chunks((source.collection, source.document))}
        keys = list(self._placed)
        begins = ((place, self._chunks(keys[place])[:1]) for place in wanted)
        return {place: some[0] for place, some in begins if some}

    def _chunks(self, key: tuple[str, str]) -> Sequence[StoredChunk]:
        if key not in self._read:
            self._read[key] = self._shelf.read(self._placed[key])
        return self._read[key]


def described(asked: Tabulation) -> str:
    """What is asked, on one line: the same for the same rows and figure."""
    columns = asked.source.table.columns
    told = [str(asked.operation), columns[asked.column] if asked.column >= 0 else ""]
    told += [f"{column} = {value}" for column, value in asked.filters]
    told += [f"/ {columns[asked.group]}"] if asked.group >= 0 else []
    return " ".join(filter(None, told))


def _outcome(query: str, passages: Sequence[StoredChunk], options: RetrievalOptions) -> Retrieval:
    options = replace(options, rerank=False)
    return Retrieval(query, options, tuple(select([Candidate(stored) for stored in passages], options)))


def _deciding(asked: Tabulation, first: Sequence[TableRow]) -> Sequence[TableRow]:
    """The rows that are named one by one: those that decide the figure, or all where they are few."""
    few = asked.rows if len(asked.rows) <= KEYS else ()
    return (first or few)[:KEYS]


def _in_time(found: Sequence[PlacedDocument]) -> bool:
    dates = [one.document.date for one in found]
    return len(dates) > 1 and all(dates) and dates in (sorted(dates), sorted(dates, reverse=True))


def _of_document(placed: PlacedDocument, chunks: dict[tuple[str, str], str]) -> StepRow:
    d = placed.document
    cells = (d.name, d.title, ", ".join(d.tags), d.date, d.kind)
    return StepRow(cells, d.name, placed.collection, chunks.get((placed.collection, d.name), ""))


def _listing(query: DocumentQuery, found: Sequence[PlacedDocument]) -> Reason:
    if query.order and query.most == 1 and len(found) == 1:
        d = found[0].document
        if query.order not in ORDERS:
            key = query.order[1:]
            code = "steps.is_highest" if query.order[0] == "-" else "steps.is_lowest"
            return reason(code, title=d.title or d.name, name=d.name, key=key, value=", ".join(values_of(d, key)))
        dated = query.order in ("newest", "oldest")
        return reason(
            f"steps.is_{query.order}", title=d.title or d.name, name=d.name, value=d.date if dated else d.tokens
        )
    if where := query.where():
        return reason("steps.lists", count=len(found), where=where)
    return reason("steps.lists_all", count=len(found))


def said_of(asked: Tabulation) -> tuple[Reason, Sequence[TableRow]]:
    """The sentence on what comes of it, and the rows that decide it."""
    columns = asked.source.table.columns
    where = _where(asked)
    if asked.group >= 0 and asked.operation is not Operation.VALUE:
        what = reason("steps.rows") if asked.column < 0 else _bare(columns[asked.column])
        groups = [f"{value} {_figure(asked, rows)}" for value, rows in _groups(asked).items()]
        values = ", ".join(groups[:GROUPS]) + (" …" if len(groups) > GROUPS else "")
        return reason("steps.by_group", operation=reason(f"steps.operation_{asked.operation}"), column=what,
                      group=columns[asked.group], values=values), ()  # fmt: skip
    if asked.operation is Operation.COUNT:
        return reason("steps.counts", count=len(asked.rows), where=where), ()
    column = columns[asked.column]
    if asked.operation is Operation.VALUE:
        if not asked.filters:
            return reason("steps.column_is", column=column, count=len(asked.rows)), ()
        value = " / ".join(row.cells[asked.column] or "–" for row in asked.rows[:KEYS])
        return reason("steps.cell_is", where=where, column=column, value=value), asked.rows[:KEYS]
    figures = [(row, amount) for row in asked.rows if (amount := amount_of(row.cells[asked.column]))]
    figure = counted(asked.operation, [amount for _, amount in figures])
    first = [
        row for row, amount in figures if asked.operation in (Operation.MOST, Operation.LEAST) and amount == figure
    ]
    told: dict[str, str | int | Reason] = {
        "column": _bare(column),
        "value": _with_unit(figure, column),
        "count": len(figures),
        "where": where,
    }
    keys = ", ".join(dict.fromkeys(_key(asked, row) for row in first[:KEYS]))
    says = reason(f"steps.figure_{asked.operation}", **told, **({"key": keys} if first else {}))
    left_out = len(asked.rows) - len(figures)
    return (reason("steps.without_number", says=says, count=left_out) if left_out else says), first


def _where(asked: Tabulation) -> Reason | str:
    told: Reason | str = ""
    for column, value in asked.filters:
        one = reason("steps.where_cell", column=column, value=value)
        told = reason("steps.where_and", first=told, second=one) if told else one
    for sign, limit in asked.limits:
        column = _bare(asked.source.table.columns[asked.column])
        one = reason("steps.where_limit", column=column, sign=sign, value=str(limit))
        told = reason("steps.where_and", first=told, second=one) if told else one
    return reason("steps.where_rows", where=told) if told else ""


def _bare(column: str) -> str:
    """The name of a column without its unit."""
    return UNIT.sub("", column) or column


def _with_unit(figure: Amount, column: str) -> str:
    """A figure with the unit that the name of its column gives, where the cells give none."""
    named = UNIT.search(column)
    return shown(Amount(figure.value, figure.unit or (named[0].strip(" ()（）[]") if named else "")))


def _key(asked: Tabulation, row: TableRow) -> str:
    """The cell that a row is about: the first that is not the one counted."""
    return next((cell for place, cell in enumerate(row.cells) if cell and place != asked.column), "–")


def _rows(
    asked: Tabulation, placed: Callable[[tuple[str, ...], TableRow], StepRow]
) -> tuple[tuple[str, ...], list[StepRow]]:
    columns = asked.source.table.columns
    if asked.group < 0 or asked.operation is Operation.VALUE:
        return columns, [placed(row.cells, row) for row in asked.rows]
    named = columns[asked.column] if asked.column >= 0 else "#"
    return (columns[asked.group], named), [
        placed((value, _figure(asked, rows)), rows[0]) for value, rows in _groups(asked).items()
    ]


def _groups(asked: Tabulation) -> dict[str, list[TableRow]]:
    groups: dict[str, list[TableRow]] = {}
    for row in asked.rows:
        groups.setdefault(row.cells[asked.group], []).append(row)
    return groups


def _figure(asked: Tabulation, rows: Iterable[TableRow]) -> str:
    rows = list(rows)
    if asked.operation is Operation.COUNT:
        return str(len(rows))
    amounts = [amount for row in rows if (amount := amount_of(row.cells[asked.column]))]
    if not amounts:
        return "–"
    return _with_unit(counted(asked.operation, amounts), asked.source.table.columns[asked.column])
