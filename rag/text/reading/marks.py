"""Marks that stand, as paragraphs of their own, for the lines of a dialect: what opens, what closes, what is a formula."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .lines import Line

SIGN: Final = "\U000ffffe"
"""A character that no text has: where one has it all the same, the parser is shown another."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Something with a body begins. `name` says what closes it, `label` what a reader sees above it."""

    name: str
    label: Line | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """What was opened under `name` ends."""

    name: str


@dataclass(frozen=True, slots=True)
class Display:
    """A formula on lines of its own, with its marks."""

    lines: tuple[Line, ...]


Event = Opened | Closed | Display


def sign(number: int, indent: int) -> Line:
    """The line that stands for the event of that number."""
    return Line(f"{' ' * indent}{SIGN}{number}{SIGN}")


def signed(content: str) -> int | None:
    """The number of the event that a paragraph stands for."""
    if content[:1] != SIGN or content[-1:] != SIGN or not content[1:-1].isdecimal():
        return None
    return int(content[1:-1])
