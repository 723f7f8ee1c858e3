"""Questions that ask for documents by what is known of them: which, how many, the newest. Pure.

A question is one only if every word of it is understood: what is about the contents of documents is for the search.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from rag.messages import Reason, reason
from rag.text.folding import folded
from rag.text.question import bare
from rag.types import Document

from .days import between, of_span
from .list_words import LIST_WORDS, ListWords

LONGEST_QUESTION = 300
"""Characters of a question that is looked at."""
LONGEST_VALUE = 80
MOST_VALUES = 200
"""Known values that stand in one question."""
MOST_KEYS = 8
"""Keys of front matter that stand in one question."""


_WORD = r"(?!(?:no|not|any|an?|the|its|their)\b)[A-Za-z0-9_./+-]{1,80}"
"""A value that no document has."""
_BEFORE, _BEHIND = r"(?<![a-zA-Z0-9_/.-])", r"(?![a-zA-Z0-9_/-])"
"""Where a key stands by itself: in Chinese no blank parts it from other words, in a path nothing is a key."""


@dataclass(frozen=True, slots=True)
class DocumentQuery:
    """The documents that are asked for; a filter that is "" does not narrow."""

    tag: str = ""
    folder: str = ""
    """Ends in "/"."""
    kind: str = ""
    language: str = ""
    since: str = ""
    until: str = ""
    title: str = ""
    """Characters that stand in the title."""
    name: str = ""
    """Characters that stand in the name of the file."""
    key: str = ""
    """A key of front matter."""
    value: str = ""
    """What it has there; "" for anything."""
    order: str = ""
    """A name in `ORDERS`, or ":" and a key of front matter; "-" and a key for the largest first."""
    most: int = 0
    """How many of the first in that order; 0 for all."""

    def where(self) -> Reason | None:
        """The filters, for a reader; None where there is none."""
        filters = ("tag", "folder", "kind", "language", "since", "until", "title", "name")
        said = [reason(f"steps.where_{name}", value=value) for name in filters if (value := getattr(self, name))]
        if self.key:
            code = "steps.where_field" if self.value else "steps.where_key"
            said.append(reason(code, key=self.key, value=self.value))
        told: Reason | None = None
        for one in said:
            told = reason("steps.where_and", first=told, second=one) if told else one
        return told

    def __str__(self) -> str:
        """The query on one line: the same for the same documents."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return " ".join(f"{name}={value}" for name, value in values.items() if value)


Order = tuple[Callable[[Document], object], bool]
ORDERS: dict[str, Order] = {
    "newest": (lambda d: d.date, True),
    "oldest": (lambda d: d.date, False),
    "longest": (lambda d: d.tokens, True),
    "shortest": (lambda d: d.tokens, False),
}
"""Name -> what documents are ordered by, and whether the largest comes first."""


@dataclass
class _Left:
    """What of a question is not understood yet."""

    text: str
    query: DocumentQuery = field(default_factory=DocumentQuery)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The first match, which is then understood."""
        found = pattern.search(self.text)
        if found:
            self.text = f"{self.text[: found.start()]} \n {self.text[found.end() :]}"
        return found

    def narrow(self, **values: str | int) -> None:
        self.query = replace(self.query, **values)  # type: ignore[arg-type]


def query_of(question: str, documents: Sequence[Document]) -> DocumentQuery | None:
    """The documents a question asks for; None where it asks for something else, such as an article none of them is."""
    if len(question) > LONGEST_QUESTION:
        return None
    text = unicodedata.normalize("NFKC", bare(question))
    for words in LIST_WORDS:
        query = _understood(text, words, documents)
        if query and (words.sure.search(text) or chosen(query, documents)):
            return query
    return None


def _understood(text: str, words: ListWords, documents: Sequence[Document]) -> DocumentQuery | None:
    if not words.noun.search(text) or not words.asks.search(text):
        return None
    left = _Left(text)
    for read in (_title, _field, _dates, _tag, _folder, _kind, _language, _order):
        read(left, words, documents)
    for silent in (words.asks, words.noun, words.silent):
        while left.take(silent):
            pass
    return left.query if not any(c.isalnum() for c in left.text) else None


def _title(left: _Left, words: ListWords, documents: Sequence[Document]) -> None:
    for pattern in words.titles:
        if found := left.take(pattern):
            field = "name" if found.groupdict().get("of") else "title"
            left.narrow(**{field: " ".join(found["v"].split())[:LONGEST_VALUE]})
            return


def _field(left: _Left, words: ListWords, documents: Sequence[Document]) -> None:
    """A key of front matter with its value, or by which to order. Only keys that some document has are keys."""
    text = _spoken(left.text)
    keys = Counter(key for document in documents for key, _ in document.fields or () if _spoken(key) in text)
    for key in sorted(keys, key=lambda key: -len(key))[:MOST_KEYS]:
        said = _BEFORE + re.escape(_spoken(key)).replace("\\ ", "[ _-]") + _BEHIND
        for pattern, mark in words.by_key:
            if not left.query.order and left.take(re.compile(pattern.replace("{k}", said), re.IGNORECASE)):
                single = left.query.most or re.search(words.single, left.text) is not None
                left.narrow(order=f"{mark}{key}", most=int(single))
        known = dict.fromkeys(value for d in documents for value in values_of(d, key) if len(value) <= LONGEST_VALUE)
        values = [pattern.replace("{k}", said) for pattern in words.fields]
        if not left.query.key and (value := _value(left, values, known)):
            left.narrow(key=key, value=value)
        elif not left.query.key and any(left.take(_keyed(pattern, said)) for pattern in words.having):
            left.narrow(key=key)
        elif "true" in map(folded, known) and left.take(_keyed(words.marked, re.escape(_spoken(key)))):
            left.narrow(key=key, value="true")


def _keyed(pattern: str, key: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("{k}", key), re.IGNORECASE)


def _spoken(key: str) -> str:
    """A key as it is said: `related_key` as "related key"."""
    return folded(key.replace("_", " "))


def values_of(document: Document, key: str) -> tuple[str, ...]:
    """What a document has for a key of its front matter."""
    return next((values for own, values in document.fields or () if own == key), ())


def _dates(left: _Left, words: ListWords, documents: Sequence[Document]) -> None:
    for pattern, relation in words.dates:
        if found := left.take(pattern):
            spans = [span for name, said in found.groupdict().items() if said and (span := of_span(said))]
            if spans:
                since, until = between(relation, spans)
                left.narrow(since=since or left.query.since, until=until or left.query.until)


def _tag(left: _Left, words: ListWords, documents: Sequence[Document]) -> None:
    known = dict.fromkeys(tag for document in documents for tag in document.tags)
    left.narrow(tag=_value(left, words.tags, known))


def _folder(left: _Left, words: ListWords, documents: Sequence[Document]) -> None:
    folders = dict.fromkeys(path for document in documents for path in folders_of(document.name))
    by_name = {path: path for path in folders}
    by_name |= {path.rpartition("/")[2]: path for path in folders if path.rpartition("/")[2] not in by_name}
    found = _value(left, words.folders, by_name) or _known(left, [words.in_folder], by_name)
    if found:
        left.narrow(folder=f"{by_name.get(found, found)}/")


def folders_of(name: str) -> Iterator[str]:
    """The folders a document lies in, the outermost first."""
    parts = name.split("/")[:-1]
    return ("/".join(parts[: depth + 1]) for depth in range(len(parts)))


def _value(left: _Left, patterns: Sequence[str], known: Iterable[str]) -> str:
    """The value named by one of the patterns: one that is known, else a word that is not."""
    return _known(left, patterns, known) or _found(left, patterns, _WORD)


def _known(left: _Left, patterns: Sequence[str], known: Iterable[str]) -> str:
    """The known value that is named by one of the patterns, the longest first."""
    text = folded(left.text)
    named = {own: value for value in known if (own := folded(bare(value))) in text}
    names = "|".join(re.escape(name) for name in sorted(named, key=len, reverse=True)[:MOST_VALUES])
    found = _found(left, patterns, names) if names else ""
    return named.get(folded(found), found)


def _found(left: _Left, patterns: Sequence[str], values: str) -> str:
    for pattern in patterns:
        if found := left.take(re.compile(pattern.replace("{v}", f"(?P<v>{values})"), re.IGNORECASE)):
            return found["v"]
    return ""


def _kind(left: _Left, words: ListWords, documents: Sequence[Document]) -> None:
    if found := left.take(words.kind):
        left.narrow(kind=words.kinds[found["v"].casefold()])


def _language(left: _Left, words: ListWords, documents: Sequence[Document]) -> None:
    if found := left.take(words.language):
        left.narrow(language=words.languages[found["v"].casefold()])


def _order(left: _Left, words: ListWords, documents: Sequence[Document]) -> None:
    for order, pattern in words.orders.items():
        if found := left.take(pattern):
            said = next((n for n in found.groupdict().values() if n), "")
            single = re.search(words.single, left.text) is not None
            most = words.numbers.get(said.casefold(), int(said) if said.isdecimal() else 0)
            left.narrow(order=order, most=min(most, 1000) or (1 if single else 0))
            return


def chosen(query: DocumentQuery, documents: Sequence[Document]) -> list[Document]:
    """The documents a query asks for, in its order, else by name."""
    found = sorted((d for d in documents if _fits(d, query)), key=lambda d: d.name)
    if query.order:
        by, reverse = ORDERS.get(query.order) or (partial(_in_order, query.order[1:]), query.order[0] == "-")
        found = [d for d in found if by(d)]
        found.sort(key=by, reverse=reverse)  # type: ignore[arg-type]
    return found[: query.most] if query.most else found


def _in_order(key: str, document: Document) -> object:
    """What orders a document by a key of its front matter: numbers by what they are worth, before words; None for one
    without the key."""
    said = ", ".join(values_of(document, key))
    if not said:
        return None
    number = re.fullmatch(r"[-+]?\d{1,15}(?:\.\d{1,15})?", said)
    return (0, float(said), "") if number else (1, 0.0, folded(said))


def _has(document: Document, key: str, value: str) -> bool:
    values = values_of(document, key)
    return bool(values) if not value else folded(value) in map(folded, values)


def _fits(document: Document, query: DocumentQuery) -> bool:
    dated = bool(document.date) or not (query.since or query.until)
    return (
        (not query.tag or folded(query.tag) in map(folded, document.tags))
        and folded(document.name).startswith(folded(query.folder))
        and query.kind in ("", document.kind)
        and query.language in ("", document.language)
        and dated
        and (not query.since or document.date >= query.since)
        and (not query.until or document.date <= query.until)
        and folded(query.title) in folded(document.title)
        and folded(query.name) in folded(document.name)
        and (not query.key or _has(document, query.key, query.value))
    )
