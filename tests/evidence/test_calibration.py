"""Calibration: counts are counts, the curve never falls, and too little says nothing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evidence.calibration import (
    AROUND,
    ISOTONIC_FROM,
    LEAST_MARKS,
    Method,
    Point,
    expected_error,
    learn,
    reliability,
)
from rag.types import sigmoid
from tests.support.examples import examples


def odds(probability: float) -> float:
    return math.log(probability / (1 - probability))


def marks(*levels: tuple[float, int, int]) -> tuple[Point, ...]:
    """For each (probability, right, wrong), that many marks."""
    return tuple((odds(p), kind) for p, right, wrong in levels for kind in [True] * right + [False] * wrong)


@pytest.mark.parametrize(
    ("points", "learnt"),
    [
        pytest.param(marks((0.8, 15, 14)), None, id="one too few"),
        pytest.param(marks((0.8, 30, 0)), None, id="all right"),
        pytest.param(marks((0.8, 0, 40)), None, id="all wrong"),
        pytest.param(marks((0.8, 29, 1)), Method.PLATT, id="enough"),
        pytest.param(marks((0.8, 500, 499)), Method.PLATT, id="the last but one for a logistic curve"),
        pytest.param(marks((0.8, 500, 500)), Method.ISOTONIC, id="enough for a free curve"),
    ],
)
def test_when_and_how_a_calibration_is_learnt(points: tuple[Point, ...], learnt: Method | None) -> None:
    found = learn(points)
    assert (found.method if found else None) is learnt


def test_counts_are_those_of_the_marks_near_the_level() -> None:
    found = learn(marks((0.88, 12, 3), (0.72, 5, 5), (0.1, 1, 20)))
    assert found is not None
    high = found.level(odds(0.92))
    assert (high.right, high.count) == (12, 15)
    assert high.low == pytest.approx(0.82) and high.high == 1
    assert (found.level(odds(0.8)).right, found.level(odds(0.8)).count) == (17, 25)
    nobody = found.level(odds(0.4))
    assert (nobody.right, nobody.count) == (0, 0)


def test_platt_finds_the_curve_the_marks_were_made_by() -> None:
    levels = [(p, round(1000 * sigmoid(0.5 * odds(p) - 1)), 0) for p in (0.05, 0.3, 0.6, 0.9)]
    found = learn(marks(*((p, right // 5, (1000 - right) // 5) for p, right, _ in levels)))
    assert found is not None and found.method is Method.PLATT
    for p, right, _ in levels:
        assert found.level(odds(p)).calibrated == pytest.approx(right / 1000, abs=0.02)


def test_isotonic_follows_the_shares_of_the_marks() -> None:
    found = learn(marks((0.2, 50, 450), (0.6, 100, 100), (0.9, 300, 100)))
    assert found is not None and found.method is Method.ISOTONIC
    assert [found.level(odds(p)).calibrated for p in (0.01, 0.2, 0.6, 0.9, 0.99)] == pytest.approx(
        [0.1, 0.1, 0.5, 0.75, 0.75]
    )


def test_marks_that_separate_cleanly_are_no_certainty() -> None:
    found = learn(marks((0.9, 15, 0), (0.1, 0, 15)))
    assert found is not None
    assert 0.9 < found.level(odds(0.99)).calibrated < 1
    assert 0 < found.level(odds(0.01)).calibrated < 0.1


def test_marks_that_contradict_the_reranker_make_its_number_tell_nothing() -> None:
    found = learn(marks((0.9, 2, 18), (0.1, 18, 2)))
    assert found is not None
    assert found.level(odds(0.9)).calibrated == found.level(odds(0.1)).calibrated == pytest.approx(0.5)


points = st.lists(st.tuples(st.floats(-12, 12), st.booleans()), min_size=LEAST_MARKS, max_size=60)


@examples(40)
@given(points, st.floats(-20, 20), st.floats(0, 20))
def test_whatever_was_marked_the_curve_never_falls_and_counts_are_of_real_marks(
    made: list[Point], at: float, more: float
) -> None:
    many = tuple(made) * (1 if len(made) % 2 else -(-ISOTONIC_FROM // len(made)))
    found = learn(many)
    if found is None:
        assert len({right for _, right in made}) == 1
        return
    low, high = found.level(at), found.level(at + more)
    assert 0 <= low.calibrated <= high.calibrated + 1e-9 <= 1 + 1e-9
    near = [right for x, right in many if low.low <= sigmoid(x) <= low.high]
    assert (low.right, low.count) == (sum(near), len(near))
    assert low.high - low.low <= 2 * AROUND + 1e-9


def test_a_reliability_table_and_its_error() -> None:
    rows = reliability([(0.05, False), (0.05, True), (0.95, True), (1.0, True), (0.9, False)])
    assert [(r.low, r.high, r.count, r.right) for r in rows] == [(0.0, 0.1, 2, 1), (0.9, 1.0, 3, 2)]
    assert [r.mean for r in rows] == pytest.approx([0.05, 0.95])
    assert expected_error(rows) == pytest.approx((0.9 + 0.85) / 5)
    assert (reliability([]), expected_error(())) == ((), 0.0)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=40))
def test_every_passage_is_in_one_bin(judged: list[tuple[float, bool]]) -> None:
    rows = reliability(judged)
    assert sum(r.count for r in rows) == len(judged)
    assert sum(r.right for r in rows) == sum(right for _, right in judged)
    assert all(r.low - 1e-9 <= r.mean <= r.high + 1e-9 for r in rows)
    assert 0 <= expected_error(rows) <= 1
