"""The why-not sheet: a form that takes a sentence, and the verdict with its numbers and what would change it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from rag.evidence.whynot import Check, Diagnosis, Fit, Obstacle, Passage, Passing, Remedy, Step
from rag.evidence.whynot.passages import MOST_PASTED
from rag.ledger import Ledger
from rag.messages import Language
from rag.options import TABLE
from rag.types import StoredChunk

from ..answer import query
from ..markup import esc, icon, path, source, t, why
from ..options import written
from ..sheet import sheet

SHOWN = 320
"""Characters shown of the passage that was found."""


def form(ledger: Ledger, turn: int, language: Language, *, pasted: str = "", found: str = "") -> str:
    """The sheet with the form, under the verdict on the passage asked about before."""
    label = t("whynot.paste_another" if found else "whynot.paste", language)
    kind = "quiet" if found else "primary"
    body = (
        f'<div class="whynot" data-turn="{turn}"><p class="doc-question">{t("viewer.for_question", language)} '
        f"<q>{esc(ledger.question)}</q></p>{found}"
        f'<form class="why-form" data-turn="{turn}"><label for="why-text">{label}</label>'
        f'<textarea id="why-text" rows="3" maxlength="{MOST_PASTED}" placeholder="{t("whynot.placeholder", language)}">'
        f"{esc(pasted)}</textarea>"
        f'<button type="submit" class="{kind}">{t("whynot.ask", language)}</button></form></div>'
    )
    return sheet(t("whynot.title", language), body, language, kind="whynot-sheet")


def verdict(found: Diagnosis, ledger: Ledger, turn: int, language: Language) -> str:
    """The verdict as it stands above the form."""
    return _Verdict(found, ledger, turn, language).render()


class _Verdict:
    def __init__(self, found: Diagnosis, ledger: Ledger, turn: int, language: Language) -> None:
        self.found = found
        self.ledger = ledger
        self.turn = turn
        self.language = language
        reranker = ledger.models.get("reranker")
        self.score = t(f"score_{reranker.score_name if reranker and reranker.score_name else 'p_yes'}", language)

    def say(self, key: str, /, **values: str | int | float) -> str:
        return t(f"whynot.{key}", self.language, **values)

    def render(self) -> str:
        found = self.found
        kind = "good" if found.verdict is Obstacle.SENT else "bad"
        changed = "".join(
            f'<p class="why-changed">{icon("warning", size=15)}<span>{why(each, self.language)}</span></p>'
            for each in found.changed
        )
        return (
            f'<section class="why-verdict {kind}" role="status" tabindex="-1">'
            f"<h3>{self.say(f'verdict_{found.verdict}')}</h3><p>{why(found.why, self.language)}</p>{self.about()}"
            "</section>"
            f"{self.remedy(found.remedy)}{self.passage(found.passage)}{changed}{self.steps()}"
        )

    def about(self) -> str:
        """The search the verdict is about; "" where there was only one."""
        searches = {search.number: search for search in self.ledger.searches}
        told = query.named(searches.get(self.found.search), self.found.search, self.language)
        return f'<p class="of-search">{told}</p>' if len(searches) > 1 else ""

    def passage(self, passage: Passage | None) -> str:
        if passage is None:
            return ""
        stored = self.named(passage.stored)
        text = " ".join(stored.chunk.text.split())
        more = "…" if len(text) > SHOWN else ""
        near = self.say("fit_close", percent=f"{passage.similarity:.0%}") if passage.fit is Fit.CLOSE else ""
        if passage.fit is Fit.NEAREST:
            near = self.say("fit_nearest", percent=f"{passage.similarity:.0%}")
        where = (
            f'data-turn="{self.turn}" data-base="{esc(stored.collection)}" data-name="{esc(stored.document)}" '
            f'data-chunk="{esc(stored.id)}"'
        )
        label = t("viewer.open", self.language)
        acts = f'<button type="button" class="quiet" data-act="doc-open" {where}>{label}</button>'
        if passage.fit is Fit.NEAREST:
            acts += f'<button type="button" class="quiet" data-act="why-chunk" {where}>{self.say("nearest")}</button>'
        return (
            f'<section class="why-passage"><h4>{self.say("passage")}</h4>'
            f'<p>{source(stored, self.language)} <span class="path">{path(stored.chunk.heading_path)}'
            f"</span></p><blockquote>{esc(text[:SHOWN])}{more}</blockquote>"
            f'{f"<p>{near}</p>" if near else ""}<p class="doc-acts">{acts}</p></section>'
        )

    def named(self, stored: StoredChunk) -> StoredChunk:
        """The looked-up passage; it names its knowledge base, as those of the answer do, if several were searched."""
        searched = self.ledger.collections
        return replace(stored, base_name=searched.get(stored.collection, "") if len(searched) > 1 else "")

    def steps(self) -> str:
        if not self.found.steps:
            return ""
        rows = "".join(map(self.step, self.found.steps))
        return f'<section><h4>{self.say("how_far")}</h4><ol class="why-steps">{rows}</ol></section>'

    def step(self, step: Step) -> str:
        label = self.score if step.check is Check.RERANK else self.say(f"check_{step.check}")
        sign = {Passing.PASSED: "✓", Passing.STOPPED: "✕", Passing.OFF: "–"}[step.passing]
        now = f' <small class="now">{self.say("now")}</small>' if step.now else ""
        return (
            f'<li class="{step.passing}"><span class="sign" aria-hidden="true">{sign}</span>'
            f'<b>{label}</b><span><span class="sr">{self.say(f"passing_{step.passing}")}: </span>'
            f"{why(step.why, self.language)}{now}</span></li>"
        )

    def remedy(self, remedy: Remedy | None) -> str:
        if self.found.verdict is Obstacle.SENT or self.found.passage is None or not self.found.steps:
            return ""
        if remedy is None:
            hint = "" if self.found.verdict is Obstacle.DISABLED else f"<p>{self.say('no_remedy')}</p>"
            return f'<section class="why-remedy">{hint}</section>' if hint else ""
        told = "".join(f"<li>{self.change(setting, value)}</li>" for setting, value in remedy.changes.items())
        head = self.say("one_setting" if len(remedy.changes) == 1 else "settings")
        sure = self.say("uncertain" if not remedy.certain else "certain" if remedy.given else "certain_pinned")
        return (
            f'<section class="why-remedy"><h4>{head}</h4><ul>{told}</ul><p>{sure}</p>'
            f'<button type="button" class="primary" data-act="why-try" data-turn="{self.turn}" '
            f'data-given="{"yes" if remedy.given else "no"}" data-changes="{esc(json.dumps(dict(remedy.changes)))}">'
            f"{self.say('try')}</button></section>"
        )

    def change(self, setting: str, value: str | float | int) -> str:
        options = self.ledger.searches[self.found.search - 1].options
        if option := TABLE.get(setting):
            after = written(option, option.put(options, value), self.language)
            return f"{t(option.label, self.language)} {written(option, options, self.language)} → {after}"
        if setting == "base":
            return self.say("change_base")
        values: Mapping[str, Mapping[str, str | float | int]] = {
            "document": {"document": value},
            "also": {"document": value},
        }
        return self.say(f"change_{setting}", **values.get(setting, {}))
