"""Knowledge bases, the list of documents and the scope of a conversation, handler by handler."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gradio as gr
import pytest

from rag.accounts.actor import SYSTEM, Actor
from rag.errors import KeepingError
from rag.knowledge.jobs.job import JobKind
from rag.knowledge.listing import PAGE_ROWS
from rag.messages import reason
from rag.settings import Settings
from rag.types import Document, Mode, Narrowing
from rag.ui.handlers.bases import Bases
from rag.ui.handlers.chat import Handlers
from rag.ui.handlers.choosing import Choosing
from rag.ui.handlers.documents import MOST_CHOSEN, Documents
from rag.ui.handlers.scoping import Scoping
from rag.ui.handlers.uploads import Uploads
from rag.ui.handlers.visitor import key_of
from rag.ui.html.library.scope import MOST_FOUND
from rag.ui.state.options import CHOSEN, packed
from rag.ui.state.session import Chosen, Session, Sessions
from rag.ui.views import SKIP, Views
from tests.support.scripted_service import ScriptedService

from .test_handlers import ALICE, BOB, VALUES, Browser, clicked, finish, ingested


class Page:
    """All handlers over one scripted service."""

    def __init__(self, settings: Settings | None = None) -> None:
        service: Any = ScriptedService(settings)
        self.service = service
        sessions = Sessions()
        views = Views(service)
        self.handlers = Handlers(service, sessions, views)
        self.uploads = Uploads(service, sessions, views)
        self.documents = Documents(service, sessions, views)
        self.bases = Bases(service, sessions, views)
        self.scoping = Scoping(service, sessions, views)

    def session(self, browser: Any = ALICE) -> Session:
        return self.handlers.sessions.get(key_of("t1", browser))

    def fill(self, count: int, **change: Any) -> list[str]:
        names = [f"docs/{number:04}.md" for number in range(count)]
        for name in names:
            document = Document(name, "0" * 64, f"Title of {name}", "en", 10, 3, 30, 1790000000.0)
            self.service.stored[name] = replace(document, **change)
        return names

    def create(self, name: str, browser: Any = ALICE) -> str:
        self.bases.create(browser, clicked(name=name, description=""), "t1")
        made: str = next(base.id for base in self.service.knowledge_bases.all(SYSTEM) if base.name == name)
        return made

    def asked(self, question: str = "well?") -> Any:
        self.handlers.ask(ALICE, question, "t1", *VALUES)
        finish(self.handlers)
        return self.service.asked[-1].options


@pytest.fixture
def page() -> Page:
    return Page()


def test_selected_documents_are_taken_again_as_a_job(page: Page) -> None:
    names = page.fill(3)
    shown = page.documents.reingest(ALICE, clicked(names=names[:2]), "t1")
    (job,) = page.service.jobs.all(SYSTEM)
    assert "Re-ingest" in shown.progress
    done = page.service.jobs.wait(SYSTEM, job.id, 30)
    assert done.kind is JobKind.REINGEST and [f.event.name for f in done.files] == names[:2]
    with pytest.raises(gr.Error):
        page.documents.reingest(ALICE, clicked(names=[]), "t1")


# ---- the list --------------------------------------------------------------------------------------------------------


def test_a_page_of_many_is_sent_and_the_filter_works_on_all(page: Page) -> None:
    page.fill(3000)
    table = page.documents.look(ALICE, clicked(page=2), "t1")
    assert table.count("<tr") == PAGE_ROWS + 1 and "docs/0050.md" in table and "Page 2 of 60" in table
    table = page.documents.look(ALICE, clicked(words="2999"), "t1")
    assert "docs/2999.md" in table and "1 of 3000 documents" in table
    table = page.documents.look(ALICE, clicked(words="", sort="name"), "t1")  # one thing at a time: the order
    assert "docs/2999.md" in table and 'aria-sort="descending"' in table


def test_the_list_is_narrowed_to_a_range_of_dates(page: Page) -> None:
    page.fill(3, date="2024-05-01")
    page.service.stored["docs/0001.md"] = replace(page.service.stored["docs/0001.md"], date="2023-01-01")
    page.service.stored["docs/0002.md"] = replace(page.service.stored["docs/0002.md"], date="")
    tools, table = page.handlers.views.shelf(page.session(), "en")
    assert 'min="2023-01-01" max="2024-05-01"' in tools and "2024-05-01</span>" in table
    table = page.documents.look(ALICE, clicked(since="2024-01-01"), "t1")
    assert "1 of 3 documents" in table and "docs/0000.md" in table
    table = page.documents.look(ALICE, clicked(since="", until="2023-12-31"), "t1")
    assert "1 of 3 documents" in table and "docs/0001.md" in table
    assert "1 of 3 documents" in page.documents.look(ALICE, clicked(until="<b>"), "t1")
    page.fill(3)
    assert "doc-date" not in page.handlers.views.shelf(page.session(), "en")[0]


@pytest.mark.parametrize(
    "event",
    [
        {"page": "x"}, {"page": 10**9}, {"page": -1}, {"sort": "__class__"}, {"state": "'; drop"}, {"folder": 7},
        {"words": ["a"]}, {},
    ],
)  # fmt: skip
def test_whatever_a_browser_sends_is_a_list(page: Page, event: dict[str, Any]) -> None:
    page.fill(3)
    assert "doc-list" in page.documents.look(ALICE, clicked(**event), "t1")


def test_how_the_list_is_looked_at_belongs_to_the_tab(page: Page) -> None:
    page.fill(3)
    page.documents.look(ALICE, clicked(words="0001"), "t1")
    assert page.session().listing.words == "0001" and page.session(BOB).listing.words == ""


def test_documents_are_disabled_and_enabled_by_name_or_by_filter(page: Page) -> None:
    names = page.fill(120)
    shown = page.documents.enable(ALICE, clicked(names=[names[0], "unknown", 7], enabled=False), "t1")
    assert [d.name for d in page.service.documents.all(SYSTEM) if not d.enabled] == [names[0]]
    assert "disabled" in shown.table and "119 documents" in shown.scope
    page.documents.look(ALICE, clicked(words="docs/01"), "t1")
    page.documents.enable(ALICE, clicked(all=True, enabled=False), "t1")
    assert sum(not d.enabled for d in page.service.documents.all(SYSTEM)) == 21
    page.documents.enable(ALICE, clicked(all=True, enabled=True), "t1")
    assert [d.name for d in page.service.documents.all(SYSTEM) if not d.enabled] == [names[0]]


def test_deleting_can_be_undone_until_it_is_too_late(page: Page) -> None:
    names = page.fill(3)
    shown = page.documents.delete(ALICE, clicked(names=names[:2]), "t1")
    assert "2 documents were deleted." in shown.table and names[0] not in shown.table
    shown = page.documents.undo(ALICE, "t1")
    assert names[0] in shown.table and "Undo" not in shown.table
    shown = page.documents.delete(ALICE, clicked(name=names[0]), "t1")
    assert f"{names[0]} was deleted." in shown.table
    page.service.gone.clear()
    with pytest.raises(gr.Error, match="Too late"):
        page.documents.undo(ALICE, "t1")


def test_deleting_twice_at_once_is_no_error_and_what_is_there_again_is_deleted_again(page: Page) -> None:
    (name,) = page.fill(1)
    page.documents.delete(ALICE, clicked(name=name), "t1")
    assert f"{name} was deleted." in page.documents.delete(ALICE, clicked(name=name), "t1").table
    page.service.documents.restore(SYSTEM, [name])  # by another tab, or added again
    page.documents.delete(ALICE, clicked(name=name), "t1")
    assert page.service.documents.all(SYSTEM) == []


@pytest.mark.parametrize("event", [{"name": "gone.md"}, {"name": ""}, {"names": {"$ne": ""}}, {"name": None}, {}])
def test_what_is_not_there_cannot_be_deleted(page: Page, event: dict[str, Any]) -> None:
    page.fill(2)
    with pytest.raises(gr.Error, match="not there any more"):
        page.documents.delete(ALICE, clicked(**event), "t1")
    assert len(page.service.stored) == 2


def test_a_document_that_could_not_be_replaced_says_why(page: Page) -> None:
    page.fill(1, error=reason("ingest.no_text"), tags=("net",), revision=3)
    table = page.documents.look(ALICE, clicked(state="failed"), "t1")
    assert "front matter only" in table and "last update failed" in table
    assert "net" in table and "revision 3" in table


# ---- knowledge bases ----------------------------------------------------------------------------------------------


def test_a_new_one_is_looked_at_and_files_go_into_it(page: Page) -> None:
    page.fill(1)
    made = page.create("Policies")
    assert page.session().base == made and page.session(BOB).base == ""
    page.uploads.sample(ALICE, "t1")
    shown = ingested(page.uploads)
    assert "handbook/en/01.md" in shown[-1].table and "docs/0000.md" not in shown[-1].table
    assert len(page.service.documents.all(SYSTEM, base=made)) == 5 and len(page.service.documents.all(SYSTEM)) == 1
    assert f'data-base="{made}"' in shown[-1].table
    back = page.bases.switch(ALICE, clicked(base="plainsight"), "t1")
    assert "docs/0000.md" in back.table and "Policies" in back.tools


def test_a_name_that_cannot_be_is_said_in_the_sheet(page: Page) -> None:
    page.create("Policies")
    shown = page.bases.create(ALICE, clicked(name="POLICIES <b>", description=""), "t1")
    assert shown.sheet == ""
    shown = page.bases.create(ALICE, clicked(name="policies", description=""), "t1")
    assert "already" in shown.sheet and 'value="policies"' in shown.sheet
    assert len(page.service.knowledge_bases.all(SYSTEM)) == 3


def test_setting_up(page: Page) -> None:
    made = page.create("Policies")
    fields = {"name": "Rules", "description": "d", "language": "en", "instruction": "Find the rule", "mode": "dense",
              "candidates": "30", "contexts": "", "threshold": "0"}  # fmt: skip
    shown = page.bases.save(ALICE, clicked(**fields), "t1")
    base = page.service.catalogue.base(made)
    assert shown.sheet == "" and "Rules" in shown.tools
    assert (base.name, base.mode, base.candidates, base.contexts, base.threshold) == (
        "Rules",
        Mode.DENSE,
        30,
        None,
        0.0,
    )
    shown = page.bases.save(ALICE, clicked(**{**fields, "candidates": "many"}), "t1")
    assert "many" in shown.sheet and page.service.catalogue.base(made) == base


def test_what_is_in_a_knowledge_base_is_told_in_a_sheet(page: Page) -> None:
    assert "base-profile" not in page.bases.switch(ALICE, clicked(base=""), "t1").tools
    page.fill(2, tags=("a <b>",), date="2024-05-01")
    assert "base-profile" in page.bases.switch(ALICE, clicked(base=""), "t1").tools
    shown = page.bases.profile(ALICE, "t1")
    for said in (
        "2 documents, 6 passages", "Guide &lt;i&gt;", "a &lt;b&gt; <small>2</small>", "Part | Load",
        "2 tables in 2 documents", "2 to documents that are not here", "from 2024-05-01 to 2024-05-01",
    ):  # fmt: skip
        assert said in shown, said
    assert "<b>" not in shown and 'data-act="doc-open"' in shown
    chinese: Any = Browser({"plainsight": "alice", "lang": "zh"})
    assert "2 个文档" in page.bases.profile(chinese, "t1")


def test_deleting_one_needs_its_name_and_leaves_no_scope_behind(page: Page) -> None:
    made = page.create("Policies")
    page.scoping.apply(ALICE, clicked(parts=[{"base": made}, {"base": "plainsight"}]), "t1")
    shown = page.bases.delete(ALICE, clicked(typed="Polices"), "t1")
    assert "Nothing was deleted" in shown.sheet and len(page.service.knowledge_bases.all(SYSTEM)) == 2
    shown = page.bases.delete(ALICE, clicked(typed="policies"), "t1")
    assert shown.sheet == "" and len(page.service.knowledge_bases.all(SYSTEM)) == 1
    assert page.session().base == "" and page.session().scope.collections == ("plainsight",)


def test_jobs_of_other_knowledge_bases_are_one_line_and_know_new_names(page: Page) -> None:
    page.create("Policies")
    page.service.pause = 4.0  # until it is looked at, however busy the machine
    own = page.uploads.sample(ALICE, "t1").progress
    others = page.handlers.views.progress(page.session(BOB), "en")
    assert "Into Policies" in own and "job-others" not in own
    assert others.index("1 job in another knowledge base") < others.index("Into Policies") < others.index("</details>")
    assert page.handlers.views.progress(page.session(BOB), "zh").startswith("<details")
    fields = {"name": "<b>Rules", "description": "", "language": "", "instruction": "", "mode": "", "candidates": "",
              "contexts": "", "threshold": ""}  # fmt: skip
    assert "Into &lt;b&gt;Rules" in page.bases.save(ALICE, clicked(**fields), "t1").progress
    page.service.pause = 0.0
    ingested(page.uploads)
    assert page.handlers.views.progress(page.session(BOB), "en") == "", "it ended well: nobody else has to know"


def test_deleting_a_knowledge_base_ends_the_job_that_fills_it_and_says_so(page: Page) -> None:
    made = page.create("Policies")
    assert "Deleting it cancels that" not in page.bases.edit(ALICE, "t1")
    page.service.pause = 1.0
    page.uploads.sample(ALICE, "t1")
    assert "Deleting it cancels that" in page.bases.edit(ALICE, "t1")
    shown = page.bases.delete(ALICE, clicked(typed="policies"), "t1")
    assert "Into a knowledge base that was deleted" in shown.progress
    assert "Cancelled: its knowledge base was deleted." in shown.progress and "Retry" not in shown.progress
    (job,) = page.service.jobs.all(SYSTEM)
    assert job.ended and job.collection == made
    assert len(page.service.documents.all(SYSTEM, base=made)) < 5


def test_the_default_one_offers_no_deletion(page: Page) -> None:
    assert "kb-delete" not in page.bases.edit(ALICE, "t1")
    page.create("Policies")
    assert "kb-delete" in page.bases.edit(ALICE, "t1")


# ---- the scope ----------------------------------------------------------------------------------------------------


def test_questions_search_what_was_chosen(page: Page) -> None:
    page.fill(3, tags=("net",))
    made = page.create("Policies")
    assert page.asked().collections == ()
    parts = [{"base": "plainsight", "documents": ["docs/"], "tags": ["net"]}, {"base": made}, {"base": "unknown"}]
    chip, sheet = page.scoping.apply(ALICE, clicked(parts=parts), "t1")
    assert "Part of Main + Policies" in chip and sheet == ""
    options = page.asked()
    assert options.collections == ("plainsight", made)
    assert options.narrowed == (Narrowing("plainsight", ("docs/",), ("net",)),)
    shown = page.scoping.show(ALICE, "t1")
    assert shown.count(" checked") == 4  # both, the folder and the tag
    page.scoping.apply(ALICE, clicked(all=True), "t1")
    assert page.session().scope == Chosen() and page.asked().collections == ()


@pytest.mark.parametrize("parts", [[], "x", [{"base": "unknown"}], [7], [{"base": 3}], None])
def test_nothing_chosen_is_said(page: Page, parts: Any) -> None:
    chip, sheet = page.scoping.apply(ALICE, clicked(parts=parts), "t1")
    assert "at least one" in sheet and chip is SKIP
    assert page.session().scope == Chosen()


def test_selected_documents_become_the_scope(page: Page) -> None:
    names = page.fill(MOST_CHOSEN + 1)
    chip = page.documents.ask_only(ALICE, clicked(names=names[:2]), "t1")
    assert "Part of Main · 2 documents" in chip
    assert page.asked().narrowed == (Narrowing("plainsight", tuple(names[:2])),)
    with pytest.raises(gr.Error, match="too many"):
        page.documents.ask_only(ALICE, clicked(all=True), "t1")


def test_the_scope_is_on_the_answer_and_comes_back_with_the_conversation(page: Page) -> None:
    page.fill(2)
    made = page.create("Policies")
    page.scoping.apply(ALICE, clicked(parts=[{"base": made, "documents": ["x/"]}]), "t1")
    page.asked()
    live = page.handlers.views.live(page.session(), "en")
    assert "Searched:" in live and "Part of Policies" in live
    page.handlers.open(ALICE, "t2", page.session().conversation)  # another tab, as after a restart of the server
    again = page.handlers.sessions.get(key_of("t2", ALICE))
    assert again.turns and again.scope == Chosen((made,), (Narrowing(made, ("x/",)),))
    page.handlers.new_chat(ALICE, "t1")
    assert page.session().scope == again.scope


def test_an_answer_over_everything_says_nothing_of_it(page: Page) -> None:
    page.asked()
    assert "Searched:" not in page.handlers.views.live(page.session(), "en")


def test_a_knowledge_base_alone_has_its_own_way_unless_the_reader_chose(page: Page) -> None:
    made = page.create("Policies")
    base = page.service.catalogue.base(made)
    page.service.catalogue.change(replace(base, instruction="Find the rule", contexts=2, threshold=0.5))
    page.scoping.apply(ALICE, clicked(parts=[{"base": made}]), "t1")
    usual = page.service.settings.retrieval
    values = ({CHOSEN: {"contexts": 4}},)
    page.handlers.ask(ALICE, "well?", "t1", *values)
    finish(page.handlers)
    options = page.service.asked[-1].options
    assert (options.contexts, options.instruction, options.threshold) == (4, "Find the rule", 0.5)
    page.scoping.apply(ALICE, clicked(parts=[{"base": made}, {"base": "plainsight"}]), "t1")
    page.handlers.ask(ALICE, "well?", "t1", *values)
    finish(page.handlers)
    assert page.service.asked[-1].options.instruction == usual.instruction


def test_what_is_set_is_asked_with_and_shown() -> None:
    wide = Settings.from_env({"RAG_CANDIDATES": "150", "RAG_CONTEXTS": "30"})
    page = Page(wide)
    assert page.asked() == wide.retrieval
    shown = Choosing(page.handlers).show(ALICE, "t1", {})
    assert shown.standing["values"] == packed(wide.retrieval) and "All as the settings" in shown.origins
    base = page.service.catalogue.base()
    page.service.catalogue.change(replace(base, candidates=120, contexts=25))
    assert (page.asked().candidates, page.asked().contexts) == (120, 25)
    chosen = Choosing(page.handlers).show(ALICE, "t1", {CHOSEN: {"contexts": 130}})
    assert "25 of the knowledge base" not in chosen.origins and "50 <small>your choice" in chosen.origins
    assert "120 <small>of the knowledge base Main" in chosen.origins
    assert (chosen.standing["values"]["contexts"], chosen.standing["usual"]["contexts"]) == (50, 25)
    made = page.create("Policies")
    page.scoping.apply(ALICE, clicked(parts=[{"base": made}, {"base": "plainsight"}]), "t1")
    both = Choosing(page.handlers).show(ALICE, "t1", {})
    assert "All as the settings" in both.origins, "several have no way of their own"


@pytest.mark.parametrize("kept", [None, {}, {"chosen": {"contexts": 10**9}}, {"contexts": 10**9, "threshold": 0.17}])
def test_what_a_browser_kept_is_brought_within_bounds(page: Page, kept: Any) -> None:
    restored = Choosing(page.handlers).restore(ALICE, "t1", kept)
    if kept:
        assert restored.kept == {CHOSEN: {"contexts": 50}}
        assert restored.standing["values"]["contexts"] == 50
    else:
        assert restored.standing["values"] == restored.standing["usual"]


def test_no_chip_before_there_is_anything_to_choose_from(page: Page) -> None:
    assert page.handlers.views.scope(page.session(), "en") == ""
    page.fill(1)
    assert "All of Main · 1 document<" in page.handlers.views.scope(page.session(), "en")
    assert "主知识库（全部） · 1 个文档" in page.handlers.views.scope(page.session(), "zh")


def test_the_chip_reads_the_documents_of_what_is_searched_once_and_again_after_a_change(page: Page) -> None:
    read: list[str] = []
    documents = page.service.documents.all

    def counted(actor: Actor, *, base: str = "") -> list[Document]:
        read.append(base)
        return list[Document](documents(actor, base=base))

    others = [page.create(f"Other {number}") for number in range(5)]
    page.fill(3)
    page.service.documents.all = counted
    for browser in (ALICE, BOB, ALICE):
        assert "3 documents<" in page.handlers.views.scope(page.session(browser), "en")
    assert read == ["plainsight"], "the five others are not searched, and nothing has changed"
    page.documents.enable(BOB, clicked(names=["docs/0000.md"], enabled=False), "t1")
    read.clear()
    assert "2 documents<" in page.handlers.views.scope(page.session(BOB), "en")
    page.scoping.apply(ALICE, clicked(parts=[{"base": others[0]}]), "t1")
    assert set(read) <= {"plainsight", others[0]}
    read.clear()
    page.scoping.show(ALICE, "t1")
    assert sorted(read) == sorted(["plainsight", *others]), "the sheet offers what is in all of them"


def test_the_chip_counts_nothing_as_known_while_no_change_can_be_noticed(page: Page) -> None:
    page.fill(1)

    def unreadable(actor: Actor) -> str:
        raise KeepingError(reason("keeping.no_answer"))

    page.service.edition = unreadable
    assert "1 document<" in page.handlers.views.scope(page.session(), "en")
    page.fill(2)
    assert "2 documents<" in page.handlers.views.scope(page.session(), "en")


# ---- documents in the scope's sheet ---------------------------------------------------------------------------------


def test_the_sheet_offers_a_few_documents_of_many_and_keeps_those_ticked(page: Page) -> None:
    names = page.fill(5000)
    page.scoping.apply(ALICE, clicked(parts=[{"base": "plainsight", "documents": [names[4000]]}]), "t1")
    sheet = page.scoping.show(ALICE, "t1")
    assert sheet.count('data-kind="document" value="docs/') == MOST_FOUND + 2  # those found, the one ticked, the folder
    assert f'value="{names[4000]}" checked' in sheet and "4979 more: type on" in sheet
    found = page.scoping.find(ALICE, clicked(base="plainsight", words="title 40", ticked=[names[4000]], number=7), "t1")
    assert found.count("<input") == MOST_FOUND and 'data-number="7"' in found and names[4000] not in found
    assert found.count("Title of") == MOST_FOUND and "more: type on" in found
    one = page.scoping.find(ALICE, clicked(base="plainsight", words="4999", number=8), "t1")
    assert one.count("<input") == 1 and "Found 1." in one and "more" not in one
    none = page.scoping.find(ALICE, clicked(base="plainsight", words="nothing like it", number=9), "t1")
    assert "<input" not in none and "No other document matches." in none


def test_disabled_documents_are_shown_and_cannot_be_ticked(page: Page) -> None:
    (name,) = page.fill(1, enabled=False)
    sheet = page.scoping.show(ALICE, "t1")
    assert f'value="{name}" disabled' in sheet and "disabled, not searched" in sheet
    page.scoping.apply(ALICE, clicked(parts=[{"base": "plainsight", "documents": [name, "gone.md"]}]), "t1")
    sheet = page.scoping.show(ALICE, "t1")  # what was ticked before it was disabled can be taken back
    assert f'value="{name}" checked' in sheet and 'value="gone.md" checked' in sheet and "no longer there" in sheet


@pytest.mark.parametrize("sent", [{}, {"words": 7}, {"words": "x" * 10**6}, {"ticked": "x", "number": "y"}])
def test_whatever_a_browser_searches_for(page: Page, sent: dict[str, Any]) -> None:
    page.fill(3)
    assert "scope-new" in page.scoping.find(ALICE, clicked(base="", **sent), "t1")


def test_names_and_titles_in_the_sheet_stay_text(page: Page) -> None:
    page.fill(1, title="<img src=x onerror=alert(1)>")
    page.service.stored['"><b>.md'] = replace(page.service.stored["docs/0000.md"], name='"><b>.md')
    for shown in (page.scoping.show(ALICE, "t1"), page.scoping.find(ALICE, clicked(base="", words=""), "t1")):
        assert "<img" not in shown and "<b>.md" not in shown and "&lt;img" in shown


def test_too_many_single_documents_are_refused_and_the_scope_stays(page: Page) -> None:
    parts = [{"base": "plainsight", "documents": [f"{n}.md" for n in range(MOST_CHOSEN + 1)]}]
    with pytest.raises(gr.Error, match="too many"):
        page.scoping.apply(ALICE, clicked(parts=parts), "t1")
    assert page.session().scope == Chosen()
