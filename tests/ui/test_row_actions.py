"""What the menu of a document's row offers, as HTML and at the handlers it shares with the bar over the ticked rows."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import gradio as gr
import pytest

from rag.accounts.actor import SYSTEM
from rag.knowledge.jobs.job import JobKind
from rag.knowledge.listing import Listing, listed
from rag.messages import LANGUAGES, Language, reason, text
from rag.types import Document, Narrowing
from rag.ui.handlers.originals_route import route
from rag.ui.html.library import table
from rag.ui.html.library import table as actions
from tests.support.browsed import Page as Seen

from .test_handlers import ALICE, clicked
from .test_html import HOSTILE, assert_harmless
from .test_library_page import Page

PLAIN = Document("a.md", "0" * 64, "A", "en", 10, 3, 30, 1790000000.0)


@pytest.fixture
def page() -> Page:
    return Page()


def shown(document: Document, *, kept: bool) -> Seen:
    names = {document.name} if kept else set()
    return Seen(table.table(listed([document], Listing()), Listing(), "en", base="kb", kept=names))


@pytest.mark.parametrize(
    ("document", "kept", "offered"),
    [
        pytest.param(PLAIN, False, "open ask disable copy delete", id="as most are"),
        pytest.param(PLAIN, True, "open ask reingest disable file copy delete", id="its file is kept"),
        pytest.param(replace(PLAIN, enabled=False), False, "open enable copy delete", id="disabled"),
        pytest.param(replace(PLAIN, enabled=False), True, "open reingest enable file copy delete", id="both"),
    ],
)
def test_a_row_offers_what_works_for_its_document(document: Document, kept: bool, offered: str) -> None:
    (button,) = shown(document, kept=kept).of("row-more")
    assert button["data-can"] == offered
    assert (button["data-file"] == "original?name=a.md&base=kb") if kept else "data-file" not in button


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_item_has_words_and_the_menu_comes_once_for_all_rows(language: Language) -> None:
    documents = [replace(PLAIN, name=f"{i}.md") for i in range(3)]
    html = table.table(listed(documents, Listing()), Listing(), language)
    seen = Seen(html)
    items = [attributes["data-item"] for attributes in seen.of("row-item")]
    assert items == ["open", "ask", "reingest", "disable", "enable", "file", "copy", "delete"]
    assert len(seen.named("template")) == 1 and html.count('aria-haspopup="menu"') == 3
    menu = Seen(actions.menu(language))
    assert_harmless(actions.menu(language))
    assert all(word not in menu.shown for word in ("library.", "originals.", "None"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hostile_name_is_an_attribute_and_nothing_else(language: Language) -> None:
    hostile = f"{HOSTILE}&copy;\u202e=?#%2e"
    html = actions.more(replace(PLAIN, name=hostile), language, base=HOSTILE, kept=True)
    assert_harmless(html)
    (button,) = Seen(html).named("button")
    assert button["data-name"] == hostile and button["data-base"] == HOSTILE
    assert HOSTILE in str(button["aria-label"]) and "\u202e" not in str(button["aria-label"])
    address = urlsplit(str(button["data-file"]))
    assert (address.scheme, address.netloc, address.path) == ("", "", "original")
    assert parse_qs(address.query) == {"name": [hostile], "base": [HOSTILE]}


def test_the_link_leads_where_files_are_handed_out(page: Page) -> None:
    html = actions.more(PLAIN, "en", base="", kept=True)
    assert "/" + urlsplit(str(Seen(html).named("button")[0]["data-file"])).path == route(page.service).path


def test_one_document_is_named_to_the_handlers_of_the_ticked_ones(page: Page) -> None:
    names = page.fill(3)
    base = page.handlers.views.default_base(SYSTEM)
    one = {"name": names[1], "base": base}
    page.documents.enable(ALICE, clicked(**one, enabled=False), "t1")
    assert [d.enabled for d in page.service.documents.all(SYSTEM)] == [True, False, True]
    page.documents.ask_only(ALICE, clicked(**one), "t1")
    assert page.session().scope.narrowed == (Narrowing(base, (names[1],)),)
    page.documents.reingest(ALICE, clicked(**one), "t1")
    (job,) = page.service.jobs.all(SYSTEM)
    done = page.service.jobs.wait(SYSTEM, job.id, 30)
    assert done.kind is JobKind.REINGEST and [f.event.name for f in done.files] == [names[1]]
    page.documents.delete(ALICE, clicked(**one), "t1")
    assert [d.name for d in page.service.documents.all(SYSTEM)] == [names[0], names[2]]
    page.documents.undo(ALICE, "t1")
    assert [d.name for d in page.service.documents.all(SYSTEM)] == names


@pytest.mark.parametrize("act", ["enable", "delete", "reingest", "ask_only"])
@pytest.mark.parametrize("selected", [{"name": "docs/0000.md"}, {"names": ["docs/0000.md"]}, {"all": True}])
def test_what_was_shown_of_another_knowledge_base_is_left_alone(
    page: Page, act: str, selected: dict[str, object]
) -> None:
    page.fill(1)
    other = page.create("Other")
    assert page.session().base == other
    default = page.handlers.views.default_base(SYSTEM)
    before, scope = page.service.documents.all(SYSTEM), page.session().scope
    with pytest.raises(gr.Error) as error:
        getattr(page.documents, act)(ALICE, clicked(**selected, base=default, enabled=False), "t1")
    assert text(reason("library.other_base"), "en") in str(error.value)
    assert (page.service.documents.all(SYSTEM), page.session().scope) == (before, scope) and not page.service.jobs.all(
        SYSTEM
    )


def test_a_knowledge_base_without_name_is_the_default_one(page: Page) -> None:
    (name,) = page.fill(1)
    page.documents.enable(ALICE, clicked(name=name, base="", enabled=False), "t1")
    assert not page.service.documents.all(SYSTEM)[0].enabled
