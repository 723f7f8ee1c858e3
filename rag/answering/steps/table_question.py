"""A question as it is held against a table: what is counted, within which limits, with which words. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rag.documents.contents.tables import DocumentTable
from rag.text.question import bare
from rag.text.scripts import UNSPACED
from rag.text.terms import query_terms

from .cells import Operation
from .table_words import TABLE_WORDS, TableWords

LONGEST_QUESTION = 300
LONGEST_CELL = 80
"""Characters of a cell by which rows are chosen."""
UNIT = re.compile(r"\s*[(（\[][^()（）\[\]]{1,12}[)）\]]\s*$")
WIDE = re.compile(rf"[{UNSPACED}]")
Terms = frozenset[str]


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
    drawn: bool = False
    """True where a column is wanted as it is, to be drawn."""


def question_of(question: str, *, drawn: bool = False) -> TableQuestion | None:
    """What a question asks of tables; None where it is too long to tell. Any question may ask for a cell."""
    if len(question) > LONGEST_QUESTION:
        return None
    text = unicodedata.normalize("NFKC", bare(question))
    return _read(text, (), drawn=drawn)


def _read(text: str, names: Sequence[str], *, drawn: bool) -> TableQuestion:
    """What a question asks where these `names` of columns and cells are in it, whose words count nothing."""
    words = TABLE_WORDS[WIDE.search(text) is not None]
    left, limits = less(text, names), []
    for sign, pattern in words.limits.items():
        if found := pattern.search(left):
            limits.append((sign, Decimal(found["n"].replace(",", ""))))
            left = f"{left[: found.start()]} {left[found.end() :]}"
    operation = next((each for each, pattern in words.operations.items() if pattern.search(left)), Operation.VALUE)
    if operation in words.operations:
        left = words.operations[operation].sub(" ", left)
    group = words.groups.search(left)
    return TableQuestion(
        operation,
        words,
        frozenset(query_terms(" ".join((left, *names)))),
        text,
        words.table.search(text) is not None,
        tuple(limits),
        left[group.end() :] if group else "",
        drawn,
    )


def reread(question: TableQuestion, table: DocumentTable) -> TableQuestion:
    """The question read anew where the name of a column or a cell has words in it that count: `Index Task Count`."""
    cells = (row.cells[place] for row in table.rows for place in range(len(table.columns)))
    names = dict.fromkeys(plain(name) for name in (*table.columns, *map(bare_name, table.columns), *cells))
    counting = (*question.words.operations.values(), question.words.groups, *question.words.limits.values())
    taken = [
        name
        for name in sorted(names, key=len, reverse=True)
        if 2 < len(name) <= LONGEST_CELL and stands(name, question.text)
        if any(pattern.search(f"{name} ") for pattern in counting)
    ]
    own = [name for name in taken if not any(p.fullmatch(name) for p in counting)]
    return _read(question.text, own, drawn=question.drawn) if own else question


def plain(text: str) -> str:
    return unicodedata.normalize("NFKC", bare(text))


def bare_name(column: str) -> str:
    return UNIT.sub("", column)


def less(text: str, names: Iterable[str]) -> str:
    """A text without these names, whatever their case."""
    for name in sorted(filter(None, names), key=len, reverse=True):
        said = re.escape(name).replace("\\ ", r"\s*")
        text = re.sub(said, " ", text, flags=re.IGNORECASE)
    return text


def stands(cell: str, text: str) -> bool:
    """True if a cell stands in the question as it is, whatever the case, and is no part of a word."""
    folded, told = cell.casefold(), text.casefold()
    at = told.find(folded)
    while at >= 0:
        before, after = told[at - 1 : at] if at else "", told[at + len(folded) : at + len(folded) + 1]
        if folded[-1].isdecimal() and after in (".", ","):
            after = told[at + len(folded) + 1 : at + len(folded) + 2]
        if folded[0].isdecimal() and before in (".", ","):
            before = told[at - 2 : at - 1]
        if not (before and _joins(before, folded[0])) and not (after and _joins(folded[-1], after)):
            return True
        at = told.find(folded, at + 1)
    return False


def _joins(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum() and not (WIDE.match(left) or WIDE.match(right))
