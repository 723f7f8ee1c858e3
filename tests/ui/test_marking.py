"""Marking cards and taking answers along, as plain calls: owners apart, hostile events refused, panels that say it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from rag.accounts.actor import OPERATOR, Actor
from rag.evidence.bundle import opened
from rag.evidence.calibration import LEAST_MARKS
from rag.evidence.marks import Judge, Relevance
from rag.evidence.verify import examine
from rag.types import sigmoid
from rag.ui.handlers.chat import Handlers
from rag.ui.handlers.saving import Marking, Saving
from rag.ui.handlers.visitor import key_of
from tests.support.marked import mark
from tests.support.scripted_service import RERANKER, TEXTS, ScriptedService

from .test_handlers import ALICE, BOB, Browser, ask, clicked, over, session

JUDGE = Judge.of(RERANKER)
QUESTION = "How do I rotate certificates?"
FIRST = f"c{0:031x}"


@pytest.fixture
def service() -> ScriptedService:
    return ScriptedService()


@pytest.fixture
def handlers(service: ScriptedService) -> Handlers:
    return over(service)


@pytest.fixture
def marking(handlers: Handlers) -> Marking:
    return Marking(handlers)


@pytest.fixture
def saving(handlers: Handlers) -> Saving:
    return Saving(handlers, now=lambda: 1_790_000_000.0)


def pressed(marking: Marking, verdict: str = "right", *, chunk: str = FIRST, browser: Any = ALICE) -> str:
    return str(marking.mark(browser, clicked(turn=1, chunk=chunk, verdict=verdict), "t1"))


def on(panel: str) -> list[tuple[str, str]]:
    """(chunk, verdict) of every pressed button."""
    buttons = [b for b in panel.split("<button")[1:] if 'data-act="mark"' in b and 'aria-pressed="true"' in b]
    return [(b.split('data-chunk="')[1].split('"')[0], b.split('data-verdict="')[1].split('"')[0]) for b in buttons]


def actor(handlers: Handlers) -> Actor:
    return session(handlers).actor


def test_a_card_is_marked_changed_and_taken_back(marking: Marking, handlers: Handlers) -> None:
    shown = ask(handlers, QUESTION)[-1].evidence
    assert on(shown) == [] and shown.count('data-act="mark"') == 2 * len(TEXTS)
    assert on(pressed(marking)) == [(FIRST, "right")]
    assert on(pressed(marking, "wrong")) == [(FIRST, "wrong")]
    assert on(pressed(marking, "wrong")) == []
    assert handlers.service.marks.all(OPERATOR) == []


def test_a_question_asked_again_shows_what_was_marked_for_it(marking: Marking, handlers: Handlers) -> None:
    ask(handlers, QUESTION)
    pressed(marking)
    handlers.new_chat(ALICE, "t1")
    assert on(ask(handlers, QUESTION)[-1].evidence) == [(FIRST, "right")]
    assert on(ask(handlers, "Another question?")[-1].evidence) == []


def test_nobody_sees_or_changes_another_s_marks(marking: Marking, handlers: Handlers) -> None:
    ask(handlers, QUESTION)
    pressed(marking)
    assert on(ask(handlers, QUESTION, BOB)[-1].evidence) == []
    assert on(pressed(marking, "wrong", browser=BOB)) == [(FIRST, "wrong")]
    assert [m.verdict for m in handlers.service.marks.all(actor(handlers))] == [Relevance.RIGHT]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({"turn": 7, "chunk": FIRST, "verdict": "right"}, id="another turn"),
        pytest.param({"turn": 1, "chunk": "c9", "verdict": "right"}, id="a passage of another answer"),
        pytest.param({"turn": 1, "chunk": FIRST, "verdict": "maybe"}, id="a verdict that is none"),
        pytest.param({"turn": 1, "chunk": {"$ne": 1}, "verdict": ["right"]}, id="no texts"),
        pytest.param({}, id="nothing"),
    ],
)
def test_an_event_that_fits_no_card_is_refused(marking: Marking, handlers: Handlers, event: dict[str, Any]) -> None:
    ask(handlers, QUESTION)
    with pytest.raises(gr.Error):
        marking.mark(ALICE, clicked(**event), "t1")
    assert handlers.service.marks.all(OPERATOR) == []


def test_a_browser_without_cookies_is_told_why_nothing_is_kept(marking: Marking, handlers: Handlers) -> None:
    nobody: Any = Browser({})
    ask(handlers, QUESTION, nobody)
    with pytest.raises(gr.Error, match="keeps no cookies"):
        pressed(marking, browser=nobody)


def learnt_from(handlers: Handlers, right: int, wrong: int, log_odds: float) -> None:
    for n in range(right + wrong):
        verdict = Relevance.RIGHT if n < right else Relevance.WRONG
        handlers.service.marks.toggle(actor(handlers), mark(f"q{n}", "text", verdict, log_odds=log_odds, judge=JUDGE))


def test_the_panel_says_uncalibrated_with_how_many_marks_there_are(marking: Marking, handlers: Handlers) -> None:
    ask(handlers, QUESTION)
    panel = pressed(marking)
    assert f"uncalibrated: 1 of {LEAST_MARKS} marks" in panel
    assert "Cards at this level" not in panel
    learnt_from(handlers, 40, 0, 1.0)
    assert "uncalibrated: 41 marks, all of one kind" in handlers.show_evidence(ALICE, clicked(turn=1), "t1")


def test_from_thirty_marks_on_a_card_says_how_often_its_level_was_right(handlers: Handlers) -> None:
    before = ask(handlers, QUESTION)[-1].evidence
    best = TEXTS[0][3]
    learnt_from(handlers, 12, 3, best - 0.2)
    for n in range(15):
        handlers.service.marks.toggle(
            actor(handlers), mark(f"far {n}", "text", Relevance.WRONG, log_odds=-5.0, judge=JUDGE)
        )
    panel = handlers.show_evidence(ALICE, clicked(turn=1), "t1")
    assert sigmoid(best) > 0.98
    assert panel.count("Cards at this level were right 12 of 15 times") == 1
    assert "calibrated 0." in panel and "(Platt) over your 30 marks" in panel
    assert "No card at this level was marked yet" in panel
    cards = [part.split('<span class="card-n">')[1][:1] for part in before.split('<li class="card')[1:]]
    assert cards == [part.split('<span class="card-n">')[1][:1] for part in panel.split('<li class="card')[1:]]


def test_marks_of_another_reranker_calibrate_nothing(handlers: Handlers) -> None:
    ask(handlers, QUESTION)
    for n in range(40):
        kind = Relevance.RIGHT if n % 2 else Relevance.WRONG
        handlers.service.marks.toggle(actor(handlers), mark(f"q{n}", "text", kind, judge=Judge("other", "1", "int8")))
    assert f"uncalibrated: 0 of {LEAST_MARKS} marks" in handlers.show_evidence(ALICE, clicked(turn=1), "t1")


# ---- taking along ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "kind"), [("html", "text/html;charset=utf-8"), ("json", "application/json")])
def test_evidence_is_saved_in_both_forms(saving: Saving, handlers: Handlers, form: str, kind: str) -> None:
    ask(handlers, QUESTION)
    sheet = saving.show(ALICE, clicked(turn=1), "t1")
    assert sheet.count('data-act="save-as"') == 2 and "python -m rag verify FILE" in sheet
    taken = json.loads(saving.save(ALICE, clicked(turn=1, form=form), "t1"))
    assert (taken["name"], taken["type"]) == (f"plainsight-how-do-i-rotate-certificates-2026-09-21-14-13.{form}", kind)
    found = opened(taken["text"].encode())
    last = session(handlers).last
    assert last is not None and found.bundle.record == last.ledger
    assert (found.intact, found.shown) == (True, True if form == "html" else None)
    assert list(examine(found))


def test_an_answer_is_copied_with_the_sources_it_cites(saving: Saving, handlers: Handlers) -> None:
    ask(handlers, QUESTION)
    text = json.loads(saving.copy(ALICE, clicked(turn=1), "t1"))["text"]
    assert text.startswith("Yes, the **broker** key pair")
    assert "**Sources**\n\n- **\\[1\\]** **operations/tls.md** › Operations › TLS › Rotating certificates, char" in text
    assert "faq.md" not in text


@pytest.mark.parametrize("what", ["show", "save", "copy"])
def test_an_answer_of_somebody_else_cannot_be_taken(saving: Saving, handlers: Handlers, what: str) -> None:
    ask(handlers, QUESTION)
    with pytest.raises(gr.Error, match="not part of this conversation any more"):
        getattr(saving, what)(BOB, clicked(turn=1, form="html"), "t1")


def test_the_export_holds_every_finished_answer(saving: Saving, handlers: Handlers) -> None:
    with pytest.raises(gr.Error, match="no finished answer"):
        saving.conversation(ALICE, "t1")
    ask(handlers, "one?")
    ask(handlers, "two?")
    taken = json.loads(saving.conversation(ALICE, "t1"))
    assert taken["name"] == "plainsight-2026-09-21-14-13.md"
    assert taken["text"].index("one?") < taken["text"].index("two?")
    assert "operations/tls.md" in taken["text"]


def test_the_export_holds_what_the_page_holds_no_longer(saving: Saving, handlers: Handlers) -> None:
    for question in ("one?", "two?", "three?"):
        ask(handlers, question)
    handlers.sessions.update(key_of("t1", ALICE), lambda s: replace(s, turns=s.turns[-1:]))
    text = json.loads(saving.conversation(ALICE, "t1"))["text"]
    assert [q for q in ("one?", "two?", "three?") if q in text] == ["one?", "two?", "three?"]


def test_an_answer_that_could_not_be_kept_is_exported_all_the_same(
    saving: Saving, handlers: Handlers, service: ScriptedService
) -> None:
    blocked = Path(service.folder) / "plainsight.db"
    blocked.write_bytes(b"no database, " * 100)
    ask(handlers, "one?")
    assert "one?" in json.loads(saving.conversation(ALICE, "t1"))["text"]
    assert "Save evidence" in str(handlers.views.live(session(handlers), "en"))
