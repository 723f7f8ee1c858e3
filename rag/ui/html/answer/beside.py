"""Two subjects with their best passages, or two versions with the sentences that differ, side by side."""

from __future__ import annotations

from itertools import groupby

from markupsafe import Markup

from rag.messages import Language
from rag.types.steps import ComparedPlace, ComparedRow, StepComparison

from ..evidence.compare import DELETED, INSERTED, inline
from ..markup import Shape, button, html, joined, name, path, t, why

PLAIN = html("{}")


def display(comparison: StepComparison, turn: int, language: Language) -> Markup:
    """The comparison below an answer, open."""
    return html(
        '<details class="display" id="beside-{}" open><summary><span>{} <small>{}</small></span></summary>'
        '<div class="beside">{}</div></details>'
    )(turn, why(comparison.says, language), _count(comparison, language), _sides(comparison, turn, language))


def kept(comparison: StepComparison, language: Language) -> Markup:
    """The same for a page without scripts."""
    return html('<h3>{}</h3><div class="beside">{}</div>')(
        why(comparison.says, language), _sides(comparison, 0, language)
    )


def _count(comparison: StepComparison, language: Language) -> Markup | str:
    if not comparison.of_versions or len(comparison.rows) == comparison.total:
        return ""
    return t("steps.shown_places", language, shown=len(comparison.rows), total=comparison.total)


def _sides(comparison: StepComparison, turn: int, language: Language) -> Markup:
    return (_versions if comparison.of_versions else _subjects)(comparison, turn, language)


def _subjects(comparison: StepComparison, turn: int, language: Language) -> Markup:
    """A column for each subject: on a narrow page one stands below the other."""
    columns = (
        html("<section><h4>{}</h4>{}</section>")(
            name(comparison.names[side]),
            joined(_place(place, turn, language) for row in comparison.rows if (place := row[side])),
        )
        for side in (0, 1)
    )
    return html('<div class="beside-pair">{}</div>')(joined(columns))


def _versions(comparison: StepComparison, turn: int, language: Language) -> Markup:
    """A row for each difference, below the heading of its section."""
    names = html('<div class="beside-pair beside-names"><h4>{}</h4><h4>{}</h4></div>')(*map(name, comparison.names))
    sections = groupby(comparison.rows, key=_section)
    return names + joined(
        html('<section><p class="path">{}</p>{}</section>')(
            path(where), joined(_pair(row, turn, language) for row in rows)
        )
        for where, rows in sections
    )


def _section(row: ComparedRow) -> tuple[str, ...]:
    return next((place.heading_path for place in (row[1], row[0]) if place), ())


def _pair(row: ComparedRow, turn: int, language: Language) -> Markup:
    cells = (
        _version(place, shape, turn, language) if place else _nothing(language)
        for place, shape in zip(row, (DELETED, INSERTED), strict=True)
    )
    return html('<div class="beside-pair">{}</div>')(joined(cells))


def _nothing(language: Language) -> Markup:
    return html('<div class="beside-none">{}</div>')(t("steps.nothing_there", language))


def _version(place: ComparedPlace, changed: Shape, turn: int, language: Language) -> Markup:
    words = joined((changed if piece.differs else PLAIN)(inline(piece.text)) for piece in place.pieces)
    return html("<div><p>{}</p>{}</div>")(words, _source(place, name(place.document), turn))


def _place(place: ComparedPlace, turn: int, language: Language) -> Markup:
    where = html("{} <span>{}</span>")(name(place.document), path(place.heading_path[-1:]))
    return html("<div>{}<p>{}</p></div>")(_source(place, where, turn), inline(place.text))


def _source(place: ComparedPlace, shown: Markup, turn: int) -> Markup:
    """Where it stands: with a turn, a button that opens the document there."""
    if not turn:
        return html('<p class="beside-source">{}</p>')(shown)
    return button("open beside-source", "doc-open", shown, title=name(place.document), turn=turn, name=place.document,
                  base=place.collection, chunk=place.chunk or None)  # fmt: skip
