"""What an idle page is told and what it then asks for, handler by handler."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pytest

from rag.accounts.actor import SYSTEM, Actor
from rag.errors import KeepingError
from rag.messages import reason
from rag.ui.handlers.refresh import IDLE_SECONDS, JOBS_SECONDS, LOADING_SECONDS, Refresh
from rag.ui.views import Ingesting
from tests.support.scripted_service import ScriptedService

from .test_handlers import ALICE, BOB, apart, clicked
from .test_library_page import Page


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def noticing(page: Page) -> Refresh:
    return Refresh(page.service, page.handlers.sessions, page.handlers.views)


def told(page: Page) -> str:
    """The edition a page that was opened knows."""
    edition: str = page.handlers.open(ALICE, "t1")[-3]
    return edition


def notice(noticing: Refresh, **event: Any) -> Ingesting:
    return noticing.notice(ALICE, clicked(**event), "t1")


def test_a_page_is_told_nothing_until_something_changes(page: Page, noticing: Refresh) -> None:
    known = told(page)
    pill = noticing.look(ALICE, "", known).pill
    idle = noticing.look(ALICE, pill, known)
    assert (idle.pill, idle.models, idle.news) == (gr.skip(), gr.skip(), gr.skip())
    page.fill(1)
    news = noticing.look(ALICE, pill, known).news
    assert news not in (known, gr.skip())
    assert noticing.look(ALICE, pill, news).news == gr.skip()
    page.create("Policies", BOB)
    assert noticing.look(ALICE, pill, news).news not in (news, gr.skip())


def test_a_page_looks_more_often_while_something_goes_on(page: Page, noticing: Refresh, tmp_path: Any) -> None:
    assert noticing.look(ALICE, "", "").timer.value == IDLE_SECONDS
    page.service.pause = 0.1
    page.uploads.sample(BOB, "t9")
    assert noticing.look(ALICE, "", "").timer.value == JOBS_SECONDS
    page.service.gate = tmp_path / "never"
    assert noticing.look(ALICE, "", "").timer.value == LOADING_SECONDS


def test_what_is_noticed_keeps_how_the_list_is_looked_at(page: Page, noticing: Refresh) -> None:
    page.fill(120)
    page.documents.look(ALICE, clicked(words="docs/01"), "t1")
    page.documents.look(ALICE, clicked(sort="name"), "t1")
    page.service.documents.bury(SYSTEM, ["docs/0119.md"])
    shown = notice(noticing, head=True)
    assert "19 of 119 documents" in shown.table and "119 documents" in shown.scope
    assert shown.table.index("docs/0118.md") < shown.table.index("docs/0100.md")
    assert 'value="docs/01"' in shown.tools
    assert notice(noticing, head=False).tools == gr.skip(), "the reader is in it"


def test_while_a_job_runs_the_list_comes_when_it_is_asked_for(page: Page, noticing: Refresh) -> None:
    page.service.pause = 0.1
    page.uploads.sample(BOB, "t9")
    shown = notice(noticing, head=True)
    assert "Cancel" in shown.progress and isinstance(shown.live, str)
    assert (shown.tools, shown.table, shown.scope) == (gr.skip(),) * 3
    assert "documents" in notice(noticing, list=True).table
    page.service.pause = 0.0
    (job,) = page.service.jobs.all(SYSTEM)
    page.service.jobs.wait(SYSTEM, job.id, 30)
    assert "handbook/en/05.md" in notice(noticing).table


def test_a_page_that_follows_the_jobs_is_shown_nothing_twice(page: Page, noticing: Refresh) -> None:
    page.service.pause = 0.1
    page.uploads.sample(ALICE, "t1")

    async def while_followed() -> Ingesting:
        following: Any = page.uploads.follow_ingest(ALICE, "t1")
        await anext(following)
        shown = notice(noticing, list=True)
        await following.aclose()
        return shown

    assert apart(while_followed()) == Ingesting()
    assert notice(noticing, list=True) != Ingesting()


def test_a_knowledge_base_that_others_deleted_gives_way_to_the_default_one(page: Page, noticing: Refresh) -> None:
    made = page.create("Policies")
    page.documents.look(ALICE, clicked(words="x"), "t1")
    page.fill(1)
    page.service.knowledge_bases.delete(SYSTEM, made, typed="Policies")
    assert "docs/0000.md" in notice(noticing, head=True).table
    assert page.session().base == ""
    assert page.documents.delete(ALICE, clicked(name="docs/0000.md"), "t1"), "what is done now is done there"


class Unreadable(ScriptedService):
    """Cannot read what is kept."""

    def edition(self, actor: Actor) -> str:
        raise KeepingError(reason("originals.off"))


def test_the_status_is_shown_whatever_can_be_read(page: Page, noticing: Refresh) -> None:
    broken: Any = Unreadable()
    noticing.views.service = broken
    look = noticing.look(ALICE, "", "known")
    assert "pill" in look.pill and look.news == gr.skip()
    assert told(page) == gr.skip()
