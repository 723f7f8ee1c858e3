"""The numbers Word shows and does not store: what stands before headings, clauses and items of lists. Pure.

A file says how its lists are written and which paragraphs belong to them; the numbers are counted anew whenever the
document is opened. So they are here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .numerals import numeral

BULLET = "•"
LEVELS = 9
_PLACE = re.compile(r"%([1-9])")


@dataclass(frozen=True, slots=True)
class ListLevel:
    """How one level of a list is written."""

    start: int = 1
    style: str = "decimal"
    text: str = ""
    """With `%1` for the number of the first level."""
    legal: bool = False
    """True if all numbers in it are digits, whatever their own levels say."""
    restart: int | None = None
    """The level, counted from 1, whose next number lets this one begin again; 0 for none, None for any above it."""
    glued: bool = False
    """True if nothing stands between the number and the text."""
    paragraph_style: str = ""
    indent: int | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """A list in the document. Those of one family are counted together, but for numbers they begin again with."""

    family: str
    starts: Mapping[int, int] = field(default_factory=dict)
    levels: Mapping[int, ListLevel] = field(default_factory=dict)
    """Levels written in another way than the family's."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A paragraph's place in its list. `label` is what Word shows before it, `BULLET` for a point."""

    label: str
    family: str
    level: int
    indent: int | None
    glued: bool


class Counter:
    """Counts the paragraphs of one document, in their order."""

    def __init__(self, families: Mapping[str, Mapping[int, ListLevel]], instances: Mapping[str, Instance]) -> None:
        self._families = families
        self._instances = instances
        self._counts: dict[str, list[int | None]] = {}
        self._begun: set[tuple[str, int]] = set()

    def level_of_style(self, number: str, style: str) -> int | None:
        """The level that a list keeps for paragraphs of a style."""
        instance = self._instances.get(number)
        levels = self._families.get(instance.family, {}) if instance else {}
        return next((at for at, level in levels.items() if style and level.paragraph_style == style), None)

    def next(self, number: str, at: int) -> Numbered | None:
        """The next paragraph on level `at` of the list `number`; None where that is no list."""
        instance = self._instances.get(number)
        if instance is None or not 0 <= at < LEVELS:
            return None
        level = self._level(instance, at)
        if level is None:
            return None
        counts = self._counts.setdefault(instance.family, [None] * LEVELS)
        self._count(number, instance, at, counts)
        label = BULLET if level.style == "bullet" else self._written(instance, level, counts)
        return Numbered(label, instance.family, at, level.indent, level.glued) if label else None

    def _level(self, instance: Instance, at: int) -> ListLevel | None:
        return instance.levels.get(at) or self._families.get(instance.family, {}).get(at)

    def _count(self, number: str, instance: Instance, at: int, counts: list[int | None]) -> None:
        if at in instance.starts and (number, at) not in self._begun:
            counts[at] = None  # this list begins again
        self._begun.add((number, at))
        before = counts[at]
        counts[at] = self._start(instance, at) if before is None else before + 1
        for below in range(at + 1, LEVELS):
            level = self._level(instance, below)
            restart = level.restart if level else None
            if restart is None or (restart and at < restart):
                counts[below] = None

    def _start(self, instance: Instance, at: int) -> int:
        level = self._level(instance, at)
        return instance.starts.get(at, level.start if level else 1)

    def _written(self, instance: Instance, level: ListLevel, counts: list[int | None]) -> str:
        def number(found: re.Match[str]) -> str:
            at = int(found[1]) - 1
            count = counts[at]
            other = self._level(instance, at) or ListLevel()
            value = self._start(instance, at) if count is None else count
            return "" if other.style == "none" else numeral(value, "decimal" if level.legal else other.style)

        return " ".join(_PLACE.sub(number, level.text).split())
