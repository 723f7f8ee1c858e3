"""Whose clicks wait for whose, on the served page: those of one tab for one another, other tabs for nobody."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from rag.ui.state.session import MOST_CLICKS
from tests.support.pages import config, scripted_page, visitor

API = "/gradio_api"


@dataclass
class Tab:
    """One tab of a browser, as Gradio's client speaks for it."""

    client: httpx.Client
    id: str
    events: dict[str, int]
    """Name -> number."""

    def click(self, event: str, **data: Any) -> None:
        sent = {"fn_index": self.events[event], "session_hash": self.id, "data": [self.id], "event_data": data}
        assert self.client.post(f"{API}/queue/join", json=sent).status_code == 200

    def ended(self) -> list[dict[str, Any]]:
        """What became of its clicks, once all have ended."""
        with self.client.stream("GET", f"{API}/queue/data", params={"session_hash": self.id}) as stream:
            told = [json.loads(line.removeprefix("data:")) for line in stream.iter_lines() if line.startswith("data:")]
        return [message for message in told if message["msg"] == "process_completed"]


class Database:
    """The other end of the scripted service's list of documents, which hangs where `hold` is looked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("held", "listed"):
            os.mkfifo(folder / name)
        self._held = os.open(folder / "held", os.O_RDWR)
        self._listed = os.fdopen(os.open(folder / "listed", os.O_RDWR), "rb", buffering=0)

    def let_on(self, times: int) -> None:
        os.write(self._held, b"." * times)

    def told(self, lines: int) -> list[str]:
        """So many lines of what it does, once they are there."""
        return [self._listed.readline().decode().strip() for _ in range(lines)]

    def close(self) -> None:
        os.close(self._held)
        self._listed.close()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(tmp_path_factory.mktemp("order"))
    yield database
    database.close()


@pytest.fixture(scope="module")
def address(database: Database) -> Iterator[str]:
    with scripted_page(database.folder, env={"RAG_DATA_DIR": str(database.folder)}) as address:
        yield address


@pytest.fixture
def tabs(address: str) -> Iterator[tuple[Tab, Tab]]:
    """Of two browsers."""
    known = {d["targets"][0][1]: d["id"] for d in config(address)["dependencies"] if d["targets"]}
    with visitor(address) as one, visitor(address) as other:
        yield Tab(one, uuid4().hex, known), Tab(other, uuid4().hex, known)


def test_a_tab_whose_database_hangs_makes_no_other_tab_wait(tabs: tuple[Tab, Tab], database: Database) -> None:
    slow, quick = tabs
    slow.click("list_documents", words="hold on")
    assert database.told(1) == ["began hold on"]
    quick.click("list_documents", words="nothing")
    assert [reply["success"] for reply in quick.ended()] == [True]
    database.let_on(1)
    assert database.told(1) == ["ended hold on"]
    assert [reply["success"] for reply in slow.ended()] == [True]


def test_the_clicks_of_a_tab_go_one_after_another_in_the_order_they_came(
    tabs: tuple[Tab, Tab], database: Database
) -> None:
    tab, _ = tabs
    wanted = [f"hold {number}" for number in range(8)]
    for words in wanted:
        tab.click("list_documents", words=words)
    tab.click("ask_only", names=["a.md"])
    database.let_on(len(wanted))
    steps = [f"{step} {words}" for words in wanted for step in ("began", "ended")]
    assert database.told(len(steps)) == steps
    assert [reply["success"] for reply in tab.ended()] == [True] * (len(wanted) + 1)


def test_a_tab_that_clicks_on_while_nothing_answers_is_told_so(tabs: tuple[Tab, Tab], database: Database) -> None:
    tab, other = tabs
    for number in range(MOST_CLICKS + 3):
        tab.click("list_documents", words=f"hold {number}")
    other.click("list_documents", words="nothing")
    assert len(other.ended()) == 1
    database.let_on(MOST_CLICKS)
    database.told(2 * MOST_CLICKS)
    refused = [reply for reply in tab.ended() if not reply["success"]]
    assert [f"{MOST_CLICKS} of your clicks" in reply["output"]["error"] for reply in refused] == [True] * 3
