"""Rank flow, what-if and comparison on real documents with the offline models; repetitions and versions among them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import ROOT
from tests.support.chromium import executable
from tests.support.pages import real_page

from .conftest import Open
from .steps import INGEST_MS, ask, opened, tab
from .test_looks import AXE, _readable

QUESTION = "How large may a file be that I upload?"
LIMITS = """# Limits

## Upload

The largest file you may upload is {size} MB. A zip may hold 2000 files and unpacks to at most 200 MB. Larger files are
refused, and the reason is shown beside the name of the file.
"""
FILES = {
    "limits-v1.md": LIMITS.format(size=20),
    "limits-v2.md": LIMITS.format(size=50),
    "limits-v2 (2).md": LIMITS.format(size="**50**"),
}
HANDBOOK = [ROOT / "assets" / "handbook" / "en" / f"{name}.md" for name in ("02-documents", "03-asking", "05-settings")]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The product with its offline models; the first test ingests."""
    executable()
    with real_page(tmp_path_factory.mktemp("whatif"), {}) as served:
        yield served


@pytest.fixture
def answered_page(open_page: Open, address: str, tmp_path: Path) -> Page:
    """A page on which the question is answered."""
    page = open_page(address)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    tab(page, "Documents")
    page.locator("#drop input[type=file]").set_input_files([*(tmp_path / name for name in FILES), *HANDBOOK])
    for name in (*FILES, HANDBOOK[-1].name):
        expect(page.locator("#document-table")).to_contain_text(name, timeout=INGEST_MS)
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    tab(page, "Chat")
    ask(page, QUESTION)
    return page


def dialog(page: Page, name: str) -> Locator:
    shown = page.get_by_role("dialog", name=name)
    expect(shown).to_be_visible()
    return shown


def test_a_repetition_is_one_card_and_versions_that_disagree_are_named(answered_page: Page) -> None:
    page = answered_page
    card = page.locator(".card", has_text="+1 similar")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("limits-v2")
    conflict = page.get_by_role("complementary", name="Two versions of one document")
    expect(conflict.locator("mark")).to_have_text(["20", "50"])
    expect(conflict).to_contain_text("limits-v1.md")
    card.get_by_text("+1 similar").click()
    card.locator(".similar a").click()
    twin = page.locator(".unused.flash")
    expect(twin).to_be_in_viewport()
    expect(twin).to_contain_text("says the same as limits-v2")
    page.locator(".record summary").click()
    expect(page.locator(".record")).to_contain_text("two versions of one document are among the contexts")


def test_the_rank_flow_shows_every_path_lights_one_and_leads_to_its_card(answered_page: Page) -> None:
    page = answered_page
    page.get_by_role("button", name="Rank flow").click()
    sheet = dialog(page, "Rank flow")
    found = len(sheet.locator(".flow-names a").all())
    assert found == sheet.locator(".flow g").count() == sheet.locator(".flow-table tbody tr").count() > 3
    expect(sheet.get_by_role("img")).to_have_attribute("aria-label", re.compile(rf"The ranks of {found} passages"))
    name = sheet.locator(".flow-names .dropped a").first
    name.focus()
    expect(sheet.locator(".flow.lit g.on")).to_have_count(1)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    violations = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert _readable(violations) == []
    name.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".flash")).to_be_in_viewport()


def test_other_settings_show_at_once_what_would_be_sent_and_the_new_answer_stands_beside_the_old(
    answered_page: Page,
) -> None:
    page = answered_page
    page.get_by_role("button", name="What if").click()
    sheet = dialog(page, "What if")
    again = sheet.get_by_role("button", name="Answer again with these")
    expect(again).to_be_disabled()
    before = sheet.locator("[data-part=sent] li").count()
    assert before > 2
    first = sheet.locator("[data-part=sent] .whatif-name").first.inner_text()
    ban = sheet.locator("[data-part=sent]").get_by_role("button", name=re.compile("^Ban")).first
    ban.focus()
    page.keyboard.press("Enter")
    expect(sheet.locator("[data-part=sent] .whatif-name").first).not_to_have_text(first)
    expect(sheet.locator("[data-part=changes]")).to_contain_text("1 left")
    assert page.evaluate("document.querySelector('#sheet').contains(document.activeElement)")
    assert page.evaluate("document.activeElement.dataset.act") == "whatif-ban", "the next one can be banned at once"
    contexts = sheet.get_by_role("slider", name="Contexts, at most")
    contexts.fill("2")
    expect(sheet.locator("[data-part=sent] li")).to_have_count(2)
    expect(sheet.locator("[data-part=changes]")).to_contain_text(f"2 passages (were {before})")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    violations = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert _readable(violations) == []

    again.click()
    beside = dialog(page, "Answers side by side")
    rows = beside.locator(".compare-rows li")
    expect(rows.first).to_be_visible(timeout=60_000)
    expect(beside.locator("del").first).to_have_text("20")
    expect(beside).to_contain_text("Contexts, at most: 2")
    expect(beside).to_contain_text("Banned: 1")
    violations = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert _readable(violations) == []
    page.keyboard.press("Escape")
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator(".cards .card")).to_have_count(2)
    opened(page.locator(".turn .answer")).get_by_role("button", name="Compare").click()
    expect(dialog(page, "Answers side by side")).to_contain_text("Banned: 1")


def test_on_a_phone_the_sheets_fit_and_answers_are_stacked(answered_page: Page) -> None:
    page = answered_page
    page.set_viewport_size({"width": 390, "height": 844})
    for button in ("Rank flow", "What if"):
        if not page.locator("#side").is_visible():
            page.locator(".ev-toggle").click()
        page.get_by_role("button", name=button, exact=True).click()
        sheet = dialog(page, button)
        wide = sheet.evaluate(
            "el => [...el.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth + 1"
            " && !e.closest('.flow-scroll, .sr, .flow-name *, .whatif-name *')).map(e => e.outerHTML.slice(0, 100))"
        )
        assert wide == []
        page.keyboard.press("Escape")
        expect(sheet).to_have_count(0)
