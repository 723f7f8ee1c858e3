"""The settings page: its controls show what applies, a choice is said to be one, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.support.chromium import executable
from tests.support.pages import real_page

from .conftest import Open, ready
from .steps import tab


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The product with more candidates and contexts than an earlier page could show."""
    executable()
    env = {"RAG_CANDIDATES": "150", "RAG_CONTEXTS": "30"}
    with real_page(tmp_path_factory.mktemp("options"), env) as address:
        yield address


def test_what_the_settings_a_knowledge_base_and_the_reader_say_is_shown_and_a_choice_is_taken_back(
    open_page: Open, wide: str
) -> None:
    page = open_page(wide)
    tab(page, "Settings")
    candidates, contexts = (page.locator(f"#{name} input[type=number]") for name in ("candidates", "contexts"))
    said = page.locator("#origins")
    expect(candidates).to_have_value("150")
    expect(contexts).to_have_value("30")
    expect(said).to_contain_text("All as the settings have them.")

    tab(page, "Documents")
    page.get_by_role("button", name="Knowledge base settings").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("Contexts, at most").fill("12")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet).to_have_count(0)
    tab(page, "Settings")
    expect(contexts).to_have_value("12")
    expect(said.locator("[data-option=contexts]")).to_contain_text("12 of the knowledge base")

    page.locator("#contexts input[type=range]").focus()
    page.keyboard.press("ArrowLeft")
    expect(said.locator("[data-option=contexts]")).to_contain_text("11 your choice")
    page.reload()
    ready(page)
    tab(page, "Settings")
    expect(contexts).to_have_value("11")
    page.get_by_role("button", name="Reset to defaults").click()
    expect(contexts).to_have_value("12")
    expect(said.locator("[data-option=contexts]")).to_contain_text("12 of the knowledge base")
