"""What has begun and has not ended while a text is written: a block, and what it stands in."""

from __future__ import annotations

from dataclasses import dataclass, field

from .lines import Piece
from .reading_text import BlockKind
from .rows import Table


@dataclass(slots=True)
class Frame:
    """Something that has begun and has not ended."""

    name: str
    label: str = ""
    hides: bool = False
    group: int = 0
    """Number of a list."""
    count: int | None = None
    """Number of the item that comes next in a numbered list of HTML."""
    depth: int = 0
    """Elements of the same name inside it."""
    table: Table | None = None
    heads: bool = False
    """True inside `<thead>`."""


@dataclass(slots=True)
class BlockDraft:
    """A block not yet finished."""

    kind: BlockKind
    pieces: list[Piece] = field(default_factory=list)
    before: tuple[Piece, ...] = ()
    behind: tuple[Piece, ...] = ()
    marker: str = ""
    group: int = 0
    depth: int = 0
    language: str = ""
    names: bool = False
    """True for what names the frame it stands in."""
    pictured: int = 0
    """Characters that stand for pictures."""
    formulas: int = 0
    always: bool = False
    """True if it is kept as it is, as code."""
