"""Methods timed against each other: interleaved, in process CPU time, medians.

Machines are shared and clocks wander. So every round runs all methods once, one after the other, and what is compared
is the CPU time this process spent (all threads summed), never the wall clock alone.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Timing(Generic[Result]):
    """Median seconds of one method over all rounds, and what it returned last."""

    cpu: float
    wall: float
    runs: tuple[float, ...]
    """CPU seconds of every round."""
    result: Result


def interleaved(
    methods: Mapping[str, Callable[[], Result]],
    *,
    rounds: int,
    progress: Callable[[str], None] = lambda _: None,
    synchronise: Callable[[], object] = lambda: None,
) -> dict[str, Timing[Result]]:
    """Run every method once per round. On a GPU, `synchronise` waits for the device."""
    cpu: dict[str, list[float]] = {name: [] for name in methods}
    wall: dict[str, list[float]] = {name: [] for name in methods}
    results: dict[str, Result] = {}
    for number in range(rounds):
        for name, method in methods.items():
            synchronise()
            wall_start, cpu_start = time.perf_counter(), time.process_time()
            results[name] = method()
            synchronise()
            cpu[name].append(time.process_time() - cpu_start)
            wall[name].append(time.perf_counter() - wall_start)
            progress(f"round {number + 1}/{rounds}  {name}: {cpu[name][-1]:.2f} core-s, {wall[name][-1]:.2f} s")
    return {
        name: Timing(statistics.median(cpu[name]), statistics.median(wall[name]), tuple(cpu[name]), results[name])
        for name in methods
    }


def use_threads(count: int) -> None:
    """For everything torch does from here on."""
    torch.set_num_threads(count)
