"""A page of one program, and documents that other programs change on the Milvus server they share."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from rag.build import opened
from rag.settings import Settings
from rag.store import drop
from rag.ui.handlers.chat import Handlers
from rag.ui.handlers.refresh import Refresh
from rag.ui.state.session import Sessions
from rag.ui.views import Views
from tests import ROOT
from tests.ui.test_handlers import ALICE, clicked

from .conftest import Place

PATIENCE_S = 30.0


@pytest.fixture
def env(server_place: Place, tmp_path: Path) -> Iterator[Mapping[str, str]]:
    name = f"{server_place.collection}_noticed"
    yield {
        "RAG_PROFILE": "offline",
        "RAG_DATA_DIR": str(tmp_path),
        "RAG_COLLECTION": name,
        "MILVUS_URI": server_place.uri,
        "MILVUS_TOKEN": server_place.token,
        "MILVUS_SERVER_PEM": server_place.certificate,
        "MILVUS_TIMEOUT": "30",
    }
    drop(server_place.connect(), name)


@pytest.mark.server
def test_what_the_command_line_does_reaches_an_open_page(env: Mapping[str, str], tmp_path: Path) -> None:
    def command(*args: str) -> None:
        subprocess.run([sys.executable, "-m", "rag", *args], cwd=ROOT, env={**os.environ, **env}, check=True)

    with opened(Settings.from_env(env)) as service:
        sessions, views = Sessions(), Views(service)
        noticing = Refresh(service, sessions, views)
        told = Handlers(service, sessions, views).open(ALICE, "t1")[-3]

        def shown(holds: str) -> str:
            """The list once the page, which looks every now and then, was told of something and shows that."""
            nonlocal told
            until = time.monotonic() + PATIENCE_S
            table = ""
            while holds not in table and time.monotonic() < until:
                news: Any = noticing.look(ALICE, "", told).news
                if isinstance(news, str):
                    told = news
                    table = noticing.notice(ALICE, clicked(head=True), "t1").table
                threading.Event().wait(0.1)
            return table

        (tmp_path / "leave.md").write_text("# Leave\n\nLeave is thirty days a year.\n", encoding="utf-8")
        command("ingest", str(tmp_path / "leave.md"))
        assert "leave.md" in shown("leave.md")
        command("delete", "leave.md")
        assert "0 documents" in shown("0 documents")
