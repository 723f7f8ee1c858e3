"""Saved evidence as a page that stands alone: it needs no script, prints, and sends no request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from rag import ASSETS
from rag.events import SEARCH_STAGES, StageEvent
from rag.evidence.bundle import PLACE, Bundle, DocumentHash
from rag.ledger import Ledger, Match, Outcome, Quote, Search
from rag.messages import Language
from rag.retrieval.source_names import source as called
from rag.types import Candidate, Ranked

from ...i18n import locale
from ..answer import displays, query, steps
from ..highlights import Highlights
from ..markdown import Chips, answer
from ..markup import button, esc, html, in_base, joined, milliseconds, moment, name, t, where, why
from ..reading.passage import whole
from ..sheet import sheet
from . import record

STYLE = ASSETS / "bundle" / "bundle.css"
NOTHING_ELSE = Markup("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'")
"""Content Security Policy of the saved page: what the browser may load and run."""
CODE = html("<code>{}</code>")


def page(bundle: Bundle, language: Language) -> Markup:
    """The whole page with an empty place for its data."""
    ledger = bundle.record
    sections = (_answer, _tables, _contexts, _quotes, _steps, _candidates, _stages, record.facts)
    parts = [each(ledger, language) for each in sections]
    return html(
        '<!doctype html>\n<html lang="{}">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="{}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        "<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        '<header><p class="kind">{}</p><h1>{title}</h1><p class="about">{}</p></header>\n{}\n'
        "<footer><p>{}</p><pre>python -m rag verify FILE</pre></footer>\n</main>\n{place}\n</body>\n</html>\n"
    )(
        locale(language), NOTHING_ELSE, t("bundle.title", language), _about(bundle, language),
        joined([*parts, _hashes(bundle, language)]), t("bundle.footer", language),
        title=ledger.question, style=Markup(STYLE.read_text(encoding="utf-8")), place=Markup(PLACE),
    )  # fmt: skip


def _about(bundle: Bundle, language: Language) -> Markup:
    ledger = bundle.record
    facts = [t(f"bundle.outcome_{ledger.outcome}", language), html("{} UTC")(moment(ledger.started_at))]
    if ledger.outcome is Outcome.GENERATED and "chat" in ledger.models:
        facts.insert(1, esc(ledger.models["chat"].name))
    if ledger.profile:
        facts.append(t(f"answer_profile_{ledger.profile}", language))
    said = joined(facts, " · ")
    return html("{}<br>{}")(said, why(ledger.reason, language)) if ledger.reason else said


def _section(title: str, body: Markup, language: Language, *, id: str = "") -> Markup:
    shown = html("<section{}><h2>{}</h2>{}</section>\n")
    return shown(f" id={id}" if id else "", t(title, language), body) if body else body


def _answer(ledger: Ledger, language: Language) -> Markup:
    titles = {c.number: called(c.stored, language) for c in ledger.contexts if c.number}
    prose = answer(ledger.answer, Chips(1, titles, language), complete=True) if ledger.answer else Markup()
    return _section("bundle.answer", html('<div class="prose">{}</div>')(prose) if prose else prose, language)


def _tables(ledger: Ledger, language: Language) -> Markup:
    return _section("bundle.tables", displays.kept(ledger, language), language)


def _steps(ledger: Ledger, language: Language) -> Markup:
    return _section("bundle.steps", steps.saved(ledger, language), language)


def _contexts(ledger: Ledger, language: Language) -> Markup:
    quoted: dict[int, list[tuple[int, int]]] = {}
    for quote in ledger.quotes:
        if quote.match is not Match.MISSING:
            quoted.setdefault(quote.number, []).append((quote.start, quote.end))
    cards = joined(_context(c, quoted.get(c.number or 0, []), language) for c in ledger.contexts)
    return _section("bundle.contexts", html('<ol class="contexts">{}</ol>')(cards) if cards else cards, language)


def _context(c: Candidate, quoted: Sequence[tuple[int, int]], language: Language) -> Markup:
    text = whole(c.stored.chunk, Highlights(terms=quoted), language)
    body = html('<div class="full" lang="{}">{}</div>')(c.stored.language, text)
    return html('<li id="ev-1-{}">{}{}</li>')(c.number or 0, _source(c, language), body)


def _source(c: Candidate, language: Language) -> Markup:
    chunk = c.stored.chunk
    place = t("bundle.place", language, start=chunk.start, end=chunk.end)
    number = html("<b>[{}]</b> ")(c.number) if c.number is not None else ""
    return html('<p class="source">{}{} · <span class="place">{}</span></p>')(number, where(c.stored, language), place)


def _quotes(ledger: Ledger, language: Language) -> Markup:
    def row(quote: Quote) -> Sequence[str]:
        said = t(f"bundle.match_{quote.match}", language)
        near = f" {quote.similarity:.0%}" if quote.similarity < 1 else ""
        return f"[{quote.number}]", quote.text, said + near

    unknown = sorted({c.number for c in ledger.citations if not c.valid})
    note = (
        html("<p>{}</p>")(t("bundle.unknown", language, numbers=", ".join(map(str, unknown)))) if unknown else Markup()
    )
    columns = ("bundle.number", "bundle.quote", "bundle.found")
    return _section("bundle.quotes", _table(columns, map(row, ledger.quotes), language) + note, language)


def _candidates(ledger: Ledger, language: Language) -> Markup:
    """The candidates of each search, under its name where there are several."""
    tables: list[Markup] = []
    for search in ledger.searches:
        if len(ledger.searches) > 1 and search.candidates:
            tables.append(html("<h3>{}</h3>")(query.named(search, search.number, language)))
        tables.append(_found(search, ledger, language))
    return _section("bundle.candidates", joined(tables), language)


def _found(search: Search, ledger: Ledger, language: Language) -> Markup:
    score = ledger.models["reranker"].score_name if "reranker" in ledger.models else ""
    columns = (
        "bundle.rank", "bundle.source", "stage_dense", "stage_full_text", "stage_fuse",
        f"score_{score or 'p_yes'}", "log_odds", "bundle.became",
    )  # fmt: skip
    rows = [_candidate(c, language) for c in search.candidates]
    one = html('<details><summary>{}</summary><div class="full">{}</div></details>')
    unsent = [c for c in search.candidates if not c.kept]
    texts = joined(one(_source(c, language), whole(c.stored.chunk, Highlights(), language)) for c in unsent)
    more = html('<details class="texts"><summary>{}</summary>{}</details>')(t("bundle.other_texts", language), texts)
    return _table(columns, rows, language) + (more if texts else "")


def _candidate(c: Candidate, language: Language) -> Sequence[str]:
    def ranked(one: Ranked | None, digits: int) -> Markup:
        return html("#{} <small>{}</small>")(one.rank, f"{one.score:.{digits}f}") if one else Markup("–")

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


def _stages(ledger: Ledger, language: Language) -> Markup:
    def called(e: StageEvent) -> Markup:
        one_of_several = len(ledger.searches) > 1 and e.stage in SEARCH_STAGES
        of = html(" <small>{}</small>")(query.number(e.search, language)) if one_of_several else ""
        return t(f"stage_{e.stage}", language) + of

    rows = [
        (
            called(e),
            t(f"state_{e.state}", language),
            milliseconds(e.milliseconds) if e.milliseconds is not None else "–",
            why(e.reason, language) if e.reason else "",
        )
        for e in ledger.stages
    ]
    columns = ("bundle.stage", "bundle.state", "bundle.time", "bundle.reason")
    return _section("stages", _table(columns, rows, language), language)


def _hashes(bundle: Bundle, language: Language) -> Markup:
    several = bundle.record.collections if len(bundle.record.collections) > 1 else {}
    documents = [_document(d, several.get(d.collection, ""), language) for d in bundle.documents]
    texts = [(CODE(p.id), CODE(p.sha256)) for p in bundle.passages]
    body = _table(("bundle.document", "bundle.sha"), documents, language)
    return _section("bundle.hashes", body + _table(("bundle.passage", "bundle.sha"), texts, language), language)


def _document(document: DocumentHash, base: str, language: Language) -> Sequence[str]:
    before = in_base(base, language) if base else Markup()
    return before + name(document.name), CODE(document.sha256)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], language: Language) -> Markup:
    """A table; "" without rows."""
    lines = joined(html("<tr>{}</tr>")(joined(map(html("<td>{}</td>"), row))) for row in rows)
    head = joined(html('<th scope="col">{}</th>')(t(column, language)) for column in columns)
    table = html('<div class="wide"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>')
    return table(head, lines) if lines else lines


FORMS = ("html", "json")


def choices(turn: int, language: Language) -> Markup:
    """The sheet with the forms in which an answer can be saved, and how to verify a saved one."""
    rows = joined(_form(form, turn, language) for form in FORMS)
    body = html('<p>{}</p><ul class="forms">{}</ul><p>{}</p><pre tabindex="0">python -m rag verify FILE</pre>')(
        t("saving.about", language), rows, t("saving.verify", language)
    )
    return sheet(t("saving.title", language), body, language, kind="small saving")


def _form(form: str, turn: int, language: Language) -> Markup:
    save = button("primary", "save-as", t(f"saving.{form}", language), turn=turn, form=form)
    return html("<li>{}<span>{}</span></li>")(save, t(f"saving.{form}_about", language))
