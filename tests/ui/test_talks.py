"""The drawer of kept conversations, as plain calls: resumed whole, apart from each other, forged ids refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from rag.accounts.actor import SYSTEM, Actor
from rag.evidence.export import export_markdown
from rag.evidence.kept import KeptConversation
from rag.ledger import Ledger
from rag.messages import LANGUAGES, Language, reason
from rag.types import RetrievalOptions
from rag.ui.handlers.chat import Handlers
from rag.ui.handlers.saving import Saving
from rag.ui.handlers.talks import Talks
from rag.ui.handlers.visitor import actor_of, key_of
from rag.ui.html import talks as talks_view
from rag.ui.html.answer import transcript
from rag.ui.http.visitors import USER
from rag.ui.state.kept_turns import KeptTurns
from rag.ui.state.session import MOST_UNKEPT_TURNS, RECENT_TURNS, Session
from rag.ui.views import Views
from tests.support.browsed import Page
from tests.support.scripted_service import ScriptedService

from .test_handlers import ALICE, BOB, VALUES, Browser, apart, ask, clicked, finish, over, session
from .test_html import HOSTILE, OUR_TAGS

NOW = 1_790_000_000.0
"""2026-09-21 14:13:20 UTC."""


@pytest.fixture
def service(tmp_path: Path) -> ScriptedService:
    return ScriptedService(folder=tmp_path)


@pytest.fixture
def handlers(service: ScriptedService) -> Handlers:
    return over(service)


@pytest.fixture
def talks(handlers: Handlers) -> Talks:
    return Talks(handlers)


def restarted(service: ScriptedService) -> Talks:
    """The page of a server that was started again over the same folder."""
    service.conversations.close()
    return Talks(over(ScriptedService(folder=service.folder)))


def shown_by(opened: tuple[Any, ...]) -> str:
    return "".join(part for part in opened if isinstance(part, str))


def test_a_conversation_is_listed_with_its_title_and_number_of_answers(talks: Talks) -> None:
    assert "No conversations yet" in talks.show(ALICE, clicked(), "t1")
    ask(talks.handlers, "How do I rotate certificates?")
    ask(talks.handlers, "And the client CA?")
    drawer = talks.show(ALICE, clicked(), "t1")
    assert "Rotate certificates" in drawer and "How do I" not in drawer
    assert "2 answers" in drawer
    assert 'aria-current="true"' in drawer
    assert 'aria-current="true"' not in talks.show(ALICE, clicked(), "another tab")


def test_a_conversation_is_resumed_with_its_evidence_after_a_restart_without_its_documents(
    talks: Talks, service: ScriptedService
) -> None:
    ask(talks.handlers, "first?")
    ask(talks.handlers, "second?")
    kept = session(talks.handlers).conversation
    later = restarted(service)
    assert later.handlers.service.documents.all(SYSTEM) == []
    history, live, evidence, *_, sheet = later.open(ALICE, clicked(id=kept), "t2")
    assert "first?" in history
    assert "second?" in live
    assert 'id="ev-2-1"' in evidence
    assert "operations/tls.md" in evidence
    assert sheet == ""


def test_a_resumed_conversation_goes_on_with_its_history(talks: Talks, service: ScriptedService) -> None:
    ask(talks.handlers, "first?")
    kept = session(talks.handlers).conversation
    later = restarted(service)
    later.open(ALICE, clicked(id=kept), "t2")
    later.handlers.ask(ALICE, "second?", "t2", *VALUES)
    finish(later.handlers, ALICE, "t2")
    asked = later.handlers.service.asked  # type: ignore[attr-defined]
    assert [e.question for e in asked[0].history] == ["first?"]
    (line,) = later.conversations.all(actor_of(ALICE))
    assert (line.id, line.answers) == (kept, 2)


def test_a_question_is_kept_before_its_answer_and_asked_again_where_the_app_ended_in_between(
    talks: Talks, service: ScriptedService
) -> None:
    ask(talks.handlers, "first?")
    talks.handlers.ask(ALICE, "second, hold generate?", "t1", *VALUES)
    apart(until_it_speaks(talks.handlers))
    kept = session(talks.handlers).conversation
    later = restarted(service)
    try:
        history, live, *_ = later.open(ALICE, clicked(id=kept), "t2")
        assert "first?" in history
        assert "second, hold generate?" in live
        assert "Ask again" in live
        cut_off = session(later.handlers, tab="t2").last
        assert cut_off and cut_off.reason == reason("stages.unanswered")
        later.handlers.retry(ALICE, clicked(turn=cut_off.number, query="a"), "t2", *VALUES)
        for language in LANGUAGES:
            assert cut_off.ledger and "second" in export_markdown([cut_off.ledger], language)
    finally:
        later.handlers.stop(ALICE, "t2")
        talks.handlers.stop(ALICE, "t1")
        finish(later.handlers, ALICE, "t2")
        finish(talks.handlers)
    thread = later.conversations.thread(actor_of(ALICE), kept)
    assert [one.ledger.question for one in thread] == ["first?", "second, hold generate?"]
    assert len(thread[-1].siblings) == 2, "the one that was cut off and the one asked again"


async def until_it_speaks(handlers: Handlers) -> None:
    async for _ in handlers.follow(ALICE, "t1"):
        last = session(handlers).last
        if last and last.text:
            return


def test_an_answer_takes_the_place_of_its_question(talks: Talks) -> None:
    ask(talks.handlers, "first?")
    (kept,) = talks.conversations.thread(actor_of(ALICE), session(talks.handlers).conversation)
    assert (kept.ledger.reason, len(kept.siblings)) == (None, 1)
    assert kept.ledger.answer


def test_a_reloaded_tab_finds_its_conversation_after_a_restart_and_a_new_tab_is_empty(
    talks: Talks, service: ScriptedService
) -> None:
    ask(talks.handlers, "first?")
    kept = session(talks.handlers).conversation
    opened = shown_by(talks.handlers.open(ALICE, "t1"))
    assert f'data-conversation="{kept}"' in opened, "what the tab remembers"
    later = restarted(service).handlers
    assert "first?" in shown_by(later.open(ALICE, "t1", kept))
    assert "first?" not in shown_by(later.open(ALICE, "new tab", ""))


@pytest.mark.parametrize("who", [BOB, Browser({})], ids=["another browser", "no cookies"])
def test_what_a_tab_claims_to_remember_is_given_to_its_owner_alone(
    talks: Talks, service: ScriptedService, who: Any
) -> None:
    ask(talks.handlers, "a secret of alice")
    kept = session(talks.handlers).conversation
    for handlers in (talks.handlers, restarted(service).handlers):
        assert "a secret of alice" not in shown_by(handlers.open(who, "t9", kept))


@pytest.mark.parametrize("who", [BOB, Browser({})], ids=["another browser", "no cookies"])
@pytest.mark.parametrize("act", ["open", "rename", "delete"])
def test_a_strangers_id_is_no_id(talks: Talks, who: Any, act: str) -> None:
    ask(talks.handlers, "a secret of alice")
    kept = session(talks.handlers).conversation
    with pytest.raises(gr.Error, match="not there any more"):
        getattr(talks, act)(who, clicked(id=kept, title="mine now"), "t1")
    assert "a secret of alice" not in talks.show(who, clicked(text="secret"), "t1")
    assert "a secret of alice" in talks.show(ALICE, clicked(), "t1")


@pytest.mark.parametrize("forged", [None, 7, "", "x" * 9999, {"$ne": ""}, "' OR 1=1 --"], ids=repr)
@pytest.mark.parametrize("act", ["open", "rename", "delete"])
def test_a_forged_id_is_refused_with_a_sentence(talks: Talks, act: str, forged: Any) -> None:
    ask(talks.handlers, "one?")
    with pytest.raises(gr.Error, match="not there any more"):
        getattr(talks, act)(ALICE, clicked(id=forged, title="x"), "t1")


def test_search_looks_into_titles_questions_and_answers(talks: Talks) -> None:
    ask(talks.handlers, "How do I rotate certificates?")
    talks.handlers.new_chat(ALICE, "t1")
    ask(talks.handlers, "nothing of this kind")
    found = talks.show(ALICE, clicked(text="SIGHUP"), "t1")
    assert "Rotate certificates" in found and "<mark>SIGHUP</mark>" in found
    assert "nothing of this kind" not in found
    assert "No conversation holds these words" in talks.show(ALICE, clicked(text="100%"), "t1")


def test_renaming_changes_the_title_everywhere_and_an_empty_one_is_refused(
    talks: Talks, service: ScriptedService
) -> None:
    ask(talks.handlers, "one?")
    kept = session(talks.handlers).conversation
    assert "Rotation &amp; co" in talks.rename(ALICE, clicked(id=kept, title="  Rotation & co "), "t1")
    with pytest.raises(gr.Error, match="at least one letter"):
        talks.rename(ALICE, clicked(id=kept, title="  "), "t1")
    restarted(service).open(ALICE, clicked(id=kept), "t1")


def test_deleting_the_open_conversation_empties_the_page_and_another_leaves_it(talks: Talks) -> None:
    ask(talks.handlers, "one?")
    first = session(talks.handlers).conversation
    talks.handlers.new_chat(ALICE, "t1")
    ask(talks.handlers, "two?")
    second = session(talks.handlers).conversation
    *chat, drawer = talks.delete(ALICE, clicked(id=first), "t1")
    assert "one?" not in drawer
    assert not any(isinstance(part, str) for part in chat)
    assert [t.question for t in session(talks.handlers).turns] == ["two?"]
    history, live, *_ = talks.delete(ALICE, clicked(id=second), "t1")
    assert session(talks.handlers).turns == ()
    assert 'data-conversation=""' in history, "the tab must not remember what is gone"
    assert "hero" in live


def test_opening_another_conversation_stops_what_is_answered(talks: Talks, service: ScriptedService) -> None:
    ask(talks.handlers, "one?")
    first = session(talks.handlers).conversation
    talks.new(ALICE, "t1")
    talks.handlers.ask(ALICE, "hold generate", "t1", *VALUES)
    run = talks.handlers.sessions.slot(next(iter(_keys(talks)))).answering
    assert run is not None
    talks.open(ALICE, clicked(id=first), "t1")
    run.join(10)
    assert run.cancel
    assert [t.question for t in session(talks.handlers).turns] == ["one?"]
    assert "hold generate" in talks.show(ALICE, clicked(), "t1"), "what came so far is kept"


def _keys(talks: Talks) -> list[str]:
    from rag.ui.handlers.visitor import key_of

    return [key_of("t1", ALICE)]


def test_a_pinned_conversation_stands_above_the_days(talks: Talks) -> None:
    ask(talks.handlers, "one?")
    kept = session(talks.handlers).conversation
    talks.handlers.new_chat(ALICE, "t1")
    ask(talks.handlers, "two?")
    listed = talks.pin(ALICE, clicked(id=kept, pinned=True), "t1")
    assert (
        listed.index("<h2>Pinned</h2>") < listed.index("one?") < listed.index("<h2>Today</h2>") < listed.index("two?")
    )
    assert "Unpin one?" in listed
    with pytest.raises(gr.Error, match="not there"):
        talks.pin(BOB, clicked(id=kept, pinned=False), "t1")
    assert "Pinned" not in talks.pin(ALICE, clicked(id=kept, pinned="yes"), "t1")


def test_found_words_are_marked_and_stay_text() -> None:
    shown = talks_view.marked_words("a <b>.* B", [".*", "b"])
    assert shown == "a &lt;<mark>b</mark>&gt;<mark>.*</mark> <mark>B</mark>"


# ---- days --------------------------------------------------------------------------------


def conversation(updated: float, title: str = "one", id: str = "i") -> KeptConversation:
    return KeptConversation(id, title, updated, updated, 1)


def test_conversations_stand_under_the_day_of_the_readers_own_clock() -> None:
    an_hour_ago, late_yesterday = NOW - 3600, NOW - 15 * 3600  # 13:13 and 23:13 the day before, in UTC
    found = [conversation(an_hour_ago), conversation(late_yesterday)]
    utc = talks_view.by_day(found, now=NOW, minutes=0)
    assert [(d.ago, d.day, [line.hour for line in d.lines]) for d in utc] == [(0, 21, ["13:13"]), (1, 20, ["23:13"])]
    berlin = talks_view.by_day(found, now=NOW, minutes=120)
    assert [(d.ago, [line.hour for line in d.lines]) for d in berlin] == [(0, ["15:13", "01:13"])]


@pytest.mark.parametrize(("language", "date"), [("en", "1 July 2026"), ("zh", "2026年7月1日")])
def test_days_are_named_as_people_say_them(language: Language, date: str) -> None:
    old = 1_782_900_000.0
    days = talks_view.by_day([conversation(NOW), conversation(NOW - 86400), conversation(old)], now=NOW, minutes=0)
    drawer = talks_view.drawer(talks_view.Drawer(days), language)
    for expected in ({"en": "Today", "zh": "今天"}[language], {"en": "Yesterday", "zh": "昨天"}[language], date):
        assert f"<h2>{expected}</h2>" in drawer


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_titles_stay_text(language: Language) -> None:
    days = talks_view.by_day([conversation(NOW, HOSTILE + "\u202e", HOSTILE)], now=NOW, minutes=0)
    drawer = talks_view.drawer(talks_view.Drawer(days, HOSTILE, HOSTILE, HOSTILE), language)
    assert {tag for tag, _ in Page(drawer).tags} <= {*OUR_TAGS, "nav"}
    assert not [a for _, attributes in Page(drawer).tags for a in attributes if a.startswith("on")]
    assert HOSTILE in Page(drawer).shown


@pytest.mark.parametrize("minutes", [None, "x", 10**9, -(10**9)], ids=repr)
def test_a_hostile_clock_breaks_nothing(talks: Talks, minutes: Any) -> None:
    ask(talks.handlers, "one?")
    assert "one?" in talks.show(ALICE, clicked(minutes=minutes), "t1")


# ---- branches --------------------------------------------------------------------------------


def test_asking_again_makes_a_branch_and_both_can_be_looked_at(talks: Talks) -> None:
    handlers = talks.handlers
    for question in ("one?", "two?", "three?"):
        ask(handlers, question)
    handlers.edit(ALICE, clicked(turn=2), "t1")
    ask(handlers, "two, but better?")
    last = session(handlers).last
    assert last is not None
    assert len(last.siblings) == 2
    shown = talks.branch(ALICE, clicked(turn=last.number, step=-1), "t1")
    assert [t.question for t in session(handlers).turns] == ["one?", "two?", "three?"]
    assert "three?" in shown.live
    back = session(handlers).turns[1]
    talks.branch(ALICE, clicked(turn=back.number, step=1), "t1")
    assert [t.question for t in session(handlers).turns] == ["one?", "two, but better?"]


@pytest.mark.parametrize("step", [-2, 1, 0.5, None, "1"], ids=repr)
def test_a_branch_that_is_not_there_is_refused(talks: Talks, step: Any) -> None:
    ask(talks.handlers, "one?")
    talks.handlers.retry(ALICE, clicked(turn=1), "t1", *VALUES)
    finish(talks.handlers)
    last = session(talks.handlers).last
    assert last is not None
    if isinstance(step, int):
        with pytest.raises(gr.Error, match="not part of this conversation"):
            talks.branch(ALICE, clicked(turn=last.number, step=step), "t1")
    else:
        talks.branch(ALICE, clicked(turn=last.number, step=step), "t1")  # no step: it stays
    assert [t.question for t in session(talks.handlers).turns] == ["one?"]


def test_a_branch_of_another_conversation_cannot_be_reached(talks: Talks) -> None:
    ask(talks.handlers, "a secret of alice")
    with pytest.raises(gr.Error, match="not part of this conversation"):
        talks.branch(BOB, clicked(turn=1, step=0), "t1")


def test_branches_are_left_alone_while_an_answer_is_written(talks: Talks) -> None:
    ask(talks.handlers, "one?")
    talks.handlers.retry(ALICE, clicked(turn=1), "t1", *VALUES)
    finish(talks.handlers)
    talks.handlers.ask(ALICE, "hold generate", "t1", *VALUES)
    with pytest.raises(gr.Error, match="still being written"):
        talks.branch(ALICE, clicked(turn=2, step=-1), "t1")
    talks.handlers.stop(ALICE, "t1")
    finish(talks.handlers)


# ---- signed in --------------------------------------------------------------------------------


def signed_in(user: str, cookie: str) -> Any:
    """A request as the guard lets it through."""
    browser = Browser({"plainsight": cookie, "lang": "en"})
    browser.request = SimpleNamespace(scope={USER: user})  # type: ignore[attr-defined]
    return browser


UNSIGNED: list[Any] = [Browser({"plainsight": "laptop"}), Browser({"plainsight": "carol"})]


def test_a_signed_in_user_has_the_same_conversations_in_every_browser(talks: Talks) -> None:
    ask(talks.handlers, "a secret of carol", signed_in("carol", "laptop"))
    phone = talks.show(signed_in("carol", "phone"), clicked(), "t5")
    assert "a secret of carol" in phone
    assert "Signed in as <b><bdi>carol</bdi></b>" in phone
    for other in (signed_in("dave", "laptop"), *UNSIGNED):
        assert "a secret of carol" not in talks.show(other, clicked(), "t1")


def test_no_cookie_gives_the_owner_of_a_user() -> None:
    user = actor_of(signed_in("carol", "x")).owner
    assert user.startswith("user-")
    assert not actor_of(Browser({"plainsight": "user-carol"})).owner.startswith("user-")  # type: ignore[arg-type]


def test_the_header_menu_names_the_user(handlers: Handlers) -> None:
    pill = handlers.open(signed_in("<carol>", "x"), "t1")[-2]
    assert "Signed in as <b><bdi>&lt;carol&gt;</bdi></b>" in pill
    assert "Signed in" not in handlers.open(ALICE, "t1")[-2]


def test_an_unkept_answer_is_still_an_answer_and_says_why(talks: Talks) -> None:
    ask(talks.handlers, "one?")
    talks.delete(ALICE, clicked(id=session(talks.handlers).conversation), "another tab")
    shown = ask(talks.handlers, "two?")
    last = session(talks.handlers).last
    assert last is not None
    assert last.unkept is not None
    assert "could not be kept" in shown[-1].live
    assert "One exception" in shown[-1].live


def test_the_session_of_a_reader_is_replaced_only_when_it_is_empty(talks: Talks) -> None:
    ask(talks.handlers, "one?")
    first = session(talks.handlers).conversation
    talks.handlers.sessions.update(_keys(talks)[0], lambda s: replace(s.cleared()))
    ask(talks.handlers, "two?")
    assert "one?" not in shown_by(talks.handlers.open(ALICE, "t1", first))


def test_a_long_conversation_is_held_with_few_ledgers_and_looks_and_opens_as_before(handlers: Handlers) -> None:
    ask(handlers, "question 0?")
    first = session(handlers).turns[0]
    for number in range(1, RECENT_TURNS + 4):
        ask(handlers, f"question {number}?")
    held = session(handlers)
    assert [turn.ledger is not None for turn in held.turns] == [False] * 4 + [True] * RECENT_TURNS
    assert [bool(turn.searches) for turn in held.turns] == [False] * 4 + [True] * RECENT_TURNS
    shown = handlers.views.chat(handlers.sessions.slot(key_of("t1", ALICE)), "en").history
    assert transcript.turn(first, "en") in shown, "redrawn from what was kept"
    panel = handlers.show_evidence(ALICE, clicked(turn=first.number), "t1")
    assert "question 0?" in panel and "operations/tls.md" in panel
    assert "question 0?" in handlers.show_record(ALICE, clicked(turn=first.number), "t1")
    assert "question 0?" in Saving(handlers).conversation(ALICE, "t1")
    assert [said.question for said in held.history(held.next_number)] == [turn.question for turn in held.turns]


def test_a_conversation_that_is_opened_again_holds_as_few(talks: Talks) -> None:
    for number in range(RECENT_TURNS + 2):
        ask(talks.handlers, f"question {number}?")
    id = session(talks.handlers).conversation
    talks.new(ALICE, "t1")
    assert "question 0?" in shown_by(talks.open(ALICE, clicked(id=id), "t1"))
    assert sum(turn.ledger is not None for turn in session(talks.handlers).turns) == RECENT_TURNS


def test_an_old_turn_whose_conversation_is_gone_still_says_what_was_said(handlers: Handlers) -> None:
    for number in range(RECENT_TURNS + 1):
        ask(handlers, f"question {number}?")
    handlers.service.conversations.delete(actor_of(ALICE), session(handlers).conversation)
    handlers.views = Views(handlers.service)  # nothing remembered
    shown = handlers.views.chat(handlers.sessions.slot(key_of("t1", ALICE)), "en").history
    assert "question 0?" in shown and "key pair can be rotated" in shown
    with pytest.raises(gr.Error):
        handlers.show_record(ALICE, clicked(turn=session(handlers).turns[0].number), "t1")


def test_old_ledgers_are_read_once_and_only_the_last_are_remembered(handlers: Handlers) -> None:
    for number in range(RECENT_TURNS + 3):
        ask(handlers, f"question {number}?")
    kept_ledgers, read = handlers.service.conversations, list[str]()

    def answer(actor: Actor, id: str) -> Ledger:
        read.append(id)
        return kept_ledgers.answer(actor, id)

    kept = KeptTurns(SimpleNamespace(answer=answer), most=2)
    alice, old = actor_of(ALICE), session(handlers).turns[:3]
    for turn in (*old[:2], *old[:2]):
        assert kept.whole(alice, turn).ledger is not None
    assert len(read) == 2
    for turn in (old[2], old[0]):
        assert kept.whole(alice, turn).searches
    assert len(read) == 4, "the one read longest ago made room"
    assert kept.whole(actor_of(BOB), old[0]).ledger is None, "what is remembered is its owner's alone"


def test_a_conversation_that_is_kept_nowhere_is_bounded() -> None:
    held = Session()
    for number in range(MOST_UNKEPT_TURNS + 5):
        held = held.asked(f"question {number}?", RetrievalOptions())
    assert len(held.turns) == MOST_UNKEPT_TURNS


def test_the_conversation_of_the_address_takes_the_place_of_the_tabs_own(talks: Talks) -> None:
    ask(talks.handlers, "one?")
    first = session(talks.handlers).conversation
    talks.handlers.sessions.update(_keys(talks)[0], lambda s: replace(s.cleared()))
    ask(talks.handlers, "two?")
    second = session(talks.handlers).conversation
    assert "two?" in shown_by(talks.handlers.open(ALICE, "t1", "", second))
    shown = shown_by(talks.handlers.open(ALICE, "t1", second, first))
    assert "one?" in shown and "two?" not in shown and first in shown
    nothing = shown_by(talks.handlers.open(ALICE, "t1", first, "0" * 32))
    assert "one?" not in nothing and "two?" not in nothing
