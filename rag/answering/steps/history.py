"""Questions about time: what changed since a day, the history of something, as a list of dated documents. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from rag.text.question import bare
from rag.types import Document

from .days import between, of_span
from .list_words import LIST_WORDS
from .listing import LONGEST_QUESTION, LONGEST_VALUE, DocumentQuery, chosen

LEAST = 2
"""Dated documents that make a history."""

_CHANGED = re.compile(
    r"^what\s+(?:(?:else\s+)?(?:has|have|had|is|are|was|were)\s+)?(?:been\s+)?(?:chang\w+|new|happen\w*|updated|written|added)\b(?P<rest>.*)$"
    r"|^(?P<before>.*?)(?:都|又)?(?:有|发生|更新|改动|新增|写)?了?(?:什么|哪些)(?:变化|变更|更新|改动|新内容|新文档)?(?P<after>)$",
    re.IGNORECASE | re.DOTALL,
)
_HISTORY = re.compile(
    r"^(?:(?:show|give|tell)\s+(?:me\s+)?|list\s+|what\s+is\s+)?(?:the\s+|an?\s+)?(?:history|time\s?line|chronology)\s+of\s+(?P<of>.+)$"
    r"|^(?P<zh>.+?)的?(?:历史|时间线|历程|沿革)(?:是什么|如何|是怎样的)?$",
    re.IGNORECASE | re.DOTALL,
)
_SILENT = re.compile(
    r"^(?:\s|[,，的]|\b(?:in|to|of|on|with|for|about|the|all|our|my)\b)+|(?:\s|[,，的在])+$", re.IGNORECASE
)


def history_of(question: str, documents: Sequence[Document]) -> DocumentQuery | None:
    """The dated documents that a question about time is told by, in order; None where it asks for something else."""
    if len(question) > LONGEST_QUESTION:
        return None
    text = unicodedata.normalize("NFKC", bare(question))
    if found := _HISTORY.search(text):
        about, since, until = _dated(found["of"] or found["zh"])
    elif found := _CHANGED.search(text):
        about, since, until = _dated(found["rest"] or found["before"] or "")
        if not since and not until:
            return None
    else:
        return None
    for query in _queries(_SILENT.sub("", about)[:LONGEST_VALUE], since, until):
        if len(chosen(query, documents)) >= LEAST:
            return query
    return None


def _dated(text: str) -> tuple[str, str, str]:
    """What a text says besides the days it names, and the first and the last of those; "" for an open end."""
    since = until = ""
    for words in LIST_WORDS:
        for pattern, relation in words.dates:
            if found := pattern.search(text):
                spans = [span for said in found.groupdict().values() if said and (span := of_span(said))]
                if spans:
                    since, until = between(relation, spans)
                    return f"{text[: found.start()]} {text[found.end() :]}", since, until
    return text, since, until


def _queries(about: str, since: str, until: str) -> Iterator[DocumentQuery]:
    """Ways in which documents may be about it: all of them, by title, by name, by tag."""
    if not any(c.isalnum() for c in about):
        yield DocumentQuery(since=since, until=until, order="oldest")
        return
    yield DocumentQuery(title=about, since=since, until=until, order="oldest")
    yield DocumentQuery(name=about, since=since, until=until, order="oldest")
    yield DocumentQuery(name="-".join(about.split()), since=since, until=until, order="oldest")
    yield DocumentQuery(tag=about, since=since, until=until, order="oldest")
