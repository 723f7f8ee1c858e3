"""Elements of HTML in which blanks or marks mean themselves: code. Pure."""

from __future__ import annotations

import re
from html import unescape

from . import code
from .lines import Mapped, Piece
from .scanner import Manner
from .tags import SILENT
from .writer import Writer

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});|<")
_LANGUAGE = re.compile(r"(?:language|lang|highlight-source|brush:\s*|highlight)-?([\w+#-]+)")
_NEAR = 200
"""Characters in which the tags are that say the language of code."""


def raw(writer: Writer, manner: Manner, name: str, mapped: Mapped, start: int, end: int) -> None:
    """The content of an element whose blanks or marks mean themselves."""
    if writer.hidden or name in SILENT:
        return
    pieces = _decoded(writer, manner, mapped, start, end)
    if name == "pre" and writer.cell is None:
        found = _LANGUAGE.search(_head(mapped.text, start))
        code.unfenced(writer, Mapped(pieces), found[1] if found else "")
        return
    code.inline(writer, pieces)


def _decoded(writer: Writer, manner: Manner, mapped: Mapped, start: int, end: int) -> list[Piece]:
    """The words of an element without tags and entities."""
    pieces: list[Piece] = []
    at = start
    for match in _ENTITY.finditer(mapped.text, start, end):
        if match.start() < at:
            continue
        tag = manner.tags.at(mapped.text, match.start()) if match[0] == "<" else None
        if match[0] == "<" and not tag:
            continue
        pieces += mapped.between(at, match.start())
        at = tag.end if tag else match.end()
        if tag and tag.name == "br":
            pieces.append(Piece("\n"))
        elif not tag:
            value = unescape(match[0]).replace("\xa0", " ")
            pieces += writer.word(value, mapped.origin(match.start()), len(match[0]))
    return [*pieces, *mapped.between(at, end)]


def _head(text: str, start: int) -> str:
    """The tag before the content that begins at `start`, and the one it begins with."""
    inner = text[start : start + _NEAR].lstrip()
    begun = max(0, start - _NEAR)
    return text[max(text.rfind("<", begun, start), begun) : start] + (
        inner.partition(">")[0] if inner[:1] == "<" else ""
    )
