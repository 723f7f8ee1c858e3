"""Coming to life: what is said while models load, when they cannot, and when the database is away for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.answering.answerer import Answerer
from rag.answering.draft import Setup
from rag.answering.prompts import PromptBudget
from rag.database import Database as Kept
from rag.documents.chunking import ChunkLimits
from rag.errors import ModelsError, ModelsNotReady, RagError, Stopped, StoreUnavailable
from rag.events import Cancel
from rag.knowledge.catalog import Catalog
from rag.knowledge.ingest import Ingest
from rag.knowledge.knowledge_base import KnowledgeBase
from rag.knowledge.library import Library
from rag.messages import Reason, reason
from rag.models.loaded import Models, Report
from rag.protocols import Embedder, Store
from rag.retrieval.retriever import Policy, Retriever
from rag.retrieval.scope import Scope
from rag.runtime import Answering, Runtime
from rag.status import ModelInfo, PartState, PartStatus, Status
from rag.types import Document, Fingerprint

from .answering.test_answerer import FirstContext
from .support.fakes import BagEmbedder, OverlapReranker
from .support.knowledge import TEXTS, open_store

AWAY = reason("store.closed", uri="x")
WHY = reason("runtime.profile_forced")


class Database:
    """A real collection that is away until told otherwise."""

    def __init__(self, folder: Path, *, away: bool = False) -> None:
        self.folder = folder
        self.away = away
        self.store: Store | None = None

    def _here(self) -> None:
        if self.away:
            raise StoreUnavailable(AWAY)

    def documents(self, collection: str) -> list[Document]:
        self._here()
        return []

    def held(self, collection: str) -> list[Document] | None:
        self._here()
        return []

    def fingerprint(self, collection: str) -> Fingerprint | None:
        self._here()
        return Fingerprint("fake", "1", 64, "whole", "1")

    def drop(self, collection: str) -> None:
        self._here()

    def open(self, collection: str, embedder: Embedder) -> Store:
        self._here()
        self.store = open_store(self.folder, embedder)
        return self.store

    def open_as_made(self, collection: str) -> Store:
        return self.open(collection, BagEmbedder())

    def close(self) -> None:
        if self.store:
            self.store.close()


def talk(models: Models, scope: Scope) -> Answering:
    retriever = Retriever(models.embedder, models.reranker, scope, detect_language=lambda _: "en", policy=Policy())
    conversation = Answerer(
        retriever,
        scope,
        chat=None,
        extractor=models.extractor,
        count_tokens=models.embedder.count_tokens,
        detect_language=lambda _: "en",
        budget=PromptBudget(),
        setup=Setup(models.profile, {}),
    )
    return Answering(retriever, conversation)


def taking(models: Models, store: Store, base: KnowledgeBase) -> Ingest:
    return Ingest(store, models.embedder, limits=ChunkLimits(max_tokens=64), detect=lambda _: "en")


def loaded(indexed: Fingerprint | None, report: Report, cancel: Cancel) -> Models:
    embedder, reranker = BagEmbedder(), OverlapReranker()
    report(PartStatus("embedder", PartState.READY, info=embedder.info))
    report(PartStatus("reranker", PartState.READY, info=reranker.info))
    return Models("offline", WHY, embedder, reranker, FirstContext(), lambda cancel: None)


def runtime(
    database: Database,
    load: Callable[[Fingerprint | None, Report, Cancel], Models] = loaded,
    chat: ModelInfo | None = None,
    silent: Callable[[], Reason | None] = lambda: None,
) -> Runtime:
    library = Library(Catalog(Kept(database.folder / "plainsight.db"), "test"), database)
    made = Runtime(library=library, load=load, talk=talk, ingest=taking, chat=lambda: chat, silent=silent)
    made.start()
    return made


def states(status: Status) -> dict[str, PartState]:
    return {part.part: part.state for part in status.parts}


def why(status: Status, part: str) -> Reason | None:
    return next(p.reason for p in status.parts if p.part == part)


def test_ready(tmp_path: Path) -> None:
    database = Database(tmp_path)
    running = runtime(database)
    running.wait()
    assert running.status().ready
    assert (running.status().profile, running.status().why) == ("offline", WHY)
    assert [d.name for d in running.library.documents()] == sorted(TEXTS)
    assert running.parts().store is database.store
    running.close()


def test_while_loading_questions_are_refused_and_documents_are_listed(tmp_path: Path) -> None:
    go = threading.Event()

    def slow(indexed: Fingerprint | None, report: Report, cancel: Cancel) -> Models:
        go.wait()
        return loaded(indexed, report, cancel)

    running = runtime(Database(tmp_path), slow)
    with pytest.raises(ModelsNotReady) as caught:
        running.parts()
    assert caught.value.reason == reason("runtime.loading")
    assert not running.status().ready and running.library.documents() == []
    go.set()
    running.wait()
    assert running.status().ready
    running.close()


def test_the_index_there_is_told_to_the_loader(tmp_path: Path) -> None:
    told: list[Fingerprint | None] = []

    def listening(indexed: Fingerprint | None, report: Report, cancel: Cancel) -> Models:
        told.append(indexed)
        return loaded(indexed, report, cancel)

    running = runtime(Database(tmp_path), listening)
    running.wait()
    running.close()
    assert told == [Fingerprint("fake", "1", 64, "whole", "1")]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(ModelsError(AWAY), AWAY, id="named"),
        pytest.param(ZeroDivisionError(), reason("runtime.broke_down", kind="ZeroDivisionError"), id="unforeseen"),
    ],
)
def test_models_that_cannot_load_are_said_everywhere(tmp_path: Path, error: Exception, expected: Reason) -> None:
    def broken(indexed: Fingerprint | None, report: Report, cancel: Cancel) -> Models:
        raise error

    running = runtime(Database(tmp_path), broken)
    with pytest.raises(RagError) as caught:
        running.wait()
    assert caught.value.reason == expected
    status = running.status()
    assert states(status)["embedder"] is PartState.FAILED and why(status, "embedder") == expected
    assert not status.ready


def test_a_database_that_was_away_is_tried_again_when_needed(tmp_path: Path) -> None:
    database = Database(tmp_path, away=True)
    running = runtime(database)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            running.wait()
    assert states(running.status())["store"] is PartState.FAILED and why(running.status(), "store") == AWAY
    database.away = False
    running.parts()
    assert running.status().ready
    running.close()


def test_many_askers_at_once_open_the_database_once(tmp_path: Path) -> None:
    database = Database(tmp_path, away=True)
    running = runtime(database)
    with pytest.raises(StoreUnavailable):
        running.wait()
    database.away = False
    found: list[Store] = []
    askers = [threading.Thread(target=lambda: found.append(running.parts().store)) for _ in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(found) == 8 and all(store is found[0] for store in found)
    running.close()


@pytest.mark.parametrize(
    ("chat", "expected"),
    [
        pytest.param(None, reason("runtime.no_chat_model"), id="no key"),
        pytest.param(ModelInfo("gpt-4o", "", "", ""), None, id="a model"),
    ],
)
def test_the_chat_model_is_part_of_the_status(tmp_path: Path, chat: ModelInfo | None, expected: Reason | None) -> None:
    running = runtime(Database(tmp_path), chat=chat)
    running.wait()
    assert why(running.status(), "chat") == expected
    running.close()


def test_closing_ends_a_download_under_way(tmp_path: Path) -> None:
    downloading = threading.Event()

    def endless(indexed: Fingerprint | None, report: Report, cancel: Cancel) -> Models:
        downloading.set()
        cancel.flag.wait()
        raise Stopped(AWAY)

    running = runtime(Database(tmp_path), endless)
    downloading.wait()
    running.close()
    with pytest.raises(Stopped):
        running.wait()


def test_a_language_model_that_did_not_answer_shows_in_the_status_until_it_does(tmp_path: Path) -> None:
    failures: list[Reason | None] = [None]
    running = runtime(Database(tmp_path), chat=ModelInfo("gpt-4o", "", "", ""), silent=lambda: failures[-1])
    running.wait()
    for failure, state in ((None, PartState.READY), (AWAY, PartState.FAILED), (None, PartState.READY)):
        failures.append(failure)
        shown = running.status()
        assert why(shown, "chat") == failure and shown.ready, "questions are answered all the same"
        assert [p.state for p in shown.parts if p.part == "chat"] == [state]
    running.close()


def test_what_the_language_model_s_server_can_do_is_told(tmp_path: Path) -> None:
    able = reason("chat_server.can", abilities=reason("chat_server.can_tools"))
    library = Library(Catalog(Kept(tmp_path / "plainsight.db"), "test"), Database(tmp_path))
    info = ModelInfo("gpt-4o", "", "", "")
    made = Runtime(library=library, load=loaded, talk=talk, ingest=taking, chat=lambda: info, able=lambda: able)
    assert why(made.status(), "chat") == able and states(made.status())["chat"] is PartState.READY
