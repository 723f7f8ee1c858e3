"""What the steps of an answer may take: steps, seconds, calls of the language model, and tokens of those. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from rag.messages import Reason, reason
from rag.types.steps import Thoroughness

SHARE = {Thoroughness.QUICK: (2, 3), Thoroughness.NORMAL: (1, 1), Thoroughness.THOROUGH: (2, 1)}
"""What of the usual budget there is, as a fraction."""
FEWEST = 2
"""Steps that an answer has at least: a search and an end."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Calls of a language model, and their tokens: those its server counted, else a guess by what was sent and said."""

    calls: int = 0
    tokens: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.calls + other.calls, self.tokens + other.tokens)

    def less(self, other: Spent) -> Spent:
        """What is left of it after `other`."""
        return Spent(max(0, self.calls - other.calls), max(0, self.tokens - other.tokens))

    @property
    def some(self) -> bool:
        """True where there is enough for another call."""
        return self.calls > 0 and self.tokens > 0


NOTHING = Spent()
UNBOUNDED = Spent(10**6, 10**12)


@dataclass(frozen=True, slots=True)
class StepBudget:
    """Most steps of an answer, the first search and the end counted, seconds after which no further one begins, and
    what may be spent on asking a language model for them."""

    steps: int = 6
    seconds: float = 60.0
    calls: int = 8
    tokens: int = 24_000

    def at(self, thoroughness: Thoroughness) -> StepBudget:
        """The budget of a question that is to be answered so thoroughly."""
        of, parts = SHARE[thoroughness]
        return StepBudget(
            max(FEWEST, self.steps * of // parts), self.seconds * of / parts, max(1, self.calls * of // parts),
            self.tokens * of // parts,
        )  # fmt: skip

    def left(self, spent: Spent) -> Spent:
        return Spent(self.calls, self.tokens).less(spent)

    def spent(self, steps: int, seconds: float, choosing: Spent) -> Reason | None:
        """Why no step but an end fits after so many `steps`; None where one does."""
        if steps + 1 >= self.steps:
            return reason("steps.steps_spent", limit=self.steps)
        if seconds >= self.seconds:
            return reason("steps.time_spent", seconds=self.seconds)
        if choosing.calls >= self.calls:
            return reason("steps.calls_spent", limit=self.calls)
        return reason("steps.tokens_spent", limit=self.tokens) if choosing.tokens >= self.tokens else None
