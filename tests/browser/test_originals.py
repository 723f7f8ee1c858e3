"""The file of a document in a browser: the document taken again from it, and the file downloaded."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.support.pages import real_page

from .conftest import Open
from .steps import INGEST_MS, add_document, row_menu, tab

NAME = "harbour.html"
FILE = (
    b"<html><head><title>Harbour</title></head><body><h1>Harbour</h1><p>The gate opens at noon.</p></body></html>\r\n"
)


def test_a_document_is_taken_again_and_its_file_is_downloaded(open_page: Open, tmp_path: Path) -> None:
    with real_page(tmp_path / "server", {}) as address:
        page = open_page(address)
        add_document(page, NAME, FILE.decode())
        tab(page, "Documents")
        page.get_by_label(f"Select {NAME}").check()
        page.get_by_role("button", name="Re-ingest").click()
        job = page.get_by_role("region", name="Re-ingest")
        expect(job).to_contain_text("1 replaced", timeout=INGEST_MS)
        page.get_by_role("button", name="Take off the list").click()
        row_menu(page, NAME, "Re-ingest")
        expect(job).to_contain_text("1 replaced", timeout=INGEST_MS)
        with page.expect_download() as downloading:
            row_menu(page, NAME, "Original file")
        assert Path(downloading.value.path()).read_bytes() == FILE
        page.get_by_role("button", name=f"Actions for {NAME}").press("Enter")
        with page.expect_download() as downloading:
            page.get_by_role("menuitem", name="Original file").press("Space")
        assert downloading.value.suggested_filename == NAME
        page.locator("#document-table").get_by_role("button", name=NAME, exact=True).click()
        with page.expect_download() as downloading:
            page.get_by_role("dialog").get_by_role("link", name="Original file").click()
        assert Path(downloading.value.path()).read_bytes() == FILE
        assert downloading.value.suggested_filename == NAME
        link = page.get_by_role("dialog").get_by_role("link", name="Original file").get_attribute("href")
        reply = page.request.get(f"{address}/{link}")
        assert reply.headers["content-disposition"].startswith("attachment")
        assert reply.headers["content-type"] == "application/octet-stream"
        assert reply.headers["x-content-type-options"] == "nosniff"
        gone = page.request.get(f"{address}/original?name=..%2Fplainsight.db&base=")
        assert page.request.head(f"{address}/{link}").status in (404, 405), "what needs no sign-in tells nothing"
        assert gone.status == 404 and "no document" in gone.text()
