"""Two answers to one place of a conversation side by side, sentence by sentence. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup

from rag.citations import markers as citations
from rag.evidence.answer_diff import Change, DiffRow, compare
from rag.ledger import Ledger, Outcome
from rag.messages import Language
from rag.options import ShownIn, of
from rag.text.differences import DiffPiece
from rag.types import RetrievalOptions

from ..markup import Shape, esc, html, joined, t, why
from ..options import choice, written
from ..sheet import sheet

_CODE = re.compile(r"`([^`\n]+)`")
_STRONG = re.compile(r"\*\*([^*\n]+)\*\*")
DELETED, INSERTED = html("<del>{}</del>"), html("<ins>{}</ins>")
CHOICES = 20
"""Earlier answers offered for comparison, at most; the newest are taken."""


def comparison(before: Ledger, after: Ledger, language: Language, *, turn: int, siblings: Sequence[str] = ()) -> Markup:
    """The sheet with `before` left and `after` right; `siblings` are all answers at this place, in order."""
    rows = compare(before.answer, after.answer)
    counts = Counter(row.change for row in rows)
    summary = t("whatif.summary", language, **{str(change): counts[change] for change in Change})
    heads, verdicts = _heads(before, after, language), _verdicts(before, after, language)
    lines = joined(_row(row, before, after, language) for row in rows)
    body = html(
        '<p class="compare-facts"><span>{}</span><span>{}</span></p>'
        '<div class="compare">{}<ol class="compare-rows">{}</ol>{}</div>'
    )(summary, _evidence(before, after, language), heads, lines, verdicts)
    return _sheet(body, language, _choice(before, after, siblings, language, turn=turn))


def pending(before: Ledger, options: RetrievalOptions, language: Language, *, turn: int) -> Markup:
    """The same sheet while the answer on the right is being written; the page's script fills it in."""
    text = before.answer or t("whatif.no_text", language)
    left = _head("before", before.options, options, language)
    right = _head("now", options, before.options, language)
    body = html(
        '<div class="compare pending" data-turn="{}"><div class="compare-heads">{}{}</div>'
        '<div class="compare-live"><div class="compare-text">{}</div>'
        '<div class="compare-text" data-live aria-busy="true"></div></div>'
        '<p class="compare-facts" role="status">{}</p></div>'
    )(turn, left, right, text, t("whatif.writing", language))
    return _sheet(body, language, Markup())


def _sheet(body: Markup, language: Language, tools: Markup) -> Markup:
    return sheet(t("whatif.compare_title", language), body, language, kind="compare-sheet", tools=tools)


def _choice(before: Ledger, after: Ledger, siblings: Sequence[str], language: Language, *, turn: int) -> Markup:
    others = [(n, one) for n, one in enumerate(siblings, 1) if one != after.id][-CHOICES:]
    if len(others) < 2:
        return Markup()
    names = {one: t("whatif.other_answer", language, number=n, count=len(siblings)) for n, one in others}
    options = joined(choice(one, shown, chosen=one == before.id) for one, shown in names.items())
    return html('<label class="compare-choice"><span>{}</span><select data-compare="{}">{}</select></label>')(
        t("whatif.other", language), turn, options
    )


def _heads(before: Ledger, after: Ledger, language: Language) -> Markup:
    """The head of each answer: its question, if the two differ, and the settings that differ."""
    asked = (before.question, after.question) if before.question != after.question else ("", "")
    left = _head("before", before.options, after.options, language, question=asked[0])
    right = _head("now", after.options, before.options, language, question=asked[1])
    return html('<div class="compare-heads">{}{}</div>')(left, right)


def _head(
    key: str, options: RetrievalOptions, other: RetrievalOptions, language: Language, *, question: str = ""
) -> Markup:
    facts = joined(map(html("<span>{}</span>"), _settings(options, other, language)))
    asked = html('<p class="compare-question">{}</p>')(question) if question else ""
    return html('<div class="compare-head"><h3>{}</h3>{}<p>{}</p></div>')(t(f"whatif.{key}", language), asked, facts)


def _settings(options: RetrievalOptions, other: RetrievalOptions, language: Language) -> Iterable[Markup]:
    """The settings that differ."""
    for option in of(shown=ShownIn.WHAT_IF):
        ours, theirs = written(option, options, language), written(option, other, language)
        if ours != theirs:
            yield html("{}: {}")(t(option.label, language), ours)
    for label, mine, others in (
        ("whatif.pinned", len(options.pinned), len(other.pinned)),
        ("whatif.banned", len(options.banned), len(other.banned)),
    ):
        if mine != others:
            yield html("{}: {}")(t(label, language), mine)


def _evidence(before: Ledger, after: Ledger, language: Language) -> Markup:
    then, now = _sent(before), _sent(after)
    entered, left = len(now - then), len(then - now)
    if not entered and not left:
        return t("whatif.evidence_same", language)
    return t("whatif.evidence_changed", language, entered=entered, left=left)


def _sent(ledger: Ledger) -> set[str]:
    return {c.stored.id for c in ledger.contexts}


def _row(row: DiffRow, before: Ledger, after: Ledger, language: Language) -> Markup:
    note = Markup()
    if row.change is Change.SAME and _cited(row.before, before) != _cited(row.after, after):
        note = html('<small class="compare-note">{}</small>')(t("whatif.other_evidence", language))
    left, right = _side(row, row.before, DELETED, language), _side(row, row.after, INSERTED, language, note=note)
    return html('<li class="{}">{}{}</li>')(row.change, left, right)


def _side(
    row: DiffRow, pieces: Sequence[DiffPiece], changed: Shape, language: Language, *, note: Markup = Markup()
) -> Markup:
    """One half of a row. Changes are told by the element, the sign beside it and a word, not by colour alone."""
    if not pieces:
        return html('<div class="compare-side none">{}</div>')(note)
    words = {Change.REMOVED: "removed_word", Change.ADDED: "added_word", Change.CHANGED: "changed_word"}
    said = t(f"whatif.{words[row.change]}", language) if row.change in words else ""
    spoken = html('<span class="sr">{} </span>')(said) if said else ""
    shown = [(esc(p.text) if row.code else inline(p.text), p.differs) for p in pieces]
    text = joined(changed(one) if differs else one for one, differs in shown)
    body = html('<pre tabindex="0">{}</pre>')(text) if row.code else html("<p>{}</p>")(text)
    return html('<div class="compare-side">{}{}{}</div>')(spoken, body, note)


def inline(text: str) -> Markup:
    """Text with its code and strong emphasis; no other Markdown, since a piece may end anywhere."""
    return _between(_CODE, html("<code>{}</code>"), text, lambda part: _between(_STRONG, html("<b>{}</b>"), part, esc))


def _between(marks: re.Pattern[str], element: Shape, text: str, rest: Callable[[str], Markup]) -> Markup:
    """Text with what stands between marks in an element."""
    parts = [rest(part) for part in marks.split(text)]
    return joined(element(part) if i % 2 else part for i, part in enumerate(parts))


def _cited(pieces: Sequence[DiffPiece], ledger: Ledger) -> set[str]:
    """Ids of the passages a sentence cites."""
    ids = {c.number: c.stored.id for c in ledger.contexts}
    text = "".join(p.text for p in pieces)
    return {ids[c.number] for c in citations.find(text, len(ids)) if c.number in ids}


def _verdicts(before: Ledger, after: Ledger, language: Language) -> Markup:
    """The reason why a side has no text, or only part of it."""
    if all(one.answer and one.outcome in (Outcome.GENERATED, Outcome.EXTRACTIVE) for one in (before, after)):
        return Markup()
    sides = joined(html('<div class="compare-side">{}</div>')(_verdict(one, language)) for one in (before, after))
    return html('<div class="compare-verdicts">{}</div>')(sides)


def _verdict(one: Ledger, language: Language) -> Markup:
    if one.reason:
        return html("<p>{}</p>")(why(one.reason, language))
    return Markup() if one.answer else html("<p>{}</p>")(t("whatif.no_text", language))
