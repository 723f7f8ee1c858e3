"""The product on a real Milvus server without full text: what it does with it, and what it says."""

from __future__ import annotations

from rag.doctor import examine
from rag.events import Cancel, Retrieved, Stage, StageEvent, State
from rag.messages import reason
from rag.retrieval import Policy, Retriever
from rag.settings import Settings
from rag.store import MilvusStore
from rag.types import Mode, RetrievalOptions
from tests.fakes import OverlapReranker
from tests.milvus_server import RELEASE, TOKEN, MilvusServer

from .corpus import EMBEDDER, sample

MISSING = reason("store.no_full_text", version=f"v{RELEASE}-lite")


def test_a_hybrid_search_goes_on_dense_alone_and_says_why(milvus_server: MilvusServer, own_store: MilvusStore) -> None:
    sample("a.md", "rotate the certificate", "something else").put(own_store)
    retriever = Retriever(EMBEDDER, OverlapReranker(), own_store, detect_language=lambda _: "en", policy=Policy())
    options = RetrievalOptions(mode=Mode.HYBRID, candidates=5, contexts=1, threshold=0.1)
    *events, last = retriever.run("how to rotate the certificate", options, cancel=Cancel())
    stages = {event.stage: event for event in events if isinstance(event, StageEvent)}
    assert (stages[Stage.FULL_TEXT].state, stages[Stage.FULL_TEXT].reason) == (State.SKIPPED, MISSING)
    assert isinstance(last, Retrieved)
    assert [c.stored.chunk.text for c in last.retrieval.contexts] == ["rotate the certificate"]


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
