"""Markdown to blocks as they are read: the parser tells what each line is, the words are looked at here. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token as Parsed

from .dialects import Prepared, prepared
from .elements import Elements, inline_code, label_draft
from .inline import Manner, Mark, tokens
from .lines import (
    BLANK,
    Line,
    Mapped,
    Piece,
    after,
    dedented,
    columns,
    found_again,
    joined,
    lines_of,
    on_one_line,
    part,
)
from .marks import SIGN, Closed, Display, Event, Opened, signed
from .pipes import cells, head_of
from .reading_text import BlockKind, ReadingText
from .rows import Cell, Table
from .tags import TagReader
from .writer import Draft, Frame, Writer

_DEEPEST = 100
"""Nested blocks the parser follows, two per list level."""
_AGAIN = 6
"""Times that what looked like indented code is read once more, moved left."""
_CALLOUT = re.compile(r"\[!([\w|-]+)\][+-]?[ \t]*")
_TASK = re.compile(r"\[[ xX]\][ \t]+(?=\S)")
_LETTERED = re.compile(
    r"(?:[A-Za-z]\)|\([A-Za-z0-9]{1,3}\)|[A-Za-z]\.(?= )|（[一二三四五六七八九十\d]{1,3}）|[①-⑳]|[一二三四五六七八九十]{1,3}、|\d{1,3}[）、]|•|·|–)[ \t]*(?=\S)"
)
_DIRECTIVE = re.compile(
    r"\{(admonition|note|tip|hint|warning|important|caution|danger|attention|error|seealso|todo|dropdown|tab-item|tab-set"
    r"|details|card|grid|grid-item(?:-card)?|sidebar|topic|margin|versionadded|versionchanged|deprecated|epigraph|rubric"
    r"|figure|image|toctree|include|contents|math|glossary|list-table)\}[ \t]*(.*)"
)
_MODULE = re.compile(r"^(?:import\s[^\n]*['\"]|export\s(?:const|default))", re.MULTILINE)
_LANGUAGE = re.compile(r"\s*(?:\{(?:code(?:-block|-cell)?|sourcecode|literalinclude)\}[ \t]*)?(?:\{[ \t]*\.?([\w+#-]+)|([\w+#./-]+))")
_TITLE = re.compile(r"(?:title|filename|file)=(?:\"([^\"]*)\"|'([^']*)'|(\S+))|\[([^\]]+)\]$")
_WORDS = re.compile(
    r"\s*(?:(?:[-*]|\d{1,3}[.)])[ \t]+\w|`{3}|[^\W\d_]\w*,?(?:[ \t]+[\w`'’()\"*-]+[,;:]?){5}[^\n]*|[^\n]*[。，][^\n]*)"
)
"""Indented text that begins a piece and goes on with a list item of before."""
_NAVIGATION = re.compile(
    r"(?:\s*+<(?:div|p|span|nav|ul|li)\b[^<>]*+>)*+(?:\s*+<a\s[^<>]*?href=[\"'][#?][^<>]*+>[^<>]*+</a>){2,}+(?:\s*+</(?:div|p|span|nav|ul|li)>)*+\s*+"
)
"""Links between the tabs of a page."""
_TAG_START = re.compile(
    r"\s*</?(?:t[dhr]|table|thead|tbody|li|ul|ol|p|div|span|a|br|h[1-6]|details|summary|img|dl|d[dt])\b[^<>]*>",
    re.IGNORECASE,
)


@cache
def _parser() -> MarkdownIt:
    # inline marks and tables are read here: the parser keeps no places of them, and takes longer for hostile ones
    return MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).disable(["inline", "text_join"])


class Reader:
    """Reads one piece; what opened it stands before `lead` in the source."""

    def __init__(self, source: str, lead: int) -> None:
        self.source = source
        self.writer = Writer(source, lead)
        self.ready = prepared(lines_of(source), source)
        self.references: dict[str, Any] = {}
        self.manner = Manner(TagReader(source), _MODULE.search(source) is not None, self.references)
        self.elements = Elements(self.writer, self.manner)
        self.marker: tuple[str, int] = ("", -1)
        self.gap = False
        self.pictures = False

    def read(self) -> ReadingText:
        """The reading text of the piece."""
        self._parse(self.ready.lines, self.ready.events, 0)
        return self.writer.reading()

    def _parse(self, lines: Sequence[Line], events: Sequence[Event], depth: int) -> None:
        env: dict[str, Any] = {}
        parsed = _parser().parse("\n".join([line.text for line in lines]), env)
        self.references.update(env.get("references", {}))
        for number, token in enumerate(parsed):
            inside = parsed[number + 1].content if number + 1 < len(parsed) else ""
            of = lines[token.map[0] : token.map[1]] if token.map else ()
            self._block(token, inside, of, events, depth)

    def _block(self, token: Parsed, inside: str, lines: Sequence[Line], events: Sequence[Event], depth: int) -> None:
        match token.type:
            case "paragraph_open":
                self._paragraph(inside, lines, events)
            case "heading_open":
                self._heading(token, inside, lines)
            case "fence":
                self._fence(token, lines, depth)
            case "code_block":
                self._indented(token, lines, depth)
            case "html_block" if _NAVIGATION.fullmatch(token.content):
                self.writer.finish()
            case "html_block":
                self._leave_table(token.content)
                self._words(joined(found_again(token.content.rstrip("\n"), lines)), flowing=True)
                if self.writer.cell is None:
                    self.writer.finish()
            case "hr":
                self.writer.finish()
            case _:
                self._container(token, lines)

    def _container(self, token: Parsed, lines: Sequence[Line]) -> None:
        writer = self.writer
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                writer.finish()
                writer.push(Frame("list", group=writer.group()))
            case "list_item_open":
                writer.finish()
                self.marker = (f"{token.info}{token.markup}", lines[0].start if lines else -1)
            case "blockquote_open":
                writer.finish()
                writer.push(Frame("quote", depth=1))
            case "bullet_list_close" | "ordered_list_close":
                writer.finish()
                self._pop("list")
            case "blockquote_close":
                writer.finish()
                self._pop("quote")
            case "list_item_close":
                writer.finish()
                self.marker = ("", -1)

    def _pop(self, name: str) -> None:
        """Ends a list or quote, with the elements that were never ended in it."""
        frames = self.writer.frames
        number = next((n for n in range(len(frames) - 1, -1, -1) if frames[n].name == name), -1)
        while number >= 0 and len(frames) > number + 1:
            self.writer.drop()
        self.writer.pop(name)

    # blocks of words

    def _paragraph(self, content: str, lines: Sequence[Line], events: Sequence[Event]) -> None:
        number = signed(content) if content.startswith(SIGN) else None
        if number is not None and number < len(events):
            self._event(events[number])
            return
        self._leave_table(content)
        found = found_again(content, lines)
        quote = next((frame for frame in reversed(self.writer.frames) if frame.name == "quote"), None)
        if quote and quote.depth:
            quote.depth = 0
            found = self._callout(found)
        start = head_of(found) if "|" in content and self.writer.cell is None and found else None
        if start is not None:
            if start > 0:
                self._lines(found[:start])
            self._rows(found[max(start, 0) :], has_head=start >= 0)
        elif found:
            self._lines(found)

    def _leave_table(self, content: str) -> None:
        """Ends a table that was never ended, where no cell of it is open."""
        frame = self.writer.table
        if frame and self.writer.cell is None and not content.lstrip().startswith("<"):
            self.writer.pop("table")

    def _callout(self, lines: list[Line]) -> list[Line]:
        match = _CALLOUT.match(lines[0].text) if lines else None
        if not match:
            return lines
        title = after(lines[0], match.end())
        if title.text.strip():
            self._label(title)
        return lines[1:]

    def _label(self, line: Line) -> None:
        self.writer.finish()
        self.writer.begin(label_draft())
        self._words(joined([line]))
        self.writer.finish()

    def _lines(self, lines: list[Line]) -> None:
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

    def _begin_words(self, lines: Sequence[Line], mark: re.Match[str] | None = None, group: int = 0) -> None:
        if not lines:
            return
        writer = self.writer
        around = writer.lists()
        first = lines[0]
        draft = Draft(BlockKind.PROSE)
        if around:
            draft = Draft(BlockKind.ITEM, group=around[-1].group, depth=len(around) - 1)
        marker, start = self.marker
        if mark:
            draft = Draft(BlockKind.ITEM, group=group, depth=len(around), marker=mark[0].rstrip())
            draft.before = (part(Piece(first.text, first.start), 0, mark.end()),)
            first = after(first, mark.end())
        elif marker and around:
            task = _TASK.match(first.text)
            draft.marker = f"{marker} {task[0].rstrip()}" if task else marker
            draft.before = (self._marked(marker, start, first, draft.marker),)
            first = after(first, task.end()) if task else first
        self.marker = ("", -1)
        writer.begin(draft)
        self._words(joined([first, *lines[1:]], definitions=True))
        if writer.cell is None:
            writer.finish()

    def _marked(self, marker: str, start: int, line: Line, shown: str) -> Piece:
        """The marker of an item with the blank behind it, from where it stands in the source if it does."""
        text = f"{shown} "
        at = self.source.rfind(marker, max(start, 0), line.start) if line.start >= 0 else -1
        return Piece(text, at if at >= 0 and self.source.startswith(text, at) else -1)

    def _heading(self, token: Parsed, content: str, lines: Sequence[Line]) -> None:
        self._leave_table("")
        self.marker = ("", -1)
        level = int(token.tag[1])
        first = lines[0]
        if token.markup in ("=", "-"):
            found, before = found_again(content, lines), Piece("#" * level + " ")
        else:
            at = first.text.find(content, first.text.find("#") + level)
            found = [Line(content, first.start + at if first.start >= 0 and at >= 0 else -1)]
            mark = first.text.find("#")
            plain = first.text.startswith(f"{'#' * level} {content}", mark) and first.start >= 0
            before = Piece("#" * level + " ", first.start + mark if plain else -1)
        self.writer.begin(Draft(BlockKind.HEADING, before=(before,)))
        self._words(
            Mapped(on_one_line([Piece(t, s) for line in found for t, s in ((line.text, line.start), ("\n", -1))][:-1]))
        )
        if self.writer.cell is None:
            self.writer.finish()

    # code, formulas, what dialects open

    def _event(self, event: Event) -> None:
        writer = self.writer
        writer.finish()
        if isinstance(event, Opened):
            writer.push(Frame(event.name))
            if event.label:
                self._label(event.label)
        elif isinstance(event, Closed):
            writer.pop(event.name)
        else:
            self._display(event)

    def _display(self, event: Display) -> None:
        self.marker = ("", -1)
        if self.writer.cell is not None:
            self.writer.add(on_one_line(joined(event.lines).between(0, 1 << 30)))
            return
        draft = Draft(BlockKind.FORMULA, always=True)
        mapped = joined(event.lines)
        draft.pieces = mapped.between(0, len(mapped.text.rstrip()))
        self.writer.begin(draft)
        self.writer.finish()

    def _fence(self, token: Parsed, lines: Sequence[Line], depth: int) -> None:
        writer = self.writer
        self.marker = ("", -1)
        content = found_again(token.content.rstrip("\n"), lines[1:])
        directive = _DIRECTIVE.match(token.info.strip())
        if directive and directive[1] != "math" and depth < _AGAIN:
            if directive[1] in ("image", "toctree", "include", "contents"):
                return
            self._directive(_of_info(lines[0], directive[2]), content, depth)
            return
        language = _language(token.info)
        mapped = joined(content)
        pieces = mapped.between(0, len(mapped.text.rstrip()))
        if writer.cell is not None:
            writer.separate("")
            inline_code(writer, pieces)
            return
        if not mapped.text.strip():
            return
        title = _TITLE.search(token.info)
        if title:
            writer.finish()
            writer.push(Frame("code"))
            self._label(_of_info(lines[0], next(group for group in title.groups() if group)))
        kind = BlockKind.FORMULA if language == "math" else BlockKind.CODE
        draft = Draft(kind, pieces, language=language, always=True)
        opener, closer = _fences(token, lines, language)
        draft.before, draft.behind = (opener, Piece("\n")), (Piece("\n"), closer)
        if kind is BlockKind.FORMULA:
            draft.pieces = [opener, Piece("\n"), *pieces, Piece("\n"), closer]
            draft.before = draft.behind = ()
        self._whole(draft)
        if title:
            writer.pop("code")

    def _whole(self, draft: Draft) -> None:
        self.writer.finish()
        if not self.writer.hidden:
            self.writer.draft = draft
            self.writer.finish()

    def _directive(self, title: Line, content: Sequence[Line], depth: int) -> None:
        """A directive of MyST: its options are silent, its body is text."""
        body = list(content)
        while body and re.match(r":[\w-]+:", body[0].text):
            body.pop(0)
        self.writer.finish()
        self.writer.push(Frame("directive"))
        if title.text.strip():
            self._label(title)
        self._again(body, depth)
        self.writer.pop("directive")

    def _again(self, lines: Sequence[Line], depth: int) -> None:
        """Lines that are Markdown of their own, moved left."""
        least = min((columns(line.text) for line in lines if line.text.strip()), default=0)
        ready: Prepared = prepared([dedented(line, least) for line in lines], self.source)
        self._parse(ready.lines, ready.events, depth + 1)

    def _indented(self, token: Parsed, lines: Sequence[Line], depth: int) -> None:
        writer = self.writer
        marker, self.marker = self.marker, ("", -1)
        content = found_again(token.content.rstrip("\n"), lines)
        inside = any(frame.name[:1].isupper() for frame in writer.frames) or writer.cell is not None
        tags = _TAG_START.match(token.content) and (writer.frames or not writer.written)
        goes_on = not writer.written and not writer.frames and _WORDS.match(token.content)
        if depth < _AGAIN and (inside or tags or goes_on or SIGN in token.content):
            self.marker = marker
            self._again(content, depth)
            return
        mapped = joined(content)
        if not mapped.text.strip():
            return
        ticks = "`" * (max((len(run) for run in re.findall("`{3,}", mapped.text)), default=2) + 1)
        draft = Draft(BlockKind.CODE, mapped.between(0, len(mapped.text.rstrip())), always=True)
        draft.before, draft.behind = (Piece(f"{ticks}\n"),), (Piece(f"\n{ticks}"),)
        self._whole(draft)

    # tables

    def _rows(self, lines: Sequence[Line], *, has_head: bool) -> None:
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
        self._words(mapped)
        self.writer.cell = None
        return cell

    # words

    def _words(self, mapped: Mapped, *, flowing: bool = False) -> None:
        """The words of a text, and what the marks in it do."""
        writer = self.writer
        self.gap = self.pictures = False
        for token in tokens(mapped, self.manner):
            match token.mark:
                case Mark.TEXT:
                    self._add(mapped.between(token.start, token.end), flowing=flowing)
                case Mark.CODE | Mark.FORMULA:
                    pieces = mapped.between(token.start, token.end)
                    if token.mark is Mark.FORMULA and writer.draft:
                        writer.draft.formulas += len(pieces)
                    self._add(pieces, flowing=False)
                case Mark.WORD:
                    self.gap = False
                    writer.add(writer.word(token.value, mapped.origin(token.start), token.end - token.start))
                case Mark.TAG if token.tag:
                    self.elements.tag(token.tag, mapped)
                case Mark.RAW:
                    self.elements.raw(token.value, mapped, token.start, token.end)
                case Mark.NOTE:
                    self._note(token.value)
                case Mark.PICTURE:
                    self.pictures = not self.pictures
                case Mark.GAP:
                    last = writer.last()
                    self.gap = not last or last[-1:].isspace()

    def _add(self, pieces: list[Piece], *, flowing: bool) -> None:
        writer = self.writer
        if self.gap and pieces:
            self.gap = False
            first = pieces[0]
            if first.text[:1] in tuple(",.;:!?)，。；：！？）"):
                writer.unspace()
            if first.text[:1] == " ":
                pieces = [part(first, 1, len(first.text)), *pieces[1:]]
        if self.pictures:
            self.elements.picture(pieces)
        elif flowing:
            writer.add_flowing(pieces)
        else:
            writer.add(pieces)

    def _note(self, name: str) -> None:
        """The words of a footnote, in brackets, where it is called first."""
        lines = self.ready.footnotes.pop(name, None)
        if not lines:
            return
        said: list[str] = []
        mapped = joined([line for line in lines if line != BLANK])
        for token in tokens(mapped, self.manner):
            if token.mark in (Mark.TEXT, Mark.CODE, Mark.FORMULA):
                said.append(mapped.text[token.start : token.end])
            elif token.mark is Mark.WORD:
                said.append(token.value)
        words = " ".join("".join(said).split()).rstrip(".。")
        if words:
            wide = ord(words[-1]) > 0x2E7F
            self.writer.add([Piece(f"（{words}）" if wide else f" ({words})")])


def _language(info: str) -> str:
    """The language that the line which opens code says."""
    told = _LANGUAGE.match(info)
    return (told[1] or told[2] or "").lower() if told else ""


def _of_info(line: Line, words: str) -> Line:
    """Words of the line that opens code, where they stand on it."""
    at = line.text.find(words) if words and line.start >= 0 else -1
    return Line(words, line.start + at if at >= 0 else -1)


def _fences(token: Parsed, lines: Sequence[Line], language: str) -> tuple[Piece, Piece]:
    """The lines around code, from where they stand in the source."""
    opener = f"{token.markup}{language}"
    first, last = lines[0], lines[-1]
    at = first.text.find(token.markup)
    begun = first.start + at if first.start >= 0 and first.text.startswith(opener, at) else -1
    closes = (
        len(lines) > 1 and last.text.rstrip().endswith(token.markup) and not last.text.strip(f" \t>{token.markup[0]}")
    )
    end = last.start + last.text.find(token.markup) if closes and last.start >= 0 else -1
    return Piece(opener, begun), Piece(token.markup, end)
