"""The evidence of one turn: contexts sent, other candidates with the reason, and every score under its own name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.citations.summary import quotes_of
from rag.ledger import Search
from rag.messages import Language
from rag.retrieval.names import told
from rag.text.highlight import best_sentence, term_spans
from rag.types import Candidate, Ranked

from ...state.turn import Turn
from ..answer import query
from ..answer.checks import card_quotes
from ..markup import Span, clipped, esc, icon, marked, path, source, t, why
from . import marking, similar
from .flow import anchor, place
from .marking import Marked

HEADINGS = re.compile(r"\A(?:\s*#{1,6} [^\n]*(?:\n|\Z))+")
BEGINNING = 180
"""Characters shown of a passage in which no sentence stands out."""


def panel(
    turns: Sequence[Turn], number: int, language: Language, *, score_name: str, marked: Marked | None = None
) -> str:
    """The sidebar for turn `number`. `score_name` names the reranker's score: `p_yes` or `offline_estimate`."""
    position = next((i for i, one in enumerate(turns) if one.number == number), None)
    if position is None:
        return f'<div class="evidence">{_head("", language)}{_nothing(language)}</div>'
    one = turns[position]
    cards = _Cards(one, language, score_name, marked)
    body = cards.judging() if one.judging else cards.render() if one.searches else _collecting(one, language)
    return (
        f'<div class="evidence" data-turn="{number}">{_head(_pager(turns, position, language), language)}{body}</div>'
    )


def _head(pager: str, language: Language) -> str:
    return (
        f'<div class="ev-head"><h2>{t("evidence", language)}</h2>{pager}'
        f'<label class="only"><input type="checkbox" data-act="cited-only"><span>{t("cited_only", language)}'
        "</span></label>"
        f'<button type="button" class="tool ev-close" data-act="panel" aria-label="{t("close_evidence", language)}">'
        f"{icon('close', size=16)}</button></div>"
    )


def _pager(turns: Sequence[Turn], position: int, language: Language) -> str:
    if len(turns) < 2:
        return ""

    def step(to: int, label: str, sign: str) -> str:
        target = f' data-turn="{turns[to].number}"' if 0 <= to < len(turns) else " disabled"
        return (
            f'<button type="button" class="tool" data-act="evidence"{target} aria-label="{t(label, language)}">'
            f"{icon(sign, size=15)}</button>"
        )

    count = t("pager", language, number=position + 1, count=len(turns))
    return (
        f'<div class="pager">{step(position - 1, "previous_turn", "previous")}<span>{count}</span>'
        f"{step(position + 1, 'next_turn', 'next')}</div>"
    )


def _nothing(language: Language) -> str:
    return (
        f'<div class="ev-empty"><span class="ev-empty-art" aria-hidden="true"><i></i><i></i><i></i></span>'
        f"<h3>{t('no_evidence', language)}</h3><p>{t('no_evidence_about', language)}</p></div>"
    )


def _collecting(one: Turn, language: Language) -> str:
    key = "small_talk" if one.small_talk else "no_retrieval" if one.done else "collecting"
    return f'<p class="ev-question">{esc(one.question)}</p><p class="ev-sub">{t(key, language)}</p>'


class _Cards:
    """The cards of one turn; holds what every card needs."""

    def __init__(self, one: Turn, language: Language, score_name: str, marked: Marked | None = None) -> None:
        self.one = one
        self.language = language
        self.searches = one.searches
        self.score = t(f"score_{score_name or 'p_yes'}", language)
        self.score_about = t(f"score_{score_name or 'p_yes'}_about", language)
        self.marked = marked

    def render(self) -> str:
        contexts, found = self.one.contexts, len(self.one.candidates)
        finders = {c.number: search for search in self.searches for c in search.contexts}
        cards = "".join(self.card(c, finders[c.number]) for c in contexts)
        kept = t("kept", self.language, kept=len(contexts), found=found)
        return (
            f'<p class="ev-question">{esc(self.one.question)}</p>{query.line(self.one, self.language, place="panel")}'
            f'{self.made()}<p class="ev-sub">{kept}</p>{self.panel_tools()}'
            f"{similar.conflicts(self.searches, self.language, turn=self.one.number)}"
            f'<ol class="cards">{cards}</ol>{"".join(map(self.not_used, self.searches))}'
        )

    def made(self) -> str:
        """The list of searches; "" where there was only one."""
        if not self.one.several:
            return ""
        rows = "".join(f"<li>{query.named(search, search.number, self.language)}</li>" for search in self.searches)
        return f'<ol class="ev-searches" aria-label="{t("searches.made", self.language)}">{rows}</ol>'

    def judging(self) -> str:
        """The candidates while they are judged: light cards, since they are drawn anew with every few scores."""
        judging = self.one.judging
        assert judging is not None
        rows = "".join(self.judged(c) for c in judging.candidates)
        count = t("judging", self.language, done=judging.done, total=len(judging.candidates))
        if self.one.several:
            count = f"{query.number(judging.search, self.language)}: {count}"
        return (
            f'<p class="ev-question">{esc(self.one.question)}</p><p class="ev-sub" role="status">{count}</p>'
            f'<ol class="cards judging">{rows}</ol>'
        )

    def judged(self, c: Candidate) -> str:
        waiting = "" if c.log_odds is not None else " waiting"
        meter = self.meter(c) if c.log_odds is not None else '<div class="meter"><span class="bar"></span></div>'
        return (
            f'<li class="card {_level(c)}{waiting}"><div class="card-top">{self.source(c)}</div>{meter}'
            f'<p class="snippet">{esc(_beginning(c.stored.chunk.text))}</p></li>'
        )

    def panel_tools(self) -> str:
        """Small buttons that open the views of the whole evidence: rank flow, what-if, why-not."""
        tools: list[str] = []
        if self.one.candidates:
            tools.append(self.tool("flow", "flow.open"))
        if self.one.candidates and self.one.ledger:
            tools.append(self.tool("whatif", "whatif.open"))
        if self.one.ledger is not None:
            tools.append(self.tool("why-form", "whynot.open"))
        return f'<div class="ev-tools">{"".join(tools)}</div>' if tools else ""

    def tool(self, act: str, label: str) -> str:
        caption = t(label, self.language)
        return f'<button type="button" data-act="{act}" data-turn="{self.one.number}">{caption}</button>'

    def card_tools(self, c: Candidate) -> str:
        """Small buttons in a card's foot, about this one passage."""
        tools: list[str] = []
        if self.one.ledger is not None:
            tools.append(self.in_document(c))
        if self.marked:
            tools += marking.buttons(c, self.marked, self.one.number, self.language)
        return f'<div class="card-tools">{"".join(tools)}</div>' if tools else ""

    def in_document(self, c: Candidate) -> str:
        """Buttons that open the passage in its document and, for one that was not sent, ask why."""
        stored = c.stored
        where = (
            f'data-turn="{self.one.number}" data-base="{esc(stored.collection)}" data-name="{esc(stored.document)}" '
            f'data-chunk="{esc(stored.id)}"'
        )

        def button(act: str, label: str) -> str:
            return f'<button type="button" data-act="{act}" {where}>{t(label, self.language)}</button>'

        ask = "" if c.kept else button("why-chunk", "whynot.this")
        return button("doc-open", "viewer.open") + ask

    def card(self, c: Candidate, search: Search) -> str:
        cited = c.number in self.one.cited
        classes = f"card {_level(c)}" + (" cited" if cited else "")
        tag = f'<span class="is-cited">{t("cited", self.language)}</span>' if cited else ""
        return (
            f'<li class="{classes}" id="ev-{self.one.number}-{c.number}" tabindex="-1">'
            f'<div class="card-top"><span class="card-n">{c.number}</span>{self.source(c)}{self.movement(c)}</div>'
            f"{self.meter(c)}{self.named(c)}{self.passage(c, search)}"
            f"{similar.similar(c, self.searches, self.language, turn=self.one.number)}"
            f"{card_quotes(self.one, c.number, self.language)}"
            f'<div class="card-foot">{self.ranks(c)}{self.found_by(search)}{tag}</div>{self.card_tools(c)}</li>'
        )

    def found_by(self, search: Search) -> str:
        """The search that found a context; "" where there was only one."""
        name = query.number(search.number, self.language)
        return f'<span class="found-by" title="{esc(search.query)}">{name}</span>' if self.one.several else ""

    def source(self, c: Candidate) -> str:
        return (
            f'<div class="card-source">{source(c.stored, self.language)}'
            f'<span class="path">{path(c.stored.chunk.heading_path)}</span></div>'
        )

    def movement(self, c: Candidate) -> str:
        """The number of ranks the reranker moved a candidate up or down from its fused rank; "" where unknown."""
        before = c.fused or c.dense or c.full_text
        if before is None or c.rank is None or c.log_odds is None:
            return ""
        up = before.rank - c.rank
        kind, sign = ("up", f"▲{up}") if up > 0 else ("down", f"▼{-up}") if up < 0 else ("flat", "=")
        label = t("moved", self.language, before=before.rank, after=c.rank)
        return f'<span class="moved {kind}" role="img" aria-label="{label}" title="{label}">{sign}</span>'

    def meter(self, c: Candidate) -> str:
        if c.probability is None or c.log_odds is None:
            return f'<p class="unjudged">{t("unjudged", self.language)}</p>'
        return (
            f'<div class="meter"><span class="bar" role="meter" aria-valuemin="0" aria-valuemax="1" '
            f'aria-valuenow="{c.probability:.3f}" aria-label="{self.score}">'
            f'<i style="width:{c.probability:.1%}"></i></span>'
            f'<span class="meter-name" title="{self.about()}">{self.score}</span><b>{c.probability:.3f}</b>'
            f'<span class="odds" title="{t("log_odds_about", self.language)}">{t("log_odds", self.language)} '
            f"{c.log_odds:+.2f}</span></div>{marking.level(c, self.marked, self.score, self.language)}"
        )

    def named(self, c: Candidate) -> str:
        """What a candidate has of the names in the question; "" where it has none, or the question names nothing."""
        said = told(c)
        return f'<p class="named">{why(said, self.language)}</p>' if said else ""

    def about(self) -> str:
        """Meaning of the reranker's score, with its state of calibration by marks."""
        state = marking.state(self.marked, self.language)
        return f"{self.score_about} ({state})" if state else self.score_about

    def passage(self, c: Candidate, search: Search) -> str:
        chunk = c.stored.chunk
        best, terms = best_sentence(search.query, chunk.text), term_spans(search.query, chunk.text)
        key = f"{self.one.number}-{place(c, search.number)}"
        snippet = clipped(chunk.text, best, terms) if best else esc(_beginning(chunk.text))
        label = t("full_passage", self.language)
        tokens = t("tokens", self.language, count=chunk.tokens)
        return (
            f'<p class="snippet">{snippet}</p>'
            f'<details id="full-{key}"><summary>{label} <span>{tokens}</span></summary>'
            f'<div class="full" lang="{esc(c.stored.language)}">'
            f"{marked(chunk.text, best=best, terms=terms, quotes=self.quotes(c))}"
            "</div></details>"
            f'<details id="scores-{key}"><summary>{t("scores", self.language)}</summary>{self.scores(c)}</details>'
        )

    def quotes(self, c: Candidate) -> dict[int, Span]:
        """Place of a quote in the ledger -> its span in the passage."""
        found = quotes_of(self.one.ledger, c.number) if self.one.ledger and c.number else []
        return {position: (quote.start, quote.end) for position, quote in found if quote.end}

    def ranks(self, c: Candidate) -> str:
        def rank(label: str, ranked: Ranked | None) -> str:
            return f"<span>{t(label, self.language)} <b>{f'#{ranked.rank}' if ranked else '–'}</b></span>"

        final = f"<span>{t('rank_final', self.language)} <b>#{c.rank}</b></span>" if c.rank is not None else ""
        return rank("rank_dense", c.dense) + rank("rank_full_text", c.full_text) + rank("rank_fused", c.fused) + final

    def scores(self, c: Candidate) -> str:
        """Every raw value under its own name, with the meaning of the name."""
        chunk = c.stored.chunk
        rows = [
            ("raw_dense", f"{c.dense.score:.4f}" if c.dense else "–"),
            ("raw_full_text", f"{c.full_text.score:.3f}" if c.full_text else "–"),
            ("raw_fused", f"{c.fused.score:.5f}" if c.fused else "–"),
            ("raw_log_odds", f"{c.log_odds:+.4f}" if c.log_odds is not None else "–"),
            ("raw_position", t("position", self.language, start=chunk.start, end=chunk.end, index=chunk.index + 1)),
            ("raw_id", f"<code>{esc(c.stored.id)}</code>"),
        ]
        lines = [self.score_row(key, value) for key, value in rows]
        lines.insert(4, marking.row(c, self.marked, self.language))
        return f'<dl class="scores">{"".join(lines)}</dl>'

    def score_row(self, key: str, value: str) -> str:
        about = t(f"{key}_about", self.language)
        return f"<div><dt>{t(key, self.language)}<small>{about}</small></dt><dd>{value}</dd></div>"

    def not_used(self, search: Search) -> str:
        rest = [c for c in search.candidates if not c.kept]
        if not rest:
            return ""
        opened = "" if self.one.contexts else " open"
        rows = "".join(self.unused(c, search) for c in rest)
        key = f"{self.one.number}" if search.number == 1 else f"{self.one.number}-s{search.number}"
        name = f"{query.number(search.number, self.language)}: " if self.one.several else ""
        return (
            f'<details class="rest" id="rest-{key}"{opened}>'
            f"<summary>{name}{t('not_used', self.language, count=len(rest))}</summary><ol>{rows}</ol></details>"
        )

    def unused(self, c: Candidate, search: Search) -> str:
        value = f"{c.probability:.3f}" if c.probability is not None else "–"
        reason = f'<p class="dropped">{why(c.dropped, self.language)}</p>' if c.dropped else ""
        return (
            f'<li class="unused {_level(c)}" id="{anchor(c, self.one.number, search.number)}" tabindex="-1">'
            f'<div class="card-top">{self.source(c)}<b title="{self.score}">{value}</b></div>{reason}{self.named(c)}'
            f'{self.passage(c, search)}<div class="card-foot">{self.ranks(c)}</div>{self.card_tools(c)}</li>'
        )


def _beginning(text: str) -> str:
    """The first words below the chunk's own headings, which stand over the card already."""
    line = " ".join(HEADINGS.sub("", text).split()) or " ".join(text.split())
    return line if len(line) <= BEGINNING else f"{line[:BEGINNING]}…"


def _level(c: Candidate) -> str:
    p = c.probability
    return "low" if p is None or p < 0.5 else "mid" if p < 0.8 else "high"
