"""Marks on evidence cards, and what they tell of a score: counts of right marks and one calibrated number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rag.evidence.calibration import LEAST_MARKS, Calibration, Level
from rag.evidence.marks import Relevance, passage_id
from rag.messages import Language
from rag.types import Candidate

from ..markup import esc, t


@dataclass(frozen=True, slots=True)
class Marked:
    """The owner's marks that one answer's cards show."""

    given: Mapping[str, Relevance]
    """Passage id -> mark, for the query of the search to which the passage belongs."""
    marks: int
    """Number of the owner's marks on passages that the answer's reranker judged."""
    calibration: Calibration | None
    """Fitted to those marks; None while they are too few or all of one kind."""


def buttons(c: Candidate, marked: Marked, turn: int, language: Language) -> list[str]:
    """Two toggles; pressing the pressed one takes the mark back."""
    given = marked.given.get(passage_id(c.stored.chunk))
    return [
        f'<button type="button" class="mark {verdict}" data-act="mark" data-turn="{turn}" '
        f'data-chunk="{esc(c.stored.id)}" data-verdict="{verdict}" aria-pressed="{str(given is verdict).lower()}" '
        f'aria-label="{t(f"marks.{verdict}", language)}" title="{t(f"marks.{verdict}_about", language)}">'
        f"{t(f'marks.{verdict}_short', language)}</button>"
        for verdict in Relevance
    ]


def level(c: Candidate, marked: Marked | None, score: str, language: Language) -> str:
    """Counts of right and all marks at a card's level; "" while uncalibrated. `score` is the score's escaped name."""
    found = _level(c, marked)
    if marked is None or marked.calibration is None or found is None:
        return ""
    if found.count:
        said = t("marks.level", language, right=found.right, count=found.count)
    else:
        said = t("marks.level_none", language)
    value = t("marks.calibrated", language, value=f"{found.calibrated:.2f}")
    where = t("marks.level_about", language, low=f"{found.low:.2f}", high=f"{found.high:.2f}")
    fit = _fit(marked, language)
    return f'<p class="level"><span title="{score}: {where}">{said}</span> <span title="{fit}">{value}</span></p>'


def state(marked: Marked | None, language: Language) -> str:
    """Text for the score's tooltip, escaped: the number of marks that calibrated it, or why it is uncalibrated."""
    if marked is None:
        return ""
    if marked.calibration is None:
        code = "marks.uncalibrated" if marked.marks < LEAST_MARKS else "marks.one_kind"
        return t(code, language, count=marked.marks, least=LEAST_MARKS)
    return _fit(marked, language)


def row(c: Candidate, marked: Marked | None, language: Language) -> str:
    """The row of the calibrated score in the list of scores; "" where `marked` is None."""
    if marked is None:
        return ""
    found = _level(c, marked)
    value = f"{found.calibrated:.4f}" if found else "–"
    about = state(marked, language)
    return f"<div><dt>{t('marks.row', language)}<small>{about}</small></dt><dd>{value}</dd></div>"


def _level(c: Candidate, marked: Marked | None) -> Level | None:
    if marked is None or marked.calibration is None or c.log_odds is None:
        return None
    return marked.calibration.level(c.log_odds)


def _fit(marked: Marked, language: Language) -> str:
    assert marked.calibration is not None
    return t(f"marks.fit_{marked.calibration.method}", language, count=marked.marks)
