"""Deleted documents go for good in the background, and the thread that does it ends."""

from __future__ import annotations

import threading
from typing import cast

from rag.errors import StoreUnavailable
from rag.knowledge.cleanup import Cleanup
from rag.messages import reason
from rag.protocols import Store


class Sweeps:
    """A store that has something to sweep a number of times, and may be away the first time."""

    def __init__(self, rounds: int, *, away: bool = False) -> None:
        self.rounds = rounds
        self.away = away
        self.done = threading.Event()

    def sweep(self) -> bool:
        if self.away:
            self.away = False
            raise StoreUnavailable(reason("store.closed", uri="x"))
        self.rounds -= 1
        if self.rounds == 0:
            self.done.set()
        return self.rounds > 0


def test_every_store_is_swept_until_nothing_is_left() -> None:
    tidier = Cleanup(period=0.01)
    several = [Sweeps(3), Sweeps(1), Sweeps(2, away=True)]
    for store in several:
        tidier.tend(cast(Store, store))
    assert all(store.done.wait(30) for store in several)
    again = Sweeps(1)
    tidier.tend(cast(Store, again))
    assert again.done.wait(30)
    tidier.close()
    assert [store.rounds for store in several] == [0, 0, 0]


def test_closing_ends_the_thread_and_nothing_begins_afterwards() -> None:
    tidier = Cleanup(period=3600.0)
    before = threading.active_count()
    tidier.tend(cast(Store, Sweeps(1)))
    assert threading.active_count() == before + 1
    tidier.close()
    assert threading.active_count() == before
    tidier.tend(cast(Store, Sweeps(1)))
    assert threading.active_count() == before


def test_a_store_that_is_left_is_not_swept() -> None:
    tidier = Cleanup(period=0.01)
    left, other = Sweeps(10**9), Sweeps(50)
    tidier.tend(cast(Store, left))
    tidier.leave(cast(Store, left))
    tidier.tend(cast(Store, other))
    assert other.done.wait(30)
    tidier.close()
    assert left.rounds >= 10**9 - 1
