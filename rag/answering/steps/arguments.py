"""What a list, a count or a narrowed search was told, as pairs of words: shown, kept, and read again for a step that is
taken again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation

from rag.messages import Reason, reason
from rag.types.steps import Arguments

from .cells import Operation, amount_of
from .listing import ORDERS, DocumentQuery
from .tabulating import SourceTable, Tabulation, kept_within, numeric

SIGNS = (">", ">=", "<", "<=")
MOST = 1000
"""Documents a list may be cut to."""
LONGEST_NUMBER = 40
LONGEST_TABLE = 200
SHOWN = 8
"""Values of a column that are named where none is the one asked for."""


def of_query(query: DocumentQuery) -> Arguments:
    values = ((name, getattr(query, name)) for name in DocumentQuery.__dataclass_fields__)
    return tuple((name, str(value)) for name, value in values if value)


def query_from(arguments: Arguments) -> DocumentQuery:
    """The query of these arguments; those of other names count for nothing."""
    said = {name: value for name, value in arguments if name in DocumentQuery.__dataclass_fields__}
    most = said.pop("most", "")
    order = said.pop("order", "")
    return DocumentQuery(
        **said,
        order=order if order in ORDERS or order[:1] in (":", "-") else "",
        most=min(int(most), MOST) if most.isdecimal() else 0,
    )


def of_tabulation(asked: Tabulation) -> Arguments:
    return tuple(_told(asked))


def _told(asked: Tabulation) -> Iterator[tuple[str, str]]:
    columns = asked.source.table.columns
    yield "table", _called(asked.source)
    yield "operation", str(asked.operation)
    if asked.column >= 0:
        yield "column", columns[asked.column]
    for column, value in asked.filters:
        yield "where", column
        yield "is", value
    for sign, limit in asked.limits:
        yield "limit", f"{sign} {limit}"
    if asked.group >= 0:
        yield "group", columns[asked.group]


def _called(source: SourceTable) -> str:
    """The headings a table stands under and its columns: what tells it from others of its document."""
    told = f"{' › '.join(source.table.heading_path)}: {', '.join(source.table.columns)}"
    return " ".join(told.split())[:LONGEST_TABLE]


def tabulation_from(arguments: Arguments, documents: Iterable[str], tables: Sequence[SourceTable]) -> Tabulation | None:
    """What these arguments ask of the first table of the documents that has its columns; None where none has."""
    said = dict(arguments)
    if said.get("operation") not in tuple(Operation):
        return None
    wheres = [value for name, value in arguments if name == "where"]
    filters = list(zip(wheres, (value for name, value in arguments if name == "is"), strict=False))
    limits = [_limit(value) for name, value in arguments if name == "limit"]
    names = set(documents)
    for source in tables:
        columns = source.table.columns
        needed = [said[name] for name in ("column", "group") if name in said] + wheres
        if (names and source.document not in names) or said.get("table") != _called(source):
            continue
        if None in limits or not set(needed) <= set(columns):
            continue
        found = tabulated(
            source, Operation(said["operation"]),
            columns.index(said["column"]) if "column" in said else -1,
            filters=[(columns.index(column), value) for column, value in filters],
            limits=[limit for limit in limits if limit],
            group=columns.index(said["group"]) if "group" in said else -1,
        )  # fmt: skip
        if isinstance(found, Tabulation):
            return found
    return None


def _limit(said: str) -> tuple[str, Decimal] | None:
    sign, _, number = said.partition(" ")
    value = number_in(number)
    return (sign, value) if sign in SIGNS and value is not None else None


def number_in(said: str) -> Decimal | None:
    """The number in a text that is nothing else."""
    try:
        value = Decimal(said.strip()) if len(said) <= LONGEST_NUMBER else None
    except InvalidOperation:
        found = amount_of(said)
        value = found.value if found else None
    return value if value is not None and value.is_finite() and abs(value.adjusted()) <= LONGEST_NUMBER else None


def tabulated(
    source: SourceTable,
    operation: Operation,
    column: int,
    *,
    filters: Sequence[tuple[int, str]] = (),
    limits: Sequence[tuple[str, Decimal]] = (),
    group: int = -1,
) -> Tabulation | Reason:
    """What is asked of the rows of a table; else why there is nothing to ask."""
    columns, rows = source.table.columns, source.table.rows
    for place, value in filters:
        kept = tuple(row for row in rows if _same(row.cells[place], value))
        if not kept:
            known = ", ".join(list(dict.fromkeys(row.cells[place][:40] for row in rows))[:SHOWN])
            return reason("steps.no_such_cell", column=columns[place], value=value[:80], known=known)
        rows = kept
    if operation is Operation.VALUE and (column < 0 or not filters):
        return reason("steps.cell_needs")
    if (operation not in (Operation.COUNT, Operation.VALUE) or limits) and not (column >= 0 and numeric(rows, column)):
        return reason("steps.no_numbers", column=columns[column] if column >= 0 else "–")
    rows = kept_within(rows, column, limits)
    if not rows and operation is not Operation.COUNT:
        return reason("steps.no_row")
    named = tuple((columns[place], value) for place, value in filters)
    counted = column if operation is not Operation.COUNT or limits else -1
    return Tabulation(source, operation, rows, counted, named, -1 if group == column else group, tuple(limits))


def _same(cell: str, value: str) -> bool:
    return " ".join(cell.split()).casefold() == " ".join(value.split()).casefold()
