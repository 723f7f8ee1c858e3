"""What one hostile input is, and which of them the product does not stand yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .target import Target


@dataclass(frozen=True, slots=True)
class Case:
    """One input: `run` sends it and raises AssertionError where `holds` does not."""

    id: str
    kind: str
    run: Callable[[Target], None]
    holds: str

    @property
    def pending(self) -> str:
        """Why the product does not stand it yet; "" where it must."""
        return pending(f"{self.kind}: {self.id}")


PENDING: Mapping[str, str] = {}
"""Beginning of `kind: id` -> why it is known to fail. The suite passes over such a case; `make attack` runs it and
counts it as failed."""


def pending(name: str) -> str:
    """The reason why a case of that name is known to fail."""
    return next((why for begin, why in PENDING.items() if name.startswith(begin)), "")
