"""The why-not sheet: a form that takes a sentence, and the verdict with its numbers and what would change it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from markupsafe import Markup

from rag.evidence.whynot import Check, Diagnosis, Fit, Obstacle, Passage, Passing, Remedy, Step
from rag.evidence.whynot.passages import MOST_PASTED
from rag.ledger import Ledger
from rag.messages import Language
from rag.options import TABLE
from rag.types import StoredChunk

from ..answer import query
from ..markup import button, html, joined, passage_button, t, warning, where, why
from ..options import written
from ..reading.passage import beginning
from ..sheet import sheet

SHOWN = 320
"""Characters shown of the passage that was found."""


def form(ledger: Ledger, turn: int, language: Language, *, pasted: str = "", found: Markup = Markup()) -> Markup:
    """The sheet with the form, under the verdict on the passage asked about before."""
    label = t("whynot.paste_another" if found else "whynot.paste", language)
    kind = "quiet" if found else "primary"
    asked = html('<p class="doc-question">{} <q>{}</q></p>')(t("viewer.for_question", language), ledger.question)
    body = html(
        '<div class="whynot" data-turn="{turn}">{}{}<form class="why-form" data-turn="{turn}">'
        '<label for="why-text">{}</label><textarea id="why-text" rows="3" maxlength="{}" placeholder="{}">{}</textarea>'
        '<button type="submit" class="{}">{}</button></form></div>'
    )(
        asked, found, label, MOST_PASTED, t("whynot.placeholder", language), pasted,
        kind, t("whynot.ask", language), turn=turn,
    )  # fmt: skip
    return sheet(t("whynot.title", language), body, language, kind="whynot-sheet")


def verdict(found: Diagnosis, ledger: Ledger, turn: int, language: Language) -> Markup:
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

    def say(self, key: str, /, **values: str | int | float) -> Markup:
        return t(f"whynot.{key}", self.language, **values)

    def render(self) -> Markup:
        found = self.found
        kind = "good" if found.verdict is Obstacle.SENT else "bad"
        changed = joined(warning("why-changed", why(each, self.language), size=15) for each in found.changed)
        head = html('<section class="why-verdict {}" role="status" tabindex="-1"><h3>{}</h3><p>{}</p>{}</section>')(
            kind, self.say(f"verdict_{found.verdict}"), why(found.why, self.language), self.about()
        )
        return joined([head, self.remedy(found.remedy), self.passage(found.passage), changed, self.steps()])

    def about(self) -> Markup:
        """The search the verdict is about; "" where there was only one."""
        searches = {search.number: search for search in self.ledger.searches}
        told = query.named(searches.get(self.found.search), self.found.search, self.language)
        return html('<p class="of-search">{}</p>')(told) if len(searches) > 1 else Markup()

    def passage(self, passage: Passage | None) -> Markup:
        if passage is None:
            return Markup()
        stored = self.named(passage.stored)
        shown = beginning(stored.chunk, SHOWN)
        fit = {Fit.CLOSE: "fit_close", Fit.NEAREST: "fit_nearest"}.get(passage.fit)
        near = html("<p>{}</p>")(self.say(fit, percent=f"{passage.similarity:.0%}")) if fit else ""
        acts = {"doc-open": t("viewer.open", self.language)}
        acts |= {"why-chunk": self.say("nearest")} if passage.fit is Fit.NEAREST else {}
        buttons = joined(passage_button("quiet", act, words, stored, self.turn) for act, words in acts.items())
        return html(
            '<section class="why-passage"><h4>{}</h4><p>{}</p><blockquote>{}</blockquote>{}'
            '<p class="doc-acts">{}</p></section>'
        )(self.say("passage"), where(stored, self.language), shown, near, buttons)

    def named(self, stored: StoredChunk) -> StoredChunk:
        """The looked-up passage; it names its knowledge base, as those of the answer do, if several were searched."""
        searched = self.ledger.collections
        return replace(stored, base_name=searched.get(stored.collection, "") if len(searched) > 1 else "")

    def steps(self) -> Markup:
        if not self.found.steps:
            return Markup()
        rows = joined(map(self.step, self.found.steps))
        return html('<section><h4>{}</h4><ol class="why-steps">{}</ol></section>')(self.say("how_far"), rows)

    def step(self, step: Step) -> Markup:
        label = self.score if step.check is Check.RERANK else self.say(f"check_{step.check}")
        sign = {Passing.PASSED: "✓", Passing.STOPPED: "✕", Passing.OFF: "–"}[step.passing]
        now = html(' <small class="now">{}</small>')(self.say("now")) if step.now else ""
        told = html('<span class="sr">{}: </span>{}{}')
        return html('<li class="{}"><span class="sign" aria-hidden="true">{}</span><b>{}</b><span>{}</span></li>')(
            step.passing, sign, label, told(self.say(f"passing_{step.passing}"), why(step.why, self.language), now)
        )

    def remedy(self, remedy: Remedy | None) -> Markup:
        if self.found.verdict is Obstacle.SENT or self.found.passage is None or not self.found.steps:
            return Markup()
        if remedy is None:
            hint = html('<section class="why-remedy"><p>{}</p></section>')(self.say("no_remedy"))
            return Markup() if self.found.verdict is Obstacle.DISABLED else hint
        told = joined(html("<li>{}</li>")(self.change(setting, value)) for setting, value in remedy.changes.items())
        head = self.say("one_setting" if len(remedy.changes) == 1 else "settings")
        sure = self.say("uncertain" if not remedy.certain else "certain" if remedy.given else "certain_pinned")
        changes, given = json.dumps(dict(remedy.changes)), "yes" if remedy.given else "no"
        again = button("primary", "why-try", self.say("try"), turn=self.turn, given=given, changes=changes)
        section = html('<section class="why-remedy"><h4>{}</h4><ul>{}</ul><p>{}</p>{}</section>')
        return section(head, told, sure, again)

    def change(self, setting: str, value: str | float | int) -> Markup:
        options = self.ledger.searches[self.found.search - 1].options
        if option := TABLE.get(setting):
            after = written(option, option.put(options, value), self.language)
            return html("{} {} → {}")(t(option.label, self.language), written(option, options, self.language), after)
        if setting == "base":
            return self.say("change_base")
        values: Mapping[str, Mapping[str, str | float | int]] = {
            "document": {"document": value},
            "also": {"document": value},
        }
        return self.say(f"change_{setting}", **values.get(setting, {}))
