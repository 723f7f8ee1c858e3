"""The spans of a Markdown text that are prose, code, links or images. Pure.

Blocks are told apart by markdown-it (CommonMark with tables, raw HTML off); within a block a scanner of our own keeps
the position of every character, which the parser does not. All pieces together are the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.helpers import parseLinkDestination, parseLinkTitle

from .formulas import formula_end, with_display_formulas
from .tables import with_tables

LINE_END = re.compile(r"\r\n?|\n")
TOKEN = re.compile(r"\\[!-/:-@\[-`{-~]|`+|[<\[\]$]|!(?=\[)|[^\\`<\[\]!$]+|.", re.DOTALL)
MARK = re.compile(r"[\\`<\[!$]")
AUTOLINK = re.compile(r"<(https?://[^\s<>]*|mailto:[^\s<>]+)>", re.IGNORECASE)
HTML_START = re.compile(r"[A-Za-z/!?]")
LINE_START = re.compile(r"[ \t>*+\-\d.)]*")
"""Characters allowed before a link definition on its line: indents, quote marks, list markers."""
LINK_SCHEME = re.compile(r"(?:https?://[^/?#]|mailto:.)", re.IGNORECASE)
RELATIVE = re.compile(r"(?:\.{1,2}/)*\w[\w./%+-]*(?:#[\w.%-]*)?")
"""A target within a folder of documents; no scheme, no place on this site, no anchor of this page."""


class SpanKind(StrEnum):
    """Kind of a piece of Markdown."""

    TEXT = "text"
    CODE = "code"
    CODE_BLOCK = "code block"
    OPEN_CODE = "open code"
    """Backticks whose partner may still come, and all that follows."""
    BACKTICKS = "backticks"
    """A run that opens no code."""
    ESCAPE = "escape"
    """A backslash and the punctuation it takes the meaning from."""
    FORMULA = "formula"
    AUTOLINK = "autolink"
    HTML = "html"
    """One `<` that could open raw HTML."""
    LINK_START = "link start"
    LINK_END = "link end"
    """From the bracket that ends the label to the end of the target."""
    IMAGE_START = "image start"
    IMAGE_END = "image end"
    BANG = "bang"
    """A `!` before a bracket that is never closed."""
    JOINT = "joint"
    """The colon or parenthesis after a bracket that could make a link, or the definition of one, of it."""


@dataclass(frozen=True, slots=True)
class MarkdownSpan:
    """Characters `[start, end)` of a text. `target` is where a link leads; `label` the start of its label."""

    kind: SpanKind
    start: int
    end: int
    target: str = ""
    label: int = 0


def pieces(text: str, *, growing: bool = False) -> list[MarkdownSpan]:
    """The whole text in pieces. `growing`: more is to come, so backticks not yet closed already make code."""
    found: list[MarkdownSpan] = []
    blocks = _blocks(text)
    for start, end, is_code in blocks:
        if is_code:
            found.append(MarkdownSpan(SpanKind.CODE_BLOCK, start, end))
        else:
            found += _Scanner(text, start, end, growing=growing and end == len(text)).pieces()
    return found


def prose(text: str, *, growing: bool = False) -> list[tuple[int, int]]:
    """The stretches `[start, end)` that are plain text: no code, no link or image, no escaped character."""
    stretches: list[tuple[int, int]] = []
    inside = 0
    for piece in pieces(text, growing=growing):
        inside += piece.kind in (SpanKind.LINK_START, SpanKind.IMAGE_START)
        inside -= piece.kind in (SpanKind.LINK_END, SpanKind.IMAGE_END)
        if piece.kind not in (SpanKind.TEXT, SpanKind.JOINT) or inside > 0:
            continue
        if stretches and stretches[-1][1] == piece.start:
            stretches[-1] = (stretches[-1][0], piece.end)
        else:
            stretches.append((piece.start, piece.end))
    return stretches


def open_fence(text: str) -> str:
    """The fence that `text` leaves open, such as three backticks; "" when none is."""
    tokens = _parser().parse(text)
    last = next((t for t in reversed(tokens) if t.nesting != -1), None)
    if last is None or last.type != "fence" or not last.map:
        return ""
    first, end = last.map
    lines = LINE_END.split(text)[first:end]
    mark = lines[-1].strip(" \t>")
    closed = len(lines) > 1 and len(mark) >= len(last.markup) and set(mark) == set(last.markup)
    return "" if closed else last.markup


@cache
def _parser() -> MarkdownIt:
    # blocks alone: inline text is `_Scanner`'s; link definitions stay visible, as paragraphs
    parser = with_display_formulas(with_tables(MarkdownIt("commonmark", {"html": False})))
    return parser.disable(["reference", "inline", "text_join"])


def _blocks(text: str) -> list[tuple[int, int, bool]]:
    """`(start, end, is_code)`: stretches in which inline marks can pair, covering the text."""
    edges = [0, *(m.end() for m in LINE_END.finditer(text))]
    if edges[-1] != len(text):
        edges.append(len(text))
    count = len(edges) - 1
    owner: list[tuple[int, bool]] = [(-1 - line, False) for line in range(count)]
    table_end = 0
    for number, token in enumerate(_parser().parse(text)):
        if not token.map:
            continue
        first, end = token.map
        if token.type == "table_open":
            table_end = end
        is_code = token.type in ("fence", "code_block")
        if is_code or token.type == "formula" or (token.type == "inline" and first >= table_end):
            owner[first:end] = [(number, is_code)] * (min(end, count) - first)
    blocks: list[tuple[int, int, bool]] = []
    for line in range(count):
        if line and owner[line] == owner[line - 1]:
            blocks[-1] = (blocks[-1][0], edges[line + 1], blocks[-1][2])
        else:
            blocks.append((edges[line], edges[line + 1], owner[line][1]))
    return blocks


class _Scanner:
    """Inline pieces of one block `[start, end)` of a text."""

    def __init__(self, text: str, start: int, end: int, *, growing: bool) -> None:
        self.text, self.start, self.end, self.growing = text, start, end, growing
        self.runs: dict[int, list[int]] = {}
        """Length of a run of backticks -> where such runs begin."""
        for run in re.compile("`+").finditer(text, start, end):
            self.runs.setdefault(len(run[0]), []).append(run.start())
        self.heads: dict[int, int] = {}
        """Beginning of a line -> end of the characters on it that are allowed before a link definition."""
        self.lines = [start, *(m.end() for m in LINE_END.finditer(text, start, end))]
        self.closing = self._closing()
        self.ends: dict[int, MarkdownSpan] = {}
        """End of the label of a link or image found so far -> its last piece."""

    def pieces(self) -> Iterator[MarkdownSpan]:
        if not MARK.search(self.text, self.start, self.end):
            yield MarkdownSpan(SpanKind.TEXT, self.start, self.end)
            return
        at = self.start
        while at < self.end:
            piece = self.ends.get(at) or self._marked(self._atom(at))
            yield piece
            at = piece.end

    def _atom(self, at: int) -> MarkdownSpan:
        """The piece at `at`, brackets not yet understood."""
        token = TOKEN.match(self.text, at, self.end)
        assert token  # its last alternative matches any character
        mark, stop = token[0], token.end()
        if mark[0] in "\\$" and (formula := formula_end(self.text, at, self.end)):
            return MarkdownSpan(SpanKind.FORMULA, at, formula)
        if len(mark) == 2 and mark[0] == "\\":
            return MarkdownSpan(SpanKind.ESCAPE, at, stop)
        if mark[0] == "`":
            starts = self.runs.get(len(mark), [])
            closer = bisect_left(starts, stop)
            if closer < len(starts):
                return MarkdownSpan(SpanKind.CODE, at, starts[closer] + len(mark))
            is_open = self.growing and self.text[self.end - 1] != "`"
            return (
                MarkdownSpan(SpanKind.OPEN_CODE, at, self.end)
                if is_open
                else MarkdownSpan(SpanKind.BACKTICKS, at, stop)
            )
        if mark == "<":
            link = AUTOLINK.match(self.text, at, self.end)
            if link:
                return MarkdownSpan(SpanKind.AUTOLINK, at, link.end(), link[1])
            return MarkdownSpan(
                SpanKind.HTML if HTML_START.match(self.text, stop, self.end) else SpanKind.TEXT, at, stop
            )
        return MarkdownSpan(SpanKind.TEXT, at, stop)

    def _closing(self) -> dict[int, int]:
        """Opening bracket -> the bracket that closes it."""
        closing: dict[int, int] = {}
        if self.text.find("[", self.start, self.end) < 0:
            return closing
        waiting: list[int] = []
        at = self.start
        while at < self.end:
            piece = self._atom(at)
            if piece.kind is SpanKind.TEXT and self.text[at] == "[":
                waiting.append(at)
            elif piece.kind is SpanKind.TEXT and self.text[at] == "]" and waiting:
                closing[waiting.pop()] = at
            at = piece.end
        return closing

    def _marked(self, atom: MarkdownSpan) -> MarkdownSpan:
        """The atom, or the beginning of the link or image that it opens; then the end is noted too."""
        at, char = atom.start, self.text[atom.start]
        if atom.kind is not SpanKind.TEXT or char not in "![" or (char == "!" and self.text[at + 1 : at + 2] != "["):
            return atom
        if char == "!" and at + 1 >= self.end:
            return atom
        opener = at + 1 if char == "!" else at
        label_end = self.closing.get(opener)
        if label_end is None:
            return MarkdownSpan(SpanKind.BANG, at, opener) if char == "!" else atom
        end, target = self._target(label_end + 1)
        if char == "!":
            if not end and self.text[label_end + 1 : label_end + 2] == "[":
                end = self.closing.get(label_end + 1, label_end) + 1
            self.ends[label_end] = MarkdownSpan(SpanKind.IMAGE_END, label_end, end or label_end + 1, target, opener + 1)
            return MarkdownSpan(SpanKind.IMAGE_START, at, opener + 1, target, opener + 1)
        if end:
            # a link that leads nowhere allowed ends with its label: what follows is text like any other
            link_end = end if allowed(target) else label_end + 1
            self.ends[label_end] = MarkdownSpan(SpanKind.LINK_END, label_end, link_end, target, at + 1)
            return MarkdownSpan(SpanKind.LINK_START, at, at + 1, target, at + 1)
        # no link as it stands, but it could become one once what is in the parentheses has been made safe
        if self.text[label_end + 1 : min(label_end + 2, self.end)] == "(" or self._defines(at, label_end):
            self.ends[label_end + 1] = MarkdownSpan(SpanKind.JOINT, label_end + 1, label_end + 2)
        return atom

    def _defines(self, opener: int, label_end: int) -> bool:
        """True if these brackets and a colon would be read as the definition of a link."""
        if label_end + 1 >= self.end or self.text[label_end + 1] != ":":
            return False
        line = self.lines[bisect_right(self.lines, opener) - 1]
        if line not in self.heads:
            head = LINE_START.match(self.text, line, self.end)
            self.heads[line] = head.end() if head else line
        return opener <= self.heads[line]

    def _target(self, start: int) -> tuple[int, str]:
        """End and destination of `(destination "title")` at `start`; end 0 when there is none."""
        text, end = self.text, self.end
        if start >= end or text[start] != "(":
            return 0, ""
        at = _past_blank(text, start + 1, end)
        destination = parseLinkDestination(text, at, end)
        target, at = (destination.str, destination.pos) if destination.ok else ("", at)
        after = _past_blank(text, at, end)
        if after > at:
            title = parseLinkTitle(text, after, end)
            if title.ok:
                after = _past_blank(text, title.pos, end)
        return (after + 1, target) if after < end and text[after] == ")" else (0, "")


def _past_blank(text: str, at: int, end: int) -> int:
    while at < end and text[at] in " \t\r\n":
        at += 1
    return at


def allowed(target: str) -> bool:
    return target.isprintable() and LINK_SCHEME.match(target) is not None and host(target) is not None


def is_relative(target: str) -> bool:
    """True if a link leads from one document to another beside it, as in a folder of Markdown."""
    return RELATIVE.fullmatch(target) is not None


def host(target: str) -> str | None:
    """The host a link leads to, "" for mail; None when the address is not understood."""
    try:
        parts = urlsplit(target)
        return parts.hostname if parts.scheme.lower() != "mailto" else ""
    except ValueError:
        return None
