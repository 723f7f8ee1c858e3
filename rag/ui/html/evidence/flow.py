"""Rank flow: the path of every candidate through dense search, full text, fusion and reranking, as a picture. Pure.

The picture stretches with its column while its text keeps its size: horizontal places are percentages, vertical ones
pixels. What the lines show stands in a table below them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from rag.ledger import Search, made
from rag.messages import Language
from rag.types import Candidate, Retrieval

from ..answer import query
from ..markup import html, joined, path, source, t, why
from ..sheet import sheet

PLACES = {"dense": "7%", "full_text": "36%", "fused": "66%", "final": "96%"}
"""Horizontal place of each stage, from left to right."""
HEAD, CUT, FOOT = 34, 22, 8
"""Heights in pixels: of the headings, of a line that cuts the list, and of the space below the last candidate."""
FEW, ROW, CLOSE_ROW = 25, 26, 19
"""Pixels from one rank to the next: wide for up to `FEW` candidates, closer for more."""

DROPS = {
    "stages.below_threshold": "flow.cut_threshold",
    "stages.beyond_contexts": "flow.cut_contexts",
    "generation.over_budget": "flow.cut_budget",
    "stages.beyond_candidates": "flow.cut_candidates",
}
"""Reasons that drop everything from some rank on, and the name of the line drawn there."""


@dataclass(frozen=True, slots=True)
class CutLine:
    """A line before place `before`, counted from 0, of the final order."""

    before: int
    label: Markup


@dataclass(frozen=True, slots=True)
class Geometry:
    """Vertical places in the picture, in pixels from the top."""

    row: int
    cuts: tuple[CutLine, ...]
    limit: int
    """Last fused rank given to the reranker; 0 if all were."""
    height: int

    def final(self, place: int) -> float:
        """Vertical place of the candidate at `place` of the final order, counted from 0."""
        return HEAD + (place + 0.5) * self.row + CUT * sum(cut.before <= place for cut in self.cuts)

    def fused(self, rank: int) -> float:
        return self.ranked(rank) + (CUT if self.limit and rank > self.limit else 0)

    def ranked(self, rank: int) -> float:
        return HEAD + (rank - 0.5) * self.row


def flow_sheet(searches: Sequence[Search], language: Language, *, turn: int, tools: Markup) -> Markup:
    """The sheet with the rank flow of each search of one answer."""
    body = html('<p class="flow-about">{}</p>{}')(t("flow.about", language), flows(searches, language, turn=turn))
    return sheet(t("flow.title", language), body, language, kind="flow-sheet", tools=tools)


def flows(
    searches: Sequence[Search], language: Language, *, turn: int, shown_as: Sequence[Search] | None = None
) -> Markup:
    """The picture of each search, under its name where there are several.

    Labels link to the cards of turn `turn`, whose evidence is `shown_as`, else `searches`.
    """
    drawn: list[Markup] = []
    for search in made(searches):
        shown = next((each for each in shown_as or searches if each.number == search.number), search)
        if len(searches) > 1:
            named = query.named(search, search.number, language)
            drawn.append(html('<h3 class="of-search">{}</h3>')(named))
        drawn.append(flow(search, language, turn=turn, shown_as=shown))
    return joined(drawn)


def flow(search: Search, language: Language, *, turn: int, shown_as: Search | None = None) -> Markup:
    """Picture and table of one search."""
    retrieval = search.retrieval
    candidates = search.candidates
    if retrieval is None or not candidates:
        return html('<p class="flow-none">{}</p>')(t("no_retrieval", language))
    geometry = geometry_of(retrieval, language)
    anchors = {c.stored.id: anchor(c, turn, search.number) for c in (shown_as or search).candidates}
    lines = joined(_path(i, c, geometry) for i, c in enumerate(candidates))
    judged = any(c.log_odds is not None for c in candidates)
    drawn = joined([_headings(language, judged=judged), _limit(geometry, retrieval, language), _cut_lines(geometry)])
    names, table = _labels(candidates, geometry, anchors, language), _table(retrieval, language)
    return html(
        '<div class="flow" style="--row:{}px"><svg width="100%" height="{}" role="img" aria-label="{}">{}{}</svg>'
        "{}</div>{}"
    )(geometry.row, geometry.height, _told(retrieval, language), drawn, lines, names, table)


def anchor(c: Candidate, turn: int, search: int = 1) -> str:
    """Id of the card that shows a candidate of a turn, as search `search` has it."""
    return f"ev-{turn}-{place(c, search)}"


def place(c: Candidate, search: int) -> str:
    """Key that is unique among the cards of a turn: the number of a context, else the rank in its search."""
    return str(c.number or (f"r{c.rank}" if search == 1 else f"s{search}r{c.rank}"))


def geometry_of(retrieval: Retrieval, language: Language) -> Geometry:
    """The geometry of the picture for these candidates."""
    candidates = retrieval.candidates
    cuts = _cuts(retrieval, language)
    ranks = [r.rank for c in candidates for r in (c.dense, c.full_text, c.fused) if r]
    most = max([len(candidates), *ranks])
    row = ROW if most <= FEW else CLOSE_ROW
    beyond = any(c.dropped and c.dropped.code == "stages.beyond_candidates" for c in candidates)
    height = HEAD + most * row + CUT * max(len(cuts), 1 if beyond else 0) + FOOT
    return Geometry(row, cuts, retrieval.options.candidates if beyond else 0, height)


def _cuts(retrieval: Retrieval, language: Language) -> tuple[CutLine, ...]:
    """Lines in the final order, each before the first candidate a reason dropped; reasons at one place share a line."""
    options = retrieval.options
    values: dict[str, dict[str, str | int]] = {
        "flow.cut_threshold": {"threshold": f"{options.threshold:.2f}"},
        "flow.cut_contexts": {"limit": options.contexts},
        "flow.cut_candidates": {"limit": options.candidates},
        "flow.cut_budget": {},
    }
    found: dict[int, list[Markup]] = {}
    for code, label in DROPS.items():
        places = [i for i, c in enumerate(retrieval.candidates) if c.dropped and c.dropped.code == code]
        if places:
            found.setdefault(places[0], []).append(t(label, language, **values[label]))
    return tuple(CutLine(place, joined(found[place], " · ")) for place in sorted(found))


def _told(retrieval: Retrieval, language: Language) -> Markup:
    return t("flow.told", language, found=len(retrieval.candidates), kept=len(retrieval.contexts))


def _headings(language: Language, *, judged: bool) -> Markup:
    anchors = {"dense": "start", "final": "end"}
    edges = {"dense": "0", "final": "100%"}
    names = {stage: f"flow.{stage}" if stage != "final" or judged else "flow.unjudged" for stage in PLACES}
    column = html(
        '<text class="flow-stage" x="{}" y="13" text-anchor="{}">{}</text>'
        '<line class="flow-axis" x1="{x}" x2="{x}" y1="{}" y2="100%"/>'
    )
    return joined(
        column(edges.get(stage, x), anchors.get(stage, "middle"), t(names[stage], language), HEAD - 12, x=x)
        for stage, x in PLACES.items()
    )


def _limit(geometry: Geometry, retrieval: Retrieval, language: Language) -> Markup:
    """The line below the last candidate that the reranker was given."""
    if not geometry.limit:
        return Markup()
    y = geometry.ranked(geometry.limit) + geometry.row / 2 + CUT / 2
    label = t("flow.cut_candidates", language, limit=retrieval.options.candidates)
    return html(
        '<line class="flow-cut" x1="54%" x2="78%" y1="{y}" y2="{y}"/>'
        '<text class="flow-cut-name" x="53%" y="{}" text-anchor="end">{}</text>'
    )(f"{y + 4:g}", label, y=f"{y:g}")


def _cut_lines(geometry: Geometry) -> Markup:
    tops = [geometry.final(cut.before) - geometry.row / 2 - CUT / 2 for cut in geometry.cuts]
    return joined(html('<line class="flow-cut" x1="84%" x2="100%" y1="{y}" y2="{y}"/>')(y=f"{y:g}") for y in tops)


def _path(at: int, c: Candidate, geometry: Geometry) -> Markup:
    """Lines between the stages a candidate was seen by; a dot where it has a rank, a cross where it was dropped."""
    points: list[tuple[str, str]] = []
    if c.dense:
        points.append((PLACES["dense"], f"{geometry.ranked(c.dense.rank):g}"))
    if c.full_text:
        points.append((PLACES["full_text"], f"{geometry.ranked(c.full_text.rank):g}"))
    if c.fused:
        points.append((PLACES["fused"], f"{geometry.fused(c.fused.rank):g}"))
    points.append((PLACES["final"], f"{geometry.final(at):g}"))
    line = html('<line x1="{}" y1="{}" x2="{}" y2="{}"/>')
    lines = joined(line(*start, *end) for start, end in pairwise(points))
    dots = joined(html('<circle cx="{}" cy="{}" r="3.2"/>')(x, y) for x, y in points)
    return html('<g class="{}" data-c="{}">{}{}</g>')("kept" if c.kept else "dropped", at, lines, dots)


def _labels(candidates: Sequence[Candidate], geometry: Geometry, anchors: dict[str, str], language: Language) -> Markup:
    """The names at the end of the lines, as links to the cards; a list, so that long names end in an ellipsis."""
    cuts = {cut.before: cut.label for cut in geometry.cuts}
    rows: list[Markup] = []
    for i, c in enumerate(candidates):
        if i in cuts:
            rows.append(html('<li class="flow-cut-row"><span>{}</span></li>')(cuts[i]))
        rows.append(_label(i, c, anchors.get(c.stored.id, ""), language))
    return html('<ol class="flow-names">{}</ol>')(joined(rows))


def _label(i: int, c: Candidate, target: str, language: Language) -> Markup:
    place = path(c.stored.chunk.heading_path[-1:])
    dropped = Markup('<b class="flow-n" aria-hidden="true">×</b>')
    sign = html('<b class="flow-n">{}</b>')(c.number) if c.number is not None else dropped
    state = why(c.dropped, language) if c.dropped else t("flow.kept", language)
    value = f"{c.probability:.2f}" if c.probability is not None else "–"
    return html(
        '<li class="{}" data-c="{}"><a href="#{}" title="{state}">{}<span class="flow-name">{} <i>{}</i></span>'
        '<span class="sr">{state}</span><em>{}</em></a></li>'
    )("kept" if c.kept else "dropped", i, target, sign, source(c.stored, language), place, value, state=state)


def _table(retrieval: Retrieval, language: Language) -> Markup:
    """The content of the picture as a table, for readers who do not see it."""
    heads = ("unjudged", "passage", "dense", "full_text", "fused", "probability", "state")
    rows = joined(_row(c, language) for c in retrieval.candidates)
    head = joined(html('<th scope="col">{}</th>')(t(f"flow.{key}", language)) for key in heads)
    return html(
        '<details class="flow-table"><summary>{name}</summary>'
        '<div class="flow-scroll" tabindex="0" role="region" aria-label="{name}">'
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div></details>"
    )(head, rows, name=t("flow.table", language))


def _row(c: Candidate, language: Language) -> Markup:
    ranks = joined(html("<td>{}</td>")(r.rank if r else "–") for r in (c.dense, c.full_text, c.fused))
    value = f"{c.probability:.3f}" if c.probability is not None else "–"
    state = why(c.dropped, language) if c.dropped else "–"
    if c.number is not None:
        state = html("[{}] {}")(c.number, t("flow.kept", language))
    where = html("{} {}")(source(c.stored, language), path(c.stored.chunk.heading_path))
    row = html('<tr><td>{}</td><th scope="row">{}</th>{}<td>{}</td><td>{}</td></tr>')
    return row(str(c.rank), where, ranks, value, state)
