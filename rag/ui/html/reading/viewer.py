"""The document viewer: a document beside the heat of its chunks, with an outline and the spans an answer rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.documents.reconstruction import Stretch, own_spans, parts, stretches
from rag.evidence.document_view import ChunkPlace, DocumentState, Reading
from rag.messages import Language
from rag.retrieval.source_names import base_called
from rag.types import HEADING_SEPARATOR, Chunk

from ...i18n import say
from .. import originals
from ..markup import esc, icon, in_base, name, path, t, why
from ..sheet import sheet
from .document import Heading, MarginRow, Span, render

MOST_SHOWN = 150_000
"""Characters of one part of a long document: some two thousand lines."""

CITED_LISTED = 5
"""Answers listed that cited a chunk; more are counted."""


@dataclass(frozen=True, slots=True)
class ViewTarget:
    """Place at which a document opens: a chunk by id, else part number `part` from 0."""

    chunk: str = ""
    part: int = 0


def viewer(
    reading: Reading,
    turn: int,
    target: ViewTarget,
    language: Language,
    *,
    score_name: str,
    base_name: str = "",
    original: bool = False,
) -> str:
    """The sheet. `turn` is the number of the answer whose question is shown, 0 for none.

    `base_name` is the name of the document's knowledge base, where there are several. `original`: the original of the
    document as it is now can be downloaded.
    """
    view = _Viewer(reading, turn, language, score_name or "p_yes", base_name)
    before = in_base(base_name, language) if base_name else ""
    title = f'{before}<bdi class="file">{name(reading.document)}</bdi>'
    return sheet(title, view.body(target), language, kind="large viewer", tools=view.tools(original=original))


class _Viewer:
    """The sheet of one document, drawn piece by piece from shared state."""

    def __init__(self, reading: Reading, turn: int, language: Language, score_name: str, base_name: str) -> None:
        self.reading = reading
        self.base_name = base_called(base_name, language)
        self.turn = turn if reading.ledger else 0
        self.language = language
        self.score = say(f"score_{score_name}", language)
        self.chunks = [place.stored.chunk for place in reading.places]
        self.owned = own_spans(self.chunks)

    def say(self, key: str, /, **values: str | int | float) -> str:
        return t(f"viewer.{key}", self.language, **values)

    def tools(self, *, original: bool) -> str:
        label = self.say("copy_reference")
        return (self._original() if original else "") + (
            f'<button type="button" class="tool" data-act="doc-reference" aria-label="{label}" '
            f'title="{self.say("copy_reference_about")}">{icon("copy", size=16)}</button>'
        )

    def _original(self) -> str:
        """A link that downloads the original; "" if the document shown is not the current one."""
        if self.reading.state is not DocumentState.CURRENT:
            return ""
        where = originals.address(self.reading.document, self.reading.base)
        about = t("originals.file_about", self.language)
        label = t("originals.file", self.language)
        return f'<a class="tool wide" href="{where}" download title="{about}">{label}</a>'

    def body(self, target: ViewTarget) -> str:
        shown = parts(self.chunks, most=MOST_SHOWN) or [()]
        at = self._part_of(shown, target)
        first = sum(len(part) for part in shown[:at])
        rows: list[str] = []
        headings: list[Heading] = []
        position, reached = first, 0
        for stretch in stretches(shown[at]):
            rendered = render(stretch, self._spans(stretch), self.language, first=position)
            headings += rendered.headings
            rows += [self._gap(reached, stretch), *map(self._row, rendered.rows)]
            position, reached = position + len(stretch.chunks), stretch.end
        goal = next((i for i, p in enumerate(self.reading.places) if p.stored.id == target.chunk), None)
        return (
            f'<div class="doc" data-name="{esc(self.reading.document)}" data-base="{esc(self.reading.base)}" '
            f'data-base-name="{esc(self.base_name)}" '
            f'data-turn="{self.turn}" data-target="{"" if goal is None else f"doc-at-{goal}"}" '
            f'data-characters="{esc(say("viewer.reference_characters", self.language))}">'
            f"{self._head(shown, at)}"
            f'<div class="doc-main">{self._outline(headings)}'
            f'<div class="doc-scroll" tabindex="0" role="region" aria-label="{self.say("text")}">{"".join(rows)}</div>'
            f"</div>{self._bar(range(first, position))}</div>"
        )

    def _part_of(self, shown: Sequence[Sequence[Chunk]], target: ViewTarget) -> int:
        wanted = next((p.stored.chunk for p in self.reading.places if p.stored.id == target.chunk), None)
        found = next((i for i, part in enumerate(shown) if wanted in part), None)
        return found if found is not None else min(max(target.part, 0), len(shown) - 1)

    # ---- above the text ---------------------------------------------------------------------------------------------

    def _head(self, shown: Sequence[Sequence[Chunk]], at: int) -> str:
        question = self.reading.ledger.question if self.reading.ledger else ""
        asked = f'<p class="doc-question">{self.say("for_question")} <q>{esc(question)}</q></p>' if question else ""
        below = f"{self._facts()}{self._cited()}{self._parts(shown, at)}"
        return f'<div class="doc-head">{self._state()}{asked}{below}</div>'

    def _state(self) -> str:
        state = self.reading.state
        if state is DocumentState.CURRENT:
            return ""
        button = ""
        if state is DocumentState.CHANGED:
            label = self.say("as_it_is")
            button = f'<button type="button" class="quiet" data-act="doc-open" {self._where()}>{label}</button>'
        return f'<p class="doc-state">{icon("warning", size=16)}<span>{self.say(state)}</span>{button}</p>'

    def _where(self) -> str:
        return f'data-name="{esc(self.reading.document)}" data-base="{esc(self.reading.base)}"'

    def _facts(self) -> str:
        tokens = sum(chunk.tokens for chunk in self.chunks)
        facts = self.say("facts", passages=len(self.chunks), tokens=tokens)
        if not self.turn:
            return f'<p class="doc-facts">{self.say("gutter_plain", facts=facts)}</p>'
        scale = "".join(f'<i style="--heat:{percent}%"></i>' for percent in (0, 25, 50, 75, 100))
        legend = (
            f'<span><span class="doc-scale" aria-hidden="true">0 {scale} 1</span> {esc(self.score)}</span>'
            f'<span><i class="swatch searched" aria-hidden="true"></i>{self.say("heat_searched")}</span>'
            f'<span><i class="swatch never" aria-hidden="true"></i>{self.say("heat_never")}</span>'
            f'<span><b class="swatch sent" aria-hidden="true">n</b>{self.say("heat_sent_as_n")}</span>'
            f'<span><mark class="quote" aria-hidden="true">ab</mark> {self.say("mark_quote")}</span>'
            f'<span><mark class="best" aria-hidden="true">ab</mark> {self.say("mark_best")}</span>'
        )
        return (
            f'<details class="doc-facts" open><summary>{facts} · {self.say("legend")}</summary>'
            f'<p class="doc-legend">{legend}</p></details>'
        )

    def _cited(self) -> str:
        if not self.reading.highlights:
            return ""
        links = "".join(
            f'<button type="button" class="chip" data-act="doc-jump" data-to="doc-mark-{i}" '
            f'aria-label="{self.say("jump_mark", number=h.number)}">{h.number}</button>'
            for i, h in enumerate(self.reading.highlights)
        )
        return f'<p class="doc-cited">{self.say("rests_on")} {links}</p>'

    def _parts(self, shown: Sequence[Sequence[Chunk]], at: int) -> str:
        if len(shown) < 2:
            return ""

        def step(to: int, key: str, sign: str) -> str:
            off = "" if 0 <= to < len(shown) else " disabled"
            return (
                f'<button type="button" class="tool" data-act="doc-open" data-turn="{self.turn}" data-part="{to}" '
                f'{self._where()} aria-label="{self.say(key)}"{off}>{icon(sign, size=15)}</button>'
            )

        count = self.say("part", number=at + 1, count=len(shown))
        before, after = step(at - 1, "previous", "previous"), step(at + 1, "next", "next")
        return f'<p class="pager">{before}<span>{count}</span>{after}</p>'

    def _outline(self, headings: Sequence[Heading]) -> str:
        if not headings:
            return ""
        lines = "".join(
            f'<li class="l{h.level}"><button type="button" data-act="doc-jump" data-to="doc-h-{h.start}">'
            f"{name(h.title)}</button></li>"
            for h in headings
            if h.title
        )
        return f'<details class="doc-outline" open><summary>{self.say("outline")}</summary><ol>{lines}</ol></details>'

    # ---- the text and its gutter ------------------------------------------------------------------------------------

    def _spans(self, stretch: Stretch) -> list[Span]:
        return [
            Span(h.start, h.end, str(i), str(h.kind), say(f"viewer.mark_{h.kind}_n", self.language, number=h.number))
            for i, h in enumerate(self.reading.highlights)
            if h.start < stretch.end and h.end > stretch.start
        ]

    def _gap(self, reached: int, stretch: Stretch) -> str:
        if self.reading.state is DocumentState.CURRENT or reached >= stretch.start:
            return ""
        return f'<p class="doc-gap">{self.say("not_kept", start=reached, end=stretch.start)}</p>'

    def _row(self, row: MarginRow) -> str:
        place = f' id="doc-at-{row.chunks[0]}"' if len(row.chunks) == 1 else ""
        headings = HEADING_SEPARATOR.join(self.chunks[row.chunks[0]].heading_path)
        language = esc(self.reading.places[0].stored.language)
        return (
            f'<div class="doc-row"{place} data-path="{esc(headings)}">'
            f'<div class="doc-gutter">{"".join(map(self._heat, row.chunks))}</div>'
            f'<div class="doc-text" lang="{language}">{row.html}</div></div>'
        )

    def _heat(self, at: int) -> str:
        place = self.reading.places[at]
        chunk = place.stored.chunk
        label = f"{self._standing(place)} · {self._measures(at)}" if self.turn else self._measures(at)
        label = f"{self.say('passage', number=at + 1)}: {label}"
        heat = str(place.heat) if self.turn else "plain"
        c = place.candidate
        tint = f"--heat:{c.probability:.0%};" if c and c.probability is not None and self.turn else ""
        shown = str(c.number) if c and c.number and self.turn else ""
        if place.cited_in and not self.turn:
            shown = f"{len(place.cited_in)}×"
        return (
            f'<button type="button" class="heat {heat}" style="{tint}flex-grow:{chunk.end - chunk.start}" '
            f'data-act="doc-chunk" data-chunk="{at}" aria-label="{label}" title="{label}">'
            f"<span>{shown}</span></button>"
        )

    def _standing(self, place: ChunkPlace) -> str:
        c = place.candidate
        if c is None:
            return self.say("heat_never")
        if c.probability is None:
            return self.say("heat_sent_unjudged", number=c.number) if c.number else self.say("heat_searched")
        value = f"{esc(self.score)} {c.probability:.3f}"
        said = self.say("heat_sent", number=c.number) if c.number else self.say("heat_judged")
        return f"{said} · {value}"

    def _measures(self, at: int) -> str:
        chunk = self.chunks[at]
        cited = len(self.reading.places[at].cited_in)
        said = f"{t('tokens', self.language, count=chunk.tokens)} · {self._characters(chunk)}"
        return f"{said} · {self.say('cited_in', count=cited)}" if cited else said

    def _characters(self, chunk: Chunk) -> str:
        return t("characters", self.language, start=chunk.start, end=chunk.end)

    # ---- what is told of one chunk ----------------------------------------------------------------------------------

    def _bar(self, shown: range) -> str:
        told = "".join(f'<template id="doc-info-{at}">{self._told(at)}</template>' for at in shown)
        close = t("close", self.language)
        return (
            f'<section class="doc-bar" tabindex="-1" hidden aria-label="{self.say("about_passage")}">'
            f'<div class="doc-told"></div><button type="button" class="tool" data-act="doc-bar-close" '
            f'aria-label="{close}" title="{close}">{icon("close", size=16)}</button></section>{told}'
        )

    def _told(self, at: int) -> str:
        place = self.reading.places[at]
        chunk = place.stored.chunk
        repeated = self.owned[at][0] - chunk.start
        again = f" · {self.say('repeats', count=repeated)}" if repeated else ""
        dropped = place.candidate.dropped if place.candidate else None
        reason = f'<p class="dropped">{why(dropped, self.language)}</p>' if dropped and self.turn else ""
        standing = f"<p>{self._standing(place)}</p>" if self.turn else ""
        return (
            f'<h3>{self.say("passage", number=at + 1)} <span class="path">{path(chunk.heading_path)}</span></h3>'
            f"<p>{self._measures(at)}{again}</p>{standing}{reason}"
            f'<p class="doc-acts">{self._acts(place)}</p>{self._citing(place)}'
        )

    def _acts(self, place: ChunkPlace) -> str:
        chunk, c = place.stored.chunk, place.candidate
        heading = "".join(f" › {part}" for part in chunk.heading_path)
        characters = say("viewer.reference_characters", self.language).format(start=chunk.start, end=chunk.end)
        reference = f"{self.reading.document}{heading}, {characters}"
        acts = [
            f'<button type="button" class="quiet" data-act="copy" data-text="{esc(reference)}">'
            f"{self.say('copy_reference')}</button>"
        ]
        if self.turn and c:
            card = f"ev-{self.turn}-{c.number or f'r{c.rank}'}"
            show = f'data-act="doc-card" data-id="{card}">{self.say("card")}'
            acts.insert(0, f'<button type="button" class="quiet" {show}</button>')
        if self.turn and not (c and c.kept):
            acts.insert(0, why_this(place, self.turn, self.reading.base, self.language))
        return "".join(acts)

    def _citing(self, place: ChunkPlace) -> str:
        if not place.cited_in:
            return ""
        rows = "".join(
            f'<li class="talk" data-id="{esc(c.conversation)}"><button type="button" class="link" data-act="doc-talk">'
            f"{esc(c.question)}</button> <small>{esc(c.title)}</small></li>"
            for c in place.cited_in[:CITED_LISTED]
        )
        count = self.say("cited_in", count=len(place.cited_in))
        return f'<p class="doc-citing">{count}</p><ul class="doc-citing">{rows}</ul>'


def why_this(place: ChunkPlace, turn: int, base: str, language: Language) -> str:
    """The button that asks why a chunk was not sent."""
    return (
        f'<button type="button" class="quiet" data-act="why-chunk" data-turn="{turn}" data-base="{esc(base)}" '
        f'data-name="{esc(place.stored.document)}" data-chunk="{esc(place.stored.id)}">'
        f"{t('whynot.this', language)}</button>"
    )
