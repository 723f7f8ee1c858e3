"""A reading text as it is written: blocks one after another, and what they stand in. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .drafts import BlockDraft, Frame
from .lines import Piece, on_one_line, part, trimmed
from .reading_text import BlockKind, ReadingBlock, ReadingText, packed
from .rows import Cell, Table

LABELS = " › "
"""Between the labels of what stands in each other."""

CONTAINERS = ("list", "quote")
"""Names of what Markdown itself opens and closes."""
DEEPEST = 60
"""Things in each other that are told apart."""

_READ = re.compile(r"[^\W_]|[^\x00-\xa0\s\u200b-\u200f\u2060\ufeff\u2010-\u2027¶§·]")
"""A block without one of these is markup or a ruler."""
_BLANKS = re.compile(r"[ \t\n]*\n[ \t\n]*|[ \t]{2,}")


class Writer:
    """Writes the blocks of a piece. What stands before `lead` in the source is no part of it."""

    def __init__(self, source: str, lead: int) -> None:
        self._source, self._lead = source, lead
        self._pieces: list[Piece] = []
        self._length = 0
        self._blocks: list[ReadingBlock] = []
        self._indents: list[tuple[int, int]] = []
        self._groups = 0
        self._list = 0
        """The list that the last item outside others was in."""
        self._widths: dict[int, int] = {}
        self.tables: list[Table] = []
        """Those that were written, in order."""
        self.frames: list[Frame] = []
        self.draft: BlockDraft | None = None
        self.cell: Cell | None = None

    # what is around

    @property
    def hidden(self) -> bool:
        return any(frame.hides for frame in self.frames)

    @property
    def table(self) -> Frame | None:
        return next((frame for frame in reversed(self.frames) if frame.table), None)

    @property
    def written(self) -> bool:
        """True if there is a block."""
        return bool(self._pieces)

    def lists(self) -> list[Frame]:
        return [frame for frame in self.frames if frame.group]

    def group(self) -> int:
        """The number of a new list or table."""
        self._groups += 1
        return self._groups

    def push(self, frame: Frame) -> None:
        """Something begins; what stands too deep in others is taken to be in the last of them."""
        if len(self.frames) < DEEPEST:
            self.frames.append(frame)

    def pop(self, name: str) -> None:
        """Ends the last thing of that name that has begun, and all inside it: an element not beyond a list's item."""
        for number in range(len(self.frames) - 1, -1, -1):
            frame = self.frames[number]
            if frame.name == name:
                self.finish()
                while len(self.frames) > number:
                    self.drop()
                return
            if frame.name in CONTAINERS:
                return

    def drop(self) -> None:
        """Ends what has begun last."""
        frame = self.frames.pop()
        if frame.table:
            self.cell = None
            self.finish()
            self.write_table(frame.table)

    def name(self, label: str) -> None:
        """Names what has begun last."""
        for frame in reversed(self.frames):
            if not frame.group and not frame.table and not frame.hides:
                frame.label = label
                return

    # words

    def begin(self, draft: BlockDraft) -> None:
        """A block begins; in the cell of a table it is words like others."""
        self.finish()
        self._leave_table()
        if self.cell is not None:
            self._part_words()
            return
        self.draft = draft

    def _leave_table(self) -> None:
        """Ends a table that was never ended, where no cell of it is open; what still stands in it is a cell."""
        frame = self.table
        if frame and frame.table and frame.table.rows and self.cell is None:
            self.pop("table")
            self._fill(self.table)

    def _fill(self, frame: Frame | None) -> None:
        """Words between the cells of a table are one of their own."""
        if frame and frame.table and frame.table.rows and self.cell is None:
            self.cell = Cell()
            frame.table.rows[-1].append(self.cell)

    def add(self, pieces: Sequence[Piece]) -> None:
        if self.hidden:
            return
        if self.cell is None and self.frames and any(piece.text.strip() for piece in pieces):
            self._fill(self.table)
        if self.cell is not None:
            self.cell.pieces += pieces
            return
        if self.draft is None:
            around = self.lists()
            kind = BlockKind.ITEM if around else BlockKind.PROSE
            self.draft = BlockDraft(kind, group=around[-1].group if around else 0, depth=max(0, len(around) - 1))
        self.draft.pieces += pieces

    def add_flowing(self, pieces: Sequence[Piece]) -> None:
        """Words of HTML, where blanks of any number and kind are one."""
        flowing: list[Piece] = []
        for piece in pieces:
            at = 0
            for match in _BLANKS.finditer(piece.text):
                flowing.append(part(piece, at, match.start()))
                place = match.start() + max(match[0].find("\n"), 0)
                flowing.append(part(piece, place, place + 1))
                at = match.end()
            flowing.append(part(piece, at, len(piece.text)))
        flowing = [piece for piece in flowing if piece.text]
        if flowing and flowing[0].text[:1].isspace() and self.last()[-1:].isspace():
            flowing[0] = part(flowing[0], 1, len(flowing[0].text))
        self.add(flowing)

    def word(self, value: str, origin: int, width: int) -> list[Piece]:
        """Characters that stand for `width` characters of the source."""
        escaped = len(value) == 2 and value[0] == "\\"
        if origin < 0 or (len(value) != 1 and not escaped):
            return [Piece(value)]
        self._widths[origin] = width
        return [Piece("\\"), Piece(value[1], origin)] if escaped else [Piece(value, origin)]

    def last(self) -> str:
        """The last words written to the block or cell at hand."""
        pieces = self.cell.pieces if self.cell is not None else self.draft.pieces if self.draft else []
        return pieces[-1].text if pieces else ""

    def unspace(self) -> None:
        """Takes back a blank that was written last."""
        pieces = self.cell.pieces if self.cell is not None else self.draft.pieces if self.draft else []
        if pieces and pieces[-1].text[-1:] == " ":
            pieces[-1] = part(pieces[-1], 0, len(pieces[-1].text) - 1)

    def separate(self, mark: str = ",") -> None:
        """Parts words that stood on lines of their own, inside a cell."""
        self._part_words(mark)

    def _part_words(self, mark: str = "") -> None:
        last = self.last().rstrip()
        if last and self.cell is not None:
            wide = ord(last[-1]) > 0x2E7F
            closed = not last[-1].isalnum() and last[-1] not in "`)]*\"'”’）"
            self.cell.pieces.append(Piece(" " if closed or not mark else "、" if wide else f"{mark} "))

    # blocks

    def finish(self) -> None:
        """The block at hand, if there is one, is written."""
        draft, self.draft = self.draft, None
        if draft is None:
            return
        pieces = draft.pieces if draft.always else trimmed(draft.pieces)
        text = "".join([piece.text for piece in pieces])
        if draft.names and text.startswith("**"):
            draft.before = draft.behind = ()
        if draft.names:
            self.name(text.replace("\n", " "))
        if not pieces or not (_READ.search(text) or draft.formulas):
            return
        if draft.formulas == 1 and draft.kind is BlockKind.PROSE and len(pieces) == draft.formulas:
            draft.kind = BlockKind.FORMULA
        self._write(draft, pieces)

    def write_whole(self, draft: BlockDraft) -> None:
        """A block that is kept as it is: code, a formula."""
        self.finish()
        self._leave_table()
        if self.cell is not None:
            self.add(on_one_line(draft.pieces))
        elif not self.hidden:
            draft.always = True
            self.draft = draft
            self.finish()

    def write_table(self, table: Table) -> None:
        """The rows of a table, each a block."""
        self.tables.append(table)
        group = self.group()
        for sentence in table.sentences():
            if any(piece.origin >= self._lead for piece in sentence):
                self._write(BlockDraft(BlockKind.ROW, group=group), sentence)

    def _write(self, draft: BlockDraft, pieces: Sequence[Piece]) -> None:
        if draft.kind is BlockKind.FORMULA and all(piece.origin < self._lead for piece in pieces):
            return
        if draft.kind not in (BlockKind.ROW, BlockKind.FORMULA) and not draft.names:
            pieces = [piece for piece in pieces if piece.origin < 0 or piece.origin >= self._lead]
            if not any(piece.origin >= 0 or draft.always for piece in pieces) or not pieces:
                return
        label = LABELS.join(frame.label for frame in self.frames if frame.label)
        if draft.names:
            label = LABELS.join(frame.label for frame in self.frames[:-1] if frame.label)
        before = [*self._indent(draft), *draft.before]
        self._separate(draft, before, pieces)
        self._append(before)
        start = self._length
        self._append(pieces)
        if not 0 < sum(len(piece.text.strip()) for piece in pieces) <= draft.pictured:  # a picture alone is no words
            kind, group, marker = draft.kind, draft.group, draft.marker
            self._blocks.append(
                ReadingBlock(start, self._length, kind, group, marker, draft.depth, label, draft.language)
            )
        self._append(draft.behind)

    def _indent(self, draft: BlockDraft) -> list[Piece]:
        """Blanks before an item inside another."""
        if draft.kind is not BlockKind.ITEM or not draft.marker:
            if draft.kind is not BlockKind.ITEM:
                self._indents = []
            return []
        while self._indents and self._indents[-1][0] >= draft.depth:
            self._indents.pop()
        indent = self._indents[-1][1] if self._indents else 0
        bare = draft.marker.partition(" ")[0]
        self._indents.append((draft.depth, indent + len(bare) + 1))
        return [Piece(" " * indent)] if indent else []

    def _separate(self, draft: BlockDraft, before: Sequence[Piece], pieces: Sequence[Piece]) -> None:
        """The line ends between two blocks, those of the source where it has the same."""
        above = self._blocks[-1] if self._blocks else None
        items = above is not None and above.kind is draft.kind is BlockKind.ITEM and bool(above.marker and draft.marker)
        if draft.kind is BlockKind.ITEM and not draft.depth:
            items, self._list = items and self._list == draft.group, draft.group
        if not self._pieces:
            return
        between = "\n" if items else "\n\n"
        last = self._pieces[-1]
        begun = last.origin + len(last.text) if last.origin >= 0 else -1
        following = next((piece.origin for piece in (*before, *pieces)), -1)
        same = begun >= 0 and following == begun + len(between) and self._source.startswith(between, begun)
        self._append([Piece(between, begun if same else -1)])

    def _append(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            self._pieces.append(piece)
            self._length += len(piece.text)

    def reading(self) -> ReadingText:
        """All that was written."""
        self.finish()
        while self.frames:
            self.drop()
        origins: list[int] = []
        lead = self._lead
        for text, origin in self._pieces:
            origins += range(origin - lead, origin - lead + len(text)) if origin >= lead else [-1] * len(text)
        widths = {origin - lead: width for origin, width in self._widths.items() if origin >= lead}
        text = "".join([piece.text for piece in self._pieces])
        return ReadingText(text, packed(origins), tuple(self._blocks), widths)
