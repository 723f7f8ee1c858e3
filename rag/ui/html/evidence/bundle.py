"""Saved evidence as a page that stands alone: it needs no script, prints, and sends no request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rag import ASSETS
from rag.events import SEARCH_STAGES, StageEvent
from rag.evidence.bundle import PLACE, Bundle, DocumentHash
from rag.ledger import Ledger, Match, Outcome, Quote, Search
from rag.messages import Language
from rag.retrieval.source_names import source as called
from rag.types import Candidate, Ranked

from ...i18n import locale
from ..answer import query
from ..markdown import Chips, answer
from ..markup import esc, in_base, marked, milliseconds, moment, name, path, source, t, why
from ..sheet import sheet
from . import record

STYLE = ASSETS / "bundle" / "bundle.css"
NOTHING_ELSE = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Content Security Policy of the saved page: what the browser may load and run."""


def page(bundle: Bundle, language: Language) -> str:
    """The whole page with an empty place for its data."""
    ledger = bundle.record
    title = esc(ledger.question)
    sections = (
        _answer(ledger, language)
        + _contexts(ledger, language)
        + _quotes(ledger, language)
        + _candidates(ledger, language)
        + _stages(ledger, language)
        + record.facts(ledger, language)
        + _hashes(bundle, language)
    )
    return (
        f'<!doctype html>\n<html lang="{locale(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{NOTHING_ELSE}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n<main>\n"
        f'<header><p class="kind">{t("bundle.title", language)}</p><h1>{title}</h1>'
        f'<p class="about">{_about(bundle, language)}</p></header>\n{sections}\n'
        f"<footer><p>{t('bundle.footer', language)}</p><pre>python -m rag verify FILE</pre></footer>\n</main>\n"
        f"{PLACE}\n</body>\n</html>\n"
    )


def _about(bundle: Bundle, language: Language) -> str:
    ledger = bundle.record
    facts = [t(f"bundle.outcome_{ledger.outcome}", language), f"{moment(ledger.started_at)} UTC"]
    if ledger.outcome is Outcome.GENERATED and "chat" in ledger.models:
        facts.insert(1, esc(ledger.models["chat"].name))
    if ledger.profile:
        facts.append(t(f"answer_profile_{ledger.profile}", language))
    said = " · ".join(facts)
    return f"{said}<br>{why(ledger.reason, language)}" if ledger.reason else said


def _section(title: str, body: str, language: Language, *, id: str = "") -> str:
    return f"<section{f' id={id}' if id else ''}><h2>{t(title, language)}</h2>{body}</section>\n" if body else ""


def _answer(ledger: Ledger, language: Language) -> str:
    titles = {c.number: called(c.stored, language) for c in ledger.contexts if c.number}
    prose = answer(ledger.answer, Chips(1, titles, language), complete=True) if ledger.answer else ""
    return _section("bundle.answer", f'<div class="prose">{prose}</div>' if prose else "", language)


def _contexts(ledger: Ledger, language: Language) -> str:
    quoted: dict[int, list[tuple[int, int]]] = {}
    for quote in ledger.quotes:
        if quote.match is not Match.MISSING:
            quoted.setdefault(quote.number, []).append((quote.start, quote.end))
    cards = "".join(
        f'<li id="ev-1-{c.number}">{_source(c, language)}'
        f'<div class="full" lang="{esc(c.stored.language)}">'
        f"{marked(c.stored.chunk.text, best=None, terms=quoted.get(c.number or 0, []))}</div></li>"
        for c in ledger.contexts
    )
    return _section("bundle.contexts", f'<ol class="contexts">{cards}</ol>' if cards else "", language)


def _source(c: Candidate, language: Language) -> str:
    chunk = c.stored.chunk
    place = t("bundle.place", language, start=chunk.start, end=chunk.end)
    number = f"<b>[{c.number}]</b> " if c.number is not None else ""
    return (
        f'<p class="source">{number}{source(c.stored, language)} '
        f'<span class="path">{path(chunk.heading_path)}</span> · <span class="place">{place}</span></p>'
    )


def _quotes(ledger: Ledger, language: Language) -> str:
    def row(quote: Quote) -> Sequence[str]:
        said = t(f"bundle.match_{quote.match}", language)
        return f"[{quote.number}]", esc(quote.text), f"{said} {quote.similarity:.0%}" if quote.similarity < 1 else said

    unknown = sorted({c.number for c in ledger.citations if not c.valid})
    note = f"<p>{t('bundle.unknown', language, numbers=', '.join(map(str, unknown)))}</p>" if unknown else ""
    columns = ("bundle.number", "bundle.quote", "bundle.found")
    return _section("bundle.quotes", _table(columns, map(row, ledger.quotes), language) + note, language)


def _candidates(ledger: Ledger, language: Language) -> str:
    """The candidates of each search, under its name where there are several."""
    tables = "".join(
        (_named(search, language) if len(ledger.searches) > 1 else "") + _found(search, ledger, language)
        for search in ledger.searches
        if search.candidates
    )
    return _section("bundle.candidates", tables, language)


def _named(search: Search, language: Language) -> str:
    return f"<h3>{query.named(search, search.number, language)}</h3>"


def _found(search: Search, ledger: Ledger, language: Language) -> str:
    score = ledger.models["reranker"].score_name if "reranker" in ledger.models else ""
    columns = (
        "bundle.rank", "bundle.source", "stage_dense", "stage_full_text", "stage_fuse",
        f"score_{score or 'p_yes'}", "log_odds", "bundle.became",
    )  # fmt: skip
    rows = [_candidate(c, language) for c in search.candidates]
    texts = "".join(
        f"<details><summary>{_source(c, language)}</summary>"
        f'<div class="full">{esc(c.stored.chunk.text)}</div></details>'
        for c in search.candidates
        if not c.kept
    )
    more = f'<details class="texts"><summary>{t("bundle.other_texts", language)}</summary>{texts}</details>'
    return _table(columns, rows, language) + (more if texts else "")


def _candidate(c: Candidate, language: Language) -> Sequence[str]:
    def ranked(one: Ranked | None, digits: int) -> str:
        return f"#{one.rank} <small>{one.score:.{digits}f}</small>" if one else "–"

    became = t("bundle.context", language, number=c.number) if c.number is not None else ""
    return (
        f"#{c.rank}" if c.rank is not None else "–",
        _source(c, language),
        ranked(c.dense, 4),
        ranked(c.full_text, 3),
        ranked(c.fused, 5),
        f"{c.probability:.3f}" if c.probability is not None else "–",
        f"{c.log_odds:+.2f}" if c.log_odds is not None else "–",
        became or (why(c.dropped, language) if c.dropped else "–"),
    )


def _stages(ledger: Ledger, language: Language) -> str:
    def called(e: StageEvent) -> str:
        one_of_several = len(ledger.searches) > 1 and e.stage in SEARCH_STAGES
        return f" <small>{query.number(e.search, language)}</small>" if one_of_several else ""

    rows = [
        (
            t(f"stage_{e.stage}", language) + called(e),
            t(f"state_{e.state}", language),
            milliseconds(e.milliseconds) if e.milliseconds is not None else "–",
            why(e.reason, language) if e.reason else "",
        )
        for e in ledger.stages
    ]
    columns = ("bundle.stage", "bundle.state", "bundle.time", "bundle.reason")
    return _section("stages", _table(columns, rows, language), language)


def _hashes(bundle: Bundle, language: Language) -> str:
    several = bundle.record.collections if len(bundle.record.collections) > 1 else {}
    documents = [_document(d, several.get(d.collection, ""), language) for d in bundle.documents]
    texts = [(f"<code>{esc(p.id)}</code>", f"<code>{esc(p.sha256)}</code>") for p in bundle.passages]
    body = _table(("bundle.document", "bundle.sha"), documents, language)
    return _section("bundle.hashes", body + _table(("bundle.passage", "bundle.sha"), texts, language), language)


def _document(document: DocumentHash, base: str, language: Language) -> Sequence[str]:
    before = in_base(base, language) if base else ""
    return f"{before}{name(document.name)}", f"<code>{esc(document.sha256)}</code>"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], language: Language) -> str:
    """A table whose cells are escaped HTML; "" without rows."""
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    head = "".join(f'<th scope="col">{t(column, language)}</th>' for column in columns)
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>' if lines else ""
    )


FORMS = ("html", "json")


def choices(turn: int, language: Language) -> str:
    """The sheet with the forms in which an answer can be saved, and how to verify a saved one."""
    rows = "".join(
        f'<li><button type="button" class="primary" data-act="save-as" data-turn="{turn}" data-form="{form}">'
        f"{t(f'saving.{form}', language)}</button><span>{t(f'saving.{form}_about', language)}</span></li>"
        for form in FORMS
    )
    body = (
        f'<p>{t("saving.about", language)}</p><ul class="forms">{rows}</ul>'
        f'<p>{t("saving.verify", language)}</p><pre tabindex="0">python -m rag verify FILE</pre>'
    )
    return sheet(t("saving.title", language), body, language, kind="small saving")
