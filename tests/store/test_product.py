"""The product on a real Milvus server without full text: what it does with it, and what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.__main__ import main
from rag.cli.doctor import examine
from rag.cli.exits import OK
from rag.events import Cancel, Retrieved, Stage, StageEvent, StageState
from rag.messages import reason
from rag.retrieval.retriever import Policy, Retriever
from rag.settings import Settings
from rag.store import MilvusStore, connect
from rag.types import Mode, RetrievalOptions
from tests.support.fakes import OverlapReranker
from tests.support.milvus_server import RELEASE, TOKEN, MilvusServer

from .corpus import EMBEDDER, FINGERPRINT, sample

MISSING = reason("store.no_full_text", version=f"v{RELEASE}-lite")


def test_a_hybrid_search_goes_on_dense_alone_and_says_why(milvus_server: MilvusServer, own_store: MilvusStore) -> None:
    sample("a.md", "rotate the certificate", "something else").put(own_store)
    retriever = Retriever(EMBEDDER, OverlapReranker(), own_store, detect_language=lambda _: "en", policy=Policy())
    options = RetrievalOptions(mode=Mode.HYBRID, candidates=5, contexts=1, threshold=0.1)
    *events, last = retriever.run("how to rotate the certificate", options, cancel=Cancel())
    stages = {event.stage: event for event in events if isinstance(event, StageEvent)}
    assert (stages[Stage.FULL_TEXT].state, stages[Stage.FULL_TEXT].reason) == (StageState.SKIPPED, MISSING)
    assert isinstance(last, Retrieved)
    assert [c.stored.chunk.text for c in last.retrieval.contexts] == ["rotate the certificate"]


def test_a_knowledge_base_goes_to_a_server_and_back_without_a_model(
    milvus_server: MilvusServer, own_store: MilvusStore, server_collection: str, tmp_path: Path
) -> None:
    here, back = str(tmp_path / "here.db"), str(tmp_path / "back.db")
    given = [sample("a.md", "fox", "dog"), sample("名.md", *(f"paragraph {number}" for number in range(60)))]
    lite = MilvusStore.open(connect(here), server_collection, FINGERPRINT)
    for one in given:
        one.put(lite)
    lite.close()
    env = {
        "RAG_COLLECTION": server_collection,
        "MILVUS_TOKEN": TOKEN,
        "MILVUS_SERVER_PEM": str(milvus_server.authority),
        "MILVUS_TIMEOUT": "30",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        for name, value in env.items():
            patch.setenv(name, value)
        assert main(["copy", "--from", here, "--to", milvus_server.uri]) == OK
        assert [document.name for document in own_store.documents()] == ["a.md", "名.md"]
        assert main(["copy", "--from", milvus_server.uri, "--to", back]) == OK
    returned = MilvusStore.open(connect(back), server_collection, FINGERPRINT)
    for content, one in zip(returned.contents(), given, strict=True):
        assert (content.document, content.chunks) == (one.document, one.chunks)
        assert np.allclose(content.vectors, one.vectors, atol=1e-6)
    assert [hit.stored.chunk.text for hit in returned.search_full_text("fox", limit=1)] == ["fox"]
    returned.close()


def test_doctor_reaches_a_server_with_token_and_certificate_and_names_what_it_lacks(
    milvus_server: MilvusServer,
) -> None:
    env = {
        "RAG_PROFILE": "offline",
        "MILVUS_URI": milvus_server.uri,
        "MILVUS_TOKEN": TOKEN,
        "MILVUS_SERVER_PEM": str(milvus_server.authority),
    }
    found = {finding.what: finding for finding in examine(Settings.from_env(env))}
    assert found["milvus"].why == reason("doctor.answers", uri=milvus_server.uri, version=f"v{RELEASE}-lite")
    assert found["full_text"].why == MISSING
