"""What the tags of HTML and of components do to the text that is written. Pure."""

from __future__ import annotations

import re

from .brackets import picture_says
from .drafts import BlockDraft, Frame
from .lines import Mapped, Piece
from .reading_text import BlockKind
from .scanner import Manner
from .table_tags import table_tag
from .tags import DIVISIONS, FIELDS, HEADINGS, READABLE, SAID, SILENT, Tag
from .writer import Writer

_NAMED = re.compile(r"\b(label|value)[\"']?\s*:\s*[\"']([^\"']*)[\"']")
_POWER = re.compile(r"[-−+]?\d{1,3}\s*</sup")


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
            table_tag(writer, tag)
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
            writer.begin(BlockDraft(BlockKind.HEADING, before=(Piece("#" * int(tag.name[1]) + " "),)))

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
        writer.begin(BlockDraft(BlockKind.ITEM, before=before, marker=marker, group=around[-1].group, depth=depth))

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

    def _component(self, tag: Tag, mapped: Mapped) -> None:
        writer = self.writer
        in_words = writer.cell is not None or (
            writer.draft is not None and any(p.text.strip() for p in writer.draft.pieces)
        )
        if tag.closes:
            if any(frame.name == tag.name for frame in writer.frames):
                writer.pop(tag.name)
            return
        if tag.empty:
            self._said(tag, mapped)
            if not in_words:
                writer.finish()
        elif not in_words:
            writer.finish()
            writer.push(Frame(tag.name))
            self._named(tag, mapped)

    def _said(self, tag: Tag, mapped: Mapped) -> None:
        """What a component without content shows."""
        for name, span in tag.spans(mapped.text).items():
            if name in SAID and mapped.text[slice(*span)].strip():
                words = mapped.between(*span)
                self.writer.add([Piece("`"), *words, Piece("`")] if name == "command" else words)
                return

    def _named(self, tag: Tag, mapped: Mapped) -> None:
        """The label of a component that has begun; a tab without one has the name it was given before."""
        if tag.name == "Tabs":
            self.names = _names(tag.attributes)
        spans = tag.spans(mapped.text)
        names: tuple[str, ...] = (*READABLE, "value") if tag.name.startswith("Tab") and tag.name != "Tabs" else READABLE
        names = FIELDS if tag.name.endswith("Field") else names
        name = next((name for name in names if name in spans), "")
        value = mapped.text[slice(*spans[name])] if name else ""
        if name == "value" and value in self.names:
            self.label([Piece(self.names[value])])
        elif name:
            self.label(mapped.between(*spans[name]))

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
        elif tag.name == "sup" and writer.last()[-1:].isalnum() and _POWER.match(mapped.text, tag.end):
            writer.add([Piece("^")])

    def picture(self, pieces: list[Piece]) -> None:
        """The words that stand for a picture."""
        self.writer.add(pieces)
        if self.writer.draft and not self.writer.hidden:
            self.writer.draft.pictured += sum(len(piece.text.strip()) for piece in pieces)


def label_draft() -> BlockDraft:
    """The line that names what follows: a tab, an admonition, a fold."""
    return BlockDraft(BlockKind.HEADING, before=(Piece("**"),), behind=(Piece("**"),), names=True)


def _names(attributes: str) -> dict[str, str]:
    """Labels by value, out of `values={[{label: 'A', value: 'a'}]}`."""
    found = [dict(_NAMED.findall(each)) for each in re.findall(r"\{[^{}]*\}", attributes)]
    return {each["value"]: each["label"] for each in found if "value" in each and "label" in each}
