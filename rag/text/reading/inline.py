"""The marks inside a paragraph, heading, item or cell. Pure."""

from __future__ import annotations

from . import angles, brackets, signs
from .lines import Mapped
from .scanner import Manner, Reads, Scanner, Token

_READERS: dict[str, Reads] = {
    "\\": signs.escape,
    "`": signs.code,
    "$": signs.formula,
    "&": signs.entity,
    "h": signs.address,
    "=": signs.highlight,
    "+": signs.keys,
    "^": signs.inserted,
    "%": signs.comment,
    ":": signs.icon,
    "<": angles.angle,
    "{": angles.brace,
    "[": brackets.bracket,
    "!": brackets.bracket,
    "]": brackets.close,
}


def tokens(mapped: Mapped, manner: Manner) -> list[Token]:
    """The text of a block in tokens, in order; together they are all of it."""
    return Scanner(mapped.text, manner, _READERS).tokens()
