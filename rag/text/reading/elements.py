"""What the tags of HTML and of components do to the text that is written. Pure."""

from __future__ import annotations

import re
from html import unescape

from .inline import Manner, picture_says
from .lines import Mapped, Piece, on_one_line
from .reading_text import BlockKind
from .rows import Cell, Table
from .tags import DIVISIONS, HEADINGS, READABLE, SAID, SILENT, Tag
from .writer import Draft, Frame, Writer

_NAMED = re.compile(r"\b(label|value)[\"']?\s*:\s*[\"']([^\"']*)[\"']")
_NEAR = 200
"""Characters in which the tags are that say the language of code."""
_WIDEST = 50
"""Columns or rows that one cell may take."""
_POWER = re.compile(r"[-−+]?\d{1,3}\s*</sup")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});|<")
_LANGUAGE = re.compile(r"(?:language|lang|highlight-source|brush:\s*|highlight)-?([\w+#-]+)")


class Elements:
    """Elements that begin and end, told to the writer."""

    def __init__(self, writer: Writer, manner: Manner) -> None:
        self.writer, self.manner = writer, manner
        self.names: dict[str, str] = {}
        """Labels of tabs by their value, where the tabs are told beforehand."""

    def tag(self, tag: Tag, mapped: Mapped) -> None:
        """A tag that stands in `mapped`."""
        writer = self.writer
        if writer.hidden:
            self._in_hidden(tag)
        elif tag.component:
            self._component(tag, mapped)
        elif tag.hidden or (tag.name in SILENT and not tag.closes and not tag.empty):
            if self.manner.tags.is_closed(tag.name):
                writer.push(Frame(tag.name, hides=True))
        elif tag.name in HEADINGS:
            self._heading(tag)
        elif tag.name in ("ul", "ol", "li", "dt", "dd"):
            self._list(tag)
        elif tag.name in ("table", "thead", "tbody", "tfoot", "tr", "td", "th"):
            self._table(tag)
        elif tag.name in ("details", "summary"):
            self._details(tag)
        elif tag.name in DIVISIONS:
            self._division()
        else:
            self._word(tag, mapped)

    def _in_hidden(self, tag: Tag) -> None:
        frame = next(frame for frame in reversed(self.writer.frames) if frame.hides)
        if tag.name != frame.name or tag.empty:
            return
        frame.depth += -1 if tag.closes else 1
        if frame.depth < 0:
            draft, self.writer.draft = self.writer.draft, None  # words before and after it are one paragraph
            self.writer.pop(tag.name)
            self.writer.draft = draft

    def _division(self) -> None:
        writer = self.writer
        if writer.cell is not None:
            writer.separate("")
        elif not (writer.draft and not writer.draft.pieces and (writer.draft.marker or writer.draft.names)):
            writer.finish()

    def _heading(self, tag: Tag) -> None:
        writer = self.writer
        if writer.cell is not None or (writer.draft and writer.draft.names):
            return
        writer.finish()
        if not tag.closes:
            writer.begin(Draft(BlockKind.HEADING, before=(Piece("#" * int(tag.name[1]) + " "),)))

    def _list(self, tag: Tag) -> None:
        writer = self.writer
        if writer.cell is not None:
            if tag.name in ("li", "dt") and not tag.closes:
                writer.separate()
            elif tag.name == "dd" and not tag.closes:
                writer.add([Piece(": ")])
            return
        if tag.name == "dd" and not tag.closes and writer.draft and writer.draft.pieces:
            while writer.last() and writer.last().isspace():
                writer.draft.pieces.pop()
            writer.add([Piece(": ")])
            return
        if tag.name == "dt" and tag.closes:
            return
        writer.finish()
        if tag.name in ("ul", "ol"):
            if tag.closes:
                writer.pop(tag.name)
            else:
                start = tag.values().get("start", "")
                count = int(start) if start.isdecimal() and len(start) < 9 else 1
                writer.push(Frame(tag.name, group=writer.group(), count=count if tag.name == "ol" else None))
        elif tag.name == "li" and not tag.closes:
            self._item()

    def _item(self) -> None:
        writer = self.writer
        if not writer.lists():
            writer.push(Frame("ul", group=writer.group()))
        around = writer.lists()
        if not around:
            return
        marker = "-"
        if around[-1].count is not None:
            marker = f"{around[-1].count}."
            around[-1].count += 1
        before = (Piece(f"{marker} "),)
        depth = len(around) - 1
        writer.begin(Draft(BlockKind.ITEM, before=before, marker=marker, group=around[-1].group, depth=depth))

    def _details(self, tag: Tag) -> None:
        writer = self.writer
        if writer.cell is not None:
            writer.separate("")
        elif tag.name == "summary":
            writer.finish()
            if not tag.closes:
                if not any(frame.name == "details" for frame in writer.frames):
                    writer.push(Frame("details"))
                writer.begin(label_draft())
        elif tag.closes:
            writer.pop("details")
        else:
            writer.finish()
            writer.push(Frame("details"))

    def _table(self, tag: Tag) -> None:
        writer = self.writer
        frame = writer.table
        if tag.name == "table" and not tag.closes:
            if writer.cell is not None:
                writer.push(Frame("table inside"))
                return
            writer.finish()
            writer.push(Frame("table", table=Table()))
            return
        inside = next((each for each in reversed(writer.frames) if each.name == "table inside"), None)
        if inside and writer.cell is not None:
            if tag.name == "table":
                writer.frames.remove(inside)
            elif not tag.closes:
                writer.separate(";" if tag.name == "tr" else ",")
            return
        if frame is None:
            if tag.closes or tag.name not in ("tr", "td", "th", "thead", "tbody"):
                return
            writer.finish()
            frame = Frame("table", table=Table())
            writer.push(frame)
        self._table_part(tag, frame)

    def _table_part(self, tag: Tag, frame: Frame) -> None:
        writer, table = self.writer, frame.table
        if not table:
            return
        writer.cell = None
        if tag.name == "table":
            writer.pop("table")
        elif tag.name in ("thead", "tbody", "tfoot"):
            frame.heads = tag.name == "thead" and not tag.closes
        elif tag.name == "tr" and not tag.closes:
            writer.finish()
            table.rows.append([])
        elif tag.name in ("td", "th") and not tag.closes:
            writer.finish()
            if not table.rows:
                table.rows.append([])
            values = tag.values()
            wide, tall = _span(values.get("colspan", "")), _span(values.get("rowspan", ""))
            writer.cell = Cell(heads=frame.heads or tag.name == "th", wide=wide, tall=tall)
            table.rows[-1].append(writer.cell)

    def _component(self, tag: Tag, mapped: Mapped) -> None:
        writer = self.writer
        in_words = writer.cell is not None or (
            writer.draft is not None and any(p.text.strip() for p in writer.draft.pieces)
        )
        if tag.closes:
            if any(frame.name == tag.name for frame in writer.frames):
                writer.pop(tag.name)
            return
        spans = tag.spans(mapped.text)
        if tag.empty:
            for name in SAID:
                if name in spans and mapped.text[slice(*spans[name])].strip():
                    words = mapped.between(*spans[name])
                    writer.add([Piece("`"), *words, Piece("`")] if name == "command" else words)
                    break
            if not in_words:
                writer.finish()
            return
        if in_words:
            return
        writer.finish()
        writer.push(Frame(tag.name))
        names = (*READABLE, "value") if tag.name.startswith("Tab") and tag.name != "Tabs" else READABLE
        label = next((spans[name] for name in names if name in spans), None)
        if label and "label" not in spans and mapped.text[slice(*label)] in self.names:
            self.label([Piece(self.names[mapped.text[slice(*label)]])])
        elif label:
            self.label(mapped.between(*label))
        elif tag.name == "Tabs":
            self.names = _names(tag.attributes)

    def label(self, pieces: list[Piece]) -> None:
        """Names what has just begun, on a line of its own."""
        draft = label_draft()
        draft.pieces = pieces
        self.writer.finish()
        self.writer.draft = draft
        self.writer.finish()

    def _word(self, tag: Tag, mapped: Mapped) -> None:
        writer = self.writer
        if tag.name in ("b", "strong") and writer.cell is not None:
            writer.cell.bold = writer.cell.bold or (len(writer.cell.pieces) < 2 and not writer.cell.text.strip())
        elif tag.name == "br" and writer.cell is not None:
            writer.separate()
        elif tag.name == "br" and writer.draft:
            heading = writer.draft.kind is BlockKind.HEADING
            writer.add([Piece(" " if heading else "\n")])
        elif tag.name == "hr":
            self._division()
        elif tag.name == "img":
            span = tag.spans(mapped.text).get("alt")
            if span and picture_says(mapped.text[slice(*span)], tag.values().get("src", "")):
                self.picture(mapped.between(*span))
        elif tag.name == "sup" and not tag.closes and writer.last()[-1:].isalnum():
            if _POWER.match(mapped.text, tag.end):
                writer.add([Piece("^")])

    def picture(self, pieces: list[Piece]) -> None:
        """The words that stand for a picture."""
        self.writer.add(pieces)
        if self.writer.draft and not self.writer.hidden:
            self.writer.draft.pictured += sum(len(piece.text.strip()) for piece in pieces)

    # content that means itself

    def raw(self, name: str, mapped: Mapped, start: int, end: int) -> None:
        """The content of an element whose blanks or marks mean themselves."""
        if self.writer.hidden or name in SILENT:
            return
        pieces = self._decoded(mapped, start, end)
        if name == "pre" and self.writer.cell is None:
            self._code_block(pieces, _head(mapped.text, start))
            return
        inline_code(self.writer, pieces)

    def _decoded(self, mapped: Mapped, start: int, end: int) -> list[Piece]:
        """The words of an element without tags and entities."""
        pieces: list[Piece] = []
        at = start
        for match in _ENTITY.finditer(mapped.text, start, end):
            if match.start() < at:
                continue
            tag = self.manner.tags.at(mapped.text, match.start()) if match[0] == "<" else None
            if match[0] == "<" and not tag:
                continue
            pieces += mapped.between(at, match.start())
            at = tag.end if tag else match.end()
            if tag and tag.name == "br":
                pieces.append(Piece("\n"))
            elif not tag:
                value = unescape(match[0]).replace("\xa0", " ")
                pieces += self.writer.word(value, mapped.origin(match.start()), len(match[0]))
        return [*pieces, *mapped.between(at, end)]

    def _code_block(self, pieces: list[Piece], head: str) -> None:
        text = "".join(piece.text for piece in pieces)
        ticks = max((len(run) for run in re.findall("`{3,}", text)), default=2) + 1
        found = _LANGUAGE.search(head)
        language = found[1] if found else ""
        code = Mapped(pieces)
        start = len(text) - len(text.lstrip("\n"))
        draft = Draft(BlockKind.CODE, before=(Piece(f"{'`' * ticks}{language}\n"),), language=language, always=True)
        draft.behind = (Piece(f"\n{'`' * ticks}"),)
        draft.pieces = code.between(start, len(text.rstrip()))
        self.writer.finish()
        self.writer.draft = draft
        self.writer.finish()


def label_draft() -> Draft:
    """The line that names what follows: a tab, an admonition, a fold."""
    return Draft(BlockKind.HEADING, before=(Piece("**"),), behind=(Piece("**"),), names=True)


def inline_code(writer: Writer, pieces: list[Piece]) -> None:
    """Code within words, on one line."""
    flat = on_one_line(pieces)
    text = "".join(piece.text for piece in flat)
    if text.strip():
        mark = "``" if "`" in text else "`"
        pad = [Piece(" ")] if mark == "``" else []
        writer.add([Piece(mark), *pad, *flat, *pad, Piece(mark)])


def _names(attributes: str) -> dict[str, str]:
    """Labels by value, out of `values={[{label: 'A', value: 'a'}]}`."""
    found = [dict(_NAMED.findall(each)) for each in re.findall(r"\{[^{}]*\}", attributes)]
    return {each["value"]: each["label"] for each in found if "value" in each and "label" in each}


def _head(text: str, start: int) -> str:
    """The tag before the content that begins at `start`, and the one it begins with."""
    inner = text[start : start + _NEAR].lstrip()
    begun = max(0, start - _NEAR)
    return text[max(text.rfind("<", begun, start), begun) : start] + (
        inner.partition(">")[0] if inner[:1] == "<" else ""
    )


def _span(value: str) -> int:
    return (
        min(int(value), _WIDEST) if value.isdecimal() and len(value) < 9 and value.isascii() and int(value) > 0 else 1
    )
