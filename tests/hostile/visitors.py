"""What one visitor could reach of another's, or of the server's own folder."""

from __future__ import annotations

from contextlib import suppress

import httpx

from .page import OPTIONS, Page
from .target import QUESTION, Target


def foreign_sessions(target: Target) -> None:
    """What one visitor asked is not told to another who knows the hash of the session, the tab or the event."""
    with Page(target.address) as mine, Page(target.address) as theirs:
        asked = mine.ask(QUESTION)
        assert "SIGHUP" in asked.text
        theirs.session, theirs.tab = mine.session, mine.tab
        for name in ("follow", "show_record", "show", "conversation", "open"):
            told = theirs.event(name, theirs.tab, *([""] if name == "open" else []), event={"turn": 1})
            assert QUESTION not in told.text, name
        for path in (f"queue/data?session_hash={mine.session}", f"heartbeat/{mine.session}", "queue/status"):
            with theirs.client.stream("GET", f"/gradio_api/{path}") as reply, suppress(httpx.TransportError):
                assert QUESTION not in next(reply.iter_text(), ""), path
        cancelled = theirs.client.post(
            "/gradio_api/cancel", json={"session_hash": mine.session, "fn_index": 8, "event_id": "x"}
        )
        assert cancelled.status_code < 500


def foreign_uploads(target: Target) -> None:
    """The file one visitor uploaded is not handed to another who knows its path, nor taken in by them."""
    with Page(target.address) as mine, Page(target.address) as theirs:
        (path,) = mine.upload([("mine.md", b"# Mine alone\n\nA private word.")]).json()
        reply = theirs.client.get(f"/gradio_api/file={path}")
        assert "private word" not in reply.text, "read by its path"
        dropped = [{"path": path, "orig_name": "stolen.md", "meta": {"_type": "gradio.FileData"}}]
        theirs.event("ingest", dropped, theirs.tab)
        listed = theirs.event("look_2", theirs.tab, event={})
        assert "stolen.md" not in listed.text and "mine.md" not in listed.text, "taken in by its path"


def without_cookie(target: Target) -> None:
    """Visitors who keep no cookies do not see each other's questions."""
    word = "zanzibar"
    texts = []
    for question in (f"What of {word}?", ""):
        with Page(target.address) as page:
            page.client.cookies.clear()
            page.tab = ""
            if question:
                page.event("ask", question, page.tab, *OPTIONS)
            else:
                texts.append(page.event("open", page.tab, "").text)
    assert word not in texts[0], "another visitor's question"


def uploads_kept_inside(target: Target) -> None:
    with Page(target.address) as page:
        for path in page.upload([("a.md", b"# a")]).json():
            assert path.startswith(str(target.data)), "an upload lies outside the data folder"


def folder_closed(target: Target) -> None:
    assert target.data.stat().st_mode & 0o077 == 0, f"others may look in: {target.data.stat().st_mode & 0o777:o}"
