"""The lines of a document without what a dialect of Markdown adds: its openers and closers become signs. Pure.

What is indented below an opener moves left, so that a parser of plain Markdown reads it as what it is. Code is left
alone. One pass over the lines; every search ahead is bounded or made once.
"""

from __future__ import annotations

from collections.abc import Sequence

from . import containers, silent, template_lines
from .lines import SourceLine
from .preparing import Prepared, Preparing, Reads

_READERS: dict[str, Reads] = {
    "!": containers.admonition,
    "?": containers.admonition,
    "=": containers.admonition,
    ":": containers.colons,
    "#": containers.contents_tab,
    "i": silent.module,
    "e": silent.module,
    "[": silent.definition,
    "*": silent.star,
    "-": silent.dash,
    "(": silent.target,
    "$": silent.formula,
    "\\": silent.formula,
    "<": silent.angle,
    "{": template_lines.template,
}
"""What can open with the first character of a line."""


def prepared(lines: Sequence[SourceLine], source: str) -> Prepared:
    """The lines with the dialects understood."""
    return Preparing(lines, source, _READERS).prepared()
