"""Marks on evidence cards, and what they tell of a score: counts of right marks and one calibrated number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from rag.evidence.calibration import LEAST_MARKS, Calibration, Level
from rag.evidence.marks import Relevance, passage_id
from rag.messages import Language
from rag.types import Candidate

from ..markup import html, t


@dataclass(frozen=True, slots=True)
class Marked:
    """The owner's marks that one answer's cards show."""

    given: Mapping[str, Relevance]
    """Passage id -> mark, for the query of the search to which the passage belongs."""
    marks: int
    """Number of the owner's marks on passages that the answer's reranker judged."""
    calibration: Calibration | None
    """Fitted to those marks; None while they are too few or all of one kind."""


def buttons(c: Candidate, marked: Marked, turn: int, language: Language) -> list[Markup]:
    """Two toggles; pressing the pressed one takes the mark back."""
    given = marked.given.get(passage_id(c.stored.chunk))
    return [_toggle(verdict, c, turn, language, pressed=given is verdict) for verdict in Relevance]


def _toggle(verdict: Relevance, c: Candidate, turn: int, language: Language, *, pressed: bool) -> Markup:
    said, about, short = (t(f"marks.{verdict}{part}", language) for part in ("", "_about", "_short"))
    return html(
        '<button type="button" class="mark {verdict}" data-act="mark" data-turn="{}" data-chunk="{}" '
        'data-verdict="{verdict}" aria-pressed="{}" aria-label="{}" title="{}">{}</button>'
    )(turn, c.stored.id, str(pressed).lower(), said, about, short, verdict=verdict)


def level(c: Candidate, marked: Marked | None, score: str, language: Language) -> Markup:
    """Counts of right and all marks at a card's level; "" while uncalibrated. `score` is the score's name."""
    found = _level(c, marked)
    if marked is None or marked.calibration is None or found is None:
        return Markup()
    if found.count:
        said = t("marks.level", language, right=found.right, count=found.count)
    else:
        said = t("marks.level_none", language)
    value = t("marks.calibrated", language, value=f"{found.calibrated:.2f}")
    where = t("marks.level_about", language, low=f"{found.low:.2f}", high=f"{found.high:.2f}")
    fit = _fit(marked, language)
    shown = html('<p class="level"><span title="{}: {}">{}</span> <span title="{}">{}</span></p>')
    return shown(score, where, said, fit, value)


def state(marked: Marked | None, language: Language) -> Markup:
    """Text for the score's tooltip, escaped: the number of marks that calibrated it, or why it is uncalibrated."""
    if marked is None:
        return Markup()
    if marked.calibration is None:
        code = "marks.uncalibrated" if marked.marks < LEAST_MARKS else "marks.one_kind"
        return t(code, language, count=marked.marks, least=LEAST_MARKS)
    return _fit(marked, language)


def row(c: Candidate, marked: Marked | None, language: Language) -> Markup:
    """The row of the calibrated score in the list of scores; "" where `marked` is None."""
    if marked is None:
        return Markup()
    found = _level(c, marked)
    value = f"{found.calibrated:.4f}" if found else "–"
    about = state(marked, language)
    return html("<div><dt>{}<small>{}</small></dt><dd>{}</dd></div>")(t("marks.row", language), about, value)


def _level(c: Candidate, marked: Marked | None) -> Level | None:
    if marked is None or marked.calibration is None or c.log_odds is None:
        return None
    return marked.calibration.level(c.log_odds)


def _fit(marked: Marked, language: Language) -> Markup:
    assert marked.calibration is not None
    return t(f"marks.fit_{marked.calibration.method}", language, count=marked.marks)
