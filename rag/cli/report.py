"""Events and evidence as plain text and JSON, for the command line. Pure; the page has its own renderer."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

from rag.citations import summary as checks
from rag.events import SEARCH_STAGES, DocumentOutcome, IngestEvent, StageEvent, StageState, beside_of, twin_of
from rag.evidence import text_chart
from rag.ledger import Author, Ledger, Search
from rag.messages import Language, Reason, label, reason, text
from rag.retrieval.names import told
from rag.retrieval.source_names import source
from rag.types import HEADING_SEPARATOR, Candidate, Document
from rag.types.contents import Counts, KnowledgeProfile
from rag.types.steps import ARGUMENT_NAMES, AnswerStep, ComparedPlace, StepComparison

_SAID_IN_WORDS = {
    *(("operation", name) for name in ("count", "sum", "mean", "least", "most", "value")),
    *(("order", name) for name in ("newest", "oldest", "longest", "shortest")),
}
"""Arguments whose values are names of our own."""


def stage_line(event: StageEvent, language: Language) -> str:
    """One line for a stage that ended; "" while it runs."""
    if event.state in (StageState.STARTED, StageState.PROGRESS):
        return ""
    took = f" {event.milliseconds:.0f} ms" if event.milliseconds is not None else ""
    count = f" {event.done}/{event.total}" if event.total else f" {event.done}" if event.done else ""
    why = f": {text(event.reason, language)}" if event.reason else ""
    stage, state = label(f"ui.stage_{event.stage}", language), label(f"report.state_{event.state}", language)
    search = f"{event.search}: " if event.search > 1 and event.stage in SEARCH_STAGES else ""
    return f"  {search}{stage:<10} {state}{count}{took}{why}"


def ingest_line(event: IngestEvent, language: Language) -> str:
    """One line for a file that is done with; "" while it is worked on."""
    if event.outcome is None:
        return ""
    if event.outcome is DocumentOutcome.PASSED_OVER:
        return f"{event.name}: {text(event.reason, language)}" if event.reason else ""
    origin = f" ({event.origin})" if event.origin else ""
    counts = f"  {event.chunks} chunks, {event.embedded} embedded" if event.chunks else ""
    why = f"  {text(event.reason, language)}" if event.reason else ""
    twin = f"  {text(twin_of(event), language)}" if event.twin else ""
    beside = f"  {text(beside_of(event), language)}" if event.beside else ""
    unkept = f"  {text(event.unkept, language)}" if event.unkept else ""
    return (
        f"{label(f'ui.outcome_{event.outcome}', language):<10} {event.name}{origin}{counts}{beside}{twin}{why}{unkept}"
    )


def document_line(document: Document) -> str:
    """Name, chunks, tokens, language and size of a document."""
    off = "" if document.enabled else "  disabled"
    return (
        f"{document.name}  {document.chunks} chunks  {document.tokens} tokens  {document.language}"
        f"  {document.size} B{off}"
    )


def profile_lines(made_of: KnowledgeProfile, language: Language) -> list[str]:
    """What a knowledge base is made of, a line for each fact and each table."""

    def fact(key: str, said: str) -> str:
        return f"{label(f'profile.{key}', language)}: {said or label('profile.none', language)}"

    def told(key: str, **values: int | str) -> str:
        return text(reason(f"profile.{key}", **values), language)

    first, last = made_of.dates
    dated = told("dates_are", count=made_of.dated, first=first, last=last) if made_of.dated else ""
    tables = told("tables_are", count=made_of.tables, documents=made_of.documents_with_tables)
    links = told("links_are", count=made_of.links, dangling=made_of.dangling)
    return [
        told("documents_are", count=made_of.documents, chunks=made_of.chunks, tokens=made_of.tokens),
        *(fact(key, _counts(getattr(made_of, key))) for key in ("kinds", "languages", "folders", "tags", "fields")),
        fact("dates", dated),
        fact("headings", f"{told('headings_are', count=made_of.headings)} {_counts(made_of.common_headings)}"),
        fact("tables", tables if made_of.tables else ""),
        *(f"  {t.document}: {' | '.join(t.columns)} ({told('table_rows', count=t.rows)})" for t in made_of.sketches),
        fact("links", links),
        *(f"  {name}: {count}" for name, count in made_of.linked),
        fact("alike", "" if made_of.alike else told("alike_none")),
        *(f"  {pair.first}, {pair.second}: {round(100 * pair.shared)} %" for pair in made_of.alike),
    ]


def _counts(counts: Counts) -> str:
    return ", ".join(f"{value} ({count})" for value, count in counts)


def search_line(search: Search, language: Language) -> str:
    """Line that tells what one of several searches was for."""
    name = text(reason("searches.number", number=search.number), language)
    purpose = f" ({_line(search.purpose)})" if search.purpose else ""
    return f"{name}: {_line(search.query)}{purpose}"


def step_lines(step: AnswerStep, language: Language) -> list[str]:
    """Line that tells of a step, and what it lists or counts."""
    lines = [step_line(step, language)]
    if step.comparison is not None:
        lines += _beside(step.comparison)
    if step.chart is not None:
        lines += [f"   {line}" for line in text_chart.lines(step.chart)]
    if step.table is not None and step.table.rows:
        table = step.table
        columns = [label(f"steps.column_{c}", language) for c in table.columns] if table.of_documents else table.columns
        lines.append("   " + " | ".join(map(_line, columns)))
        lines += ["   " + " | ".join(map(_line, row.cells)) for row in table.rows]
        lines.append("   " + text(reason("steps.shown_rows", shown=len(table.rows), total=table.total), language))
    return lines


def _beside(comparison: StepComparison) -> Iterator[str]:
    """Both sides, one after the other; of versions, each difference as it was and as it is."""
    if not comparison.of_versions:
        for side, name in enumerate(comparison.names):
            yield f"   {_line(name)}"
            yield from (f"     {_placed(row[side])}" for row in comparison.rows if row[side])
        return
    for row in comparison.rows:
        yield from (f"   {sign} {_placed(place)}" for place, sign in zip(row, "-+", strict=True) if place)


def _placed(place: ComparedPlace | None) -> str:
    return (
        f"{_line(place.text)} ({_line(HEADING_SEPARATOR.join((place.document, *place.heading_path)))})" if place else ""
    )


def step_line(step: AnswerStep, language: Language) -> str:
    """Line that tells of a step that has ended: what was done, why, and what came of it."""
    done = label(f"steps.kind_{step.kind}", language)
    query = f": {_line(step.query)}" if step.query else ""
    came = text(reason("steps.came", found=step.found, kept=step.kept), language) if step.search else ""
    note = text(step.note, language) if step.note else ""
    again = label("steps.reused", language) if step.reused else ""
    told = " · ".join(filter(None, (came, again, note, text(step.why, language), *_arguments(step, language))))
    return f"{step.number}. {done}{query} ({told})"


def _arguments(step: AnswerStep, language: Language) -> Iterator[str]:
    """What a step was told besides its query, such as the folder its search kept to."""
    for name, value in step.arguments:
        if name in ARGUMENT_NAMES:
            ours = f"steps.{name}_{value}" if (name, value) in _SAID_IN_WORDS else ""
            yield f"{label(f'steps.arg_{name}', language)}: {label(ours, language) if ours else _line(value)}"


def searched_for(query: str, author: Author, language: Language) -> str:
    """Line that tells the query of an answer, where it is not the question as typed."""
    return f"{label('ui.searched_for', language)} {_line(query)} ({label(f'query.by_{author}', language)})"


def evidence(candidates: Sequence[Candidate], score_name: str, language: Language) -> str:
    """Every candidate in final order: kept ones with their number, dropped ones with their reason."""
    lines = [_card(c, score_name, language) for c in candidates]
    return "\n".join(lines) if lines else label("report.no_candidates", language)


def checks_of(ledger: Ledger, language: Language) -> str:
    """Check of an answer against its sources: a line in all, one for each quote, one for each sentence without source.

    "" where it claims nothing.
    """
    line = checks.summary(ledger, language)
    if not line:
        return ""
    quotes = [
        f"  [{quote.number}] "
        + text(reason("support.quote", remark=checks.remark(quote, language), words=_line(quote.text)), language)
        for quote in ledger.quotes
    ]
    bare = [
        "  " + text(reason("support.no_source_named", sentence=_line(ledger.answer[c.start : c.end])), language)
        for c in checks.without_source(ledger)
    ]
    return "\n".join([line, *quotes, *bare])


def _line(words: str) -> str:
    return " ".join(words.split())


def _card(candidate: Candidate, score_name: str, language: Language) -> str:
    chunk = candidate.stored.chunk
    mark = f"[{candidate.number}]" if candidate.number else " - "
    path = f" {HEADING_SEPARATOR.join(chunk.heading_path)}" if chunk.heading_path else ""
    first = f"{mark:>4} {source(candidate.stored, language)}{path} [{chunk.start}:{chunk.end}]"
    named = label(f"report.{score_name or 'p_yes'}", language)
    judged = (
        f"{named} {candidate.probability:.3f} (log-odds {candidate.log_odds:+.2f})  "
        if candidate.probability is not None
        else ""
    )
    ranks = "  ".join(
        f"{name} #{ranked.rank} ({ranked.score:.4f})"
        for name, ranked in (("dense", candidate.dense), ("BM25", candidate.full_text), ("RRF", candidate.fused))
        if ranked
    )
    remarks = [remark for remark in (told(candidate), candidate.dropped) if remark]
    why = "".join(f"\n     {text(remark, language)}" for remark in remarks)
    snippet = " ".join(chunk.text.split())[:160]
    return f"{first}\n     {judged}{ranks}{why}\n     {snippet}"


def answer(ledger: Ledger) -> dict[str, Any]:
    """A ledger as `plain` gives it, and beside its searches the first of them as it was given before there could be
    several: `search_query`, `author`, `retrieval`, and all stages in one list."""
    main = ledger.main
    first = {"search_query": main.query, "author": main.author, "retrieval": main.retrieval, "stages": ledger.stages}
    return {**plain(ledger), **plain(first)}


def plain(value: Any) -> Any:
    """Dataclasses as JSON-ready values; a reason gets its English sentence beside its code."""
    if isinstance(value, Reason):
        return {"code": value.code, "values": plain(value.values), "text": str(value)}
    if isinstance(value, Candidate):
        fields = {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {**fields, "probability": value.probability}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value
