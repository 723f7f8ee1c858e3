"""Numbered paragraphs of Word as Markdown has them: headings and clauses with their numbers, lists within lists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag

from .numbered import MARK, WordParagraph
from .numbering import BULLET, LEVELS, Numbered
from .tables import HEADINGS

_ORDERED = re.compile(r"(\d{1,9})[.)]?", re.ASCII)
"""Labels Markdown has itself."""
_ITEM = re.compile(r"\(?(?:\d{1,3}|[^\W\d_]{1,8})[.)]")
"""Labels of an item in a list, such as `a)` and `(iv)`; before anything else stands a paragraph of its own."""
_TIGHT = tuple("、．）。：")
"""Ends of labels behind which no blank is written."""


def place_numbers(soup: BeautifulSoup, marks: Mapping[str, WordParagraph]) -> None:
    """Every mark becomes the number it stands for; consecutive items become lists."""
    items: dict[int, WordParagraph] = {}
    containers: dict[int, Tag] = {}
    for anchor in soup.select(f"a[id^={MARK}]"):
        block = anchor.find_parent(["p", *HEADINGS])
        marked = marks.get(str(anchor["id"]))
        anchor.decompose()
        if block is None or marked is None:
            continue
        if block.name != "p" or block.find_parent(["td", "th"]) is not None:
            _write(block, marked.number, as_heading=block.name != "p")
        elif not block.get_text(strip=True) and block.find("img") is None:
            block.decompose()
        elif block.parent is not None:
            items[id(block)] = marked
            containers[id(block.parent)] = block.parent
    for container in containers.values():
        _Lists(soup, items).build(container)


def _write(block: Tag, number: Numbered | None, *, as_heading: bool = False) -> None:
    if number is None or number.label == BULLET:
        return
    label = number.label.rstrip(".") if as_heading else number.label
    glued = label.endswith(_TIGHT) or (number.glued and not label[-1:].isalnum())
    block.insert(0, label if glued else f"{label} ")


@dataclass(frozen=True, slots=True)
class _Open:
    """An item that others can follow or stand below."""

    item: Tag
    list: Tag
    number: Numbered
    indent: int
    value: int


class _Lists:
    """Turns the numbered paragraphs of one container into lists."""

    def __init__(self, soup: BeautifulSoup, items: Mapping[int, WordParagraph]) -> None:
        self._soup = soup
        self._items = items
        self._open: list[_Open] = []

    def build(self, container: Tag) -> None:
        for child in list(container.children):
            if not isinstance(child, Tag):
                self._open = [] if str(child).strip() else self._open
            elif (marked := self._items.get(id(child))) is None:
                self._open = []
            elif marked.number is None:
                self._continue(child, marked.indent)
            elif marked.number.label == BULLET or _ORDERED.fullmatch(marked.number.label):
                self._add(child, marked.number, marked.indent)
            elif _ITEM.fullmatch(marked.number.label):
                _write(child, marked.number)
                self._add(child, marked.number, marked.indent)
            else:
                _write(child, marked.number)
                self._open = []

    def _continue(self, paragraph: Tag, indent: int) -> None:
        """A paragraph without a number, moved in as far as an item above it, is part of that."""
        self._open = [each for each in self._open if each.indent <= indent]
        if self._open:
            self._open[-1].item.append(paragraph.extract())

    def _add(self, paragraph: Tag, number: Numbered, indent: int) -> None:
        depth = self._depth(number, indent)
        before = self._open[depth] if depth < len(self._open) else None
        ordered = _ORDERED.fullmatch(number.label)
        value = int(ordered[1]) if ordered else 0
        kind = "ol" if ordered else "ul"
        if before and before.list.name == kind and (not ordered or value == before.value + 1):
            among = before.list
        else:
            among = self._soup.new_tag(kind, attrs={"start": str(value)} if ordered else {})
            if depth:
                self._open[depth - 1].item.append(among)
            else:
                paragraph.insert_before(among)
        among.append(paragraph.extract())
        paragraph.name, paragraph.attrs = "li", {}
        self._open[depth:] = [_Open(paragraph, among, number, indent, value)]

    def _depth(self, number: Numbered, indent: int) -> int:
        """How many of the open items an item stands below: by level in one list, by indent in another."""
        kin = [(at, each) for at, each in enumerate(self._open) if each.number.family == number.family]
        if kin:
            level = next((at for at, each in kin if each.number.level >= number.level), kin[-1][0] + 1)
            return min(level, LEVELS)
        deeper = (at for at, each in enumerate(self._open) if each.indent >= indent)
        return min(next(deeper, len(self._open)), LEVELS)
