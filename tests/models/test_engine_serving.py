"""What the product loads: the planned number type, the device with room, and the way back to the library's path."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rag.events import Cancel
from rag.messages import reason
from rag.models.device import DeviceLock
from rag.models.engine.gate import GateResult, Measurement
from rag.models.engine.gate_sets import GateSet, gate_sets
from rag.models.engine.repair import RepairedReranker
from rag.models.engine.serving import Serving, refusal
from rag.models.engine.verdicts import GateResults
from rag.models.numbers import NumberType
from rag.types import RerankLimits
from tests.support.turns import TurnLog

SETS = tuple(GateSet(each.query, each.passages[:4]) for each in gate_sets()[:3])


def serving(data: Path, number_type: str = "fp32") -> Serving:
    return Serving(device="cpu", number_type=number_type, lock=DeviceLock(), data=data, sets=SETS)


def test_a_known_model_is_not_refused_and_an_unknown_one_says_why(reranker_folder: Path, tmp_path: Path) -> None:
    assert refusal(reranker_folder) is None
    config = json.loads((reranker_folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "attention_bias": True}))
    why = refusal(tmp_path)
    assert why is not None and why.values["name"] == "attention_bias"


def test_both_models_load_in_the_type_asked_for(embedding_folder: Path, reranker_folder: Path, tmp_path: Path) -> None:
    given = serving(tmp_path)
    embedder = given.embedder(embedding_folder, name="e", revision="1", dimension=32)
    reranker = given.reranker(reranker_folder, name="r", revision="1")
    assert embedder.model.embed_query("a", instruction="").shape == (1, 32)
    assert dict(reranker.model.score("a", ["b"], instruction="")).keys() == {0}
    assert {embedder.model.info.dtype, reranker.model.info.dtype} == {"fp32"}
    assert embedder.plan.why == reranker.plan.why == reason("engine.chosen", type="fp32")
    assert given.check(reranker, cancel=Cancel()) is None


def test_int8_that_passed_is_repaired_near_the_cut(reranker_folder: Path, tmp_path: Path) -> None:
    exact = serving(tmp_path).reranker(reranker_folder, name="r", revision="1")
    verdict = GateResult(NumberType.INT8, (Measurement("x", 1.0, 0.5, True),), 1000.0, 8, 1.0)
    GateResults(tmp_path).put(exact.subject.key, verdict)
    repaired = serving(tmp_path, "int8").reranker(reranker_folder, name="r", revision="1")
    assert isinstance(repaired.model, RepairedReranker)
    assert repaired.model.info.dtype == "int8"
    texts = ["a", "Milvus stores vectors", "c d e", "yes"]
    found = dict(repaired.model.score("q", texts, instruction="", cut=RerankLimits(2)))
    assert found == pytest.approx(dict(exact.model.score("q", texts, instruction="")), abs=1e-4)


@pytest.mark.parametrize("asked", ["embedder", "reranker"])
def test_a_question_overtakes_a_long_ingest(
    asked: str, embedding_folder: Path, reranker_folder: Path, tmp_path: Path
) -> None:
    lock = TurnLog()
    given = replace(serving(tmp_path), lock=lock)
    embedder = given.embedder(embedding_folder, name="e", revision="1").model
    reranker = given.reranker(reranker_folder, name="r", revision="1").model
    texts = [f"document {n} " * 200 for n in range(6)]  # more than one pack takes
    ask: dict[str, Callable[[], object]] = {
        "embedder": lambda: embedder.embed_query("first?", instruction=""),
        "reranker": lambda: list(reranker.score("first?", ["a passage"], instruction="")),
    }
    lock.check_overtakes(ask[asked], lambda: list(embedder.stream_documents(texts)))


def test_a_pending_check_is_run_and_kept(reranker_folder: Path, tmp_path: Path) -> None:
    given = serving(tmp_path, "int8")
    loaded = given.reranker(reranker_folder, name="r", revision="1")
    assert loaded.plan.pending is NumberType.INT8
    outcome = given.check(loaded, cancel=Cancel())
    assert outcome is not None
    again = given.reranker(reranker_folder, name="r", revision="1")
    assert again.plan.pending is None
    assert again.plan.verdict is not None and again.plan.verdict.why == outcome
