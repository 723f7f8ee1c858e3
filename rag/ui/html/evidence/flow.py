"""Rank flow: the path of every candidate through dense search, full text, fusion and reranking, as a picture. Pure.

The picture stretches with its column while its text keeps its size: horizontal places are percentages, vertical ones
pixels. What the lines show stands in a table below them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.ledger import Search, made
from rag.messages import Language
from rag.types import Candidate, Retrieval

from ..answer import query
from ..markup import esc, path, source, t, why
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
    """A line before place `before`, counted from 0, of the final order; `label` is escaped."""

    before: int
    label: str


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


def flow_sheet(searches: Sequence[Search], language: Language, *, turn: int, tools: str) -> str:
    """The sheet with the rank flow of each search of one answer."""
    body = f'<p class="flow-about">{t("flow.about", language)}</p>{flows(searches, language, turn=turn)}'
    return sheet(t("flow.title", language), body, language, kind="flow-sheet", tools=tools)


def flows(
    searches: Sequence[Search], language: Language, *, turn: int, shown_as: Sequence[Search] | None = None
) -> str:
    """The picture of each search, under its name where there are several.

    Labels link to the cards of turn `turn`, whose evidence is `shown_as`, else `searches`.
    """
    drawn = ""
    for search in made(searches):
        shown = next((each for each in shown_as or searches if each.number == search.number), search)
        head = f'<h3 class="of-search">{query.named(search, search.number, language)}</h3>' if len(searches) > 1 else ""
        drawn += head + flow(search, language, turn=turn, shown_as=shown)
    return drawn


def flow(search: Search, language: Language, *, turn: int, shown_as: Search | None = None) -> str:
    """Picture and table of one search."""
    retrieval = search.retrieval
    candidates = search.candidates
    if retrieval is None or not candidates:
        return f'<p class="flow-none">{t("no_retrieval", language)}</p>'
    geometry = geometry_of(retrieval, language)
    anchors = {c.stored.id: anchor(c, turn, search.number) for c in (shown_as or search).candidates}
    lines = "".join(_path(i, c, geometry) for i, c in enumerate(candidates))
    judged = any(c.log_odds is not None for c in candidates)
    return (
        f'<div class="flow" style="--row:{geometry.row}px">'
        f'<svg width="100%" height="{geometry.height}" role="img" aria-label="{_told(retrieval, language)}">'
        f"{_headings(language, judged=judged)}{_limit(geometry, retrieval, language)}{_cut_lines(geometry)}{lines}"
        "</svg>"
        f"{_labels(candidates, geometry, anchors, language)}</div>{_table(retrieval, language)}"
    )


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
    found: dict[int, list[str]] = {}
    for code, label in DROPS.items():
        places = [i for i, c in enumerate(retrieval.candidates) if c.dropped and c.dropped.code == code]
        if places:
            found.setdefault(places[0], []).append(t(label, language, **values[label]))
    return tuple(CutLine(place, " · ".join(found[place])) for place in sorted(found))


def _told(retrieval: Retrieval, language: Language) -> str:
    return t("flow.told", language, found=len(retrieval.candidates), kept=len(retrieval.contexts))


def _headings(language: Language, *, judged: bool) -> str:
    anchors = {"dense": "start", "final": "end"}
    edges = {"dense": "0", "final": "100%"}
    return "".join(
        f'<text class="flow-stage" x="{edges.get(stage, x)}" y="13" text-anchor="{anchors.get(stage, "middle")}">'
        f"{t(f'flow.{stage}' if stage != 'final' or judged else 'flow.unjudged', language)}</text>"
        f'<line class="flow-axis" x1="{x}" x2="{x}" y1="{HEAD - 12}" y2="100%"/>'
        for stage, x in PLACES.items()
    )


def _limit(geometry: Geometry, retrieval: Retrieval, language: Language) -> str:
    """The line below the last candidate that the reranker was given."""
    if not geometry.limit:
        return ""
    y = geometry.ranked(geometry.limit) + geometry.row / 2 + CUT / 2
    label = t("flow.cut_candidates", language, limit=retrieval.options.candidates)
    return (
        f'<line class="flow-cut" x1="54%" x2="78%" y1="{y:g}" y2="{y:g}"/>'
        f'<text class="flow-cut-name" x="53%" y="{y + 4:g}" text-anchor="end">{label}</text>'
    )


def _cut_lines(geometry: Geometry) -> str:
    tops = [geometry.final(cut.before) - geometry.row / 2 - CUT / 2 for cut in geometry.cuts]
    return "".join(f'<line class="flow-cut" x1="84%" x2="100%" y1="{y:g}" y2="{y:g}"/>' for y in tops)


def _path(at: int, c: Candidate, geometry: Geometry) -> str:
    """Lines between the stages a candidate was seen by; a dot where it has a rank, a cross where it was dropped."""
    points: list[tuple[str, float]] = []
    if c.dense:
        points.append((PLACES["dense"], geometry.ranked(c.dense.rank)))
    if c.full_text:
        points.append((PLACES["full_text"], geometry.ranked(c.full_text.rank)))
    if c.fused:
        points.append((PLACES["fused"], geometry.fused(c.fused.rank)))
    points.append((PLACES["final"], geometry.final(at)))
    lines = "".join(
        f'<line x1="{x}" y1="{y:g}" x2="{to_x}" y2="{to_y:g}"/>' for (x, y), (to_x, to_y) in pairwise(points)
    )
    dots = "".join(f'<circle cx="{x}" cy="{y:g}" r="3.2"/>' for x, y in points)
    return f'<g class="{"kept" if c.kept else "dropped"}" data-c="{at}">{lines}{dots}</g>'


def _labels(candidates: Sequence[Candidate], geometry: Geometry, anchors: dict[str, str], language: Language) -> str:
    """The names at the end of the lines, as links to the cards; a list, so that long names end in an ellipsis."""
    cuts = {cut.before: cut.label for cut in geometry.cuts}
    rows: list[str] = []
    for i, c in enumerate(candidates):
        if i in cuts:
            rows.append(f'<li class="flow-cut-row"><span>{cuts[i]}</span></li>')
        rows.append(_label(i, c, anchors.get(c.stored.id, ""), language))
    return f'<ol class="flow-names">{"".join(rows)}</ol>'


def _label(i: int, c: Candidate, target: str, language: Language) -> str:
    place = path(c.stored.chunk.heading_path[-1:])
    sign = f'<b class="flow-n">{c.number}</b>' if c.kept else '<b class="flow-n" aria-hidden="true">×</b>'
    state = why(c.dropped, language) if c.dropped else t("flow.kept", language)
    value = f"{c.probability:.2f}" if c.probability is not None else "–"
    return (
        f'<li class="{"kept" if c.kept else "dropped"}" data-c="{i}"><a href="#{target}" title="{state}">{sign}'
        f'<span class="flow-name">{source(c.stored, language)} <i>{place}</i></span>'
        f'<span class="sr">{state}</span><em>{value}</em></a></li>'
    )


def _table(retrieval: Retrieval, language: Language) -> str:
    """The content of the picture as a table, for readers who do not see it."""
    heads = (
        "flow.unjudged",
        "flow.passage",
        "flow.dense",
        "flow.full_text",
        "flow.fused",
        "flow.probability",
        "flow.state",
    )
    rows = "".join(_row(c, language) for c in retrieval.candidates)
    head = "".join(f'<th scope="col">{t(key, language)}</th>' for key in heads)
    return (
        f'<details class="flow-table"><summary>{t("flow.table", language)}</summary>'
        f'<div class="flow-scroll" tabindex="0" role="region" aria-label="{t("flow.table", language)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )


def _row(c: Candidate, language: Language) -> str:
    ranks = "".join(f"<td>{r.rank if r else '–'}</td>" for r in (c.dense, c.full_text, c.fused))
    value = f"{c.probability:.3f}" if c.probability is not None else "–"
    state = f"[{c.number}] {t('flow.kept', language)}" if c.kept else (why(c.dropped, language) if c.dropped else "–")
    where = f"{source(c.stored, language)} {path(c.stored.chunk.heading_path)}"
    return f'<tr><td>{esc(c.rank)}</td><th scope="row">{where}</th>{ranks}<td>{value}</td><td>{state}</td></tr>'
