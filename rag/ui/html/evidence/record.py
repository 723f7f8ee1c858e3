"""The record of one answer: everything in the ledger that the page shows nowhere else."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from rag.ledger import Ledger, Search
from rag.messages import Language
from rag.options import TABLE
from rag.retrieval.source_names import base_called
from rag.types import Message, RetrievalOptions

from ..answer import query
from ..markup import html, joined, moment, name, t
from ..options import written
from ..sheet import sheet

Row = tuple[str, str]
"""Label and value."""


def record(ledger: Ledger, language: Language) -> Markup:
    """The sheet with all facts."""
    return sheet(t("record.title", language), facts(ledger, language), language, kind="record-sheet")


def facts(ledger: Ledger, language: Language) -> Markup:
    """Sections with search, settings, models, index, versions and the exact messages."""

    def section(title: str, rows: Iterable[Row]) -> Markup:
        return _section(t(f"record.{title}", language), rows)

    return joined([
        section("search", _search(ledger, language)),
        section("settings", _settings(ledger.options, language)),
        *(_other(search, ledger, language) for search in ledger.searches[1:]),
        section("models", _models(ledger, language)),
        section("index", _index(ledger, language)),
        section("versions", ledger.versions.items()),
        _messages(ledger.messages, language),
        _raw(ledger, language),
    ])  # fmt: skip


def _section(title: Markup, rows: Iterable[Row]) -> Markup:
    lines = joined(html("<div><dt>{}</dt><dd>{}</dd></div>")(label, value) for label, value in rows if value)
    return html('<section><h3>{}</h3><dl class="facts">{}</dl></section>')(title, lines) if lines else lines


def _search(ledger: Ledger, language: Language) -> list[Row]:
    tokens = ledger.tokens
    counted = f"{tokens.prompt:,} + {tokens.answer:,} ({tokens.counted_by})" if tokens.counted_by else ""
    return [
        (t("record.question", language), ledger.question),
        *_worded(ledger.main, language),
        (t("record.started", language), moment(ledger.started_at)),
        (t("record.context_tokens", language), f"{tokens.contexts:,}" if tokens.contexts else ""),
        (t("record.tokens", language), counted),
        (t("record.id", language), html("<code>{}</code>")(ledger.id) if ledger.id else ""),
    ]


def _worded(search: Search, language: Language) -> list[Row]:
    return [
        (t("record.searched_for", language), search.query),
        (t("record.author", language), t(f"record.author_{search.author}", language)),
    ]


def _other(search: Search, ledger: Ledger, language: Language) -> Markup:
    """A further search: its query, its purpose, and its settings where they differ from the answer's."""
    after = query.number(search.parent, language) if search.parent else ""
    rows = [
        *_worded(search, language),
        (t("searches.purpose", language), search.purpose),
        (t("searches.after", language), after),
        *(_settings(search.options, language) if search.options != ledger.options else []),
    ]
    return _section(query.number(search.number, language), rows)


def _settings(options: RetrievalOptions, language: Language) -> list[Row]:
    return [
        *((t(option.label, language), written(option, options, language)) for option in TABLE.values()),
        (t("record.weights", language), f"{options.dense_weight:g} : {options.full_text_weight:g}"),
        (t("record.scope", language), joined(map(name, options.documents), ", ")),
    ]


def _models(ledger: Ledger, language: Language) -> list[Row]:
    rows: list[Row] = []
    for part, info in ledger.models.items():
        facts = " · ".join(f for f in (info.name, info.revision, info.device, info.dtype) if f)
        rows.append((t(f"part_{part}", language), facts))
    return rows


def _index(ledger: Ledger, language: Language) -> list[Row]:
    rows: list[Row] = []
    for collection, f in ledger.fingerprints.items():
        facts = (f.model, f.revision, t("record.dimensions", language, count=f.dimension), f.chunker, f.schema)
        called = base_called(ledger.collections.get(collection, collection), language)
        rows.append((name(called), joined((x for x in facts if x), " · ")))
    return rows


def _messages(messages: Iterable[Message], language: Language) -> Markup:
    one = html('<li><span class="role">{}</span><pre tabindex="0">{}</pre></li>')
    shown = joined(one(m.role, m.content) for m in messages)
    about = t("record.messages_about" if shown else "record.no_messages", language)
    section = html('<section><h3>{}</h3><p>{}</p><ol class="messages">{}</ol></section>')
    return section(t("record.messages", language), about, shown)


def _raw(ledger: Ledger, language: Language) -> Markup:
    section = html('<section><h3>{}</h3><pre tabindex="0">{}</pre></section>')
    return section(t("record.raw", language), ledger.raw) if ledger.raw else Markup()
