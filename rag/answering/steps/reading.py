"""What is read in full, not searched: the rest of a list or a table that a passage cuts off, and a section. Pure.

A section is named by a link, `page#heading`, or by the question. What is read is judged like what a search finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from rag.messages import Reason, reason
from rag.types import Candidate, StoredChunk
from rag.types.steps import StepAuthor, StepKind

from .naming import titled, words_of
from .planner import GatheringState, StepChoice

MOST = 6
"""Passages that one step reads."""
MOST_ON = 3
"""Passages after one that is cut off."""
LEAST_HEADING = 2
"""Words of a heading that names a section; characters of scripts without blanks count as words."""
NAMED = 3
"""Documents named by the question in which a section is looked for."""
_ITEM = re.compile(r"\s{0,8}(?:[-*+•]|\(?\d{1,3}[.)、）]|[a-z][.)])\s*\S")
_MORE = re.compile(r"\s{2,}\S")
_ROW = re.compile(r"\s*\|.*\||[^|\n]+\|[^|\n]+")
_ASKS_FOR_ALL = re.compile(
    r"\b(?:all|every|list|which|steps|what\s+(?:\w+\s+){0,2}?(?:are|types|kinds|options)|how\s+(?:do|to|can|should)|how\s+many)\b"
    r"|哪些|哪几|所有|全部|列出|步骤|怎么|如何|怎样|几种|多少种",
    re.IGNORECASE,
)
_SECTION = re.compile(r"\b(?:sections?|chapters?|headings?|paragraphs?|part)\b|章|小?节|部分|段落|标题", re.IGNORECASE)


def rests(state: GatheringState, contexts: Sequence[Candidate]) -> Iterator[StepChoice]:
    """The passages in which a list or a table goes on behind a context, context by context."""
    if not _ASKS_FOR_ALL.search(state.question):
        return
    sent = {c.stored.id for c in contexts}
    for c in contexts if state.eager else contexts[:1]:
        what = _cut(c.stored.chunk.text)
        after = _going_on(c.stored, state.read(c.stored.document, c.stored.collection), what) if what else []
        rest = [stored for stored in after if stored.id not in sent]
        if rest:
            heading = (c.stored.chunk.heading_path or (c.stored.document,))[-1]
            why = reason(f"steps.{what}_goes_on", heading=heading, document=c.stored.document)
            yield _reading(state.question, "", c.stored.document, heading, rest, why)


def sections(state: GatheringState, candidates: Sequence[Candidate]) -> Iterator[StepChoice]:
    """The sections that the question names, of documents it names or in which something was found."""
    if not _SECTION.search(state.question):
        return
    said = words_of(state.question)
    named = titled(state.question, [document for document in state.documents if document.enabled])[:NAMED]
    places = dict.fromkeys(
        [*((d.name, "") for d in named), *((c.stored.document, c.stored.collection) for c in candidates)]
    )
    titles = {words_of(document.title) for document in named}
    for document, collection in list(places)[: MOST + NAMED]:
        chunks = state.read(document, collection)
        headings = dict.fromkeys(heading for stored in chunks for heading in stored.chunk.heading_path)
        for heading in sorted(headings, key=lambda h: -len(words_of(h))):
            own = words_of(heading)
            if len(own) >= LEAST_HEADING and own not in titles and _within(own, said):
                why = reason("steps.section_named", heading=heading, document=document)
                yield _reading(state.question, "", document, heading, section(chunks, heading), why)
                break


def linked(state: GatheringState, document: str, collection: str, anchor: str, label: str) -> StepChoice | None:
    """The section of a document that a link leads to; None where there is no such section."""
    chunks = state.read(document, collection) if anchor else ()
    found = section(chunks, unquote(anchor).replace("-", " "))
    if not found:
        return None
    heading = found[0].chunk.heading_path[-1]
    why = reason("steps.section_linked", heading=heading, document=document)
    return _reading(label or heading, label or heading, document, heading, found, why)


def section(chunks: Sequence[StoredChunk], heading: str) -> list[StoredChunk]:
    """The first passages of a section with all that is under it; none where no heading is called so."""
    wanted = words_of(heading)
    found: list[StoredChunk] = []
    for stored in chunks:
        if wanted and wanted in map(words_of, stored.chunk.heading_path):
            found.append(stored)
        elif found:
            break
    return found[:MOST]


def _reading(
    query: str, purpose: str, document: str, heading: str, passages: Sequence[StoredChunk], why: Reason
) -> StepChoice:
    return StepChoice(
        StepKind.READ, StepAuthor.RULE, why, query, purpose, (document,), section=heading,
        passages=tuple(passages[:MOST]),
    )  # fmt: skip


def _within(own: Sequence[str], said: Sequence[str]) -> bool:
    return any(tuple(said[at : at + len(own)]) == tuple(own) for at in range(len(said) - len(own) + 1))


def _cut(text: str) -> str:
    """What a passage may end in the midst of: "list", "table" or ""."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    if _ROW.fullmatch(lines[-1]):
        return "table"
    items = any(_ITEM.match(line) for line in lines)
    return "list" if items and (_ITEM.match(lines[-1]) or _MORE.match(lines[-1])) else ""


def _going_on(stored: StoredChunk, chunks: Sequence[StoredChunk], what: str) -> list[StoredChunk]:
    """The passages right behind one, as long as what it was cut in goes on in them."""
    found: list[StoredChunk] = []
    last = stored.chunk
    for each in chunks:
        chunk = each.chunk
        if chunk.index != last.index + 1:
            continue
        first = next((line for line in chunk.text.splitlines() if line.strip()), "")
        goes_on = _ROW.fullmatch(first) if what == "table" else _ITEM.match(first) or _MORE.match(first)
        if len(found) == MOST_ON or chunk.heading_path != stored.chunk.heading_path or not goes_on:
            break
        found.append(each)
        last = chunk
        if _cut(chunk.text) != what:
            break
    return found
