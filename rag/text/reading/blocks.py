"""Markdown to blocks as they are read: the parser tells what each line is, the words are looked at here. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token as Parsed

from . import code
from .dialects import prepared
from .drafts import BlockDraft, Frame
from .lines import (
    Mapped,
    Piece,
    SourceLine,
    after,
    columns,
    dedented,
    found_again,
    joined,
    lines_of,
    on_one_line,
)
from .marks import SIGN, BodyClosed, BodyOpened, DisplayFormula, Event, signed
from .pipes import head_of
from .reading_text import BlockKind, ReadingText
from .scanner import Manner
from .tags import TagReader
from .words import Words
from .writer import Writer

_DEEPEST = 100
"""Nested blocks the parser follows, two per list level."""
_AGAIN = 6
"""Times that what looked like indented code is read once more, moved left."""
_CALLOUT = re.compile(r"\[!([\w|-]+)\][+-]?[ \t]*")
_DIRECTIVE = re.compile(
    r"\{(admonition|note|tip|hint|warning|important|caution|danger|attention|error|seealso|todo|dropdown|tab-item|tab-set"
    r"|details|card|grid|grid-item(?:-card)?|sidebar|topic|margin|versionadded|versionchanged|deprecated|epigraph|rubric"
    r"|figure|image|toctree|include|contents|math|glossary|list-table)\}[ \t]*(.*)"
)
_MODULE = re.compile(r"^(?:import\s[^\n]*['\"]|export\s(?:const|default))", re.MULTILINE)
_WORDS = re.compile(
    r"\s*(?:(?:[-*]|\d{1,3}[.)])[ \t]+\w|`{3}|[^\W\d_]\w*,?(?:[ \t]+[\w`'’()\"*-]+[,;:]?){5}[^\n]*|[^\n]*[。，][^\n]*"
    r"|\|[^\n]*\|[ \t]*(?:\n|$))"
)
"""Indented text that begins a piece and goes on with a list item of before, or with a table in one."""
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
        self.words = Words(source, self.writer, self.manner, self.ready.footnotes)

    def read(self) -> ReadingText:
        """The reading text of the piece."""
        self._parse(self.ready.lines, self.ready.events, 0)
        return self.writer.reading()

    def _parse(self, lines: Sequence[SourceLine], events: Sequence[Event], depth: int) -> None:
        env: dict[str, Any] = {}
        parsed = _parser().parse("\n".join([line.text for line in lines]), env)
        self.references.update(env.get("references", {}))
        for number, token in enumerate(parsed):
            inside = parsed[number + 1].content if number + 1 < len(parsed) else ""
            of = lines[token.map[0] : token.map[1]] if token.map else ()
            self._block(token, inside, of, events, depth)

    def _block(
        self, token: Parsed, inside: str, lines: Sequence[SourceLine], events: Sequence[Event], depth: int
    ) -> None:
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
                self.words.read(joined(found_again(token.content.rstrip("\n"), lines)), flowing=True)
                if self.writer.cell is None:
                    self.writer.finish()
            case "hr":
                self.writer.finish()
            case _:
                self._container(token, lines)

    def _container(self, token: Parsed, lines: Sequence[SourceLine]) -> None:
        writer = self.writer
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                writer.finish()
                writer.push(Frame("list", group=writer.group()))
            case "list_item_open":
                writer.finish()
                self.words.marker = (f"{token.info}{token.markup}", lines[0].start if lines else -1)
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
                self.words.marker = ("", -1)

    def _pop(self, name: str) -> None:
        """Ends a list or quote, with the elements that were never ended in it."""
        frames = self.writer.frames
        number = next((n for n in range(len(frames) - 1, -1, -1) if frames[n].name == name), -1)
        while number >= 0 and len(frames) > number + 1:
            self.writer.drop()
        self.writer.pop(name)

    # blocks of words

    def _paragraph(self, content: str, lines: Sequence[SourceLine], events: Sequence[Event]) -> None:
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
                self.words.paragraph(found[:start])
            self.words.rows(found[max(start, 0) :], has_head=start >= 0)
        elif found:
            self.words.paragraph(found)

    def _leave_table(self, content: str) -> None:
        """Ends a table that was never ended, where no cell of it is open."""
        frame = self.writer.table
        if frame and self.writer.cell is None and not content.lstrip().startswith("<"):
            self.writer.pop("table")

    def _callout(self, lines: list[SourceLine]) -> list[SourceLine]:
        match = _CALLOUT.match(lines[0].text) if lines else None
        if not match:
            return lines
        title = after(lines[0], match.end())
        if title.text.strip():
            self.words.label(title)
        return lines[1:]

    def _heading(self, token: Parsed, content: str, lines: Sequence[SourceLine]) -> None:
        self._leave_table("")
        self.words.marker = ("", -1)
        level = int(token.tag[1])
        mark = Piece("#" * level + " ")
        text, begun, _ = lines[0]
        start = text.find("#")
        at = text.find(content, start + level)
        if token.markup in "=-":
            found = found_again(content, lines)
        elif at < 0 or begun < 0:
            found = [SourceLine(content)]
        else:
            found = [SourceLine(content, begun + at)]
            mark = Piece(mark.text, begun + start) if text.startswith(f"{mark.text}{content}", start) else mark
        self.writer.begin(BlockDraft(BlockKind.HEADING, before=(mark,)))
        self.words.read(Mapped(on_one_line(joined(found).between(0, len(content)))))
        if self.writer.cell is None:
            self.writer.finish()

    # code, formulas, what dialects open

    def _event(self, event: Event) -> None:
        writer = self.writer
        writer.finish()
        if isinstance(event, BodyOpened):
            writer.push(Frame(event.name))
            if event.label:
                self.words.label(event.label)
        elif isinstance(event, BodyClosed):
            writer.pop(event.name)
        else:
            self._display(event)

    def _display(self, event: DisplayFormula) -> None:
        self.words.marker = ("", -1)
        mapped = joined(event.lines)
        pieces = mapped.between(0, len(mapped.text.rstrip()))
        if self.writer.cell is not None:
            self.writer.add(on_one_line(pieces))
        else:
            self.writer.write_whole(BlockDraft(BlockKind.FORMULA, pieces))

    def _fence(self, token: Parsed, lines: Sequence[SourceLine], depth: int) -> None:
        self.words.marker = ("", -1)
        directive = _DIRECTIVE.match(token.info.strip())
        if not directive or directive[1] == "math" or depth >= _AGAIN:
            self._titled(token, lines)
        elif directive[1] not in ("image", "toctree", "include", "contents"):
            self._directive(code.of_info(lines[0], directive[2]), code.body_of(token, lines), depth)

    def _titled(self, token: Parsed, lines: Sequence[SourceLine]) -> None:
        """Code below its title, if it has one."""
        grouped = any(frame.name.startswith("CodeGroup") for frame in self.writer.frames)
        title = code.title_of(token, lines, grouped=grouped) if self.writer.cell is None else None
        title = title if token.content.strip() else None
        if title:
            self.writer.finish()
            self.writer.push(Frame("code"))
            self.words.label(title)
        code.fenced(self.writer, token, lines)
        if title:
            self.writer.pop("code")

    def _directive(self, title: SourceLine, content: Sequence[SourceLine], depth: int) -> None:
        """A directive of MyST: its options are silent, its body is text."""
        body = list(content)
        while body and re.match(r":[\w-]+:", body[0].text):
            body.pop(0)
        self.writer.finish()
        self.writer.push(Frame("directive"))
        if title.text.strip():
            self.words.label(title)
        self._again(body, depth)
        self.writer.pop("directive")

    def _again(self, lines: Sequence[SourceLine], depth: int) -> None:
        """Lines that are Markdown of their own, moved left."""
        least = min((columns(line.text) for line in lines if line.text.strip()), default=0)
        ready = prepared([dedented(line, least) for line in lines], self.source)
        self.words.footnotes.update(ready.footnotes)
        self._parse(ready.lines, ready.events, depth + 1)

    def _indented(self, token: Parsed, lines: Sequence[SourceLine], depth: int) -> None:
        writer = self.writer
        marker, self.words.marker = self.words.marker, ("", -1)
        content = found_again(token.content.rstrip("\n"), lines)
        inside = any(frame.name[:1].isupper() for frame in writer.frames) or writer.cell is not None
        tags = _TAG_START.match(token.content) and (writer.frames or not writer.written)
        goes_on = not writer.written and not writer.frames and _WORDS.match(token.content)
        if depth < _AGAIN and (inside or tags or goes_on or SIGN in token.content):
            self.words.marker = marker
            self._again(content, depth)
            return
        code.unfenced(writer, joined(content))
