"""The sheet on what a knowledge base is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from markupsafe import Markup

from rag.knowledge.knowledge_base import KnowledgeBase
from rag.messages import Language
from rag.types.contents import AlikeDocuments, Counts, KnowledgeProfile, TableSketch

from ..markup import button, html, joined, name, path, t
from ..sheet import sheet
from .library import called
from .table import language_named

SHOWN_TABLES = 30


def sheet_of(made_of: KnowledgeProfile, base: KnowledgeBase, language: Language) -> Markup:
    """The sheet."""
    about = [t("profile.counted", language)]
    if made_of.read < made_of.documents:
        about.append(t("profile.partly", language, read=made_of.read, documents=made_of.documents))
    lines = joined(
        html("<div><dt>{}</dt><dd>{}</dd></div>")(t(f"profile.{key}", language), told)
        for key, told in _facts(made_of, base.id, language)
    )
    body = html('<p class="kb-hint">{}</p><dl class="facts kb-facts">{}</dl>')(joined(about, " "), lines)
    return sheet(t("profile.title", language, name=called(base, language)), body, language, kind="kb-sheet")


def _facts(made_of: KnowledgeProfile, base: str, language: Language) -> Iterator[tuple[str, Markup]]:
    """Name of a fact, and what is told of it."""
    counts = {"count": made_of.documents, "chunks": made_of.chunks, "tokens": made_of.tokens}
    yield "documents", t("profile.documents_are", language, **counts)
    yield "kinds", _counted(made_of.kinds, language)
    yield "languages", _counted(made_of.languages, language, lambda code: language_named(code, language))
    yield "folders", _counted(made_of.folders, language)
    yield "tags", _counted(made_of.tags, language)
    yield "fields", _counted(made_of.fields, language)
    first, last = made_of.dates
    dated = t("profile.dates_are", language, count=made_of.dated, first=first, last=last)
    yield "dates", dated if made_of.dated else t("profile.dates_none", language)
    headings = t("profile.headings_are", language, count=made_of.headings)
    yield "headings", html("{} {}")(headings, _counted(made_of.common_headings, language))
    yield "tables", _tables(made_of, base, language)
    yield "links", _links(made_of, base, language)
    yield "alike", _alike(made_of.alike, base, language)


def _counted(counts: Counts, language: Language, shown: Callable[[str], Markup] = name) -> Markup:
    if not counts:
        return t("profile.none", language)
    return joined((_with_count(shown(value), n) for value, n in counts), " · ")


def _with_count(value: Markup, count: int) -> Markup:
    return html("{} <small>{}</small>")(value, count)


def _tables(made_of: KnowledgeProfile, base: str, language: Language) -> Markup:
    if not made_of.tables:
        return t("profile.none", language)
    said = t("profile.tables_are", language, count=made_of.tables, documents=made_of.documents_with_tables)
    return said + _listed(_table(sketch, base, language) for sketch in made_of.sketches[:SHOWN_TABLES])


def _table(sketch: TableSketch, base: str, language: Language) -> Markup:
    columns = joined(map(name, filter(None, sketch.columns)), " | ")
    rows = t("profile.table_rows", language, count=sketch.rows)
    where = _document(sketch.document, base)
    return html('{} <span class="path">{}</span> <small>{} · {}</small>')(
        where, path(sketch.heading_path), columns, rows
    )


def _links(made_of: KnowledgeProfile, base: str, language: Language) -> Markup:
    said = t("profile.links_are", language, count=made_of.links, dangling=made_of.dangling)
    if not made_of.linked:
        return said
    rows = (_with_count(_document(document, base), count) for document, count in made_of.linked)
    return html("{}<br>{}{}")(said, t("profile.linked", language), _listed(rows))


def _alike(pairs: Iterable[AlikeDocuments], base: str, language: Language) -> Markup:
    rows = [_pair(pair, base, language) for pair in pairs]
    return _listed(rows) if rows else t("profile.alike_none", language)


def _pair(pair: AlikeDocuments, base: str, language: Language) -> Markup:
    told = [t("profile.alike_shared", language, percent=round(100 * pair.shared))] if pair.shared else []
    told += [t("profile.alike_versions", language)] if pair.versions else []
    first, second = _document(pair.first, base), _document(pair.second, base)
    return html("{} · {} <small>{}</small>")(first, second, joined(told, " · "))


def _document(called: str, base: str) -> Markup:
    return button("open", "doc-open", html('<bdi class="file">{}</bdi>')(name(called)), name=called, base=base)


def _listed(rows: Iterable[Markup]) -> Markup:
    return html("<ul>{}</ul>")(joined(map(html("<li>{}</li>"), rows)))
