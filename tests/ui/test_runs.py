"""How often a page that follows a run is drawn anew."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from rag.ui.state.runs import LONGEST_REST, REST, UPDATES_PER_SECOND, changes

TICK = 1 / UPDATES_PER_SECOND


@dataclass
class Watch:
    """A clock that others move, and a run that has news at every moment until `ends`."""

    ends: float
    time: float = 0.0

    def now(self) -> float:
        return self.time

    def active(self) -> bool:
        return self.time < self.ends

    def version(self) -> int:
        return int(min(self.time, self.ends) * 1000)

    async def rest(self, seconds: float) -> None:
        self.time += seconds


def drawn(watch: Watch, cost: float) -> list[float]:
    """When a page was drawn anew that takes so many seconds for it."""

    async def follow() -> list[float]:
        times = []
        async for news in changes(
            watch.version, watch.active, per_second=UPDATES_PER_SECOND, now=watch.now, rest=watch.rest
        ):
            if news:
                times.append(watch.time)
                watch.time += cost
        return times

    return asyncio.run(follow())


def test_a_page_that_is_drawn_quickly_is_drawn_as_often_as_a_reader_can_follow() -> None:
    assert len(drawn(Watch(ends=10), cost=0.0)) >= 10 * UPDATES_PER_SECOND


@pytest.mark.parametrize("cost", [0.02, 0.05, 0.1])
def test_drawing_takes_at_most_a_fifth_of_the_time(cost: float) -> None:
    times = drawn(Watch(ends=10), cost)
    assert 5 <= len(times) <= 10 / (cost * (1 + REST)) + 2


def test_a_page_that_takes_very_long_to_draw_is_drawn_all_the_same() -> None:
    assert len(drawn(Watch(ends=60), cost=2.0)) >= 60 / (2.0 + LONGEST_REST + 2 * TICK)


def test_the_end_is_drawn_at_once_however_slow_the_drawing_before_it() -> None:
    watch = Watch(ends=1.0)
    *_, last = drawn(watch, cost=0.12)
    assert last <= watch.ends + 0.12 + 2 * TICK
