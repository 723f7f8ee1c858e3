"""Texts into packs of whole texts under a token budget, and what happens when a pack does not fit into memory."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from rag.errors import ModelsError
from rag.messages import reason

from .memory import out_of_memory, release_memory

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class PackBudget:
    """The most tokens one pack may hold. Halves when memory runs out, and stays there."""

    def __init__(self, tokens: int, *, model: str) -> None:
        self.tokens = tokens
        self._model = model

    def shrink(self, pack_tokens: int) -> None:
        """Take half of what did not fit."""
        self.tokens = max(1, min(self.tokens, pack_tokens) // 2)
        log.warning("%s ran out of memory; packs now hold %d tokens", self._model, self.tokens)

    def run(self, lengths: Sequence[int], compute: Callable[[list[int]], Result]) -> Iterator[tuple[list[int], Result]]:
        """(positions, result) of each pack, in order; a pack that does not fit is tried again in halves.

        Raises ModelsError when a single text does not fit.
        """
        done = 0
        while done < len(lengths):
            pack = next_pack(lengths, done, self.tokens)
            held = sum(lengths[p] for p in pack)
            try:
                result = compute(pack)
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                if len(pack) == 1:
                    raise ModelsError(reason("models.out_of_memory", model=self._model, tokens=held)) from error
                self.shrink(held)
            else:
                done += len(pack)
                yield pack, result
                continue
            release_memory()  # outside the handler: the error holds on to what the attempt had allocated


def next_pack(lengths: Sequence[int], start: int, budget: int) -> list[int]:
    """Positions from `start` on whose lengths sum to at most `budget`; always at least one."""
    end, held = start + 1, lengths[start]
    while end < len(lengths) and held + lengths[end] <= budget:
        held += lengths[end]
        end += 1
    return list(range(start, end))
