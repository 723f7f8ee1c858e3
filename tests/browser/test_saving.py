"""Marks on cards that outlive a reload, what they say of a score, and evidence that is checked once it is saved."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import ROOT
from tests.support.pages import real_page, scripted_page

from .conftest import Open, ready
from .steps import INGEST_MS, ask, opened, tab
from .test_looks import AXE, _readable

GUIDE = "# Harbour guide\n\n## Berths\n\nVisitors moor at the north pontoon. A berth costs 32 crowns a night.\n"


def toggle(card: Locator, name: str) -> Locator:
    return card.get_by_role("button", name=name, exact=True)


def press(card: Locator, name: str) -> None:
    expect(toggle(card, name)).to_have_attribute("aria-pressed", "false")
    toggle(card, name).click()
    expect(toggle(card, name)).to_have_attribute("aria-pressed", "true")


def test_a_mark_outlives_a_reload_and_is_taken_back_by_keyboard(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    ask(page, "Is this marked for good?")
    card = page.locator("#ev-1-1")
    press(card, "Right evidence")
    press(card, "Wrong evidence")
    expect(toggle(card, "Right evidence")).to_have_attribute("aria-pressed", "false")
    page.reload()
    ready(page)
    expect(toggle(card, "Wrong evidence")).to_have_attribute("aria-pressed", "true")
    toggle(card, "Wrong evidence").focus()
    page.keyboard.press("Enter")
    expect(toggle(card, "Wrong evidence")).to_have_attribute("aria-pressed", "false")
    expect(toggle(card, "Wrong evidence")).to_be_focused()


def test_marks_made_in_a_hurry_all_count(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    ask(page, "Are all of these kept?")
    page.evaluate("document.querySelectorAll('#evidence .card .mark.right').forEach((button) => button.click())")
    expect(page.locator("#evidence .card .mark.right[aria-pressed=true]")).to_have_count(3)
    page.reload()
    ready(page)
    expect(page.locator("#evidence .card .mark.right[aria-pressed=true]")).to_have_count(3)


def test_marking_leaves_the_reader_where_they_were(open_page: Open, scripted: str) -> None:
    page = open_page(scripted, height=600)
    ask(page)
    card = page.locator("#ev-1-3")
    card.locator("summary").first.click()
    toggle(card, "Right evidence").scroll_into_view_if_needed()
    before = page.evaluate("document.querySelector('#side').scrollTop")
    assert before > 0
    press(card, "Right evidence")
    assert page.evaluate("document.querySelector('#side').scrollTop") == before
    expect(card.locator(".full")).to_be_visible()


def test_thirty_marks_turn_a_score_into_words(open_page: Open, tmp_path: Path) -> None:
    with scripted_page(tmp_path / "page") as address:
        page = open_page(address)
        for number in range(1, 6):
            page.get_by_role("button", name="New chat").click()
            expect(page.locator(".hero")).to_be_visible()
            ask(page, f"Which certificate is number {number}?")
            page.locator(".rest > summary").click()
            expect(page.locator(f"#ev-{number}-1 .level")).to_have_count(0)
            for place in (1, 2, 3):
                press(page.locator(f"#ev-{number}-{place}"), "Right evidence")
            for place in (4, 5, 6):
                press(page.locator(f"#ev-{number}-r{place}"), "Wrong evidence")
        best = page.locator("#ev-5-1")
        expect(best.locator(".level")).to_contain_text("Cards at this level were right 5 of 5 times")
        expect(best.locator(".level")).to_contain_text("calibrated 0.9")
        expect(page.locator("#ev-5-2 .level")).to_contain_text("were right 10 of 10 times")
        best.locator("summary", has_text="All scores").click()
        expect(best.locator(".scores")).to_contain_text("logistic curve (Platt) over your 30 marks")
        page.emulate_media(reduced_motion="reduce")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        assert _readable(page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]) == []

        other = open_page(address)
        ask(other, "Which certificate is number 5?")
        expect(other.locator("#ev-1-1 .level")).to_have_count(0)
        other.locator("#ev-1-1 summary", has_text="All scores").click()
        expect(other.locator("#ev-1-1 .scores")).to_contain_text("uncalibrated: 0 of 30 marks")


def test_an_answer_is_copied_with_its_sources(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = opened(ask(page)).get_by_role("button", name="Copy with sources")
    button.click()
    expect(button).to_have_class("tool wide done")
    text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith("Yes, the **broker** key pair") and "**operations/tls.md** › Operations › TLS" in text


def saved(page: Page, form: str, folder: Path) -> Path:
    """The evidence of the last answer, saved from the page."""
    opened(page.locator(".turn").last.locator(".answer")).get_by_role("button", name="Save evidence").click()
    dialog = page.get_by_role("dialog", name="Save the evidence of this answer")
    with page.expect_download() as download:
        dialog.get_by_role("button", name=form).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    return path


def verified(path: Path, data: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "rag", "verify", str(path)],
        cwd=path.parent,
        env={**os.environ, "RAG_DATA_DIR": str(data), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.fixture
def harbour(open_page: Open, tmp_path: Path) -> Iterator[Page]:
    """The product with one document."""
    with real_page(tmp_path / "real", {}) as address:
        page = open_page(address)
        tab(page, "Documents")
        page.locator("#drop input[type=file]").set_input_files(
            {"name": "harbour.md", "mimeType": "text/markdown", "buffer": GUIDE.encode()}
        )
        expect(page.locator("#progress tr.added")).to_have_count(1, timeout=INGEST_MS)
        tab(page, "Chat")
        ask(page, "How much does a berth cost per night?")
        yield page


def test_saved_evidence_reads_alone_and_verify_tells_what_was_changed(harbour: Page, tmp_path: Path) -> None:
    html, data = saved(harbour, "Web page", tmp_path), saved(harbour, "Data (JSON)", tmp_path)
    assert html.name.startswith("plainsight-how-much-does-a-berth-cost-per-night-") and html.suffix == ".html"
    assert data.suffix == ".json"
    for path in (html, data):
        code, said = verified(path, tmp_path / "elsewhere")
        assert code == 0, said
        assert "in the context it names" in said or "in the contexts they name" in said
        assert "unchecked  No knowledge base is at hand" in said

    context = harbour.context.browser
    assert context is not None
    alone = context.new_context(java_script_enabled=False, offline=True)
    reader = alone.new_page()
    reader.goto(html.as_uri())
    expect(reader.get_by_role("heading", level=1)).to_have_text("How much does a berth cost per night?")
    expect(reader.locator("#ev-1-1")).to_contain_text("A berth costs 32 crowns a night.")
    expect(reader.get_by_text("32 crowns").first).to_be_visible()
    alone.close()

    text = html.read_text(encoding="utf-8")
    head, script = text.split('<script type="application/json"')
    forged = head.replace("32 crowns", "23 crowns")
    html.write_text(f'{forged}<script type="application/json"{script}', encoding="utf-8")
    code, said = verified(html, tmp_path / "elsewhere")
    assert code == 1 and "DIFFERS  The page was changed after it was saved" in said
    data.write_text(data.read_text(encoding="utf-8").replace("32 crowns", "23 crowns"), encoding="utf-8")
    code, said = verified(data, tmp_path / "elsewhere")
    assert code == 1
    assert "DIFFERS  The evidence was changed after it was saved" in said
    assert "DIFFERS  The passage of harbour.md" in said
