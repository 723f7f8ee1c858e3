"""What the benchmarks compute from, and what they print: work, passages, order of rounds, tables."""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import corpus, embed, goals, model, offline, report, rerank, start, store, timing, work


def words(text: str) -> int:
    return len(text.split())


def test_needed_work_is_every_weight_twice_and_the_attention_that_is_seen() -> None:
    shape = model.shape(28)
    assert shape.parameters == 28 * (4096 * 1024 + 1024 * 2048 + 3 * 3072 * 1024)
    seen = 1 + 2 + 3 + 1
    assert work.needed_flops(shape, [3, 1]) == 2 * shape.parameters * 4 + 4 * 16 * 128 * 28 * seen


def test_passages_have_the_lengths_asked_for_and_come_from_the_handbook() -> None:
    found = corpus.passages(12, words, seed=3)
    assert found == corpus.passages(12, words, seed=3) != corpus.passages(12, words, seed=4)
    low, high = corpus.RERANK_TOKENS
    assert all(low <= words(passage) <= high for passage in found)


def test_chunks_have_the_spread_of_real_ones() -> None:
    sizes = sorted(words(chunk) for chunk in corpus.chunks(20, words, seed=1))
    assert sizes[0] < 80 and sizes[-1] > 440
    assert statistics.median(sizes) == pytest.approx(266, abs=15)


def test_methods_take_turns() -> None:
    order: list[str] = []
    methods = {name: (lambda n=name: order.append(n)) for name in "ab"}
    found = timing.interleaved(methods, rounds=3)
    assert order == [*"ababab"]
    assert all(len(each.runs) == 3 and each.cpu == statistics.median(each.runs) for each in found.values())


def row(seconds: float) -> dict[str, Any]:
    return {
        "cpu_s": seconds,
        "wall_s": 2 * seconds,
        "max_dp": 1e-7,
        "rank_correlation": 1.0,
        "top_overlap": 1.0,
        "min_cosine": 1.0,
    }


def test_tables_show_ratios_and_shares_of_the_ceiling() -> None:
    machine = {
        "processor": "P",
        "cores": 2,
        "memory_gb": 8,
        "instructions": ["avx2"],
        "gpu": None,
        "packages": {"torch": "2"},
        "load_at_start": 0.1,
    }
    run = {
        "machine": machine,
        "device": "cpu",
        "layers": 28,
        "date": "2026-01-02",
        "ceilings": {"fp32": 100.0},
        "rounds": 3,
        "rerank": [
            {
                "passages": 10,
                "prompt_tokens": [300, 400],
                "threads": 1,
                "needed_gflops": 3000.0,
                "methods": {rerank.TUTORIAL: row(40.0), "plainsight fp32": row(20.0)},
            }
        ],
        "embed": [
            {
                "chunks": 5,
                "tokens": [100],
                "threads": 2,
                "needed_gflops": 100.0,
                "methods": {embed.ONE_BY_ONE: row(2.0), "plainsight int8": row(0.5)},
            }
        ],
        "query": [],
    }
    printed = report.tables(run)
    assert "| plainsight fp32 | 20.0 | 40.0 | 2.00 | 1.50 | 1.0e-07 | 1.000 | 1.00 |" in printed
    assert "| plainsight int8 | 0.50 | 1.00 | 4.00 | 2.00 | 1.00000 |" in printed
    assert "P, 2 cores, 8 GB (avx2); load at the start 0.1" in printed
    assert "medians of 3 rounds" in printed
    assert "| rerank 10, fp32: R | 1.65 | 1.9 | 2 | aim |" in printed
    assert "embed, int8: U" not in printed, "the embedding table has two threads"


def test_on_a_gpu_the_clock_and_the_bf16_ceiling_count() -> None:
    fast = {**row(0.05), "wall_s": 0.01}
    table = {"passages": 100, "threads": 1, "prompt_tokens": [350], "needed_gflops": 4000.0}
    run = {
        "device": "cuda",
        "ceilings": {"bf16": 700_000.0},
        "rerank": [{**table, "methods": {rerank.TUTORIAL: row(0.15), "plainsight bf16": fast}}],
    }
    found = {goal.name: value for goal, value in goals.outcomes(run)}
    assert found == {
        "rerank 100, bf16: R": pytest.approx(30),
        "rerank 100, bf16: share of the matrix product's peak": pytest.approx(4000 / 0.01 / 700_000),
    }


@pytest.mark.parametrize(
    ("value", "at_least", "verdict"),
    [(1.0, True, "missed"), (2.0, True, "must"), (3.0, True, "aim"), (3.5, False, "missed"), (2.5, False, "must")],
)
def test_a_goal_is_missed_met_or_exceeded(value: float, at_least: bool, verdict: str) -> None:
    must, aim = (2.0, 3.0) if at_least else (3.0, 2.0)
    assert goals.Goal("g", must, aim, lambda run: None, at_least).verdict(value) == verdict
    assert goals.Goal("g", must, None, lambda run: None, at_least).verdict(value) == verdict.replace("aim", "must")


def test_kept_results_can_be_printed() -> None:
    kept = sorted((Path(report.__file__).parent / "results").glob("*.json"))
    assert kept
    for path in kept:
        assert "Machine: " in report.tables(json.loads(path.read_text(encoding="utf-8"))), path.name


def test_reading_is_compared_by_the_token() -> None:
    methods = {offline.REFERENCE: {"cpu": 2.0, "tokens": 1000}, "ours": {"cpu": 2.0, "tokens": 2000}}
    assert offline.table({"methods": methods}).splitlines()[2:] == [
        f"| {offline.REFERENCE} | 280.0 | 1.00 |",
        "| ours | 140.0 | 2.00 |",
    ]


def test_the_first_answer_of_a_server_is_waited_for_and_the_server_ended(tmp_path: Path) -> None:
    port = start.free_port()
    server = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(tmp_path)]
    wall, cpu = start.first_answer((server, {}), port)
    assert wall > 0 and (cpu is None or cpu > 0)
    assert not start.answers(port)


def test_a_server_that_ends_before_it_answers_is_an_error() -> None:
    with pytest.raises(SystemExit, match="did not answer"):
        start.first_answer(([sys.executable, "-c", "pass"], {}), start.free_port())


def test_store_vectors_are_unit_and_clustered() -> None:
    vectors = store.random_vectors(400, seed=1)
    products = vectors @ vectors.T
    assert products.diagonal() == pytest.approx(1, abs=1e-5)
    assert (products > 0.5).sum() > 2 * len(vectors) > (products > 0.99).sum()
