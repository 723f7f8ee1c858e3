"""The what-if sheet: the ranking under other settings, from known scores, and the contexts sent then. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from markupsafe import Markup

from rag.ledger import Search, contexts_of
from rag.messages import Language
from rag.options import OptionKind, RetrievalOption, ShownIn, of
from rag.retrieval.source_names import source as called
from rag.types import Candidate, Mode, RetrievalOptions

from ..markup import button, html, joined, name, t, where, why
from ..options import slider
from ..sheet import sheet
from .flow import anchor, flows

PARTS = ("changes", "sent", "unsent", "flow")
"""Parts drawn anew with every change; the controls stay as they are under the reader's hand."""


Searches = Sequence[Search]
"""Searches of one answer with an outcome. The settings shown are those of the first; a change applies to all."""


def whatif_sheet(actual: Searches, language: Language, *, turn: int) -> Markup:
    """The sheet: controls with the answer's settings, and the parts drawn anew with every change."""
    part = parts(actual, actual, language, turn=turn)
    pinned, banned = (json.dumps(list(ids)) for ids in (actual[0].options.pinned, actual[0].options.banned))
    folded = html(
        '<details class="whatif-more" id="whatif-{key}"><summary>{}</summary><div data-part="{key}">{}</div></details>'
    )
    unsent = folded(t("whatif.unsent", language), part["unsent"], key="unsent")
    drawn = folded(t("flow.title", language), part["flow"], key="flow")
    body = html(
        '<div class="whatif" data-turn="{}" data-pinned="{}" data-banned="{}"><div class="whatif-controls">'
        '<p class="whatif-about">{}</p>{}</div>'
        '<div class="whatif-result"><div data-part="changes" role="status">{}</div>'
        '<h3>{}</h3><div data-part="sent">{}</div>{}{}</div></div>'
    )(
        turn, pinned, banned, t("whatif.about", language), _controls(actual, language),
        part["changes"], t("whatif.sent", language), part["sent"], unsent, drawn,
    )  # fmt: skip
    return sheet(t("whatif.title", language), body, language, kind="whatif-sheet large")


def preview(actual: Searches, again: Searches, language: Language, *, turn: int, number: int) -> Markup:
    """The parts under other settings, for the script to put in place; `number` says which request they answer."""
    made = parts(actual, again, language, turn=turn)
    rows = joined(html('<div data-part="{}">{}</div>')(key, made[key]) for key in PARTS)
    return html('<div class="whatif-preview" data-number="{}" hidden>{}</div>')(number, rows)


def parts(actual: Searches, again: Searches, language: Language, *, turn: int) -> dict[str, Markup]:
    """Name of each part in `PARTS` -> its HTML."""
    found = [(search, c) for search in again for c in search.candidates]
    sent = sorted(((s, c) for s, c in found if c.kept), key=lambda one: one[1].number or 0)
    unsent = [(s, c) for s, c in found if not c.kept]
    return {
        "changes": _changes(actual, again, language, turn=turn),
        "sent": _passages(sent, actual, language, turn=turn)
        or html('<p class="whatif-none">{}</p>')(t("whatif.nothing", language)),
        "unsent": _passages(unsent, actual, language, turn=turn),
        "flow": flows(again, language, turn=turn, shown_as=actual),
    }


def _controls(actual: Searches, language: Language) -> Markup:
    options = actual[0].options
    found = _reach(actual)
    judged = any(c.log_odds is not None for search in actual for c in search.candidates)
    known = any(search.retrieval and search.retrieval.fusion.dense_weight for search in actual)
    notes: dict[str, str] = {}
    if not judged:
        notes |= {"threshold": "", "rerank": "whatif.unjudged"}
    if options.mode is not Mode.HYBRID or not known:
        notes["balance"] = "whatif.foreign" if options.mode is Mode.HYBRID else ""
    controls = []
    for option in of(shown=ShownIn.WHAT_IF):
        if option.name not in notes:
            controls.append(_control(option, options, found, language))
        elif notes[option.name]:
            controls.append(html('<p class="whatif-note">{}</p>')(t(notes[option.name], language)))
    return joined(controls)


def _control(option: RetrievalOption, options: RetrievalOptions, found: int, language: Language) -> Markup:
    if option.kind is OptionKind.SWITCH:
        return html('<label class="whatif-switch"><input type="checkbox" name="{}" checked><span>{}</span></label>')(
            option.name, t(option.label, language)
        )
    if option.name == "candidates":
        return slider(option, min(options.candidates, found), language, high=found)
    return slider(option, option.of(options), language)


def _reach(actual: Searches) -> int:
    """The most candidates that a search found, at least 1: a candidate that was not found then is not found now."""
    return max(1, *(len(search.candidates) for search in actual))


def _changes(actual: Searches, again: Searches, language: Language, *, turn: int) -> Markup:
    """The contexts to be sent compared with those sent, and the button to answer so; disabled while nothing differs."""
    then, now = _numbers(actual), _numbers(again)
    entered, left = len(now.keys() - then.keys()), len(then.keys() - now.keys())
    moved = sum(then[key] != number for key, number in now.items() if key in then)
    facts = [
        t("whatif.would_send", language, count=len(now), before=len(then)),
        t("whatif.tokens", language, count=f"{_tokens(again):,}", before=f"{_tokens(actual):,}"),
    ]
    if entered or left or moved:
        facts.append(t("whatif.changed", language, entered=entered, left=left, moved=moved))
    else:
        facts.append(t("whatif.unchanged", language))
    ready = bool(now) and (now != then or _settings(again[0].options) != _settings(actual[0].options))
    words = t("whatif.answer", language)
    put = button("primary", "whatif-answer", words, key="answer", turn=turn, off=not ready)
    return html('<p class="whatif-facts">{}</p>{}')(joined(map(html("<span>{}</span>"), facts)), put)


def _settings(options: RetrievalOptions) -> tuple[object, ...]:
    return tuple(option.of(options) for option in of(shown=ShownIn.WHAT_IF))


def _passages(
    several: Sequence[tuple[Search, Candidate]], actual: Searches, language: Language, *, turn: int
) -> Markup:
    before = {(search.number, c.stored.id): c for search in actual for c in search.candidates}
    rows = joined(_passage(c, before.get((s.number, c.stored.id)), s, language, turn=turn) for s, c in several)
    return html('<ol class="whatif-list">{}</ol>')(rows) if rows else rows


def _passage(c: Candidate, then: Candidate | None, search: Search, language: Language, *, turn: int) -> Markup:
    value = html("<em>{}</em>")(f"{c.probability:.3f}") if c.probability is not None else ""
    none = Markup('<b class="flow-n none" aria-hidden="true">–</b>')
    number = html('<b class="flow-n">{}</b>')(c.number) if c.number is not None else none
    reason = html('<span class="whatif-why">{}</span>')(why(c.dropped, language)) if c.dropped else ""
    target = html(' href="#{}"')(anchor(then, turn, search.number)) if then else ""
    link = html('<a class="whatif-name"{}>{}</a>')(target, where(c.stored, language))
    told = joined([number, link, _change(c, then, language), value, reason, _switches(c, search.options, language)])
    return html('<li class="{}">{}</li>')("kept" if c.kept else "dropped", told)


def _change(c: Candidate, then: Candidate | None, language: Language) -> Markup:
    was = then.number if then else None
    if c.number == was:
        return Markup()
    if was is None:
        return html('<ins class="whatif-tag">{}</ins>')(t("whatif.entered", language))
    if c.number is None:
        return html('<del class="whatif-tag">{}</del>')(t("whatif.left", language))
    return html('<span class="whatif-tag">{}</span>')(t("whatif.was", language, number=was))


def _switches(c: Candidate, options: RetrievalOptions, language: Language) -> Markup:
    place = f"{called(c.stored, language)} {' › '.join(c.stored.chunk.heading_path[-1:])}"

    def switch(act: str, pressed: bool) -> Markup:
        return html(
            '<button type="button" class="whatif-switch-{act}" data-act="whatif-{act}" data-id="{id}" '
            'data-key="{act}-{id}" aria-pressed="{}" aria-label="{words}: {}">{words}</button>'
        )(str(pressed).lower(), name(place), act=act, id=c.stored.id, words=t(f"whatif.{act}", language))

    pinned, banned = c.stored.id in options.pinned, c.stored.id in options.banned
    return html('<span class="whatif-switches">{}{}</span>')(switch("pin", pinned), switch("ban", banned))


def _numbers(searches: Searches) -> dict[str, int]:
    return {c.stored.id: c.number for c in contexts_of(searches) if c.number}


def _tokens(searches: Searches) -> int:
    return sum(c.stored.chunk.tokens for c in contexts_of(searches))
