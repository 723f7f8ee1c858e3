"""The words of a block, told to the writer: paragraphs, items, cells, and what the marks in them do. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .drafts import BlockDraft
from .elements import Elements, label_draft
from .inline import tokens
from .lines import BLANK, Mapped, Piece, SourceLine, after, joined, part
from .pipes import cells
from .raw import raw
from .reading_text import BlockKind
from .rows import Cell, Table
from .scanner import Manner, Token, TokenKind
from .writer import Writer

_TASK = re.compile(r"\[[ xX]\][ \t]+(?=\S)")
_LETTERED = re.compile(
    r"(?:[A-Za-z]\)|\([A-Za-z0-9]{1,3}\)|[A-Za-z]\.(?= )|（[一二三四五六七八九十\d]{1,3}）|[①-⑳]"
    r"|[一二三四五六七八九十]{1,3}、|\d{1,3}[）、]|•|·|–)[ \t]*(?=\S)"
)
"""Marks of items that Markdown does not know."""


class Words:
    """Words of one piece. `marker` is that of an item whose words have not come yet, and where to look for it."""

    def __init__(self, source: str, writer: Writer, manner: Manner, footnotes: dict[str, list[SourceLine]]) -> None:
        self.source, self.writer, self.manner, self.footnotes = source, writer, manner, footnotes
        self.elements = Elements(writer, manner)
        self.marker: tuple[str, int] = ("", -1)
        self._gap = False
        self._pictures = False

    def paragraph(self, lines: list[SourceLine]) -> None:
        """A paragraph; lines of it that begin with a letter or a number in brackets are items."""
        marks = [_LETTERED.match(line.text) for line in lines]
        if sum(mark is not None for mark in marks) < 2 or self.writer.cell is not None:
            self._begin_words(lines)
            return
        begun = 0
        group = 0
        for number, mark in enumerate([*marks, None]):
            if number < len(lines) and not mark:
                continue
            if number > begun or begun:
                self._begin_words(lines[begun:number], marks[begun], group)
            if number < len(lines):
                group = group or self.writer.group()
                begun = number

    def _begin_words(self, lines: Sequence[SourceLine], mark: re.Match[str] | None = None, group: int = 0) -> None:
        if not lines:
            return
        writer = self.writer
        around = writer.lists()
        first = lines[0]
        draft = BlockDraft(BlockKind.PROSE)
        if around:
            draft = BlockDraft(BlockKind.ITEM, group=around[-1].group, depth=len(around) - 1)
        marker, start = self.marker
        if mark:
            draft = BlockDraft(BlockKind.ITEM, group=group, depth=len(around), marker=mark[0].rstrip())
            draft.before = (part(Piece(first.text, first.start), 0, mark.end()),)
            first = after(first, mark.end())
        elif marker and around:
            task = _TASK.match(first.text)
            draft.marker = f"{marker} {task[0].rstrip()}" if task else marker
            draft.before = (self._marked(marker, start, first, draft.marker),)
            first = after(first, task.end()) if task else first
        self.marker = ("", -1)
        writer.begin(draft)
        self.read(joined([first, *lines[1:]], definitions=True))
        if writer.cell is None:
            writer.finish()

    def _marked(self, marker: str, start: int, line: SourceLine, shown: str) -> Piece:
        """The marker of an item with the blank behind it, from where it stands in the source if it does."""
        text = f"{shown} "
        at = self.source.rfind(marker, max(start, 0), line.start) if line.start >= 0 else -1
        return Piece(text, at if at >= 0 and self.source.startswith(text, at) else -1)

    def label(self, line: SourceLine) -> None:
        self.writer.finish()
        self.writer.begin(label_draft())
        self.read(joined([line]))
        self.writer.finish()

    def rows(self, lines: Sequence[SourceLine], *, has_head: bool) -> None:
        table = Table(head=1 if has_head else 0)
        head = cells(lines[0]) if has_head else []
        if has_head:
            table.rows.append([self._cell(each) for each in head])
        for line in lines[2:] if has_head else lines:
            row = cells(line, len(head))
            if not all(set(each.text) <= set(" \t:-") for each in row):
                table.rows.append([self._cell(each) for each in row])
        self.writer.finish()
        self.writer.write_table(table)

    def _cell(self, mapped: Mapped) -> Cell:
        cell = self.writer.cell = Cell()
        self.read(mapped)
        self.writer.cell = None
        return cell

    def read(self, mapped: Mapped, *, flowing: bool = False) -> None:
        """The words of a text, and what the marks in it do."""
        self._gap = self._pictures = False
        for token in tokens(mapped, self.manner):
            self._token(token, mapped, flowing=flowing)

    def _token(self, token: Token, mapped: Mapped, *, flowing: bool) -> None:
        writer = self.writer
        match token.kind:
            case TokenKind.TEXT:
                self._add(mapped.between(token.start, token.end), flowing=flowing)
            case TokenKind.CODE | TokenKind.FORMULA:
                pieces = mapped.between(token.start, token.end)
                self._add(pieces, flowing=False)
                if token.kind is TokenKind.FORMULA and writer.draft:
                    writer.draft.formulas += len(pieces)
            case TokenKind.WORD:
                self._gap = False
                writer.add(writer.word(token.value, mapped.origin(token.start), token.end - token.start))
            case TokenKind.GAP | TokenKind.SILENT:
                self._gap = not writer.last() or writer.last()[-1:].isspace()
            case TokenKind.PICTURE:
                self._pictures = not self._pictures
            case TokenKind.NOTE:
                self._note(token.value)
            case _:
                self._element(token, mapped)

    def _element(self, token: Token, mapped: Mapped) -> None:
        if token.tag:
            self.elements.tag(token.tag, mapped)
            self._gap = self.writer.last()[-1:].isspace()
        elif token.kind is TokenKind.RAW:
            raw(self.writer, self.manner, token.value, mapped, token.start, token.end)

    def _add(self, pieces: list[Piece], *, flowing: bool) -> None:
        writer = self.writer
        if self._gap and pieces:
            self._gap = False
            first = pieces[0]
            if first.text[:1] in tuple(",.;:!?)，。；：！？）"):
                writer.unspace()
            if first.text[:1] == " ":
                pieces = [part(first, 1, len(first.text)), *pieces[1:]]
        if self._pictures:
            self.elements.picture(pieces)
        elif flowing:
            writer.add_flowing(pieces)
        else:
            writer.add(pieces)

    def _note(self, name: str) -> None:
        """The words of a footnote, in brackets, where it is called first."""
        lines = self.footnotes.pop(name, None)
        if not lines:
            return
        said: list[str] = []
        mapped = joined([line for line in lines if line != BLANK])
        for token in tokens(mapped, self.manner):
            if token.kind in (TokenKind.TEXT, TokenKind.CODE, TokenKind.FORMULA):
                said.append(mapped.text[token.start : token.end])
            elif token.kind is TokenKind.WORD:
                said.append(token.value)
        words = " ".join("".join(said).split()).rstrip(".。")
        if words:
            wide = ord(words[-1]) > 0x2E7F
            self.writer.add([Piece(f"（{words}）" if wide else f" ({words})")])
