"""The steps of an answer with the offline models: folded away, each open to its evidence, at every width."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.chromium import executable
from tests.support.pages import real_page

from .conftest import Open
from .steps import INGEST_MS, answered, ask
from .test_looks import AXE

QUESTION = "What is the difference between HNSW and IVF_FLAT?"
FILES = {
    "hnsw.md": "# HNSW index\n\nAn HNSW index is a graph of vectors with several layers. It is fast to search.\n",
    "ivf.md": "# IVF_FLAT index\n\nAn IVF_FLAT index divides vectors into clusters. It is small in memory.\n",
    "pumps.md": "# Loads of the pumps\n\nLoads of the pumps by year.\n\n| Pump | Year | Load (kg) |\n|---|---|---|\n"
    "| P-1 | 2020 | 240 |\n| P-2 | 2021 | 1,024 |\n| P-3 | 2022 | 95.5 |\n",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    executable()
    with real_page(tmp_path_factory.mktemp("trail"), {}) as served:
        yield served


def filled(page: Page, folder: Path) -> Page:
    """The page once the documents are there."""
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    page.get_by_role("tab").nth(1).click()
    page.locator("#drop input[type=file]").set_input_files([folder / name for name in FILES])
    for name in FILES:
        expect(page.locator("#document-table")).to_contain_text(name, timeout=INGEST_MS)
    expect(page.locator("#progress").get_by_role("button", name="Cancel")).to_have_count(0)
    page.get_by_role("tab").nth(0).click()
    return page


@pytest.fixture
def page(open_page: Open, address: str, tmp_path: Path) -> Page:
    return filled(open_page(address), tmp_path)


def trail(page: Page, question: str = QUESTION) -> Locator:
    """The steps of the answer to a question, unfolded."""
    ask(page, question)
    folded = page.locator(".turn").last.locator("details.record[id^=steps-]")
    expect(folded).not_to_have_attribute("open", "")
    folded.locator("> summary").click()
    return folded


def test_a_step_opens_into_its_passages_and_they_lead_to_their_cards(page: Page) -> None:
    steps = trail(page)
    expect(steps.locator("> summary")).to_contain_text("5 steps")
    step = steps.locator(".trail > li").nth(1)
    step.get_by_text("What went in and what it found").click()
    expect(step.locator("q").first).to_have_text("HNSW")
    expect(step.locator(".step-facts")).to_contain_text("Hybrid")
    first = step.locator(".step-found a").first
    expect(first).to_contain_text("hnsw.md")
    first.click()
    expect(page.locator("#evidence .flash")).to_contain_text("hnsw.md")


def test_a_step_opens_the_rank_flow_of_its_own_search(page: Page) -> None:
    step = trail(page).locator(".trail > li").nth(1)
    step.get_by_text("What went in and what it found").click()
    step.get_by_role("button", name="Rank flow").click()
    expect(page.get_by_role("dialog").locator(".flow")).to_have_count(1)


def test_not_taken_is_folded_away_with_why(page: Page) -> None:
    last = trail(page).locator(".trail > li").last
    options = last.locator(".step-options li")
    expect(options.first).to_be_hidden()
    last.get_by_text("Not taken").click()
    expect(options.first).to_be_visible()


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_the_steps_fit_at_every_width_and_are_accessible(
    open_page: Open, address: str, tmp_path: Path, width: int
) -> None:
    page = filled(open_page(address, width=width), tmp_path)
    steps = trail(page)
    for summary in steps.locator(".step-more > summary").all():
        summary.click()
    for summary in steps.locator(".step-more .step-options > summary").all():
        summary.click()
    beyond = "els => els.filter((el) => el.getBoundingClientRect().right > innerWidth + 1).map((el) => el.className)"
    assert page.locator(".turn .trail *:not(.sr)").evaluate_all(beyond) == []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run('.turn')).violations.map((one) => one.id)")
    assert found == []


def another(page: Page) -> Locator:
    """The steps of the branch that was begun, once its answer is complete; unfolded."""
    turn = page.locator(".turn").last
    expect(turn.locator(".branches")).to_contain_text("2 of 2", timeout=60_000)
    answered(page)
    folded = turn.locator("details.record[id^=steps-]")
    folded.locator("> summary").click()
    return folded.locator(".trail > li")


def test_another_query_begins_a_branch_that_reuses_the_steps_before(page: Page) -> None:
    steps = trail(page).locator(".trail > li")
    steps.nth(1).get_by_text("What went in and what it found").click()
    steps.nth(1).get_by_text("Another step here").click()
    steps.nth(1).get_by_label("Search for").fill("graph with layers")
    steps.nth(1).get_by_label("Search for").press("Enter")
    after = another(page)
    expect(after.nth(0).locator(".step-came")).to_contain_text("reused, not searched again")
    expect(after.nth(1)).to_contain_text("graph with layers")
    expect(after.nth(1)).to_contain_text("chosen by the reader")
    expect(after.nth(1).locator(".step-came")).not_to_contain_text("reused")
    page.get_by_role("button", name="The answer before").click()
    expect(page.locator(".turn").last.locator(".trail")).not_to_contain_text("graph with layers")


def test_a_step_is_left_out_of_another_answer(page: Page) -> None:
    steps = trail(page).locator(".trail > li")
    steps.nth(1).get_by_text("What went in and what it found").click()
    steps.nth(1).get_by_role("button", name="Answer without it").click()
    after = another(page)
    expect(after).to_have_count(3)
    expect(after.locator("q").filter(has_text="“HNSW”")).to_have_count(0)


def test_a_passage_a_step_found_is_pinned_into_another_answer(page: Page) -> None:
    steps = trail(page).locator(".trail > li")
    steps.nth(1).get_by_text("What went in and what it found").click()
    steps.nth(1).get_by_role("button", name="Answer with this passage of pumps.md").click()
    another(page)
    expect(page.locator("#evidence .card:not(.unused)").filter(has_text="pumps.md")).to_have_count(1)


def test_a_list_takes_the_place_of_a_step(page: Page) -> None:
    steps = trail(page).locator(".trail > li")
    steps.last.get_by_text("Another step here").click()
    steps.last.get_by_label("Kind of step").select_option("list")
    steps.last.get_by_label("Search for").fill("How many documents are there?")
    steps.last.get_by_role("button", name="Take it").click()
    another(page)
    expect(page.locator(".turn").last.locator(".display").last).to_contain_text("List of documents")
