"""Markdown dialects as plain CommonMark, so that one parser finds the blocks of all of them.

Only where blocks begin and end is taken from this, the text itself from the document. Lines that only mark something
(`:::`, `<TabItem …>`, `{% tab %}`, imports, attributes) become blank ones; the bodies of `!!!`, `???` and `===` lose
their indentation; formulas and `{% highlight %}` become fences, HTML headings `#`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import dialect_lines as lines
from .openings import LONGEST_OPENER, Opening
from .source_lines import SourceLines

FORMULA = "formula"
"""Language of the fences that formulas become."""

LONGEST_FORMULA = 100
"""Lines of a formula; without an end within them it is text."""

LONGEST_HTML_HEADING = 20
"""Lines of an HTML heading, as it may hold a logo."""

DEEPEST = 32
"""Bodies and tags inside each other that are followed."""

_CODE_TAGS = frozenset(("highlight", "code"))
_LONG_FENCE = "~" * 12


@dataclass(frozen=True, slots=True)
class CommonMark:
    """A document as CommonMark. `numbers[n]` is the number, in the document, of line `n` of `text`."""

    text: str
    numbers: Sequence[int]
    openings: Sequence[Opening] = ()
    openers: frozenset[int] = frozenset()
    """Lines of the document that open something."""


def plain(source: SourceLines, first: int) -> CommonMark:
    """The lines of a document from number `first` on."""
    return _Reader(source, first).read()


@dataclass(frozen=True, slots=True)
class _Open:
    """Something open: an indented body, by its `column`, or a tag, by the `name` that closes it."""

    inside: int
    """Offset at which what is inside begins."""
    lead: str
    name: str = ""
    column: int = -1


class _Reader:
    """Reads a document line by line. What a line is is told by its first character, so that most cost nothing."""

    def __init__(self, source: SourceLines, first: int) -> None:
        self.source = source
        self.at = first
        self.closers = lines.last_closers(source.text)
        self.found: dict[str, int] = {}
        self.out: list[str] = []
        self.numbers: list[int] = []
        self.openings: list[Opening] = []
        self.openers: set[int] = set()
        self.bodies: list[_Open] = []
        self.tags: list[_Open] = []

    def read(self) -> CommonMark:
        while self.at < self.source.count:
            self._line()
        for each in self.bodies:
            self._close(each, len(self.source.text))
        return CommonMark("\n".join(self.out), self.numbers, self.openings, frozenset(self.openers))

    def _line(self) -> None:
        line = self.source.raw(self.at)
        words = line.strip(" \t")
        while words and self.bodies and lines.columns(line) < self.bodies[-1].column:
            self._close(self.bodies.pop(), self.source.offset(self.at))
        body = self._body(self.at)
        if fence := lines.FENCE.match(body):
            self._code(fence[1])
        elif not words or not self._special(words):
            self._take(1)

    def _special(self, words: str) -> bool:
        """True if the line means something in a dialect, or begins raw HTML, and was dealt with."""
        match words[0]:
            case "!" | "?" | "=":
                return self._admonition(words)
            case ":":
                return self._colons(words)
            case "{" | "[":
                return self._template(words)
            case "<":
                return self._tag(words)
            case "$" | "\\":
                return self._formula(words)
            case "i" | "e":
                return self._module(words)
        return False

    def _code(self, fence: str) -> None:
        """A fence to its end, or that of the body it stands in."""
        end = re.compile(rf"[ \t>]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*\Z")
        self._take(1)
        while self.at < self.source.count:
            line = self.source.raw(self.at)
            if line.strip() and self.bodies and lines.columns(line) < self.bodies[-1].column:
                return
            self._take(1)
            if end.match(line):
                return

    def _admonition(self, words: str) -> bool:
        if not lines.ADMONITION.match(words) or len(self.bodies) >= DEEPEST:
            return False
        line = self.source.raw(self.at)
        self._silent(1, opens=True)
        self.bodies.append(_Open(self.source.offset(self.at), line.rstrip(), column=lines.columns(line) + lines.INDENT))
        return True

    def _colons(self, words: str) -> bool:
        found = lines.COLONS.match(words)
        if found is None:
            return False
        if found[1]:
            self._open(":::", 1, told=True)
        else:
            self._close_tag(":::")
            self._silent(1)
        return True

    def _template(self, words: str) -> bool:
        if words.startswith("{/*") and (end := self._find("*/}")) >= 0:
            return self._silent(self.source.number(end) - self.at + 1)
        if lines.SILENT.fullmatch(words):
            return self._silent(1)
        if not lines.TEMPLATE.fullmatch(words):
            return False
        tags = list(lines.TEMPLATE_TAG.finditer(words))
        if len(tags) == 1 and not tags[0][1] and tags[0][2] in _CODE_TAGS:
            return self._highlight(tags[0][2])
        for tag in tags:
            if tag[1]:
                self._close_tag(tag[2])
        opened = [tag for tag in tags if not tag[1] and self._closes(tag[2])]
        if not opened:
            return self._silent(1)
        return self._open(opened[-1][2], 1, told=bool(opened[-1][3].strip(" %>-")))

    def _highlight(self, name: str) -> bool:
        """Code between tags becomes a fence."""
        for number in range(self.at + 1, self.source.count if self._closes(name) else 0):
            found = lines.TEMPLATE_TAG.search(self.source.raw(number))
            if found and found[1] and found[2] == name:
                return self._fence(number, "code")
        return self._silent(1)

    def _tag(self, words: str) -> bool:
        if found := lines.HTML_HEADING.match(words):
            return self._html_heading(found, words)
        if found := lines.RAW_HTML.match(words):
            end = self._find(f"</{found[1].lower()}>" if found[1] else "-->")
            return end >= 0 and self._take(self.source.number(end) - self.at + 1)
        component = lines.COMPONENT.match(words)
        if component is None or (component[4] or "").endswith("/"):
            return False
        name, rest = component[2] or component[3], words[component.end() :].strip()
        if component[1]:
            self._close_tag(name)
            return not rest and self._silent(1)
        number = 1
        if component[3]:  # <details>: its summary stands behind it, or on the next line
            if not rest and self.at + 1 < self.source.count:
                number += bool(lines.SUMMARY.fullmatch(self.source.raw(self.at + 1).strip(" \t")))
            rest = "" if lines.SUMMARY.fullmatch(rest) else rest
        if rest or not self._closes(name):
            return False
        return self._open(name, number, told=bool(component[3] or component[4]))

    def _module(self, words: str) -> bool:
        """Imports and exports of MDX, which go on to the next blank line."""
        if not lines.MODULE.match(words) or (self.out and self.out[-1].strip()):
            return False
        last = self.at
        if not (words.startswith("import") and words.rstrip(";")[-1] in "'\""):
            while last + 1 < self.source.count and self.source.raw(last + 1).strip():
                last += 1
        return self._silent(last - self.at + 1)

    def _html_heading(self, found: re.Match[str], words: str) -> bool:
        """A heading of HTML as one of Markdown, between blank lines: it may stand in an HTML block."""
        close = f"</h{found[1]}>"
        for number in range(self.at, min(self.at + LONGEST_HTML_HEADING, self.source.count)):
            at = self.source.raw(number).lower().find(close)
            if at >= 0:
                break
        else:
            return False
        if self.source.raw(number)[at + len(close) :].strip():
            return False
        first = words[found.start(2) :]
        whole = " ".join([first, *(self.source.raw(each) for each in range(self.at + 1, number + 1))])
        title = lines.said(whole[: whole.lower().rindex(close)])
        if not title or lines.columns(self._body(self.at)) >= lines.INDENT:
            return False
        self._emit("")
        self._emit(f"{'#' * int(found[1])} {title}")
        self.at += 1
        self._silent(number - self.at + 1)
        self._emit("")
        return True

    def _formula(self, words: str) -> bool:
        environment = lines.ENVIRONMENT.match(words)
        end = f"\\end{{{environment[1]}}}" if environment else lines.FORMULA_ENDS.get(words[:2])
        if end is None or end in words[2:]:
            return False
        for number in range(self.at + 1, min(self.at + LONGEST_FORMULA, self.source.count)):
            if self.source.raw(number).rstrip().endswith(end):
                return self._fence(number, FORMULA)
        return False

    def _fence(self, last: int, language: str) -> bool:
        """The lines up to number `last` become a fence of their own."""
        body = self._body(self.at)
        indent = body[: len(body) - len(body.lstrip())]
        self._emit("")
        self._emit(f"{indent}{_LONG_FENCE}{language}")
        self.at += 1
        self._take(last - self.at)
        self._emit(indent + _LONG_FENCE)
        self.at += 1
        return True

    def _open(self, name: str, number: int, *, told: bool) -> bool:
        """A tag of so many lines; `told` if it says something of what is inside."""
        lead = "\n".join(self.source.raw(each).strip(" \t") for each in range(self.at, self.at + number))
        self._silent(number, opens=True)
        if len(self.tags) < DEEPEST:
            self.tags.append(_Open(self.source.offset(self.at), lead if told else "", name))
        return True

    def _closes(self, name: str) -> bool:
        """True if something closes this name further down."""
        return self.closers.get(name, -1) > self.source.offset(self.at)

    def _close_tag(self, name: str) -> None:
        """Close the innermost tag of this name; what is still open inside it closes with it."""
        if not any(each.name == name for each in self.tags):
            return
        while (each := self.tags.pop()).name != name:
            pass
        self._close(each, self.source.offset(self.at))

    def _close(self, each: _Open, end: int) -> None:
        if 0 < len(each.lead) <= LONGEST_OPENER and each.inside < end:
            self.openings.append(Opening(each.inside, end, each.lead))

    def _silent(self, number: int, *, opens: bool = False) -> bool:
        """So many lines become blank."""
        for _ in range(number):
            if opens:
                self.openers.add(self.at)
            self._emit("")
            self.at += 1
        return True

    def _take(self, number: int) -> bool:
        """So many lines are taken as they stand, without the indentation of the body they stand in."""
        for _ in range(number):
            self._emit(self._body(self.at))
            self.at += 1
        return True

    def _emit(self, line: str) -> None:
        self.out.append(line)
        self.numbers.append(min(self.at, self.source.count - 1))

    def _find(self, mark: str) -> int:
        """Where `mark` comes next, -1 for nowhere: the text is looked through once for each mark."""
        start = self.source.offset(self.at)
        if mark not in self.found or 0 <= self.found[mark] < start:
            self.found[mark] = self.source.text.find(mark, start)
        return self.found[mark]

    def _body(self, number: int) -> str:
        line = self.source.raw(number)
        return lines.dedented(line, lines.INDENT * len(self.bodies)) if self.bodies else line
