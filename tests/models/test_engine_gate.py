"""The gate in front of eight bits: what it measures, where its limits lie, and that its verdict is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.events import Cancel
from rag.messages import reason
from rag.models.device import DeviceLock
from rag.models.engine import choice
from rag.models.engine.choice import Subject, check, plan
from rag.models.engine.gate import GateResult, Measurement, compare_scores, compare_vectors, spearman, top_overlap
from rag.models.engine.gate_sets import PASSAGES, GateSet, digest, gate_sets
from rag.models.engine.verdicts import GateResults, verdict_key
from rag.models.numbers import NumberType

EXACT = [[4.0, 3.0, 2.0, 1.0, 0.0, -1.0, -2.0, -3.0]] * 10
SETS = gate_sets()


def changed(rows: list[list[float]], *, shift: float = 0.0, swaps: int = 0, ends: bool = False) -> list[list[float]]:
    """Scores moved by `shift`; in `swaps` rows fifth and sixth trade places; with `ends` every order is reversed."""
    moved = [[score + shift for score in row] for row in rows]
    for row in moved[:swaps]:
        row[4], row[5] = row[5], row[4]
    return [row[::-1] for row in moved] if ends else moved


@pytest.mark.parametrize(
    ("rough", "yardstick", "failing"),
    [
        pytest.param(EXACT, EXACT, "", id="equal"),
        pytest.param(changed(EXACT, shift=0.02), EXACT, "", id="a shift too small to see"),
        pytest.param(changed(EXACT, shift=0.5), EXACT, "mean |ΔP|", id="all probabilities moved"),
        pytest.param(changed(EXACT, swaps=1), EXACT, "", id="one of fifty best lost"),
        pytest.param(changed(EXACT, swaps=2), EXACT, "top-5 overlap", id="two of fifty best lost"),
        pytest.param(changed(EXACT, ends=True), EXACT, "rank correlation", id="order reversed"),
        pytest.param([[0.0] * 8] * 10, EXACT, "rank correlation", id="all scores equal"),
        pytest.param([[float("nan")] * 8] * 10, EXACT, "rank correlation", id="no numbers"),
    ],
)
def test_the_rerankers_limits(rough: list[list[float]], yardstick: list[list[float]], failing: str) -> None:
    verdict = compare_scores(NumberType.INT8, EXACT, yardstick, rough)
    assert verdict.passed is not bool(failing)
    assert verdict.pairs == 80
    if failing:
        assert (verdict.why.code, verdict.why.values["measure"]) == ("engine.gate_failed", failing)
    else:
        assert verdict.why == reason("engine.gate_passed", type="int8", pairs=80)


def test_the_yardstick_lowers_the_limit_of_correlation() -> None:
    rows = [[float(x) for x in range(8)]] * 10
    rough = [[0.0, 1.0, 2.0, 4.0, 3.0, 5.0, 6.0, 7.0]] * 10
    assert spearman(rows[0], rough[0]) == pytest.approx(1 - 6 * 2 / (8 * 63))
    for yardstick in (rows, rough):
        limit = compare_scores(NumberType.INT8, rows, yardstick, rough).checks[0].limit
        assert limit == pytest.approx(spearman(rows[0], yardstick[0]) - 0.02)


def test_the_largest_difference_of_log_odds_is_kept() -> None:
    rough = changed(EXACT)
    rough[3][7] += 0.25
    assert compare_scores(NumberType.INT8, EXACT, EXACT, rough).epsilon == pytest.approx(0.25)


@pytest.mark.parametrize(("cosine", "passed"), [(0.9985, True), (0.9975, False)])
def test_the_embedders_least_cosine(cosine: float, passed: bool) -> None:
    cosines = np.array([1.0, cosine, 0.9999])
    assert compare_vectors(NumberType.INT8, EXACT, EXACT, EXACT, cosines).passed is passed


def test_a_verdict_without_checks_has_not_passed() -> None:
    assert not GateResult(NumberType.INT8, (), 0.0, 0, 0.0).passed


def test_overlap_counts_the_best_five() -> None:
    assert top_overlap(EXACT[0], [*EXACT[0][:4], -9.0, 9.0, *EXACT[0][6:]]) == 0.8


def test_the_sets_are_real_questions_with_distinct_passages_of_their_own_language() -> None:
    assert len(SETS) >= 50
    for each in SETS:
        assert len(set(each.passages)) == PASSAGES
        chinese = any("一" <= letter <= "鿿" for letter in each.query)
        assert all(any("一" <= letter <= "鿿" for letter in p) == chinese for p in each.passages)
    assert {SETS[0].query.isascii(), SETS[1].query.isascii()} == {True, False}


def test_the_key_changes_with_model_part_and_sets(reranker_folder: Path, embedding_folder: Path) -> None:
    base = {"part": "reranker", "revision": "r", "sets": digest(SETS)}
    keys = {
        verdict_key(reranker_folder, **base),
        verdict_key(embedding_folder, **base),
        verdict_key(reranker_folder, **{**base, "part": "embedder"}),
        verdict_key(reranker_folder, **{**base, "revision": "s"}),
        verdict_key(reranker_folder, **{**base, "sets": digest(SETS[1:])}),
    }
    assert len(keys) == 5
    assert verdict_key(reranker_folder, **base) in keys


def test_a_kept_verdict_comes_back_and_a_damaged_one_does_not_count(tmp_path: Path) -> None:
    verdicts = GateResults(tmp_path)
    verdict = GateResult(NumberType.INT8, (Measurement("mean |ΔP|", 0.001, 0.01, False),), 0.05, 80, 1.5)
    assert verdicts.get("k") is None
    verdicts.put("k", verdict)
    assert GateResults(tmp_path).get("k") == verdict
    next((tmp_path / "engine").glob("*.json")).write_text("{")
    assert verdicts.get("k") is None


SUBJECT_SETS = tuple(GateSet(each.query, each.passages[:6]) for each in SETS[:4])


@pytest.fixture(params=["reranker", "embedder"])
def subject(request: pytest.FixtureRequest, reranker_folder: Path, embedding_folder: Path) -> Subject:
    folder = reranker_folder if request.param == "reranker" else embedding_folder
    return Subject(folder, request.param, "r1", SUBJECT_SETS)


def test_the_check_runs_both_models_and_decides_the_next_plan(subject: Subject, tmp_path: Path) -> None:
    verdicts, steps = GateResults(tmp_path), list[Any]()
    before = plan(subject, device="cpu", wanted="int8", verdicts=verdicts)
    assert (before.pending, before.number_type is NumberType.INT8) == (NumberType.INT8, False)
    verdict = check(
        subject, verdicts=verdicts, lock=DeviceLock(), cancel=Cancel(), progress=lambda d, t: steps.append((d, t))
    )
    assert verdict is not None and verdict.pairs == 24
    assert steps[-1][0] == steps[-1][1] == len(steps)
    after = plan(subject, device="cpu", wanted="int8", verdicts=verdicts)
    assert (after.verdict, after.pending) == (verdict, None)
    assert (after.number_type is NumberType.INT8) == verdict.passed


def test_a_cancelled_check_keeps_no_verdict(subject: Subject, tmp_path: Path) -> None:
    cancel, verdicts = Cancel(), GateResults(tmp_path)

    def stop(done: int, total: int) -> None:
        cancel.cancel()

    assert check(subject, verdicts=verdicts, lock=DeviceLock(), cancel=cancel, progress=stop) is None
    assert verdicts.get(subject.key) is None


@pytest.mark.parametrize(
    ("wanted", "passed", "expected"),
    [
        pytest.param("fp32", True, "fp32", id="asked for fp32"),
        pytest.param("bf16", None, "bf16", id="asked for bf16"),
        pytest.param("int8", True, "int8", id="asked for int8, check passed"),
    ],
)
def test_the_setting_decides_where_it_may(
    subject: Subject, tmp_path: Path, wanted: str, passed: bool | None, expected: str
) -> None:
    verdicts = GateResults(tmp_path)
    if passed is not None:
        verdicts.put(subject.key, GateResult(NumberType.INT8, (Measurement("x", 1.0, 0.5, passed),), 0.0, 1, 0.0))
    made = plan(subject, device="cpu", wanted=wanted, verdicts=verdicts)
    assert (made.number_type.value, made.why) == (expected, reason("engine.chosen", type=expected))


@pytest.mark.parametrize("wanted", ["auto", "int8"])
def test_int8_that_failed_is_never_used_and_says_why(subject: Subject, tmp_path: Path, wanted: str) -> None:
    verdicts = GateResults(tmp_path)
    verdict = GateResult(NumberType.INT8, (Measurement("rank correlation", 0.3, 0.9, True),), 0.0, 1, 0.0)
    verdicts.put(subject.key, verdict)
    made = plan(subject, device="cpu", wanted=wanted, verdicts=verdicts)
    assert made.number_type is not NumberType.INT8
    assert made.pending is None
    if wanted == "int8":
        assert made.why == verdict.why


def test_speeds_are_measured_for_fp32_at_least() -> None:
    speeds = choice.cpu_speeds()
    assert speeds[NumberType.FP32] > 0
