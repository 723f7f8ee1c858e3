"""What the page does, as plain calls: sessions apart from each other, questions never lost, hostile input refused."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast

import gradio as gr
import pytest
from markupsafe import Markup

from rag.accounts.actor import SYSTEM, Actor
from rag.errors import ModelRejected
from rag.events import Cancel
from rag.ledger import Outcome
from rag.messages import Language, reason, text
from rag.options import TABLE
from rag.status import PartState, PartStatus, Status
from rag.types import Mode, RetrievalOptions
from rag.ui.handlers.chat import Handlers
from rag.ui.handlers.documents import Documents
from rag.ui.handlers.guard import HINTS, toast
from rag.ui.handlers.uploads import Uploads
from rag.ui.handlers.visitor import key_of
from rag.ui.state.options import NAMES, clamped, packed
from rag.ui.state.runs import Run
from rag.ui.state.session import Session, Sessions, Slot
from rag.ui.views import Chat, Ingesting, Views, free
from tests.support.scripted_service import ScriptedDocuments, ScriptedService

T = TypeVar("T")

DEFAULTS = RetrievalOptions(instruction="Find what answers the query")
VALUES: tuple[Any, ...] = ({},)
"""What a browser sends whose reader chose nothing."""
MAX_CANDIDATES, MAX_CONTEXTS, MAX_INSTRUCTION = (
    int(TABLE[name].high) for name in ("candidates", "contexts", "instruction")
)


@dataclass
class Browser:
    """The part of a request that handlers read."""

    cookies: dict[str, str] = field(default_factory=lambda: {"plainsight": "alice", "lang": "en"})
    headers: dict[str, str] = field(default_factory=dict)


ALICE: Any = Browser()
BOB: Any = Browser({"plainsight": "bob", "lang": "en"})


def visitor(name: str) -> Any:
    return Browser({"plainsight": name, "lang": "en"})


def clicked(**data: Any) -> gr.EventData:
    return gr.EventData(None, data)


@pytest.fixture
def service() -> ScriptedService:
    return ScriptedService()


def over(service: Any) -> Handlers:
    return Handlers(service, Sessions(), Views(service))


@pytest.fixture
def handlers(service: ScriptedService) -> Handlers:
    return over(service)


@pytest.fixture
def uploads(handlers: Handlers) -> Uploads:
    return Uploads(handlers.service, handlers.sessions, handlers.views)


def apart(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in an event loop of another thread: a browser that is open in this one has its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def finish(handlers: Handlers, browser: Any = ALICE, tab: str = "t1") -> list[Chat]:
    """Follow the running answer to its end; what was shown."""
    return [shown for shown in sent(handlers, browser, tab) if shown not in (Chat(), Chat(box=free()))]


def sent(handlers: Handlers, browser: Any = ALICE, tab: str = "t1") -> list[Chat]:
    """Everything a follower of the running answer is sent."""

    async def collect() -> list[Chat]:
        return [shown async for shown in handlers.follow(browser, tab)]

    return apart(collect())


def session(handlers: Handlers, owner: str = "alice", tab: str = "t1") -> Session:
    return handlers.sessions.get(key_of(tab, visitor(owner)))


def ask(handlers: Handlers, question: str, browser: Any = ALICE, tab: str = "t1") -> list[Chat]:
    handlers.ask(browser, question, tab, *VALUES)
    return finish(handlers, browser, tab)


def test_nothing_is_drawn_in_the_event_loop(service: ScriptedService) -> None:
    in_loop: list[bool] = []

    class Watched(Views):
        def live(self, session: Session, lang: Language) -> Markup:
            in_loop.append(has_loop())
            return super().live(session, lang)

        def evidence(self, session: Session, lang: Language) -> Markup:
            in_loop.append(has_loop())
            return super().evidence(session, lang)

    handlers = Handlers(cast(Any, service), Sessions(), Watched(cast(Any, service)))
    handlers.ask(ALICE, "How?", "t1")
    in_loop.clear()
    sent(handlers)
    assert in_loop
    assert not any(in_loop)


def has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def test_what_is_sent_last_shows_nothing_again_and_still_gives_the_composer_back(handlers: Handlers) -> None:
    """Gradio sends it twice, and its difference from the one before reaches back to what a busy page has not shown."""
    handlers.ask(ALICE, "How do I rotate certificates?", "t1", *VALUES)
    assert sent(handlers)[-1] == Chat(box=free())


def test_an_answer_ends_generated_and_gives_the_composer_back(handlers: Handlers) -> None:
    shown = ask(handlers, "How do I rotate certificates?")
    last = session(handlers).last
    assert last is not None
    assert last.outcome is Outcome.GENERATED
    assert 'href="#ev-1-1"' in shown[-1].live
    assert 'id="ev-1-1"' in shown[-1].evidence
    assert (shown[-1].box["submit_btn"], shown[-1].box["stop_btn"]) == (True, False)


def test_evidence_is_not_sent_again_with_every_delta(service: ScriptedService, handlers: Handlers) -> None:
    service.pause = 0.03
    shown = ask(handlers, "How do I rotate certificates?")
    live = [s for s in shown if isinstance(s.live, str)]
    evidence = [s for s in shown if isinstance(s.evidence, str)]
    assert len(evidence) < len(live)


def test_the_history_of_earlier_turns_goes_with_a_question(service: ScriptedService, handlers: Handlers) -> None:
    ask(handlers, "first?")
    ask(handlers, "second?")
    first, second = service.asked
    assert [e.question for e in second.history] == ["first?"]
    assert first.history == ()


def test_two_browsers_and_two_tabs_never_see_each_other(handlers: Handlers) -> None:
    ask(handlers, "a secret of alice")
    strangers: list[tuple[Any, str]] = [(BOB, "t1"), (ALICE, "t2"), (Browser({}), "t1")]
    for browser, tab in strangers:
        opened = handlers.open(browser, tab)
        assert "a secret of alice" not in "".join(part for part in opened if isinstance(part, str))
    assert "a secret of alice" in "".join(part for part in handlers.open(ALICE, "t1") if isinstance(part, str))


def test_evidence_of_another_session_cannot_be_fetched_by_number(handlers: Handlers) -> None:
    ask(handlers, "a secret of alice")
    with pytest.raises(gr.Error, match="not part of this conversation"):
        handlers.show_evidence(BOB, clicked(turn=1), "t1")


@pytest.mark.parametrize("turn", [0, 7, -1, "1", None, True, 1.5], ids=str)
def test_a_turn_number_from_the_browser_is_looked_up_never_trusted(handlers: Handlers, turn: Any) -> None:
    ask(handlers, "one?")
    for handler in (handlers.show_evidence, handlers.edit):
        with pytest.raises(gr.Error, match="not part of this conversation"):
            handler(ALICE, clicked(turn=turn), "t1")


def test_a_failed_answer_keeps_the_question_and_can_be_asked_again(
    service: ScriptedService, handlers: Handlers
) -> None:
    ask(handlers, "401 please")
    failed = session(handlers).last
    assert failed is not None
    assert (failed.outcome, failed.question) == (Outcome.FAILED, "401 please")
    handlers.retry(ALICE, clicked(turn=failed.number), "t1", *VALUES)
    finish(handlers)
    assert [t.question for t in session(handlers).turns] == ["401 please"]
    assert [r.question for r in service.asked] == ["401 please", "401 please"]
    assert service.asked[1].history == ()


def test_an_edited_question_replaces_its_turn_and_all_after_it(handlers: Handlers) -> None:
    for question in ("one?", "two?", "three?"):
        ask(handlers, question)
    shown = handlers.edit(ALICE, clicked(turn=2), "t1")
    assert shown.box["value"] == "two?"
    ask(handlers, "two, but better?")
    assert [t.question for t in session(handlers).turns] == ["one?", "two, but better?"]
    assert session(handlers).editing == 0


def test_turn_numbers_are_never_used_twice(handlers: Handlers) -> None:
    ask(handlers, "one?")
    handlers.new_chat(ALICE, "t1")
    ask(handlers, "two?")
    assert [t.number for t in session(handlers).turns] == [2]


def test_a_second_question_while_one_is_answered_is_refused(
    service: ScriptedService, handlers: Handlers, tmp_path: Path
) -> None:
    service.gate = tmp_path / "ready"
    handlers.ask(ALICE, "one?", "t1", *VALUES)
    with pytest.raises(gr.Error, match="still being written"):
        handlers.ask(ALICE, "two?", "t1", *VALUES)
    handlers.stop(ALICE, "t1")
    finish(handlers)


def test_a_question_right_after_stop_is_asked(service: ScriptedService, handlers: Handlers, tmp_path: Path) -> None:
    service.gate = tmp_path / "ready"
    handlers.ask(ALICE, "one?", "t1", *VALUES)
    handlers.stop(ALICE, "t1")
    service.gate = None
    handlers.ask(ALICE, "two?", "t1", *VALUES)
    finish(handlers)
    assert [(t.question, t.outcome) for t in session(handlers).turns] == [
        ("one?", Outcome.STOPPED),
        ("two?", Outcome.GENERATED),
    ]


@pytest.mark.parametrize("code", HINTS)
def test_what_is_no_failure_is_told_as_a_hint(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    hint = toast(reason(code), "en")
    assert not hint.visible, "it only ends the call"
    assert text(reason(code), "en") in capsys.readouterr().out, "told by the other way, here to no page"
    failure = toast(reason("ui.turn_gone"), "en")
    assert failure.visible and failure.title == "This did not work"


def test_a_question_before_the_models_are_ready_waits_and_is_then_answered(
    service: ScriptedService, handlers: Handlers, tmp_path: Path
) -> None:
    service.gate = tmp_path / "ready"
    shown = handlers.ask(ALICE, "early?", "t1", *VALUES)
    assert "still loading" in shown.live
    assert service.asked == []
    service.gate.touch()
    finish(handlers)
    last = session(handlers).last
    assert last is not None
    assert last.outcome is Outcome.GENERATED


def test_stop_on_a_page_that_missed_the_end_gives_the_composer_back(
    service: ScriptedService, handlers: Handlers, tmp_path: Path
) -> None:
    service.gate = tmp_path / "ready"
    handlers.ask(ALICE, "early?", "t1", *VALUES)
    assert "submit_btn" not in handlers.stop(ALICE, "t1"), "its end gives it back, not its beginning"
    finish(handlers)
    box = handlers.stop(ALICE, "t1")
    assert (box["submit_btn"], box["stop_btn"]) == (True, False)


def test_stopping_while_models_load_ends_the_turn_without_asking(
    service: ScriptedService, handlers: Handlers, tmp_path: Path
) -> None:
    service.gate = tmp_path / "ready"
    handlers.ask(ALICE, "early?", "t1", *VALUES)
    handlers.stop(ALICE, "t1")
    finish(handlers)
    last = session(handlers).last
    assert last is not None
    assert last.outcome is Outcome.STOPPED
    assert service.asked == []


def test_models_that_will_never_load_end_the_question_with_their_reason() -> None:
    class Broken(ScriptedService):
        def status(self, actor: Actor) -> Status:
            why = reason("runtime.broke_down", kind="OSError")
            return Status("", None, (PartStatus("embedder", PartState.FAILED, reason=why),))

    handlers = over(Broken())
    ask(handlers, "anyone there?")
    last = session(handlers).last
    assert last is not None
    assert (last.question, last.reason) == ("anyone there?", reason("runtime.broke_down", kind="OSError"))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(ModelRejected(reason("runtime.loading")), "runtime.loading", id="an error of ours"),
        pytest.param(ZeroDivisionError("secret detail"), "ui.unexpected", id="an unforeseen error"),
    ],
)
def test_what_the_service_raises_becomes_a_reason(error: Exception, code: str) -> None:
    class Raising(ScriptedService):
        def ask(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
            raise error

    handlers = over(Raising())
    shown = ask(handlers, "well?")
    last = session(handlers).last
    assert last is not None
    assert last.reason is not None
    assert last.reason.code == code
    assert "secret detail" not in shown[-1].live


def test_an_unforeseen_error_of_a_handler_is_a_sentence_with_a_number() -> None:
    class Raising(ScriptedDocuments):
        def bury(self, *args: Any, **kwargs: Any) -> Any:
            raise ZeroDivisionError("secret detail")

    service = ScriptedService()
    service.documents = Raising(service)
    handlers = over(service)
    documents = Documents(handlers.service, handlers.sessions, handlers.views)
    with pytest.raises(gr.Error, match=r"the log has the details under [0-9a-f]{8}") as caught:
        documents.delete(ALICE, clicked(name="x.md"), "t1")
    assert "secret detail" not in str(caught.value)
    with pytest.raises(gr.Error, match="详情见日志"):
        documents.delete(Browser({"lang": "zh"}), clicked(name="x.md"), "t1")  # type: ignore[arg-type]


class Forgetful(Sessions):
    """Breaks down whenever it is asked for a conversation."""

    def slot(self, key: str, address: str = "") -> Slot:
        raise ZeroDivisionError("secret detail")


@pytest.mark.parametrize("name", ["follow", "follow_ingest", "stop", "cancel_edit", "cancel_ingest"])
def test_no_handler_lets_an_error_through(service: Any, name: str) -> None:
    broken = Forgetful()
    owner = Uploads if "ingest" in name else Handlers
    handler = getattr(owner(service, broken, Views(service)), name)

    async def follow() -> list[Any]:
        return [shown async for shown in handler(ALICE, "t1")]

    with pytest.raises(gr.Error, match=r"the log has the details under [0-9a-f]{8}") as caught:
        apart(follow()) if name.startswith("follow") else handler(ALICE, "t1")
    assert "secret detail" not in str(caught.value)


def test_a_name_is_escaped_exactly_once_in_a_message(uploads: Uploads) -> None:
    documents = Documents(uploads.service, uploads.sessions, uploads.views)
    with pytest.raises(gr.Error) as caught:
        documents.delete(ALICE, clicked(name="<b>Q&A</b>\u202e.md"), "t1")
    assert caught.value.message == "&lt;b&gt;Q&amp;A&lt;/b&gt;\ufffd.md is not there any more."


def test_a_question_during_anyones_ingest_says_that_more_may_be_found(
    service: ScriptedService, handlers: Handlers, uploads: Uploads
) -> None:
    ask(handlers, "nothing yet?")
    service.pause = 0.02
    uploads.sample(BOB, "t9")
    handlers.ask(ALICE, "nothing still?", "t1", *VALUES)
    service.pause = 0.0
    finish(handlers)
    assert [t.ingesting for t in session(handlers).turns] == [False, True]
    assert "still being ingested" in finish(handlers)[-1].live


def ingested(uploads: Uploads) -> list[Ingesting]:
    """Follow the jobs to their end; what was shown. The last message changes nothing, as Gradio sends it twice."""

    async def collect() -> list[Ingesting]:
        return [shown async for shown in uploads.follow_ingest(ALICE, "t1")]

    *shown, last = apart(collect())
    assert last == Ingesting()
    return shown


def test_dropped_files_are_ingested_and_the_drop_zone_is_free_again(
    service: ScriptedService, uploads: Uploads, tmp_path: Path
) -> None:
    (tmp_path / "a.md").write_text("# A", encoding="utf-8")
    (tmp_path / "empty.md").touch()
    zone, *_ = uploads.ingest(ALICE, [str(tmp_path / "a.md"), str(tmp_path / "empty.md")], "t1")
    assert zone["value"] is None
    shown = ingested(uploads)
    assert "1 added · 1 refused" in shown[-1].progress
    assert "a.md" in shown[-1].table
    assert list(service.stored) == ["a.md"]


def test_an_ingest_can_be_cancelled_and_what_was_indexed_stays(service: ScriptedService, uploads: Uploads) -> None:
    service.pause = 0.02
    uploads.sample(ALICE, "t1")
    (job,) = service.jobs.all(SYSTEM)
    uploads.cancel_ingest(ALICE, clicked(job=job.id), "t1")
    shown = ingested(uploads)
    assert "cancelled" in shown[-1].progress and "Retry failed" in shown[-1].progress
    assert len(service.stored) < 5
    service.pause = 0.0
    uploads.retry_failed(ALICE, clicked(job=job.id), "t1")
    ingested(uploads)
    assert len(service.stored) == 5


def test_a_click_on_a_job_shows_nothing_itself_while_the_page_follows_the_jobs(
    service: ScriptedService, uploads: Uploads
) -> None:
    """What it showed could reach the page after the end of the job."""
    service.pause = 0.02
    uploads.sample(ALICE, "t1")
    (job,) = service.jobs.all(SYSTEM)

    async def while_followed() -> Ingesting:
        following: Any = uploads.follow_ingest(ALICE, "t1")
        await anext(following)
        shown = uploads.cancel_ingest(ALICE, clicked(job=job.id), "t1")
        await following.aclose()
        return shown

    assert apart(while_followed()) == Ingesting()
    assert isinstance(uploads.cancel_ingest(ALICE, clicked(job=job.id), "t1").progress, str), "nobody follows any more"


def test_a_job_that_ended_can_be_taken_off_the_page_by_anyone(service: ScriptedService, uploads: Uploads) -> None:
    uploads.sample(ALICE, "t1")
    ingested(uploads)
    (job,) = service.jobs.all(SYSTEM)
    for strange in ("", "x", None, 7):
        uploads.dismiss_job(BOB, clicked(job=strange), "t1")
    assert len(service.jobs.all(SYSTEM)) == 1
    assert uploads.dismiss_job(BOB, clicked(job=job.id), "t1").progress == ""
    with pytest.raises(gr.Error, match="nothing to try again"):
        uploads.retry_failed(ALICE, clicked(job=job.id), "t1")


HOSTILE_VALUES: list[tuple[dict[str, Any], RetrievalOptions]] = [
    ({}, DEFAULTS),
    ({"mode": "drop table", "rerank": "yes", "instruction": 7, "threshold": "1"}, DEFAULTS),
    ({"contexts": math.nan, "threshold": math.inf, "candidates": True}, DEFAULTS),
    (
        {"candidates": 10**9, "contexts": 10**9, "threshold": 9, "mode": "dense", "rerank": False},
        replace(
            DEFAULTS, candidates=MAX_CANDIDATES, contexts=MAX_CONTEXTS, threshold=1.0, mode=Mode.DENSE, rerank=False
        ),
    ),
    ({"candidates": 2, "contexts": 5}, replace(DEFAULTS, candidates=5, contexts=5)),
    ({"candidates": -4, "contexts": -4, "threshold": -1}, replace(DEFAULTS, candidates=1, contexts=1, threshold=0.0)),
    ({"instruction": "  x" * MAX_INSTRUCTION}, replace(DEFAULTS, instruction=("x" + "  x" * 500)[:MAX_INSTRUCTION])),
    ({"instruction": "   "}, DEFAULTS),
]


@pytest.mark.parametrize(
    ("sent", "expected"), HOSTILE_VALUES, ids=[", ".join(map(str, v)) or "none" for v, _ in HOSTILE_VALUES]
)
def test_settings_from_a_browser_are_clamped(sent: dict[str, Any], expected: RetrievalOptions) -> None:
    assert clamped(sent, DEFAULTS) == expected


def test_settings_travel_there_and_back() -> None:
    options = replace(DEFAULTS, mode=Mode.FULL_TEXT, candidates=31, contexts=4, threshold=0.25, rerank=False)
    options = replace(options, dense_weight=0.5, full_text_weight=1.5)
    assert clamped(packed(options), DEFAULTS) == options
    assert tuple(packed(options)) == NAMES


def test_sessions_beyond_the_limit_are_forgotten_oldest_first() -> None:
    clock = iter(range(100))
    sessions = Sessions(most=2, now=lambda: float(next(clock)))
    for key in ("a", "b", "a", "c"):
        sessions.update(key, lambda s: replace(s, shown=s.shown + 1))
    assert [sessions.get(k).shown for k in ("a", "c")] == [2, 1]
    assert sessions.get("b").shown == 0


def test_a_run_nobody_follows_is_cancelled_after_its_time() -> None:
    now = [0.0]
    seen: list[int] = []

    def events(cancel: Cancel) -> Iterator[int]:
        for i in range(100):
            now[0] += 1.0
            if cancel:
                return
            yield i

    ended: list[bool] = []
    run = Run(
        events,
        apply=seen.append,
        failed=lambda e: None,
        ended=lambda: ended.append(True),
        linger=5.0,
        now=lambda: now[0],
    )
    run.start().join(10)
    assert ended == [True]
    assert 4 <= len(seen) <= 7


def test_browsers_without_cookies_have_nothing_in_common(handlers: Handlers) -> None:
    @dataclass
    class Page(Browser):
        session_hash: str = ""

    one: Any
    other: Any
    one, other = (Page({"lang": "en"}, session_hash=page) for page in ("one", "other"))
    for tab in ("", "t1", "x" * 1000):
        ask(handlers, "a secret of one", one, tab)
        assert "a secret of one" in "".join(part for part in handlers.open(one, tab) if isinstance(part, str))
        assert "a secret of one" not in "".join(part for part in handlers.open(other, tab) if isinstance(part, str))


def test_a_question_too_long_is_refused_before_it_is_kept_or_drawn(handlers: Handlers) -> None:
    with pytest.raises(gr.Error, match="8000"):
        handlers.ask(ALICE, "x" * 1_000_000, "t1", *VALUES)
    assert session(handlers).turns == ()


def test_a_visitor_with_many_hanging_questions_is_told_and_others_are_answered(handlers: Handlers) -> None:
    for tab in ("t1", "t2"):
        handlers.ask(ALICE, "hold generate", tab, *VALUES)
    with pytest.raises(gr.Error, match="2 of your questions"):
        handlers.ask(ALICE, "one more", "t3", *VALUES)
    assert session(handlers, tab="t3").turns == ()
    ask(handlers, "of bob", BOB)
    last = session(handlers, "bob").last
    assert last is not None
    assert last.outcome is Outcome.GENERATED
    for tab in ("t1", "t2"):
        handlers.stop(ALICE, tab)
        finish(handlers, ALICE, tab)
    ask(handlers, "one more", ALICE, "t3")
    assert session(handlers, tab="t3").last is not None
