"""The page in a language that only its folder knows of."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from rag.messages import CATALOGUE, Texts
from rag.ui import assets
from rag.ui.i18n import for_script
from tests.test_languages import MADE_UP, translated, write_language

from .conftest import Open, ready


def told_of(page: Page, texts: Texts) -> None:
    """Have the page begin with other languages than those it was made with."""
    script = f"({assets.source(assets.EARLY).rstrip()})({json.dumps(for_script(texts))});"

    def answer(route: Route) -> None:
        route.fulfill(body=script, content_type="text/javascript")

    page.route("**/early.js*", answer)


def see(page: Page, *, language: str, direction: str, send: str) -> None:
    expect(page.locator("html")).to_have_attribute("data-language", language)
    ready(page)
    expect(page.locator("html")).to_have_attribute("dir", direction)
    expect(page.locator("#composer [data-testid=submit-button]")).to_have_attribute("aria-label", send)


def test_the_page_takes_up_a_language_and_the_switch_passes_through_all(
    scripted: str, open_page: Open, tmp_path: Path
) -> None:
    shutil.copytree(CATALOGUE, tmp_path / "text")
    write_language(tmp_path / "text")
    page = open_page(scripted, language="de-DE")
    see(page, language="en", direction="ltr", send="Send")
    told_of(page, Texts(tmp_path / "text"))
    page.evaluate(f"localStorage.setItem('plainsight.language', '{MADE_UP}')")
    page.reload()
    see(page, language=MADE_UP, direction="rtl", send=translated("Send"))
    page.locator("[data-act=language]").click()
    see(page, language="zh", direction="ltr", send="发送")
    page.locator("[data-act=language]").click()
    see(page, language="en", direction="ltr", send="Send")
