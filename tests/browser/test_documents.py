"""The documents page: progress, outcomes, cancel, filter, chunks, delete with undo, several at once."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.support.pages import scripted_page

from .conftest import Open, ready
from .steps import clear_jobs, row_menu, tab


def drop(page: Page, folder: Path, names: list[str], *, text: str = "# Title\n\nWords.\n") -> None:
    clear_jobs(page)
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text(text, encoding="utf-8")
    page.locator("#drop input[type=file]").set_input_files([folder / name for name in names])


def test_files_go_through_their_stages_to_an_outcome(open_page: Open, scripted: str, tmp_path: Path) -> None:
    page = open_page(scripted)
    tab(page, "Documents")
    (tmp_path / "empty.md").touch()
    drop(page, tmp_path, ["stages-a.md", "stages-b.md"])
    expect(page.locator("#progress tr.added")).to_have_count(2)
    page.locator("#drop input[type=file]").set_input_files(tmp_path / "empty.md")
    expect(page.locator("#progress tr.refused")).to_have_count(1)
    expect(page.locator("#progress section")).to_have_count(1)
    expect(page.locator("#document-table")).to_contain_text("stages-a.md")
    expect(page.locator("#document-table")).to_contain_text("stages-b.md")
    row = page.locator("#document-table tbody tr").first.bounding_box()
    assert row is not None and row["height"] < 100, "the cells of a row stand beside each other"


def test_a_reload_in_the_middle_of_an_ingest_finds_it_again(open_page: Open, scripted: str, tmp_path: Path) -> None:
    page = open_page(scripted)
    tab(page, "Documents")
    drop(page, tmp_path, [f"reload-{i}.md" for i in range(12)])
    expect(page.locator("#progress tr.added").first).to_be_attached()  # folded away once all are
    page.reload()
    ready(page)
    tab(page, "Documents")
    expect(page.locator("#progress")).to_contain_text("12 added")


def test_cancel_leaves_what_is_done(open_page: Open, scripted: str, tmp_path: Path) -> None:
    page = open_page(scripted)
    tab(page, "Documents")
    drop(page, tmp_path, [f"cancel-{i:02}.md" for i in range(30)])
    expect(page.locator("#progress tr.added").first).to_be_visible()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator("#progress tr.cancelled").first).to_be_visible()
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)
    expect(page.locator("#document-table")).to_contain_text("cancel-00.md")


def test_the_filter_the_chunks_and_deleting_with_undo(open_page: Open, scripted: str, tmp_path: Path) -> None:
    page = open_page(scripted)
    tab(page, "Documents")
    drop(page, tmp_path, ["keep-this.md", "remove-this.md"])
    expect(page.locator("#progress tr.added")).to_have_count(2)
    page.get_by_label("Filter documents").fill("remove-th")
    rows = page.locator("#document-table tbody tr:visible")
    expect(rows).to_have_count(1)
    rows.get_by_role("button", name="remove-this.md", exact=True).click()
    viewer = page.get_by_role("dialog", name="remove-this.md")
    expect(viewer).to_contain_text("The broker reads its key pair")
    viewer.get_by_role("button", name="Close", exact=True).click()
    expect(viewer).to_have_count(0)
    row_menu(page, "remove-this.md", "Delete")
    expect(rows).to_have_count(0)
    expect(page.locator("#document-table")).to_contain_text("remove-this.md was deleted.")
    page.get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(1)
    row_menu(page, "remove-this.md", "Delete")
    expect(rows).to_have_count(0)
    page.get_by_label("Filter documents").fill("")
    expect(page.locator("#document-table")).to_contain_text("keep-this.md")
    expect(page.locator("#document-table tbody")).not_to_contain_text("remove-this.md")


def test_an_error_is_a_sentence_in_the_readers_language(open_page: Open, scripted: str, tmp_path: Path) -> None:
    first, second = open_page(scripted), open_page(scripted, language="zh-CN")
    tab(first, "Documents")
    drop(first, tmp_path, ["gone.md"])
    expect(first.locator("#document-table")).to_contain_text("gone.md")
    second.reload()
    ready(second)
    tab(second, "文档")
    row_menu(first, "gone.md", "Delete")
    expect(first.get_by_role("button", name="gone.md", exact=True)).to_have_count(0)
    second.get_by_role("button", name="gone.md", exact=True).click()
    expect(second.get_by_text("gone.md 已不存在。")).to_be_visible()


def test_a_name_in_a_message_reads_as_it_is(scripted: str, open_page: Open) -> None:
    page = open_page(scripted)
    page.evaluate("window.plainsightBus('delete', { name: '<b>Q&A</b>.md' })")
    expect(page.get_by_test_id("toast-body")).to_contain_text("<b>Q&A</b>.md is not there any more.")


def test_a_tick_stays_with_its_document_when_rows_move(open_page: Open, tmp_path: Path) -> None:
    with scripted_page(tmp_path / "server") as address:
        page = open_page(address)
        tab(page, "Documents")
        drop(page, tmp_path, ["a.md", "b.md", "c.md"])
        expect(page.locator("#progress")).to_contain_text("3 added")
        page.get_by_label("Select b.md").check()
        row_menu(page, "a.md", "Delete")
        expect(page.get_by_label("Select a.md")).to_have_count(0)
        expect(page.get_by_label("Select b.md")).to_be_checked()
        expect(page.get_by_label("Select c.md")).not_to_be_checked()
        expect(page.locator(".doc-bulk")).to_contain_text("1 selected")
        page.locator(".doc-bulk").get_by_role("button", name="Delete").click()
        expect(page.get_by_label("Select b.md")).to_have_count(0)
        expect(page.get_by_label("Select c.md")).not_to_be_checked()
        expect(page.locator(".doc-bulk")).to_be_hidden()
