"""The goals of the engine, and what one run reached of them.

On a CPU only one-thread tables count, in process CPU time; on a GPU the wall clock counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from . import embed, rerank

FP32, BF16, INT8 = "plainsight fp32", "plainsight bf16", "plainsight int8"
Run = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Goal:
    """A measure with the value it must have and the one aimed at; None where nothing is aimed at."""

    name: str
    must: float
    aim: float | None
    reached: Callable[[Run], float | None]
    at_least: bool = True

    def verdict(self, value: float) -> str:
        """How `value` stands to both."""
        return "missed" if not self._meets(value, self.must) else "must" if not self._meets(value, self.aim) else "aim"

    def _meets(self, value: float, wanted: float | None) -> bool:
        if wanted is None:
            return False
        return value >= wanted if self.at_least else value <= wanted


def outcomes(run: Run) -> Iterator[tuple[Goal, float]]:
    """The goals this run measured, each with what it reached."""
    if "ceilings" in run:
        for goal in GOALS if run["device"] == "cpu" else GPU_GOALS:
            value = goal.reached(run)
            if value is not None:
                yield goal, value


def _ratio(part: str, method: str, base: str, **which: int) -> Callable[[Run], float | None]:
    """R: the base's time over the method's."""

    def reached(run: Run) -> float | None:
        table = _table(run, part, (method, base), **which)
        clock = _clock(run)
        return None if table is None else table["methods"][base][clock] / table["methods"][method][clock]

    return reached


def _share(part: str, method: str, **which: int) -> Callable[[Run], float | None]:
    """U: needed arithmetic over time over the ceiling of the reference's number type."""

    def reached(run: Run) -> float | None:
        table = _table(run, part, (method,), **which)
        if table is None:
            return None
        share: float = table["needed_gflops"] / table["methods"][method][_clock(run)] / ceiling(run)
        return share

    return reached


def _clock(run: Run) -> str:
    return "cpu_s" if run["device"] == "cpu" else "wall_s"


def ceiling(run: Run) -> float:
    """GFLOP/s of the reference's own matrix products: fp32, on a GPU bf16."""
    found: float = run["ceilings"]["fp32" if run["device"] == "cpu" else "bf16"]
    return found


def _row(part: str, method: str, field: str, **which: int) -> Callable[[Run], float | None]:
    def reached(run: Run) -> float | None:
        table = _table(run, part, (method,), **which)
        return None if table is None else table["methods"][method][field]

    return reached


def _fastest_peer(run: Run) -> float | None:
    """The time of the fastest other engine over int8's."""
    from .peers import ONNX, OPENVINO

    table = _table(run, "rerank", (INT8, ONNX, OPENVINO))
    if table is None:
        return None
    others = [row["cpu_s"] for name, row in table["methods"].items() if not name.startswith("plainsight")]
    return float(min(others) / table["methods"][INT8]["cpu_s"])


def _peak(kind: str) -> Callable[[Run], float | None]:
    return lambda run: run.get("memory", {}).get(kind, {}).get("peak_gb")


def _table(run: Run, part: str, methods: tuple[str, ...], **which: int) -> dict[str, Any] | None:
    """The first one-thread table of this part that has all the methods."""
    for table in run[part]:
        fits = table["threads"] == 1 and all(table.get(name) == value for name, value in which.items())
        if fits and all(method in table["methods"] for method in methods):
            found: dict[str, Any] = table
            return found
    return None


GOALS = (
    Goal("rerank 10, fp32: R", 1.65, 1.9, _ratio("rerank", FP32, rerank.TUTORIAL, passages=10)),
    Goal("rerank 10, fp32: max abs ΔP", 1e-5, 1e-5, _row("rerank", FP32, "max_dp", passages=10), at_least=False),
    Goal("rerank 30, fp32: U", 1.0, 1.25, _share("rerank", FP32, passages=30)),
    Goal("rerank 10, int8: U", 2.2, 3.2, _share("rerank", INT8, passages=10)),
    Goal("rerank 30, int8: U", 2.4, 3.5, _share("rerank", INT8, passages=30)),
    Goal("embed, fp32: U", 0.85, 0.95, _share("embed", FP32)),
    Goal("embed, int8: U", 2.1, 2.8, _share("embed", INT8)),
    Goal("embed, int8: least cosine", 0.998, 0.998, _row("embed", INT8, "min_cosine")),
    Goal("query, fp32: R", 1.25, 1.4, _ratio("query", FP32, embed.LIBRARY)),
    Goal("query, int8: R", 3.5, 5.0, _ratio("query", INT8, embed.LIBRARY)),
    Goal("int8 against the fastest other engine: R", 1.0, None, _fastest_peer),
    Goal("peak memory, both models, fp32: GB", 5.0, None, _peak("fp32"), at_least=False),
    Goal("peak memory, both models, int8: GB", 5.0, 1.6, _peak("int8"), at_least=False),
)
GPU_GOALS = (
    Goal("rerank 100, bf16: share of the matrix product's peak", 0.30, 0.50, _share("rerank", BF16, passages=100)),
    Goal("rerank 100, bf16: R", 12, 25, _ratio("rerank", BF16, rerank.TUTORIAL, passages=100)),
    Goal("rerank 10, bf16: seconds", 0.012, 0.012, _row("rerank", BF16, "wall_s", passages=10), at_least=False),
)
