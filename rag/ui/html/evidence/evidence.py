"""The evidence of one turn: contexts sent, other candidates with the reason, and every score under its own name."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from markupsafe import Markup

from rag.ledger import Search
from rag.messages import Language
from rag.retrieval.names import told
from rag.types import Candidate, Ranked

from ...state.turn import Turn
from ..answer import query
from ..answer.checks import card_quotes
from ..answer.peeks import quote_spans, said_of
from ..markup import button, html, icon, joined, passage_button, path, source, t, why
from ..reading import passage
from . import marking, similar
from .flow import anchor, place
from .marking import Marked


def panel(
    turns: Sequence[Turn], number: int, language: Language, *, score_name: str, marked: Marked | None = None
) -> Markup:
    """The sidebar for turn `number`. `score_name` names the reranker's score: `p_yes` or `offline_estimate`."""
    position = next((i for i, one in enumerate(turns) if one.number == number), None)
    if position is None:
        return html('<div class="evidence">{}{}</div>')(_head(Markup(), language), _nothing(language))
    one = turns[position]
    cards = _Cards(one, language, score_name, marked)
    body = cards.judging() if one.judging else cards.render() if one.searches else _collecting(one, language)
    head = _head(_pager(turns, position, language), language)
    return html('<div class="evidence" data-turn="{}">{}{}</div>')(number, head, body)


def _head(pager: Markup, language: Language) -> Markup:
    whole = t("evidence_whole", language)
    wide = button("tool ev-wide", "ev-wide", icon("wide", size=16), label=whole, title=whole)
    close = button("tool ev-close", "panel", icon("close", size=16), label=t("close_evidence", language))
    return html(
        '<div class="ev-head"><h2>{}</h2>{}<label class="only"><input type="checkbox" data-act="cited-only">'
        "<span>{}</span></label>{}{}</div>"
    )(t("evidence", language), pager, t("cited_only", language), wide, close)


def _pager(turns: Sequence[Turn], position: int, language: Language) -> Markup:
    if len(turns) < 2:
        return Markup()

    def step(to: int, label: str, sign: str) -> Markup:
        there = 0 <= to < len(turns)
        turn = turns[to].number if there else None
        return button("tool", "evidence", icon(sign, size=15), label=t(label, language), off=not there, turn=turn)

    count = t("pager", language, number=position + 1, count=len(turns))
    before, after = step(position - 1, "previous_turn", "previous"), step(position + 1, "next_turn", "next")
    return html('<div class="pager">{}<span>{}</span>{}</div>')(before, count, after)


def _nothing(language: Language) -> Markup:
    return html(
        '<div class="ev-empty"><span class="ev-empty-art" aria-hidden="true"><i></i><i></i><i></i></span>'
        "<h3>{}</h3><p>{}</p></div>"
    )(t("no_evidence", language), t("no_evidence_about", language))


def _collecting(one: Turn, language: Language) -> Markup:
    key = "small_talk" if one.small_talk else "no_retrieval" if one.done else "collecting"
    return html('<p class="ev-question">{}</p><p class="ev-sub">{}</p>')(one.question, t(key, language))


class _Cards:
    """The cards of one turn; holds what every card needs."""

    def __init__(self, one: Turn, language: Language, score_name: str, marked: Marked | None = None) -> None:
        self.one = one
        self.language = language
        self.searches = one.searches
        self.score = t(f"score_{score_name or 'p_yes'}", language)
        self.score_about = t(f"score_{score_name or 'p_yes'}_about", language)
        self.marked = marked

    def render(self) -> Markup:
        contexts, found = self.one.contexts, len(self.one.candidates)
        finders = {c.number: search for search in self.searches for c in search.contexts}
        kept = t("kept", self.language, kept=len(contexts), found=found)
        asked = query.line(self.one, self.language, place="panel")
        return html('<p class="ev-question">{}</p>{}{}<p class="ev-sub">{}</p>{}{}<ol class="cards">{}</ol>{}')(
            self.one.question, asked, self.made(), kept, self.panel_tools(),
            similar.conflicts(self.searches, self.language, turn=self.one.number),
            joined(self.card(c, finders[c.number]) for c in contexts), joined(map(self.not_used, self.searches)),
        )  # fmt: skip

    def made(self) -> Markup:
        """The list of searches; "" where there was only one."""
        if not self.one.several:
            return Markup()
        named = (query.named(search, search.number, self.language) for search in self.searches)
        rows = joined(map(html("<li>{}</li>"), named))
        return html('<ol class="ev-searches" aria-label="{}">{}</ol>')(t("searches.made", self.language), rows)

    def judging(self) -> Markup:
        """The candidates while they are judged: light cards, since they are drawn anew with every few scores."""
        judging = self.one.judging
        assert judging is not None
        rows = joined(self.judged(c) for c in judging.candidates)
        count = t("judging", self.language, done=judging.done, total=len(judging.candidates))
        if self.one.several:
            count = html("{}: {}")(query.number(judging.search, self.language), count)
        return html(
            '<p class="ev-question">{}</p><p class="ev-sub" role="status">{}</p><ol class="cards judging">{}</ol>'
        )(self.one.question, count, rows)

    def judged(self, c: Candidate) -> Markup:
        waiting = "" if c.log_odds is not None else " waiting"
        meter = Markup('<div class="meter"><span class="bar"></span></div>') if waiting else self.meter(c)
        return html('<li class="card {}{}"><div class="card-top">{}</div>{}<p class="snippet">{}</p></li>')(
            _level(c), waiting, self.source(c), meter, passage.beginning(c.stored.chunk)
        )

    def panel_tools(self) -> Markup:
        """Small buttons that open the views of the whole evidence: rank flow, what-if, why-not."""
        acts = {"flow": "flow.open"} if self.one.candidates else {}
        acts |= {"whatif": "whatif.open"} if self.one.candidates and self.one.ledger else {}
        acts |= {"why-form": "whynot.open"} if self.one.ledger is not None else {}
        tools = joined(button("", act, t(label, self.language), turn=self.one.number) for act, label in acts.items())
        return html('<div class="ev-tools">{}</div>')(tools) if tools else tools

    def card_tools(self, c: Candidate) -> Markup:
        """Small buttons in a card's foot, about this one passage."""
        tools = self.in_document(c) if self.one.ledger is not None else []
        tools += marking.buttons(c, self.marked, self.one.number, self.language) if self.marked else []
        return html('<div class="card-tools">{}</div>')(joined(tools)) if tools else Markup()

    def in_document(self, c: Candidate) -> list[Markup]:
        """Buttons that open the passage in its document and, for one that was not sent, ask why."""
        acts = {"doc-open": "viewer.open"} if c.kept else {"doc-open": "viewer.open", "why-chunk": "whynot.this"}
        one = self.one.number
        return [passage_button("", act, t(label, self.language), c.stored, one) for act, label in acts.items()]

    def card(self, c: Candidate, search: Search) -> Markup:
        cited = c.number in self.one.cited
        classes = f"card {_level(c)}" + (" cited" if cited else "")
        tag = html('<span class="is-cited">{}</span>')(t("cited", self.language)) if cited else ""
        return html(
            '<li class="{}" id="ev-{}-{number}" tabindex="-1">'
            '<div class="card-top"><span class="card-n">{number}</span>{}{}</div>{}{}{}{}{}'
            '<div class="card-foot">{}{}{}</div>{}</li>'
        )(
            classes, self.one.number, self.source(c), self.movement(c), self.meter(c), self.named(c),
            self.passage(c, search),
            similar.similar(c, self.searches, self.language, turn=self.one.number),
            card_quotes(self.one, c.number, self.language),
            self.ranks(c), self.found_by(search), tag, self.card_tools(c), number=place(c, search.number),
        )  # fmt: skip

    def found_by(self, search: Search) -> Markup:
        """The search that found a context; "" where there was only one."""
        name = query.number(search.number, self.language)
        return html('<span class="found-by" title="{}">{}</span>')(search.query, name) if self.one.several else Markup()

    def source(self, c: Candidate) -> Markup:
        return html('<div class="card-source">{}<span class="path">{}</span></div>')(
            source(c.stored, self.language), path(c.stored.chunk.heading_path)
        )

    def movement(self, c: Candidate) -> Markup:
        """The number of ranks the reranker moved a candidate up or down from its fused rank; "" where unknown."""
        before = c.fused or c.dense or c.full_text
        if before is None or c.rank is None or c.log_odds is None:
            return Markup()
        up = before.rank - c.rank
        kind, sign = ("up", f"▲{up}") if up > 0 else ("down", f"▼{-up}") if up < 0 else ("flat", "=")
        label = t("moved", self.language, before=before.rank, after=c.rank)
        moved = html('<span class="moved {}" role="img" aria-label="{label}" title="{label}">{}</span>')
        return moved(kind, sign, label=label)

    def meter(self, c: Candidate) -> Markup:
        if c.probability is None or c.log_odds is None:
            return html('<p class="unjudged">{}</p>')(t("unjudged", self.language))
        odds = html('<span class="odds" title="{}">{} {}</span>')(
            t("log_odds_about", self.language), t("log_odds", self.language), f"{c.log_odds:+.2f}"
        )
        return html(
            '<div class="meter"><span class="bar" role="meter" aria-valuemin="0" aria-valuemax="1" '
            'aria-valuenow="{value}" aria-label="{name}"><i style="width:{}"></i></span>'
            '<span class="meter-name" title="{}">{name}</span><b>{value}</b>{}</div>{}'
        )(
            f"{c.probability:.1%}", self.about(), odds, marking.level(c, self.marked, self.score, self.language),
            value=f"{c.probability:.3f}", name=self.score,
        )  # fmt: skip

    def named(self, c: Candidate) -> Markup:
        """What a candidate has of the names in the question; "" where it has none, or the question names nothing."""
        said = told(c)
        return html('<p class="named">{}</p>')(why(said, self.language)) if said else Markup()

    def about(self) -> Markup:
        """Meaning of the reranker's score, with its state of calibration by marks."""
        state = marking.state(self.marked, self.language)
        return html("{} ({})")(self.score_about, state) if state else self.score_about

    def passage(self, c: Candidate, search: Search) -> Markup:
        stored = c.stored
        quotes, said = quote_spans(self.one, c), said_of(self.one, c)
        shown = passage.view(stored.chunk, search.query, quotes, self.language, cited_for=said)
        return html(
            '<p class="snippet">{}</p><details id="full-{key}"><summary>{} <span>{}</span></summary>'
            '<div class="full doc-text" lang="{}">{}</div></details>'
            '<details id="scores-{key}"><summary>{}</summary>{}</details>'
        )(
            shown.sentence, t("full_passage", self.language), t("tokens", self.language, count=stored.chunk.tokens),
            stored.language, shown.whole,
            t("scores", self.language), self.scores(c), key=f"{self.one.number}-{place(c, search.number)}",
        )  # fmt: skip

    def ranks(self, c: Candidate) -> Markup:
        def rank(label: str, ranked: Ranked | None) -> Markup:
            return html("<span>{} <b>{}</b></span>")(t(label, self.language), f"#{ranked.rank}" if ranked else "–")

        final = html("<span>{} <b>#{}</b></span>")(t("rank_final", self.language), c.rank) if c.rank is not None else ""
        stages = {"rank_dense": c.dense, "rank_full_text": c.full_text, "rank_fused": c.fused}
        return joined([*itertools.starmap(rank, stages.items()), final])

    def scores(self, c: Candidate) -> Markup:
        """Every raw value under its own name, with the meaning of the name."""
        chunk = c.stored.chunk
        rows = [
            ("raw_dense", f"{c.dense.score:.4f}" if c.dense else "–"),
            ("raw_full_text", f"{c.full_text.score:.3f}" if c.full_text else "–"),
            ("raw_fused", f"{c.fused.score:.5f}" if c.fused else "–"),
            ("raw_log_odds", f"{c.log_odds:+.4f}" if c.log_odds is not None else "–"),
            ("raw_position", t("position", self.language, start=chunk.start, end=chunk.end, index=chunk.index + 1)),
            ("raw_id", html("<code>{}</code>")(c.stored.id)),
        ]
        lines = [self.score_row(key, value) for key, value in rows]
        lines.insert(4, marking.row(c, self.marked, self.language))
        return html('<dl class="scores">{}</dl>')(joined(lines))

    def score_row(self, key: str, value: str) -> Markup:
        about = t(f"{key}_about", self.language)
        return html("<div><dt>{}<small>{}</small></dt><dd>{}</dd></div>")(t(key, self.language), about, value)

    def not_used(self, search: Search) -> Markup:
        rest = [c for c in search.candidates if not c.kept]
        if not rest:
            return Markup()
        opened = "" if self.one.contexts else " open"
        rows = joined(self.unused(c, search) for c in rest)
        key = f"{self.one.number}" if search.number == 1 else f"{self.one.number}-s{search.number}"
        name = html("{}: ")(query.number(search.number, self.language)) if self.one.several else ""
        told = t("not_used", self.language, count=len(rest))
        shown = html('<details class="rest" id="rest-{}"{}><summary>{}{}</summary><ol>{}</ol></details>')
        return shown(key, opened, name, told, rows)

    def unused(self, c: Candidate, search: Search) -> Markup:
        value = f"{c.probability:.3f}" if c.probability is not None else "–"
        reason = html('<p class="dropped">{}</p>')(why(c.dropped, self.language)) if c.dropped else ""
        top = html('<div class="card-top">{}<b title="{}">{}</b></div>')(self.source(c), self.score, value)
        return html(
            '<li class="unused {}" id="{}" tabindex="-1">{}{}{}{}<div class="card-foot">{}</div>{}</li>'
        )(
            _level(c), anchor(c, self.one.number, search.number), top, reason, self.named(c),
            self.passage(c, search), self.ranks(c), self.card_tools(c),
        )  # fmt: skip


def _level(c: Candidate) -> str:
    p = c.probability
    return "low" if p is None or p < 0.5 else "mid" if p < 0.8 else "high"
