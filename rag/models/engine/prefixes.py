"""Keys and values of prompt beginnings, kept between calls: template and instruction are the same every time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .network import Network, Prefix

KEPT = 4
"""Prefixes kept per model; one of 80 tokens takes about 18 MB in fp32 at 0.6B."""


class Prefixes:
    """The most recent prefixes of one network. Not for several threads at once, like the network.

    `exact`, where given, computes the stable beginning: the attention sink sits there, and eight bits disturb it most.
    """

    def __init__(self, network: Network, *, exact: Callable[[Sequence[int]], Prefix] | None = None) -> None:
        self._network = network
        self._exact = exact
        self._kept: list[Prefix] = []

    def of(self, ids: Sequence[int], *, stable: int = 0) -> Prefix | None:
        """Keys and values of `ids`, whose first `stable` tokens come back with other calls. None for no ids."""
        if not ids:
            return None
        best = max(self._kept, key=lambda p: common_prefix([p.ids, ids]), default=None)
        shared = common_prefix([best.ids, ids]) if best else 0
        if best is not None and shared == len(best.ids) == len(ids):
            self._kept.remove(best)
            self._kept.append(best)
            return best
        if self._exact is not None and shared < stable:
            found: Prefix | None = self._exact(ids[:stable])
            shared = stable
        else:
            found = best.first(shared) if best is not None and shared else None
        if shared < len(ids):
            found = self._network.prefix(ids[shared:], after=found)
        assert found is not None
        self._kept = [*self._kept[-(KEPT - 1) :], found]
        return found


def common_prefix(rows: Sequence[Sequence[int]]) -> int:
    """Number of first tokens that all rows share."""
    shortest, *_ = sorted(rows, key=len)
    for position, token in enumerate(shortest):
        if any(row[position] != token for row in rows):
            return position
    return len(shortest)
