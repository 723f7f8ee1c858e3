"""The what-if sheet: the ranking under other settings, from known scores, and the contexts sent then. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rag.ledger import Search, contexts_of
from rag.messages import Language
from rag.options import OptionKind, RetrievalOption, ShownIn, of
from rag.retrieval.source_names import source as called
from rag.types import Candidate, Mode, RetrievalOptions

from ..markup import esc, name, path, source, t, why
from ..options import slider
from ..sheet import sheet
from .flow import anchor, flows

PARTS = ("changes", "sent", "unsent", "flow")
"""Parts drawn anew with every change; the controls stay as they are under the reader's hand."""


Searches = Sequence[Search]
"""Searches of one answer with an outcome. The settings shown are those of the first; a change applies to all."""


def whatif_sheet(actual: Searches, language: Language, *, turn: int) -> str:
    """The sheet: controls with the answer's settings, and the parts drawn anew with every change."""
    part = parts(actual, actual, language, turn=turn)
    body = (
        f'<div class="whatif" data-turn="{turn}" data-pinned="{_list(actual[0].options.pinned)}" '
        f'data-banned="{_list(actual[0].options.banned)}"><div class="whatif-controls">'
        f'<p class="whatif-about">{t("whatif.about", language)}</p>{_controls(actual, language)}</div>'
        f'<div class="whatif-result"><div data-part="changes" role="status">{part["changes"]}</div>'
        f'<h3>{t("whatif.sent", language)}</h3><div data-part="sent">{part["sent"]}</div>'
        f'<details class="whatif-more" id="whatif-unsent"><summary>{t("whatif.unsent", language)}</summary>'
        f'<div data-part="unsent">{part["unsent"]}</div></details>'
        f'<details class="whatif-more" id="whatif-flow"><summary>{t("flow.title", language)}</summary>'
        f'<div data-part="flow">{part["flow"]}</div></details></div></div>'
    )
    return sheet(t("whatif.title", language), body, language, kind="whatif-sheet large")


def preview(actual: Searches, again: Searches, language: Language, *, turn: int, number: int) -> str:
    """The parts under other settings, for the script to put in place; `number` says which request they answer."""
    made = parts(actual, again, language, turn=turn)
    rows = "".join(f'<div data-part="{key}">{made[key]}</div>' for key in PARTS)
    return f'<div class="whatif-preview" data-number="{number}" hidden>{rows}</div>'


def parts(actual: Searches, again: Searches, language: Language, *, turn: int) -> dict[str, str]:
    """Name of each part in `PARTS` -> its HTML."""
    found = [(search, c) for search in again for c in search.candidates]
    sent = sorted(((s, c) for s, c in found if c.kept), key=lambda one: one[1].number or 0)
    unsent = [(s, c) for s, c in found if not c.kept]
    return {
        "changes": _changes(actual, again, language, turn=turn),
        "sent": _passages(sent, actual, language, turn=turn)
        or f'<p class="whatif-none">{t("whatif.nothing", language)}</p>',
        "unsent": _passages(unsent, actual, language, turn=turn),
        "flow": flows(again, language, turn=turn, shown_as=actual),
    }


def _controls(actual: Searches, language: Language) -> str:
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
            controls.append(f'<p class="whatif-note">{t(notes[option.name], language)}</p>')
    return "".join(controls)


def _control(option: RetrievalOption, options: RetrievalOptions, found: int, language: Language) -> str:
    if option.kind is OptionKind.SWITCH:
        return (
            f'<label class="whatif-switch"><input type="checkbox" name="{option.name}" checked>'
            f"<span>{t(option.label, language)}</span></label>"
        )
    if option.name == "candidates":
        return slider(option, min(options.candidates, found), language, high=found)
    return slider(option, option.of(options), language)


def _reach(actual: Searches) -> int:
    """The most candidates that a search found, at least 1: a candidate that was not found then is not found now."""
    return max(1, *(len(search.candidates) for search in actual))


def _changes(actual: Searches, again: Searches, language: Language, *, turn: int) -> str:
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
    attributes = f'data-act="whatif-answer" data-key="answer" data-turn="{turn}"{"" if ready else " disabled"}'
    shown = "".join(f"<span>{fact}</span>" for fact in facts)
    return (
        f'<p class="whatif-facts">{shown}</p>'
        f'<button type="button" class="primary" {attributes}>{t("whatif.answer", language)}</button>'
    )


def _settings(options: RetrievalOptions) -> tuple[object, ...]:
    return tuple(option.of(options) for option in of(shown=ShownIn.WHAT_IF))


def _passages(several: Sequence[tuple[Search, Candidate]], actual: Searches, language: Language, *, turn: int) -> str:
    before = {(search.number, c.stored.id): c for search in actual for c in search.candidates}
    rows = "".join(_passage(c, before.get((s.number, c.stored.id)), s, language, turn=turn) for s, c in several)
    return f'<ol class="whatif-list">{rows}</ol>' if rows else ""


def _passage(c: Candidate, then: Candidate | None, search: Search, language: Language, *, turn: int) -> str:
    value = f"<em>{c.probability:.3f}</em>" if c.probability is not None else ""
    number = f'<b class="flow-n">{c.number}</b>' if c.kept else '<b class="flow-n none" aria-hidden="true">–</b>'
    reason = f'<span class="whatif-why">{why(c.dropped, language)}</span>' if c.dropped else ""
    target = f' href="#{anchor(then, turn, search.number)}"' if then else ""
    return (
        f'<li class="{"kept" if c.kept else "dropped"}">{number}'
        f'<a class="whatif-name"{target}>{source(c.stored, language)} '
        f'<span class="path">{path(c.stored.chunk.heading_path)}</span></a>'
        f"{_change(c, then, language)}{value}{reason}{_switches(c, search.options, language)}</li>"
    )


def _change(c: Candidate, then: Candidate | None, language: Language) -> str:
    was = then.number if then else None
    if c.number == was:
        return ""
    if was is None:
        return f'<ins class="whatif-tag">{t("whatif.entered", language)}</ins>'
    if c.number is None:
        return f'<del class="whatif-tag">{t("whatif.left", language)}</del>'
    return f'<span class="whatif-tag">{t("whatif.was", language, number=was)}</span>'


def _switches(c: Candidate, options: RetrievalOptions, language: Language) -> str:
    where = f"{called(c.stored, language)} {' › '.join(c.stored.chunk.heading_path[-1:])}"

    def switch(act: str, pressed: bool) -> str:
        return (
            f'<button type="button" class="whatif-switch-{act}" data-act="whatif-{act}" data-id="{esc(c.stored.id)}" '
            f'data-key="{act}-{esc(c.stored.id)}" aria-pressed="{str(pressed).lower()}" '
            f'aria-label="{t(f"whatif.{act}", language)}: {name(where)}">{t(f"whatif.{act}", language)}</button>'
        )

    pinned, banned = c.stored.id in options.pinned, c.stored.id in options.banned
    return f'<span class="whatif-switches">{switch("pin", pinned)}{switch("ban", banned)}</span>'


def _numbers(searches: Searches) -> dict[str, int]:
    return {c.stored.id: c.number for c in contexts_of(searches) if c.number}


def _tokens(searches: Searches) -> int:
    return sum(c.stored.chunk.tokens for c in contexts_of(searches))


def _list(ids: Sequence[str]) -> str:
    return esc(json.dumps(list(ids)))
