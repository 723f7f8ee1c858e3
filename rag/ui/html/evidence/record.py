"""The record of one answer: everything in the ledger that the page shows nowhere else."""

from __future__ import annotations

from collections.abc import Iterable

from rag.ledger import Ledger, Search
from rag.messages import Language
from rag.options import TABLE
from rag.retrieval.source_names import base_called
from rag.types import Message, RetrievalOptions

from ..answer import query
from ..markup import esc, moment, name, t
from ..options import written
from ..sheet import sheet

Row = tuple[str, str]
"""Label and value, both escaped."""


def record(ledger: Ledger, language: Language) -> str:
    """The sheet with all facts."""
    return sheet(t("record.title", language), facts(ledger, language), language, kind="record-sheet")


def facts(ledger: Ledger, language: Language) -> str:
    """Sections with search, settings, models, index, versions and the exact messages."""
    return (
        _section("record.search", _search(ledger, language), language)
        + _section("record.settings", _settings(ledger.options, language), language)
        + "".join(_other(search, ledger, language) for search in ledger.searches[1:])
        + _section("record.models", _models(ledger, language), language)
        + _section("record.index", _index(ledger, language), language)
        + _section("record.versions", [(esc(k), esc(v)) for k, v in ledger.versions.items()], language)
        + _messages(ledger.messages, language)
        + _raw(ledger, language)
    )


def _section(title: str, rows: Iterable[Row], language: Language) -> str:
    lines = "".join(f"<div><dt>{label}</dt><dd>{value}</dd></div>" for label, value in rows if value)
    return f'<section><h3>{t(title, language)}</h3><dl class="facts">{lines}</dl></section>' if lines else ""


def _search(ledger: Ledger, language: Language) -> list[Row]:
    tokens = ledger.tokens
    counted = f"{tokens.prompt:,} + {tokens.answer:,} ({esc(tokens.counted_by)})" if tokens.counted_by else ""
    return [
        (t("record.question", language), esc(ledger.question)),
        *_worded(ledger.main, language),
        (t("record.started", language), moment(ledger.started_at)),
        (t("record.context_tokens", language), f"{tokens.contexts:,}" if tokens.contexts else ""),
        (t("record.tokens", language), counted),
        (t("record.id", language), f"<code>{esc(ledger.id)}</code>" if ledger.id else ""),
    ]


def _worded(search: Search, language: Language) -> list[Row]:
    return [
        (t("record.searched_for", language), esc(search.query)),
        (t("record.author", language), t(f"record.author_{search.author}", language)),
    ]


def _other(search: Search, ledger: Ledger, language: Language) -> str:
    """A further search: its query, its purpose, and its settings where they differ from the answer's."""
    after = query.number(search.parent, language) if search.parent else ""
    rows = [
        *_worded(search, language),
        (t("searches.purpose", language), esc(search.purpose)),
        (t("searches.after", language), after),
        *(_settings(search.options, language) if search.options != ledger.options else []),
    ]
    lines = "".join(f"<div><dt>{label}</dt><dd>{value}</dd></div>" for label, value in rows if value)
    return f'<section><h3>{query.number(search.number, language)}</h3><dl class="facts">{lines}</dl></section>'


def _settings(options: RetrievalOptions, language: Language) -> list[Row]:
    return [
        *((t(option.label, language), written(option, options, language)) for option in TABLE.values()),
        (t("record.weights", language), f"{options.dense_weight:g} : {options.full_text_weight:g}"),
        (t("record.scope", language), ", ".join(name(d) for d in options.documents)),
    ]


def _models(ledger: Ledger, language: Language) -> list[Row]:
    rows: list[Row] = []
    for part, info in ledger.models.items():
        facts = " · ".join(f for f in (info.name, info.revision, info.device, info.dtype) if f)
        rows.append((t(f"part_{part}", language), esc(facts)))
    return rows


def _index(ledger: Ledger, language: Language) -> list[Row]:
    rows: list[Row] = []
    for collection, f in ledger.fingerprints.items():
        facts = (f.model, f.revision, t("record.dimensions", language, count=f.dimension), f.chunker, f.schema)
        called = base_called(ledger.collections.get(collection, collection), language)
        rows.append((name(called), " · ".join(esc(x) for x in facts if x)))
    return rows


def _messages(messages: Iterable[Message], language: Language) -> str:
    shown = "".join(
        f'<li><span class="role">{esc(m.role)}</span><pre tabindex="0">{esc(m.content)}</pre></li>' for m in messages
    )
    about = t("record.messages_about" if shown else "record.no_messages", language)
    return (
        f'<section><h3>{t("record.messages", language)}</h3><p>{about}</p><ol class="messages">{shown}</ol></section>'
    )


def _raw(ledger: Ledger, language: Language) -> str:
    if not ledger.raw:
        return ""
    return f'<section><h3>{t("record.raw", language)}</h3><pre tabindex="0">{esc(ledger.raw)}</pre></section>'
