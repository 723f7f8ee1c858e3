"""The sections of a Markdown text and their parts, with character offsets into the text as it was given."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from rag.text.reading import reading

from .dialects import FORMULA, plain
from .fences import front
from .front_matter import FrontMatter, front_matter, front_matter_title
from .openings import LONGEST_OPENER, Opening, Openings
from .source_lines import SourceLines
from .syntax import LONGEST_HEADING, Block, parse, shortened
from .tables import html_rows, pipe_rows

BARE_RUN = 8
"""Headings without text that may go with the section after them: the six levels and a little disorder."""

JUDGED_HTML = 1000
"""Longest HTML block, in characters, that is looked into for something to read."""

_WORD = re.compile(r"\w")
_TAG = re.compile(r"<!--.*?-->|<[^<>]*>", re.DOTALL)
_SHOWS = re.compile(r"<(?:img|video|audio|iframe|svg|object|embed)\b", re.IGNORECASE)


class PartKind(Enum):
    """Kind of a part, which decides where it may be cut."""

    HEADING = auto()
    PROSE = auto()
    TABLE = auto()
    LINES = auto()
    """Code, formulas and whatever the parser did not look into: cut between lines."""
    HTML = auto()
    """Cut between the rows of a table, or else between lines."""
    FORMULA = auto()
    """A formula on lines of its own, which belongs to the sentence around it."""
    GROUP = auto()
    """Lists, their items, quotes: cut between their children."""
    MARK = auto()
    """Says nothing by itself: thematic breaks, link definitions, comments, anchors, what a reader does not see."""
    OPENER = auto()
    """Opens what follows: a tab, an admonition."""
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
        return all(part.kind in (PartKind.HEADING, PartKind.MARK, PartKind.OPENER) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Outline:
    """A parsed document. `title` is "" when nothing in the text gives one."""

    title: str
    sections: tuple[Section, ...]
    front_matter: FrontMatter = field(default_factory=FrontMatter)
    openings: Openings = field(default_factory=lambda: Openings(()))


def outline(text: str) -> Outline:
    """Sections of `text` in order; together their parts hold all of it that is neither blank nor front matter."""
    lines, data = _Lines(text), front(text)
    first = bisect_left(lines.starts, data.end)
    read = plain(lines, first)
    blocks = parse(read.text, [*read.numbers, lines.count])
    lines.openers = read.openers
    headings = [block for block in blocks if block.level and block.title]
    highest = min(headings, key=lambda block: block.level).title if headings else ""
    title = shortened(front_matter_title(data.values), LONGEST_HEADING) or highest
    sections = tuple(_joined(list(_sections(blocks, lines, first))))
    tables = [span for block in blocks if (span := _table_span(block, lines))]
    openings = Openings([*read.openings, *_openings(blocks, lines), *html_rows(text, tables)])
    return Outline(title, sections, front_matter(data.values), openings)


class _Lines(SourceLines):
    """The lines of a document as parts."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.openers: frozenset[int] = frozenset()
        """Numbers of the lines that open something."""

    def part(self, first: int, last: int, kind: PartKind, children: tuple[Part, ...] = ()) -> Iterator[Part]:
        """The lines `[first, last)` as one part, or nothing when all are blank."""
        span = unblank(self.text, self.offset(first), self.offset(last))
        if span:
            yield Part(*span, kind, children)

    def between(self, first: int, last: int, *, nested: bool) -> Iterator[Part]:
        """Lines that are in no block: those that open what follows, those that say nothing, and in lists and quotes
        what is nested deeper than the parser looks."""
        at = first
        for number in range(first, last + 1):
            if number == last or (number > at and (number in self.openers) is not (number - 1 in self.openers)):
                said = nested and _WORD.search(self.text, self.offset(at), self.offset(number))
                kind = PartKind.OPENER if at in self.openers else PartKind.LINES if said else PartKind.MARK
                yield from self.part(at, number, kind)
                at = number


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


def _parts(blocks: Sequence[Block], lines: _Lines, first: int, last: int, *, nested: bool = False) -> Iterator[Part]:
    """Parts that hold all text of the lines `[first, last)`: the blocks and what lies between them.

    Only link definitions and the marks of dialects leave no block behind.
    """
    return _with_formulas(list(_one_by_one(blocks, lines, first, last, nested=nested)), lines.text)


def _one_by_one(blocks: Sequence[Block], lines: _Lines, first: int, last: int, *, nested: bool) -> Iterator[Part]:
    line = first
    for block in blocks:
        start, end = max(block.first, line), min(max(block.last, line), last)
        yield from lines.between(line, start, nested=nested)
        children = (
            tuple(_parts(block.children, lines, start, end, nested=True)) if _kind(block) is PartKind.GROUP else ()
        )
        yield from lines.part(start, end, _kind(block), children)
        line = end
    yield from lines.between(line, last, nested=nested)


def _with_formulas(parts: Sequence[Part], text: str) -> Iterator[Part]:
    """Parts in which a formula is one with the paragraph before it, and with what goes on with the sentence after."""
    at = 0
    while at < len(parts):
        last = at
        while last + 1 < len(parts) and _goes_on(parts[last], parts[last + 1], text):
            last += 1
        together = tuple(parts[at : last + 1])
        yield together[0] if last == at else Part(together[0].start, together[-1].end, PartKind.GROUP, together)
        at = last + 1


def _goes_on(part: Part, following: Part, text: str) -> bool:
    if following.kind is PartKind.FORMULA:
        return part.kind in (PartKind.PROSE, PartKind.FORMULA)
    if part.kind is not PartKind.FORMULA or following.kind is not PartKind.PROSE:
        return False
    return bool(_CONTINUES.match(text, following.start))


def _openings(blocks: Iterable[Block], lines: _Lines) -> Iterator[Opening]:
    """The heads of tables and the opening lines of fences."""
    for block in blocks:
        start, inside, end = (lines.offset(line) for line in (block.first, block.first + 1, block.last))
        if block.type == "fence" and block.language != FORMULA and inside < end:
            opener = lines.text[start:inside].rstrip()
            yield from [Opening(inside, end, opener)] if len(opener) <= LONGEST_OPENER else []
        elif block.type == "table":
            yield from pipe_rows(lines.text, start, end)
        yield from _openings(block.children, lines)


def _table_span(block: Block, lines: _Lines) -> tuple[int, int] | None:
    if block.type != "html_block" or "<table" not in block.content.lower():
        return None
    return lines.offset(block.first), lines.offset(block.last)


_KINDS = {
    "paragraph": PartKind.PROSE,
    "heading": PartKind.HEADING,
    "table": PartKind.TABLE,
    "hr": PartKind.MARK,
    "bullet_list": PartKind.GROUP,
    "ordered_list": PartKind.GROUP,
    "list_item": PartKind.GROUP,
    "blockquote": PartKind.GROUP,
    "html_block": PartKind.HTML,
}
_FORMULA = re.compile(
    r"(?:\$\$[^$]*+\$\$|\\\[(?:(?!\\\]).)*+\\\]|\\begin\{([A-Za-z]++\*?)\}.*\\end\{\1\})[.,;]?\Z", re.DOTALL
)
_CONTINUES = re.compile(r"[ \t]*+(?:[a-z,;.)]|\$|其中|式中|这里|這裡|ただし|ここで)")


def _kind(block: Block) -> PartKind:
    kind = _KINDS.get(block.type, PartKind.LINES)
    if block.type in ("html_block", "paragraph") and _shows_nothing(block.content):
        return PartKind.MARK
    formula = block.language == FORMULA or (block.type == "paragraph" and _FORMULA.match(block.content.strip()))
    return PartKind.FORMULA if formula else kind


def _shows_nothing(content: str) -> bool:
    """True if a reader sees nothing of a block: comments, tags around nothing, what is hidden, places to fill in."""
    if not content.startswith(("<", "{", "[")) or len(content) > JUDGED_HTML or _SHOWS.search(content):
        return False
    return not reading(content).text.strip() or not _TAG.sub("", content).strip()


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
