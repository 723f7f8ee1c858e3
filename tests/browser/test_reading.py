"""Reading beside an answer, on the real product: from card to document and back, and why a passage was not sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.chromium import executable
from tests.support.pages import real_page

from .conftest import Open
from .steps import add_document, answered, ask, tab

QUESTION = "How much does a berth cost per night?"

TOPICS = {
    "Tides": "The harbour gate opens two hours before high water and closes one hour after it.",
    "Berths": "Visitors moor at the north pontoon. A berth costs **32 crowns** a night, electricity included.",
    "Fuel": "Diesel is sold at the east quay between eight and noon.",
    "Showers": "A shower costs two tokens from the machine at the office.",
    "Weather": "The forecast hangs at the office door and is read on channel 12 every evening.",
    "Customs": "Boats from abroad fly the yellow flag until an officer has been aboard.",
}
GUIDE = "# Harbour guide\n\n" + "\n\n".join(
    f"## {title}\n\n{text}\n\n- Ask at the office.\n- Mind the step." for title, text in TOPICS.items()
)


@pytest.fixture(scope="module")
def harbour_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    executable()
    with real_page(tmp_path_factory.mktemp("reading"), {"RAG_CONTEXTS": "2", "RAG_CANDIDATES": "3"}) as address:
        yield address


@pytest.fixture
def harbour(open_page: Open, harbour_address: str) -> Page:
    page = open_page(harbour_address)
    add_document(page, "harbour.md", GUIDE)
    return page


def test_from_the_card_to_its_place_in_the_document_and_back(harbour: Page) -> None:
    ask(harbour, QUESTION)
    card = harbour.locator("#ev-1-1")
    expect(card).to_contain_text("Berths")
    card.get_by_role("button", name="Open in document").click()
    viewer = harbour.get_by_role("dialog", name="harbour.md")
    expect(viewer.locator(".flash")).to_contain_text("A berth costs 32 crowns a night")
    expect(viewer.locator("mark").first).to_be_visible()
    assert "32 crowns" in " ".join(viewer.locator("mark").all_inner_texts())

    heat = viewer.locator(".heat")
    expect(heat).to_have_count(len(TOPICS))
    for kind, count in (("sent", 1), ("judged", 2), ("never", 3)):
        expect(viewer.locator(f".heat.{kind}")).to_have_count(count)
    sent = viewer.get_by_role(
        "button", name=re.compile(r"sent as context \[1\] · relevance \(offline estimate\) 0\.\d+")
    )
    expect(sent).to_have_attribute("title", re.compile(r"\d+ tokens · characters \d+–\d+"))

    outline = viewer.locator(".doc-outline")
    outline.get_by_role("button", name="Customs").click()
    expect(viewer.get_by_role("heading", name="Customs")).to_be_in_viewport()
    expect(viewer.get_by_role("heading", name="Customs")).to_be_focused()

    sent.click()
    told = viewer.get_by_role("region", name="About this passage")
    expect(told).to_be_focused()
    expect(told).to_contain_text("sent as context [1]")
    told.get_by_role("button", name="Show its card").click()
    expect(viewer).to_have_count(0)
    expect(card).to_have_class(re.compile("flash"))


def test_escape_leaves_the_passage_first_then_the_document(harbour: Page) -> None:
    ask(harbour, QUESTION)
    opened = harbour.locator("#ev-1-1").get_by_role("button", name="Open in document")
    opened.focus()
    harbour.keyboard.press("Enter")
    heat = harbour.locator(".heat").first
    heat.focus()
    harbour.keyboard.press("Enter")
    expect(harbour.get_by_role("region", name="About this passage")).to_be_focused()
    harbour.keyboard.press("Escape")
    expect(harbour.get_by_role("region", name="About this passage")).to_have_count(0)
    expect(heat).to_be_focused()
    harbour.keyboard.press("Escape")
    expect(harbour.get_by_role("dialog")).to_have_count(0)
    expect(opened).to_be_focused()


def test_a_pasted_sentence_gets_its_verdict_and_the_setting_that_admits_it(harbour: Page) -> None:
    ask(harbour, QUESTION)
    harbour.get_by_role("button", name="Why not…?").click()
    dialog = harbour.get_by_role("dialog", name="Why not this passage?")
    dialog.get_by_label("Paste a sentence").fill(
        "Boats from abroad fly the yellow flag\nuntil an officer has been aboard."
    )
    dialog.get_by_role("button", name="Find out").click()
    verdict = dialog.locator(".why-verdict")
    expect(verdict).to_be_focused()
    expect(verdict).to_contain_text("No search returned it")
    expect(verdict).to_contain_text(re.compile(r"rank \d of 3 searched .*; the last of the 3 had 0\.\d+"))
    expect(dialog.locator(".why-steps")).to_contain_text("judged just now")
    expect(dialog.locator(".why-passage")).to_contain_text("Customs")
    expect(dialog.locator(".why-remedy")).to_contain_text(re.compile(r"Candidates 3 → \d"))
    dialog.get_by_role("button", name="Try it").click()
    expect(dialog).to_have_count(0)
    answered(harbour)
    expect(harbour.locator(".branches")).to_be_visible()
    expect(harbour.locator(".cards > .card").first).to_contain_text("Customs")


def test_a_sentence_of_no_document_says_so_and_shows_the_nearest(harbour: Page) -> None:
    ask(harbour, QUESTION)
    harbour.get_by_role("button", name="Why not…?").click()
    dialog = harbour.get_by_role("dialog", name="Why not this passage?")
    dialog.get_by_label("Paste a sentence").fill("The cost of a moon landing is not known.")
    dialog.get_by_role("button", name="Find out").click()
    expect(dialog.locator(".why-verdict")).to_contain_text("Not in any document")
    expect(dialog.locator(".why-passage")).to_contain_text("nearest passage")
    dialog.get_by_role("button", name="Why not this one?").click()
    expect(dialog.locator(".why-steps")).to_be_visible()


def test_from_the_documents_page_passages_tell_size_place_and_who_cited_them(harbour: Page) -> None:
    ask(harbour, QUESTION)
    tab(harbour, "Documents")
    harbour.get_by_role("button", name="harbour.md", exact=True).click()
    viewer = harbour.get_by_role("dialog", name="harbour.md")
    expect(viewer.locator(".heat.plain")).to_have_count(len(TOPICS))
    cited = viewer.get_by_role(
        "button", name=re.compile(r"\d+ tokens · characters \d+–\d+ · cited in \d+ of your answers")
    )
    cited.first.click()
    told = viewer.get_by_role("region", name="About this passage")
    expect(told.get_by_role("button", name=QUESTION).first).to_be_visible()
    expect(told.get_by_role("button", name="Why not this?")).to_have_count(0)
    told.get_by_role("button", name=QUESTION).first.click()
    expect(viewer).to_have_count(0)
    expect(harbour.locator(".turn .question")).to_contain_text(QUESTION)


def test_where_something_stands_can_be_copied(harbour: Page) -> None:
    harbour.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab(harbour, "Documents")
    harbour.get_by_role("button", name="harbour.md", exact=True).click()
    viewer = harbour.get_by_role("dialog", name="harbour.md")
    button = viewer.get_by_role("button", name="Copy reference: Fuel")
    button.focus()
    harbour.keyboard.press("Enter")
    start = GUIDE.index("## Fuel")
    expect(button).to_have_class(re.compile("done"))
    copied = harbour.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(rf"harbour\.md › Harbour guide › Fuel, characters {start}–\d+", copied)
