"""What the language model is shown when it plans a step: short handles for what it may name, and the rest as JSON.

All of it is counted from the documents of the question's own scope. What documents say reaches the model as values.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from rag.documents.contents.leads import Lead, leads
from rag.ledger import contexts_of
from rag.messages import FIRST, text
from rag.types import Candidate, Document, StoredChunk
from rag.types.steps import AnswerStep

from ..prompts import harmless
from .listing import folders_of
from .planner import GatheringState
from .reading import section
from .tabulating import MOST_ROWS, SourceTable

SHOWN = 6
"""Contexts shown to the planner, and links of them."""
EXCERPT = 300
"""Characters of each."""
LABEL = 60
"""Characters of a name or a value."""
MOST_TABLES = 4
MOST_COLUMNS = 8
"""Columns of a table that can be named."""
MOST_VALUES = {"F": 8, "K": 6, "G": 8}
LARGEST_PROFILE = 1200
"""Bytes of the profile of the documents: some 400 tokens, in Chinese too."""

T = TypeVar("T")
Counted = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class SectionOf:
    """A section of a document."""

    document: str
    heading: str
    passages: Sequence[StoredChunk]

    def __str__(self) -> str:
        return f"{labelled(self.document)} › {labelled(self.heading)} ({len(self.passages)})"


class View:
    """One moment of a gathering, with a handle for each thing that can be named."""

    def __init__(self, state: GatheringState) -> None:
        self.state = state
        self.contexts: Sequence[Candidate] = contexts_of(state.searches)[:SHOWN]
        self.documents: Sequence[Document] = [document for document in state.documents if document.enabled]

    @cached_property
    def links(self) -> Mapping[str, Lead]:
        """Documents that the contexts lead to and nobody has looked into."""
        names = [document.name for document in self.documents]
        known = {c.stored.document for c in self.contexts} | {n for step in self.state.steps for n in step.documents}
        led = (lead for c in self.contexts for lead in leads(c.stored, names))
        found = {lead.document: lead for lead in led if lead.document not in known}
        return _handled("D", list(found.values())[:SHOWN])

    @cached_property
    def sections(self) -> Mapping[str, SectionOf]:
        """Sections in which the contexts stand, as far as they hold more than was sent."""
        sent = {c.stored.id for c in contexts_of(self.state.searches)}
        read = {(name, step.section) for step in self.state.steps for name in step.documents}
        found: dict[tuple[str, str], SectionOf] = {}
        for stored in (c.stored for c in self.contexts):
            heading = next(iter(stored.chunk.heading_path[-1:]), "")
            key = stored.document, heading
            if heading and key not in read and key not in found:
                passages = section(self.state.read(stored.document, stored.collection), heading)
                if any(one.id not in sent for one in passages):
                    found[key] = SectionOf(stored.document, heading, passages)
        return _handled("S", list(found.values()))

    @cached_property
    def tables(self) -> Mapping[str, SourceTable]:
        usable = [source for source in self.state.tables() if 0 < len(source.table.rows) <= MOST_ROWS]
        return _handled("T", usable[:MOST_TABLES])

    @cached_property
    def columns(self) -> Mapping[str, tuple[str, int]]:
        """Handle of a column -> handle of its table, and its place in that."""
        return {
            f"{handle}C{place + 1}": (handle, place)
            for handle, source in self.tables.items()
            for place, name in enumerate(source.table.columns[:MOST_COLUMNS])
            if name.strip()
        }

    @property
    def folders(self) -> Mapping[str, str]:
        return self._values("F")

    @property
    def kinds(self) -> Mapping[str, str]:
        return self._values("K")

    @property
    def tags(self) -> Mapping[str, str]:
        return self._values("G")

    @property
    def dated(self) -> Sequence[str]:
        return sorted(document.date for document in self.documents if document.date)

    def _values(self, letter: str) -> Mapping[str, str]:
        return _handled(letter, [value for value, _ in self._counted[letter]])

    @cached_property
    def _counted(self) -> Mapping[str, Counted]:
        """Values that some documents have and others have not, the most frequent first, as many as may be told."""
        found = {
            "F": self._most("F", (f"{path}/" for d in self.documents for path in folders_of(d.name))),
            "K": self._most("K", (document.kind for document in self.documents)),
            "G": self._most("G", (tag for document in self.documents for tag in dict.fromkeys(document.tags))),
        }
        while any(found.values()) and len(_bytes(self._profile(found))) > LARGEST_PROFILE:
            max(found.values(), key=lambda counted: sum(len(value.encode()) for value, _ in counted)).pop()
        return found

    def _most(self, letter: str, values: Iterable[str]) -> Counted:
        counted = Counter(value for value in values if value)
        telling = [one for one in counted.items() if one[1] < len(self.documents)]
        return sorted(telling, key=lambda one: (-one[1], one[0]))[: MOST_VALUES[letter]]

    def profile(self) -> Mapping[str, Any]:
        """What the documents are, in few words."""
        return self._profile(self._counted)

    def _profile(self, counted: Mapping[str, Counted]) -> Mapping[str, Any]:
        languages = Counter(document.language for document in self.documents)
        told: dict[str, Any] = {"documents": len(self.documents), "languages": dict(languages.most_common(4))}
        if self.dated:
            told["dated"] = f"{len(self.dated)}, {self.dated[0][:10]} to {self.dated[-1][:10]}"
        for name, letter in (("folders", "F"), ("kinds", "K"), ("tags", "G")):
            shown = [f"{labelled(value)} ({count})" for value, count in counted[letter]]
            told |= {name: _handled(letter, shown)} if shown else {}
        return told

    def told(self) -> Mapping[str, Any]:
        """What is known at this moment; a part that is empty is left out."""
        whole = {
            "question": harmless(self.state.question),
            "knowledge": self.profile(),
            "steps": [_step(step) for step in self.state.steps],
            "found": [_passage(c) for c in self.contexts],
            "links": {handle: _link(lead) for handle, lead in self.links.items()},
            "sections": {handle: str(one) for handle, one in self.sections.items()},
            "tables": {handle: self._table(handle, source) for handle, source in self.tables.items()},
        }  # fmt: skip
        return {name: value for name, value in whole.items() if value}

    def _table(self, handle: str, source: SourceTable) -> Mapping[str, Any]:
        own = {column: place for column, (of, place) in self.columns.items() if of == handle}
        first = source.table.rows[0].cells
        return {
            "of": labelled(" › ".join((source.document, *source.table.heading_path))),
            "rows": len(source.table.rows),
            "columns": {column: labelled(source.table.columns[place]) for column, place in own.items()},
            "first row": {column: labelled(first[place]) for column, place in own.items()},
        }


def _handled(letter: str, values: Sequence[T]) -> dict[str, T]:
    return {f"{letter}{place}": value for place, value in enumerate(values, 1)}


def labelled(text: str) -> str:
    """A name or a value on one line, cut."""
    line = harmless(" ".join(text.split()))
    return line if len(line) <= LABEL else line[: LABEL - 1] + "…"


def _step(step: AnswerStep) -> Mapping[str, Any]:
    """What a step did and what came of it: that nothing did is a fact like any other."""
    told: dict[str, Any] = {"step": str(step.kind), "query": harmless(step.query[:EXCERPT])}
    told |= {name: labelled(value) for name, value in step.arguments}
    if step.failed:
        return told | {"failed": True}
    if step.table is not None:
        return told | {"says": harmless(text(step.table.says, FIRST)[:EXCERPT])}
    return told | {"found": step.found, "kept": step.kept}


def _link(lead: Lead) -> str:
    return f"{labelled(lead.label)} → {labelled(lead.document)}"


def _passage(c: Candidate) -> Mapping[str, Any]:
    path = " › ".join((c.stored.document, *c.stored.chunk.heading_path))
    return {
        "passage": c.number,
        "from": harmless(path[:EXCERPT]),
        "begins": harmless(c.stored.chunk.reading.text[:EXCERPT]),
    }


def _bytes(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode()
