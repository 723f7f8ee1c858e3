"""The document viewer: a document beside the heat of its chunks, with an outline and the spans an answer rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rag.documents.reconstruction import Stretch, own_spans, parts, stretches
from rag.evidence.document_view import ChunkPlace, DocumentState, Reading
from rag.messages import Language
from rag.retrieval.source_names import base_called
from rag.types import HEADING_SEPARATOR, Chunk

from ...i18n import say
from .. import originals
from ..markup import button, html, icon, in_base, joined, name, path, t, tool, why
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
) -> Markup:
    """The sheet. `turn` is the number of the answer whose question is shown, 0 for none.

    `base_name` is the name of the document's knowledge base, where there are several. `original`: the original of the
    document as it is now can be downloaded.
    """
    view = _Viewer(reading, turn, language, score_name or "p_yes", base_name)
    before = in_base(base_name, language) if base_name else ""
    title = html('{}<bdi class="file">{}</bdi>')(before, name(reading.document))
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

    def say(self, key: str, /, **values: str | int | float) -> Markup:
        return t(f"viewer.{key}", self.language, **values)

    def tools(self, *, original: bool) -> Markup:
        label, about = self.say("copy_reference"), self.say("copy_reference_about")
        copy = button("tool", "doc-reference", icon("copy", size=16), label=label, title=about)
        return (self._original() if original else Markup()) + copy

    def _original(self) -> Markup:
        """A link that downloads the original; "" if the document shown is not the current one."""
        if self.reading.state is not DocumentState.CURRENT:
            return Markup()
        where = originals.address(self.reading.document, self.reading.base)
        about = t("originals.file_about", self.language)
        label = t("originals.file", self.language)
        return html('<a class="tool wide" href="{}" download title="{}">{}</a>')(where, about, label)

    def body(self, target: ViewTarget) -> Markup:
        shown = parts(self.chunks, most=MOST_SHOWN) or [()]
        at = self._part_of(shown, target)
        first = sum(len(part) for part in shown[:at])
        rows: list[Markup] = []
        headings: list[Heading] = []
        position, reached = first, 0
        for stretch in stretches(shown[at]):
            rendered = render(stretch, self._spans(stretch), self.language, first=position)
            headings += rendered.headings
            rows += [self._gap(reached, stretch), *map(self._row, rendered.rows)]
            position, reached = position + len(stretch.chunks), stretch.end
        goal = next((i for i, p in enumerate(self.reading.places) if p.stored.id == target.chunk), None)
        return html(
            '<div class="doc" data-name="{}" data-base="{}" data-base-name="{}" data-turn="{}" '
            'data-target="{}" data-characters="{}">{}<div class="doc-main">{}'
            '<div class="doc-scroll" tabindex="0" role="region" aria-label="{}">{}</div></div>{}</div>'
        )(
            self.reading.document, self.reading.base, self.base_name, self.turn,
            "" if goal is None else f"doc-at-{goal}", say("viewer.reference_characters", self.language),
            self._head(shown, at), self._outline(headings), self.say("text"), joined(rows),
            self._bar(range(first, position)),
        )  # fmt: skip

    def _part_of(self, shown: Sequence[Sequence[Chunk]], target: ViewTarget) -> int:
        wanted = next((p.stored.chunk for p in self.reading.places if p.stored.id == target.chunk), None)
        found = next((i for i, part in enumerate(shown) if wanted in part), None)
        return found if found is not None else min(max(target.part, 0), len(shown) - 1)

    # ---- above the text ---------------------------------------------------------------------------------------------

    def _head(self, shown: Sequence[Sequence[Chunk]], at: int) -> Markup:
        question = self.reading.ledger.question if self.reading.ledger else ""
        asked = html('<p class="doc-question">{} <q>{}</q></p>')(self.say("for_question"), question) if question else ""
        below = joined([self._facts(), self._cited(), self._parts(shown, at)])
        return html('<div class="doc-head">{}{}{}</div>')(self._state(), asked, below)

    def _state(self) -> Markup:
        state = self.reading.state
        if state is DocumentState.CURRENT:
            return Markup()
        changed = state is DocumentState.CHANGED
        name, base = self.reading.document, self.reading.base
        as_it_is = button("quiet", "doc-open", self.say("as_it_is"), name=name, base=base) if changed else ""
        line = html('<p class="doc-state">{}<span>{}</span>{}</p>')
        return line(icon("warning", size=16), self.say(state), as_it_is)

    def _facts(self) -> Markup:
        tokens = sum(chunk.tokens for chunk in self.chunks)
        facts = say("viewer.facts", self.language, passages=len(self.chunks), tokens=tokens)
        if not self.turn:
            return html('<p class="doc-facts">{}</p>')(self.say("gutter_plain", facts=facts))
        scale = joined(html('<i style="--heat:{}%"></i>')(percent) for percent in (0, 25, 50, 75, 100))
        legend = html(
            '<span><span class="doc-scale" aria-hidden="true">0 {} 1</span> {}</span>'
            '<span><i class="swatch searched" aria-hidden="true"></i>{}</span>'
            '<span><i class="swatch never" aria-hidden="true"></i>{}</span>'
            '<span><b class="swatch sent" aria-hidden="true">n</b>{}</span>'
            '<span><mark class="quote" aria-hidden="true">ab</mark> {}</span>'
            '<span><mark class="best" aria-hidden="true">ab</mark> {}</span>'
        )(
            scale,
            self.score,
            *map(self.say, ("heat_searched", "heat_never", "heat_sent_as_n", "mark_quote", "mark_best")),
        )
        head = html("{} · {}")(facts, self.say("legend"))
        return html('<details class="doc-facts" open><summary>{}</summary><p class="doc-legend">{}</p></details>')(
            head, legend
        )

    def _cited(self) -> Markup:
        if not self.reading.highlights:
            return Markup()
        links = joined(
            button("chip", "doc-jump", h.number, label=self.say("jump_mark", number=h.number), to=f"doc-mark-{i}")
            for i, h in enumerate(self.reading.highlights)
        )
        return html('<p class="doc-cited">{} {}</p>')(self.say("rests_on"), links)

    def _parts(self, shown: Sequence[Sequence[Chunk]], at: int) -> Markup:
        if len(shown) < 2:
            return Markup()

        def step(to: int, key: str, sign: str) -> Markup:
            return button(
                "tool", "doc-open", icon(sign, size=15), label=self.say(key), off=not 0 <= to < len(shown),
                turn=self.turn, part=to, name=self.reading.document, base=self.reading.base,
            )  # fmt: skip

        count = self.say("part", number=at + 1, count=len(shown))
        before, after = step(at - 1, "previous", "previous"), step(at + 1, "next", "next")
        return html('<p class="pager">{}<span>{}</span>{}</p>')(before, count, after)

    def _outline(self, headings: Sequence[Heading]) -> Markup:
        if not headings:
            return Markup()
        lines = joined(
            html('<li class="l{}">{}</li>')(h.level, button("", "doc-jump", name(h.title), to=f"doc-h-{h.start}"))
            for h in headings
            if h.title
        )
        outline = html('<details class="doc-outline" open><summary>{}</summary><ol>{}</ol></details>')
        return outline(self.say("outline"), lines)

    # ---- the text and its gutter ------------------------------------------------------------------------------------

    def _spans(self, stretch: Stretch) -> list[Span]:
        return [
            Span(h.start, h.end, str(i), str(h.kind), say(f"viewer.mark_{h.kind}_n", self.language, number=h.number))
            for i, h in enumerate(self.reading.highlights)
            if h.start < stretch.end and h.end > stretch.start
        ]

    def _gap(self, reached: int, stretch: Stretch) -> Markup:
        if self.reading.state is DocumentState.CURRENT or reached >= stretch.start:
            return Markup()
        return html('<p class="doc-gap">{}</p>')(self.say("not_kept", start=reached, end=stretch.start))

    def _row(self, row: MarginRow) -> Markup:
        place = html(' id="doc-at-{}"')(row.chunks[0]) if len(row.chunks) == 1 else ""
        headings = HEADING_SEPARATOR.join(self.chunks[row.chunks[0]].heading_path)
        language, gutter = self.reading.places[0].stored.language, joined(map(self._heat, row.chunks))
        return html(
            '<div class="doc-row"{} data-path="{}"><div class="doc-gutter">{}</div>'
            '<div class="doc-text" lang="{}">{}</div></div>'
        )(place, headings, gutter, language, row.html)

    def _heat(self, at: int) -> Markup:
        place = self.reading.places[at]
        chunk = place.stored.chunk
        facts = [self._standing(place), self._measures(at)] if self.turn else [self._measures(at)]
        label = html("{}: {}")(self.say("passage", number=at + 1), joined(facts, " · "))
        heat = str(place.heat) if self.turn else "plain"
        c = place.candidate
        tint = f"--heat:{c.probability:.0%};" if c and c.probability is not None and self.turn else ""
        shown = str(c.number) if c and c.number and self.turn else ""
        if place.cited_in and not self.turn:
            shown = f"{len(place.cited_in)}×"
        return html(
            '<button type="button" class="heat {}" style="{}flex-grow:{}" data-act="doc-chunk" data-chunk="{}" '
            'aria-label="{label}" title="{label}"><span>{}</span></button>'
        )(heat, tint, chunk.end - chunk.start, at, shown, label=label)

    def _standing(self, place: ChunkPlace) -> Markup:
        c = place.candidate
        if c is None:
            return self.say("heat_never")
        if c.probability is None:
            return self.say("heat_sent_unjudged", number=c.number) if c.number else self.say("heat_searched")
        value = html("{} {}")(self.score, f"{c.probability:.3f}")
        said = self.say("heat_sent", number=c.number) if c.number else self.say("heat_judged")
        return joined([said, value], " · ")

    def _measures(self, at: int) -> Markup:
        chunk = self.chunks[at]
        cited = len(self.reading.places[at].cited_in)
        said = [t("tokens", self.language, count=chunk.tokens), self._characters(chunk)]
        return joined([*said, self.say("cited_in", count=cited)] if cited else said, " · ")

    def _characters(self, chunk: Chunk) -> Markup:
        return t("characters", self.language, start=chunk.start, end=chunk.end)

    # ---- what is told of one chunk ----------------------------------------------------------------------------------

    def _bar(self, shown: range) -> Markup:
        told = joined(html('<template id="doc-info-{}">{}</template>')(at, self._told(at)) for at in shown)
        close = tool("doc-bar-close", "close", t("close", self.language), size=16)
        bar = html(
            '<section class="doc-bar" tabindex="-1" hidden aria-label="{}"><div class="doc-told"></div>{}</section>{}'
        )
        return bar(self.say("about_passage"), close, told)

    def _told(self, at: int) -> Markup:
        place = self.reading.places[at]
        chunk = place.stored.chunk
        repeated = self.owned[at][0] - chunk.start
        again = html(" · {}")(self.say("repeats", count=repeated)) if repeated else ""
        dropped = place.candidate.dropped if place.candidate else None
        reason = html('<p class="dropped">{}</p>')(why(dropped, self.language)) if dropped and self.turn else ""
        standing = html("<p>{}</p>")(self._standing(place)) if self.turn else ""
        title = html('{} <span class="path">{}</span>')(self.say("passage", number=at + 1), path(chunk.heading_path))
        acts, citing = self._acts(place), self._citing(place)
        told = html('<h3>{}</h3><p>{}{}</p>{}{}<p class="doc-acts">{}</p>{}')
        return told(title, self._measures(at), again, standing, reason, acts, citing)

    def _acts(self, place: ChunkPlace) -> Markup:
        chunk, c = place.stored.chunk, place.candidate
        heading = "".join(f" › {part}" for part in chunk.heading_path)
        characters = say("viewer.reference_characters", self.language).format(start=chunk.start, end=chunk.end)
        reference = f"{self.reading.document}{heading}, {characters}"
        acts = [button("quiet", "copy", self.say("copy_reference"), text=reference)]
        if self.turn and c:
            card = f"ev-{self.turn}-{c.number or f'r{c.rank}'}"
            acts.insert(0, button("quiet", "doc-card", self.say("card"), id=card))
        if self.turn and not (c and c.kept):
            acts.insert(0, why_this(place, self.turn, self.reading.base, self.language))
        return joined(acts)

    def _citing(self, place: ChunkPlace) -> Markup:
        if not place.cited_in:
            return Markup()
        row = html('<li class="talk" data-id="{}">{} <small>{}</small></li>')
        rows = joined(
            row(c.conversation, button("link", "doc-talk", c.question), c.title) for c in place.cited_in[:CITED_LISTED]
        )
        count = self.say("cited_in", count=len(place.cited_in))
        return html('<p class="doc-citing">{}</p><ul class="doc-citing">{}</ul>')(count, rows)


def why_this(place: ChunkPlace, turn: int, base: str, language: Language) -> Markup:
    """The button that asks why a chunk was not sent."""
    said, stored = t("whynot.this", language), place.stored
    return button("quiet", "why-chunk", said, turn=turn, base=base, name=stored.document, chunk=stored.id)
