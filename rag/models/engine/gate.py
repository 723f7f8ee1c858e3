"""The gate: a measurement, on real questions and passages, of whether a checkpoint may be run in rougher numbers.

Eight bits can leave random weights unharmed and still ruin the order a trained model gives. So before int8 is used,
its scores are held against fp32's, with bf16 as the yardstick: bf16 is what the models were published in, and no order
is sharper than that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.events import Cancel
from rag.messages import Reason, reason
from rag.protocols import Embedder, Reranker
from rag.types import sigmoid

from ..numbers import NumberType
from .gate_sets import GateSet

TOP = 5
SLACK = 0.02
"""The most that the rank correlation with fp32 may fall below bf16's."""
LEAST_OVERLAP = 0.98
"""Of the best five by fp32, the share that is still among the best five."""
MOST_DP = 0.01
"""Mean difference of P(yes)."""
LEAST_COSINE = 0.998

Matrix = NDArray[np.float64]
LoadReranker = Callable[[NumberType], Reranker]
LoadEmbedder = Callable[[NumberType], Embedder]
Scores = Sequence[Sequence[float]]
"""Per question, in the order of its passages."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured value and its limit."""

    name: str
    value: float
    limit: float
    at_least: bool

    @property
    def passed(self) -> bool:
        # A value that is no number fails either way.
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(frozen=True, slots=True)
class GateResult:
    """The outcome for one model. `epsilon` is the largest difference of a score seen: log-odds, or inner product."""

    number_type: NumberType
    checks: tuple[Measurement, ...]
    epsilon: float
    pairs: int
    seconds: float

    @property
    def passed(self) -> bool:
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def why(self) -> Reason:
        """The outcome in words, with the first value that failed, or how many pairs passed."""
        for check in self.checks:
            if not check.passed:
                return reason(
                    "engine.gate_failed",
                    type=self.number_type.value,
                    measure=check.name,
                    value=f"{check.value:.4f}",
                    limit=f"{check.limit:.4f}",
                )
        return reason("engine.gate_passed", type=self.number_type.value, pairs=self.pairs)


def judge_reranker(
    load: LoadReranker,
    sets: Sequence[GateSet],
    *,
    number_type: NumberType = NumberType.INT8,
    cancel: Cancel | None = None,
    progress: Progress = lambda done, total: None,
) -> GateResult | None:
    """Score all sets in fp32, bf16 and `number_type`, one model in memory at a time. None when cancelled."""
    start = time.monotonic()
    found: dict[NumberType, list[list[float]]] = {}
    kinds = (NumberType.FP32, NumberType.BF16, number_type)
    for step, kind in enumerate(kinds):
        model = load(kind)
        found[kind] = []
        for done, each in enumerate(sets):
            if cancel:
                return None
            pairs = sorted(model.score(each.query, each.passages, instruction=""))
            found[kind].append([log_odds for _, log_odds in pairs])
            progress(step * len(sets) + done + 1, len(kinds) * len(sets))
        del model
    exact, yardstick, rough = (found[kind] for kind in kinds)
    return compare_scores(number_type, exact, yardstick, rough, seconds=time.monotonic() - start)


def compare_scores(
    number_type: NumberType,
    exact: Scores,
    yardstick: Scores,
    rough: Scores,
    *,
    seconds: float = 0.0,
) -> GateResult:
    """The verdict over log-odds per question: of fp32, of bf16, and of the number type judged."""
    differences = [abs(sigmoid(a) - sigmoid(b)) for a, b in _pairs(exact, rough)]
    checks = (
        _correlation(exact, yardstick, rough),
        Measurement(f"top-{TOP} overlap", _mean(map(top_overlap, exact, rough)), LEAST_OVERLAP, True),
        Measurement("mean |ΔP|", _mean(differences), MOST_DP, False),
    )
    epsilon = max((abs(a - b) for a, b in _pairs(exact, rough)), default=0.0)
    return GateResult(number_type, checks, epsilon, len(differences), seconds)


def judge_embedder(
    load: LoadEmbedder,
    sets: Sequence[GateSet],
    *,
    number_type: NumberType = NumberType.INT8,
    cancel: Cancel | None = None,
    progress: Progress = lambda done, total: None,
) -> GateResult | None:
    """The same for vectors: their own angle, and the order of inner products. None when cancelled."""
    start = time.monotonic()
    passages = sorted({passage for each in sets for passage in each.passages})
    kinds = (NumberType.FP32, NumberType.BF16, number_type)
    scores: dict[NumberType, list[list[float]]] = {}
    vectors: dict[NumberType, Matrix] = {}
    for step, kind in enumerate(kinds):
        model = load(kind)
        rows: list[NDArray[np.float32]] = []
        for passage in passages:
            if cancel:
                return None
            ((_, (vector,)),) = model.stream_documents([passage])  # nobody waits for it
            rows.append(vector)
            progress(step * len(passages) + len(rows), len(kinds) * len(passages))
        asked = [model.embed_query(each.query, instruction="")[0] for each in sets]
        place = dict(zip(passages, rows, strict=True))
        scores[kind] = [
            [float(query @ place[passage]) for passage in each.passages]
            for query, each in zip(asked, sets, strict=True)
        ]
        vectors[kind] = np.stack([*rows, *asked]).astype(np.float64)
        del model
    exact, yardstick, rough = (scores[kind] for kind in kinds)
    cosines = (vectors[NumberType.FP32] * vectors[number_type]).sum(1)
    return compare_vectors(number_type, exact, yardstick, rough, cosines, seconds=time.monotonic() - start)


def compare_vectors(
    number_type: NumberType,
    exact: Scores,
    yardstick: Scores,
    rough: Scores,
    cosines: Matrix,
    *,
    seconds: float = 0.0,
) -> GateResult:
    """The verdict over inner products per question, and the cosine of every vector with its fp32 self."""
    checks = (
        Measurement("least cosine", float(cosines.min()), LEAST_COSINE, True),
        _correlation(exact, yardstick, rough),
        Measurement(f"top-{TOP} overlap", _mean(map(top_overlap, exact, rough)), LEAST_OVERLAP, True),
    )
    pairs = list(_pairs(exact, rough))
    return GateResult(number_type, checks, max(abs(a - b) for a, b in pairs), len(pairs), seconds)


def _correlation(exact: Scores, yardstick: Scores, rough: Scores) -> Measurement:
    limit = _mean(map(spearman, exact, yardstick)) - SLACK
    return Measurement("rank correlation", _mean(map(spearman, exact, rough)), limit, True)


def spearman(left: Sequence[float], right: Sequence[float]) -> float:
    """Rank correlation of two lists without ties; not a number where one is constant or shorter than two."""
    ranks = [np.argsort(np.argsort(values)).astype(np.float64) for values in (left, right)]
    if len(left) < 2 or any(len(set(values)) == 1 for values in (left, right)):
        return float("nan")
    left_rank, right_rank = (rank - rank.mean() for rank in ranks)
    return float(left_rank @ right_rank / np.sqrt((left_rank @ left_rank) * (right_rank @ right_rank)))


def top_overlap(left: Sequence[float], right: Sequence[float]) -> float:
    """The share of the best `TOP` of `left` that are among the best of `right`."""
    size = min(TOP, len(left))
    best = [set(np.argsort(-np.asarray(values), kind="stable")[:size].tolist()) for values in (left, right)]
    return len(best[0] & best[1]) / size


def _pairs(left: Sequence[Sequence[float]], right: Sequence[Sequence[float]]) -> Iterable[tuple[float, float]]:
    for mine, others in zip(left, right, strict=True):
        yield from zip(mine, others, strict=True)


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return float(np.mean(found)) if found else float("nan")
