"""The parts as `build` puts them together: a Qwen3 profile on tiny folders, from upload to answer."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rag.accounts.actor import OPERATOR
from rag.build import opened, throw_away
from rag.errors import IndexMismatch, ModelsError
from rag.events import Cancel, Stage, StageState
from rag.evidence.whynot import Obstacle
from rag.ledger import Answered, Outcome, Request
from rag.models.offline import E5, MINILM
from rag.settings import Settings
from rag.status import Status
from rag.types import Source

PACKAGED = E5 if E5.installed() else MINILM
TEXT = b"# Keys\n\nRotate the key every spring.\n\n# Fruit\n\nBananas are yellow.\n"


def settings(folder: Path, **env: str | Path) -> Settings:
    return Settings.from_env({"RAG_DATA_DIR": str(folder), **{name: str(value) for name, value in env.items()}})


def names(status: Status) -> dict[str, str]:
    return {part.part: part.info.name for part in status.parts if part.info}


def test_qwen3_from_folders_answers_and_says_what_runs(
    tmp_path: Path, embedding_folder: Path, reranker_folder: Path
) -> None:
    chosen = settings(tmp_path, RAG_EMBEDDING_MODEL=embedding_folder, RAG_RERANKER_MODEL=reranker_folder)
    with opened(chosen) as service:
        status = service.status(OPERATOR)
        assert (status.profile, status.ready) == ("qwen3", True)
        assert names(status) == {"embedder": embedding_folder.name, "reranker": reranker_folder.name}
        added = [e for e in service.documents.ingest(OPERATOR, [Source("keys.md", TEXT)], cancel=Cancel()) if e.outcome]
        assert [(e.chunks, e.embedded) for e in added] == [(2, 2)]
        *_, last = service.ask(OPERATOR, Request("Rotate the key?", options=chosen.retrieval), cancel=Cancel())
        assert {part.info.dtype for part in status.parts if part.info} <= {"fp32", "bf16"}, "the packed engine runs"
    assert isinstance(last, Answered)
    ledger = last.ledger
    assert ledger.outcome in (Outcome.EXTRACTIVE, Outcome.ABSTAINED)
    assert ledger.main.retrieval and all(c.log_odds is not None for c in ledger.main.retrieval.candidates)
    assert ledger.models["reranker"].score_name == "p_yes"


def test_an_index_is_never_searched_with_another_model(
    tmp_path: Path, embedding_folder: Path, reranker_folder: Path
) -> None:
    with opened(settings(tmp_path, RAG_PROFILE="offline")) as service:
        list(service.documents.ingest(OPERATOR, [Source("keys.md", TEXT)], cancel=Cancel()))
    forced = settings(
        tmp_path, RAG_PROFILE="qwen3", RAG_EMBEDDING_MODEL=embedding_folder, RAG_RERANKER_MODEL=reranker_folder
    )
    with opened(forced) as service:
        with pytest.raises(IndexMismatch) as caught:
            list(service.documents.ingest(OPERATOR, [Source("more.md", TEXT)], cancel=Cancel()))
        assert PACKAGED.name in str(caught.value)
        *_, last = service.ask(OPERATOR, Request("Rotate the key?"), cancel=Cancel())
        assert isinstance(last, Answered)
        stages = {event.stage: event for event in last.ledger.stages}
        assert stages[Stage.DENSE].state is StageState.FAILED and PACKAGED.name in str(stages[Stage.DENSE].reason)
        assert stages[Stage.FULL_TEXT].state is StageState.FINISHED
        # what needs no vectors is done to it all the same
        assert (
            service.documents.enable(OPERATOR, ["keys.md"], False) == 1
            and not service.documents.all(OPERATOR)[0].enabled
        )
        assert service.documents.enable(OPERATOR, ["keys.md"], True) == 1
        assert service.documents.bury(OPERATOR, ["keys.md"]) == 1 and service.documents.all(OPERATOR) == []
        assert service.documents.restore(OPERATOR, ["keys.md"]) == 1
    with opened(settings(tmp_path)) as service:  # auto stays with the model of the index
        assert service.status(OPERATOR).profile == "offline"
        assert [d.name for d in service.documents.all(OPERATOR)] == ["keys.md"]


def without_the_multilingual_model(patched: pytest.MonkeyPatch) -> None:
    patched.setattr("rag.models.offline.E5", replace(E5, package="no_such_package"))


def test_the_offline_profile_says_which_model_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offline = settings(tmp_path, RAG_PROFILE="offline")
    with opened(offline) as service:
        assert names(service.status(OPERATOR))["embedder"] == PACKAGED.name
    without_the_multilingual_model(monkeypatch)
    with opened(offline) as service:
        parts = {part.part: part for part in service.status(OPERATOR).parts}
    assert names(service.status(OPERATOR)) == {"embedder": MINILM.name, "reranker": MINILM.name}
    assert parts["embedder"].reason and parts["embedder"].reason.code == "offline.english_only"


@pytest.mark.skipif(not E5.installed(), reason=f"{E5.package} is made for Linux on x86-64 alone")
def test_an_index_of_the_english_model_answers_by_words_until_a_new_one_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline = settings(tmp_path, RAG_PROFILE="offline")
    with monkeypatch.context() as patched:
        without_the_multilingual_model(patched)
        with opened(offline) as service:
            list(service.documents.ingest(OPERATOR, [Source("keys.md", TEXT)], cancel=Cancel()))
    with opened(
        settings(tmp_path)
    ) as service:  # auto stays offline, and the new model shows that the index is another's
        assert service.status(OPERATOR).profile == "offline"
        *_, last = service.ask(OPERATOR, Request("Rotate the key?"), cancel=Cancel())
        assert isinstance(last, Answered)
        stages = {event.stage: event for event in last.ledger.stages}
        assert stages[Stage.DENSE].state is StageState.FAILED and MINILM.name in str(stages[Stage.DENSE].reason)
        assert stages[Stage.FULL_TEXT].state is StageState.FINISHED


def test_weights_that_are_forced_and_missing_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelsError) as caught, opened(settings(tmp_path, RAG_PROFILE="qwen3")):
        pass
    assert "Qwen/Qwen3-Embedding-0.6B" in str(caught.value)


def test_an_evaluation_leaves_the_knowledge_base_alone(tmp_path: Path) -> None:
    offline = settings(tmp_path, RAG_PROFILE="offline")
    with throw_away(offline) as service:
        list(service.documents.ingest(OPERATOR, [Source("keys.md", TEXT)], cancel=Cancel()))
        assert len(service.documents.all(OPERATOR)) == 1
    assert list(tmp_path.iterdir()) == []


def test_an_architecture_the_engine_does_not_know_runs_by_the_library_and_says_so(
    tmp_path: Path, embedding_folder: Path, reranker_folder: Path
) -> None:
    strange = tmp_path / "strange"
    shutil.copytree(reranker_folder, strange)
    config = json.loads((strange / "config.json").read_text())
    (strange / "config.json").write_text(json.dumps({**config, "use_sliding_window": True, "sliding_window": 16}))
    chosen = settings(tmp_path / "data", RAG_EMBEDDING_MODEL=embedding_folder, RAG_RERANKER_MODEL=strange)
    with opened(chosen) as service:
        parts = {part.part: part for part in service.status(OPERATOR).parts}
    assert service.status(OPERATOR).ready
    assert parts["reranker"].info and parts["reranker"].info.dtype == "float32"
    assert parts["reranker"].reason and parts["reranker"].reason.code == "engine.unknown_architecture"


def test_why_not_asks_the_models_and_indexes_of_the_answer(
    tmp_path: Path, embedding_folder: Path, reranker_folder: Path
) -> None:
    chosen = settings(tmp_path, RAG_EMBEDDING_MODEL=embedding_folder, RAG_RERANKER_MODEL=reranker_folder)
    with opened(chosen) as service:
        list(service.documents.ingest(OPERATOR, [Source("keys.md", TEXT)], cancel=Cancel()))
        other = service.knowledge_bases.create(OPERATOR, "Other").id
        list(
            service.documents.ingest(
                OPERATOR, [Source("moon.md", b"# Moon\n\nThe moon has no air.\n")], cancel=Cancel(), base=other
            )
        )
        options = replace(chosen.retrieval, threshold=0.0, candidates=1, contexts=1)
        *_, last = service.ask(OPERATOR, Request("Rotate the key?", options=options), cancel=Cancel())
        assert isinstance(last, Answered)
        found = [
            service.why_not(OPERATOR, last.ledger, text=text)
            for text in ("Rotate the key", "Bananas are", "no air", "zzz")
        ]
        assert {found[0].verdict, found[1].verdict} <= {Obstacle.SENT, Obstacle.NOT_FOUND, Obstacle.BEYOND_CANDIDATES}
        assert [f.verdict for f in found[2:]] == [Obstacle.OUT_OF_SCOPE, Obstacle.NOWHERE]
        assert found[2].passage and found[2].passage.stored.collection == other
        (chunk, *_) = service.documents.chunks(OPERATOR, "moon.md", base=other)
        again = service.why_not(OPERATOR, last.ledger, base=other, document="moon.md", chunk=chunk.id)
        assert again.verdict is Obstacle.OUT_OF_SCOPE
