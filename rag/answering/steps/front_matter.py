"""Front matter as a table to count with: a row for each document, a column for each key a question names. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rag.documents.contents.tables import DocumentTable, TableRow
from rag.text.terms import query_terms, terms
from rag.types import Document

from .listing import values_of
from .table_question import LONGEST_QUESTION
from .tabulating import MOST_ROWS, SourceTable

MOST_KEYS = 4
"""Keys of one question."""


def front_table(question: str, documents: Sequence[Document]) -> list[SourceTable]:
    """The table, with title and the keys as its columns; none where the question names no key, or there are too many
    documents. A document is told by its place in `documents`."""
    if len(question) > LONGEST_QUESTION or len(documents) > MOST_ROWS:
        return []
    asked = frozenset(query_terms(question))
    keys = Counter(key for document in documents for key, _ in document.fields or ())
    named = [key for key, _ in keys.most_common() if (own := frozenset(terms(key.replace("_", " ")))) and own <= asked]
    if not named:
        return []
    columns = named[:MOST_KEYS]
    rows = tuple(
        TableRow((document.title, *(", ".join(values_of(document, key)) for key in columns)), place, 0, 0)
        for place, document in enumerate(documents)
        if any(values_of(document, key) for key in columns)
    )
    return [SourceTable("", "", "", DocumentTable((), ("title", *(key.replace("_", " ") for key in columns)), rows))]
