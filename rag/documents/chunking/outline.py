"""The sections of a Markdown text and their parts, with character offsets into the text as it was given."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from .fences import front
from .front_matter import FrontMatter, front_matter, front_matter_title
from .syntax import LONGEST_HEADING, Block, parse, shortened

BARE_RUN = 8
"""Headings without text that may go with the section after them: the six levels and a little disorder."""

JUDGED_HTML = 1000
"""Longest HTML block, in characters, that is looked into for something to read."""

_LINE_END = re.compile(r"\r\n?|\n")
_TAG = re.compile(r"<!--.*?-->|<[^<>]*>", re.DOTALL)
_SHOWS = re.compile(r"<(?:img|video|audio|iframe|svg|object|embed)\b", re.IGNORECASE)


class PartKind(Enum):
    """Kind of a part, which decides where it may be cut."""

    HEADING = auto()
    PROSE = auto()
    TABLE = auto()
    LINES = auto()
    """Code, HTML and whatever the parser did not look into: cut between lines."""
    GROUP = auto()
    """Lists, their items, quotes: cut between their children."""
    MARK = auto()
    """Says nothing by itself: thematic breaks, link definitions, comments, anchors."""
    SPAN = auto()
    """A line, a sentence, or a piece of one."""


@dataclass(frozen=True, slots=True)
class Part:
    """Characters `[start, end)` of the text, with no blank line at either end."""

    start: int
    end: int
    kind: PartKind
    children: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Consecutive parts below one heading path."""

    path: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def bare(self) -> bool:
        """True if there is nothing in it but headings and marks."""
        return all(part.kind in (PartKind.HEADING, PartKind.MARK) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Outline:
    """A parsed document. `title` is "" when nothing in the text gives one."""

    title: str
    sections: tuple[Section, ...]
    front_matter: FrontMatter = field(default_factory=FrontMatter)


def outline(text: str) -> Outline:
    """Sections of `text` in order; together their parts hold all of it that is neither blank nor front matter."""
    lines, data = _Lines(text), front(text)
    first = bisect_left(lines.starts, data.end)
    blocks = parse(text[lines.offset(first) :], first=first)
    headings = [block for block in blocks if block.level and block.title]
    highest = min(headings, key=lambda block: block.level).title if headings else ""
    title = shortened(front_matter_title(data.values), LONGEST_HEADING) or highest
    return Outline(title, tuple(_joined(list(_sections(blocks, lines, first)))), front_matter(data.values))


class _Lines:
    """Start of each line of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        # The parser takes a byte order mark for text and would miss a heading or front matter behind it.
        self.starts = [1 if text.startswith("\ufeff") else 0]
        self.starts += [match.end() for match in _LINE_END.finditer(text)]
        self.count = len(self.starts)

    def offset(self, line: int) -> int:
        """Offset of the first character of a line."""
        return self.starts[line] if line < self.count else len(self.text)

    def part(self, first: int, last: int, kind: PartKind, children: tuple[Part, ...] = ()) -> Iterator[Part]:
        """The lines `[first, last)` as one part, or nothing when all are blank."""
        span = unblank(self.text, self.offset(first), self.offset(last))
        if span:
            yield Part(*span, kind, children)


def unblank(text: str, start: int, end: int) -> tuple[int, int] | None:
    """`[start, end)` without blanks at its end and blank lines at its start; None when there is nothing else.

    The indentation of the first line stays: it means something in code.
    """
    piece = text[start:end]
    stop = len(piece.rstrip())
    if not stop:
        return None
    blank = piece[: stop - len(piece[:stop].lstrip())]
    return start + 1 + max(blank.rfind("\n"), blank.rfind("\r")), start + stop


def _sections(blocks: Sequence[Block], lines: _Lines, first: int) -> Iterator[Section]:
    """Every heading of the document itself starts one; headings inside quotes and lists do not."""
    starts = [position for position, block in enumerate(blocks) if block.level]
    above: list[tuple[int, str]] = []
    for begin, end in zip([0, *starts], [*starts, len(blocks)], strict=True):
        last = blocks[end].first if end < len(blocks) else lines.count
        inside = blocks[begin:end]
        if inside and inside[0].level:
            above = [each for each in above if each[0] < inside[0].level] + [(inside[0].level, inside[0].title)]
        parts = tuple(_parts(inside, lines, first, last))
        if parts:
            yield Section(tuple(title for _, title in above if title), parts)
        first = last


def _parts(blocks: Sequence[Block], lines: _Lines, first: int, last: int) -> Iterator[Part]:
    """Parts that hold all text of the lines `[first, last)`: the blocks and what lies between them.

    Only link definitions leave no block behind.
    """
    line = first
    for block in blocks:
        start, end = max(block.first, line), min(max(block.last, line), last)
        yield from lines.part(line, start, PartKind.MARK)
        children = tuple(_parts(block.children, lines, start, end)) if _kind(block) is PartKind.GROUP else ()
        yield from lines.part(start, end, _kind(block), children)
        line = end
    yield from lines.part(line, last, PartKind.MARK)


_KINDS = {
    "paragraph": PartKind.PROSE,
    "heading": PartKind.HEADING,
    "table": PartKind.TABLE,
    "hr": PartKind.MARK,
    "bullet_list": PartKind.GROUP,
    "ordered_list": PartKind.GROUP,
    "list_item": PartKind.GROUP,
    "blockquote": PartKind.GROUP,
}


def _kind(block: Block) -> PartKind:
    kind = _KINDS.get(block.type, PartKind.LINES)
    return PartKind.MARK if block.type in ("html_block", "paragraph") and _shows_nothing(block.content) else kind


def _shows_nothing(content: str) -> bool:
    """True if a block is nothing but comments and tags around nothing."""
    if not content.startswith("<") or len(content) > JUDGED_HTML or _SHOWS.search(content):
        return False
    return not _TAG.sub("", content).strip()


def _joined(sections: Sequence[Section]) -> Iterator[Section]:
    """Sections with bare ones put in front of the next section that says something.

    A run longer than that, and headings at the very end, stand below the headings they have in common.
    """
    run: list[Section] = []
    for section in sections:
        if section.bare:
            run.append(section)
            continue
        yield from _list_of_headings(run[:-BARE_RUN])
        parts = [part for bare in run[-BARE_RUN:] for part in bare.parts]
        yield Section(section.path, (*parts, *section.parts))
        run = []
    yield from _list_of_headings(run)


def _list_of_headings(run: Sequence[Section]) -> Iterator[Section]:
    if not run:
        return
    common = run[0].path
    for section in run[1:]:
        shared = zip(common, section.path, strict=False)
        common = common[: next((at for at, (a, b) in enumerate(shared) if a != b), min(len(common), len(section.path)))]
    yield Section(common, tuple(part for section in run for part in section.parts))
