"""Accuracy of the reranker's number, by what a person marked. Pure.

Two different things, never mixed: counts of marks near a level, which are facts, and a curve fitted to all marks, which
is an estimate. Neither changes an order or a threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np

from rag.types import sigmoid

LEAST_MARKS = 30
"""Below, counts near a level are too small to tell anything, and a curve would be a guess."""
ISOTONIC_FROM = 1000
"""Marks from which the free curve is fitted: with fewer it follows their accidents (Niculescu-Mizil, Caruana 2005)."""
AROUND = 0.1
"""Marks at most this far off in probability stand at the same level."""
BINS = 10

Point = tuple[float, bool]
"""Log-odds of a marked passage, and whether it was right evidence."""
Judged = tuple[float, bool]
"""A probability, and whether the passage was right."""


class Method(StrEnum):
    """Method by which the curve is fitted."""

    PLATT = "platt"
    """A logistic curve over the log-odds: two numbers."""
    ISOTONIC = "isotonic"
    """Any curve that never falls."""


@dataclass(frozen=True, slots=True)
class Level:
    """Marks of passages at one level: `count` marks with a probability in `[low, high]`, `right` of them right."""

    low: float
    high: float
    right: int
    count: int
    calibrated: float
    """The fitted curve at the level itself."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Made by `learn` from at least `LEAST_MARKS` marks of both kinds."""

    points: tuple[Point, ...]
    method: Method
    curve: Callable[[float], float]
    """Log-odds to the estimated share of right ones, in [0, 1]; never falls."""

    def level(self, log_odds: float) -> Level:
        """The level a passage with these log-odds stands at."""
        at = sigmoid(log_odds)
        low, high = max(0.0, at - AROUND), min(1.0, at + AROUND)
        near = [right for other, right in self.points if low <= sigmoid(other) <= high]
        return Level(low, high, sum(near), len(near), self.curve(log_odds))


@lru_cache(maxsize=64)
def learn(points: tuple[Point, ...]) -> Calibration | None:
    """A calibration, or None while there are too few marks or all are of one kind."""
    right = sum(is_right for _, is_right in points)
    if len(points) < LEAST_MARKS or right in (0, len(points)):
        return None
    if len(points) < ISOTONIC_FROM:
        return Calibration(points, Method.PLATT, _platt(points))
    return Calibration(points, Method.ISOTONIC, _isotonic(points))


def _platt(points: Sequence[Point]) -> Callable[[float], float]:
    """Platt's logistic curve, with his targets just inside 0 and 1: marks that separate cleanly make no step."""
    from sklearn.linear_model import LogisticRegression

    right = sum(is_right for _, is_right in points)
    upper, lower = (right + 1) / (right + 2), 1 / (len(points) - right + 2)
    targets = np.array([upper if is_right else lower for _, is_right in points])
    odds = np.array([x for x, _ in points], dtype=np.float64)
    # A target between the classes is both of them, each with its share of the weight.
    fitted = LogisticRegression(C=np.inf).fit(
        np.concatenate([odds, odds])[:, None],
        np.repeat([1, 0], len(points)),
        sample_weight=np.concatenate([targets, 1 - targets]),
    )
    slope, intercept = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if slope <= 0:  # marks that contradict the reranker: its number then tells nothing, rather than the opposite
        share = float(targets.mean())
        return lambda log_odds: share
    return lambda log_odds: sigmoid(slope * log_odds + intercept)


def _isotonic(points: Sequence[Point]) -> Callable[[float], float]:
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(
        [x for x, _ in points], [float(is_right) for _, is_right in points]
    )
    at, share = fitted.X_thresholds_, fitted.y_thresholds_
    return lambda log_odds: float(np.interp(log_odds, at, share))


@dataclass(frozen=True, slots=True)
class Bin:
    """A row of a reliability table: passages with a probability in `[low, high)`, the last one including 1."""

    low: float
    high: float
    count: int
    mean: float
    """Mean of their probabilities."""
    right: int


def reliability(judged: Sequence[Judged], *, bins: int = BINS) -> tuple[Bin, ...]:
    """Passages by probability, in `bins` of equal width; those without any are left out."""
    rows: list[Bin] = []
    for number in range(bins):
        inside = [(p, right) for p, right in judged if min(int(p * bins), bins - 1) == number]
        if inside:
            mean = sum(p for p, _ in inside) / len(inside)
            right = sum(is_right for _, is_right in inside)
            rows.append(Bin(number / bins, (number + 1) / bins, len(inside), mean, right))
    return tuple(rows)


def expected_error(rows: Sequence[Bin]) -> float:
    """ECE: how far the share of right ones is from the mean probability, averaged over all passages; 0 without any."""
    total = sum(row.count for row in rows)
    return sum(abs(row.right - row.mean * row.count) for row in rows) / total if total else 0.0
