"""A change of settings that calls for a new index, from the notice to the switch and back, on the real product."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.support.pages import real_page

from .conftest import Open
from .steps import ask, row_menu, tab

TEXT = "# TLS\n\n## Rotation\n\nSend SIGHUP to the broker to rotate its certificate.\n"


def test_a_new_index_is_built_beside_the_old_one_and_switched_to(open_page: Open, tmp_path: Path) -> None:
    files = [tmp_path / "tls.md", tmp_path / "old.md"]
    for file, text in zip(files, (TEXT, "# Old\n\nNobody needs this.\n"), strict=True):
        file.write_text(text, encoding="utf-8")
    with real_page(tmp_path, {}) as address:
        page = open_page(address)
        tab(page, "Documents")
        page.locator("#drop input[type=file]").set_input_files(files)
        expect(page.locator("#progress tr.added")).to_have_count(2, timeout=60_000)
        expect(page.locator(".index-notice")).to_have_count(0)
        page.context.close()
    with real_page(tmp_path, {"RAG_CHUNK_TOKENS": "100"}) as address:
        page = open_page(address)
        page.locator("#status .pill.ready").wait_for(timeout=60_000)
        expect(ask(page, "How do I rotate the certificate?")).to_contain_text("SIGHUP")
        tab(page, "Documents")
        notice = page.locator(".index-notice")
        expect(notice).to_contain_text("made differently")
        undo = page.get_by_role("button", name="Undo")
        row_menu(page, "old.md", "Delete")
        expect(undo).to_be_visible()
        notice.get_by_role("button", name="Build a new index").click()
        expect(notice).to_contain_text("The new index is ready. Documents: 1", timeout=60_000)
        notice.get_by_role("button", name="Switch to the new index").click()
        expect(notice).to_contain_text("An earlier index of this knowledge base is kept")
        expect(page.locator("#progress h2").first).to_have_text("New index")
        expect(undo, "it was deleted from the index before").to_have_count(0)
        notice.get_by_role("button", name="Delete the earlier index").click()
        expect(notice).to_have_count(0)
        tab(page, "Chat")
        expect(ask(page, "How is the certificate rotated?")).to_contain_text("SIGHUP")
        page.context.close()
