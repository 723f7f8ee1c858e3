"""Marks that stand, as paragraphs of their own, for lines of a dialect: what opens, closes or is a formula. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .lines import SourceLine

SIGN: Final = "\U000ffffe"
"""A character that no text has: where one has it all the same, the parser is shown another."""


@dataclass(frozen=True, slots=True)
class BodyOpened:
    """Something with a body begins. `name` says what closes it, `label` what a reader sees above it."""

    name: str
    label: SourceLine | None = None


@dataclass(frozen=True, slots=True)
class BodyClosed:
    """What was opened under `name` ends."""

    name: str


@dataclass(frozen=True, slots=True)
class DisplayFormula:
    """A formula on lines of its own, with its marks."""

    lines: tuple[SourceLine, ...]


Event = BodyOpened | BodyClosed | DisplayFormula


def sign(number: int, indent: int) -> SourceLine:
    """The line that stands for the event of that number."""
    return SourceLine(f"{' ' * indent}{SIGN}{number}{SIGN}")


def signed(content: str) -> int | None:
    """The number of the event that a paragraph stands for."""
    if content[:1] != SIGN or content[-1:] != SIGN or not content[1:-1].isdecimal():
        return None
    return int(content[1:-1])
