"""Two answers to one place of a conversation side by side, sentence by sentence. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from rag.citations import markers as citations
from rag.evidence.answer_diff import Change, DiffPiece, DiffRow, compare
from rag.ledger import Ledger, Outcome
from rag.messages import Language
from rag.options import ShownIn, of
from rag.types import RetrievalOptions

from ..markup import esc, t, why
from ..options import written
from ..sheet import sheet

_CODE = re.compile(r"`([^`\n]+)`")
_STRONG = re.compile(r"\*\*([^*<>\n]+)\*\*")
CHOICES = 20
"""Earlier answers offered for comparison, at most; the newest are taken."""


def comparison(before: Ledger, after: Ledger, language: Language, *, turn: int, siblings: Sequence[str] = ()) -> str:
    """The sheet with `before` left and `after` right; `siblings` are all answers at this place, in order."""
    rows = compare(before.answer, after.answer)
    counts = Counter(row.change for row in rows)
    summary = t("whatif.summary", language, **{str(change): counts[change] for change in Change})
    body = (
        f'<p class="compare-facts"><span>{summary}</span><span>{_evidence(before, after, language)}</span></p>'
        f'<div class="compare">{_heads(before, after, language)}'
        f'<ol class="compare-rows">{"".join(_row(row, before, after, language) for row in rows)}</ol>'
        f"{_verdicts(before, after, language)}</div>"
    )
    tools = _choice(before, after, siblings, language, turn=turn)
    return _sheet(body, language, tools)


def pending(before: Ledger, options: RetrievalOptions, language: Language, *, turn: int) -> str:
    """The same sheet while the answer on the right is being written; the page's script fills it in."""
    text = esc(before.answer) or t("whatif.no_text", language)
    body = (
        f'<div class="compare pending" data-turn="{turn}"><div class="compare-heads">'
        f"{_head('before', before.options, options, language)}{_head('now', options, before.options, language)}</div>"
        f'<div class="compare-live"><div class="compare-text">{text}</div>'
        f'<div class="compare-text" data-live aria-busy="true"></div></div>'
        f'<p class="compare-facts" role="status">{t("whatif.writing", language)}</p></div>'
    )
    return _sheet(body, language, "")


def _sheet(body: str, language: Language, tools: str) -> str:
    return sheet(t("whatif.compare_title", language), body, language, kind="compare-sheet", tools=tools)


def _choice(before: Ledger, after: Ledger, siblings: Sequence[str], language: Language, *, turn: int) -> str:
    others = [(n, one) for n, one in enumerate(siblings, 1) if one != after.id][-CHOICES:]
    if len(others) < 2:
        return ""
    options = "".join(
        f'<option value="{esc(one)}"{" selected" if one == before.id else ""}>'
        f"{t('whatif.other_answer', language, number=n, count=len(siblings))}</option>"
        for n, one in others
    )
    return (
        f'<label class="compare-choice"><span>{t("whatif.other", language)}</span>'
        f'<select data-compare="{turn}">{options}</select></label>'
    )


def _heads(before: Ledger, after: Ledger, language: Language) -> str:
    """The head of each answer: its question, if the two differ, and the settings that differ."""
    asked = (before.question, after.question) if before.question != after.question else ("", "")
    return (
        '<div class="compare-heads">'
        f"{_head('before', before.options, after.options, language, question=asked[0])}"
        f"{_head('now', after.options, before.options, language, question=asked[1])}</div>"
    )


def _head(
    key: str, options: RetrievalOptions, other: RetrievalOptions, language: Language, *, question: str = ""
) -> str:
    facts = "".join(f"<span>{label}</span>" for label in _settings(options, other, language))
    asked = f'<p class="compare-question">{esc(question)}</p>' if question else ""
    return f'<div class="compare-head"><h3>{t(f"whatif.{key}", language)}</h3>{asked}<p>{facts}</p></div>'


def _settings(options: RetrievalOptions, other: RetrievalOptions, language: Language) -> Iterable[str]:
    """The settings that differ."""
    for option in of(shown=ShownIn.WHAT_IF):
        ours, theirs = written(option, options, language), written(option, other, language)
        if ours != theirs:
            yield f"{t(option.label, language)}: {ours}"
    for label, mine, others in (
        ("whatif.pinned", len(options.pinned), len(other.pinned)),
        ("whatif.banned", len(options.banned), len(other.banned)),
    ):
        if mine != others:
            yield f"{t(label, language)}: {mine}"


def _evidence(before: Ledger, after: Ledger, language: Language) -> str:
    then, now = _sent(before), _sent(after)
    entered, left = len(now - then), len(then - now)
    if not entered and not left:
        return t("whatif.evidence_same", language)
    return t("whatif.evidence_changed", language, entered=entered, left=left)


def _sent(ledger: Ledger) -> set[str]:
    return {c.stored.id for c in ledger.contexts}


def _row(row: DiffRow, before: Ledger, after: Ledger, language: Language) -> str:
    left = _side(row, row.before, "del", language)
    right = _side(row, row.after, "ins", language)
    note = ""
    if row.change is Change.SAME and _cited(row.before, before) != _cited(row.after, after):
        note = f'<small class="compare-note">{t("whatif.other_evidence", language)}</small>'
    return f'<li class="{row.change}">{left}{right.removesuffix("</div>")}{note}</div></li>'


def _side(row: DiffRow, pieces: Sequence[DiffPiece], tag: str, language: Language) -> str:
    """One half of a row. Changes are told by the element, the sign beside it and a word, not by colour alone."""
    if not pieces:
        return '<div class="compare-side none"></div>'
    words = {Change.REMOVED: "removed_word", Change.ADDED: "added_word", Change.CHANGED: "changed_word"}
    spoken = f'<span class="sr">{t(f"whatif.{words[row.change]}", language)} </span>' if row.change in words else ""
    shown = [(esc(p.text) if row.code else inline(p.text), p.differs) for p in pieces]
    text = "".join(f"<{tag}>{one}</{tag}>" if differs else one for one, differs in shown)
    body = f'<pre tabindex="0">{text}</pre>' if row.code else f"<p>{text}</p>"
    return f'<div class="compare-side">{spoken}{body}</div>'


def inline(text: str) -> str:
    """Escaped text with its code and strong emphasis; no other Markdown, since a piece may end anywhere."""
    return _STRONG.sub(r"<b>\1</b>", _CODE.sub(r"<code>\1</code>", esc(text)))


def _cited(pieces: Sequence[DiffPiece], ledger: Ledger) -> set[str]:
    """Ids of the passages a sentence cites."""
    ids = {c.number: c.stored.id for c in ledger.contexts}
    text = "".join(p.text for p in pieces)
    return {ids[c.number] for c in citations.find(text, len(ids)) if c.number in ids}


def _verdicts(before: Ledger, after: Ledger, language: Language) -> str:
    """The reason why a side has no text, or only part of it."""
    if all(one.answer and one.outcome in (Outcome.GENERATED, Outcome.EXTRACTIVE) for one in (before, after)):
        return ""
    sides = "".join(f'<div class="compare-side">{_verdict(one, language)}</div>' for one in (before, after))
    return f'<div class="compare-verdicts">{sides}</div>'


def _verdict(one: Ledger, language: Language) -> str:
    if one.reason:
        return f"<p>{why(one.reason, language)}</p>"
    return "" if one.answer else f"<p>{t('whatif.no_text', language)}</p>"
