"""The lines of a document on their way to the parser: what is code, how far lines are indented, what is open. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .halves import FENCE, begins_in_code, front_matter
from .lines import BLANK, SourceLine, after, columns, dedented
from .marks import SIGN, BodyClosed, BodyOpened, Event, sign

_LIST = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")


@dataclass(slots=True)
class _Container:
    """An opener whose body goes on: as far as lines are indented, or up to what closes it."""

    name: str
    base: int = 0
    """Columns by which its body is indented; 0 where something closes it."""


@dataclass(slots=True)
class Prepared:
    """Lines for the parser. A line between two signs stands for the event of that number."""

    lines: list[SourceLine] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    footnotes: dict[str, list[SourceLine]] = field(default_factory=dict)


class Preparing:
    """Goes over the lines once. `readers` understand lines by their first character: each takes the lines it
    understands, and says whether it did."""

    def __init__(self, lines: Sequence[SourceLine], source: str, readers: Mapping[str, Reads]) -> None:
        self.lines, self.source, self.readers = lines, source, readers
        self.out = Prepared()
        self.at = 0
        self.fence = ""
        self.in_list = False
        self.in_tabs = False
        self.until = ""
        """What ends an HTML comment or element whose lines are left alone."""
        self.containers: list[_Container] = []
        self.closers = frozenset(re.findall(r"\{\{[<%]\s*/\s*([\w./-]+)", source)) if "{{" in source else frozenset()
        self.noted = frozenset(re.findall(r"\[\^([^\]\s]+)\](?!:)", source)) if "[^" in source else frozenset()

    def prepared(self) -> Prepared:
        if self.lines and self.lines[0].start == 0:
            self.at = front_matter(self.lines)
            if begins_in_code(self.lines):
                self.fence = "```"
                self.out.lines.append(SourceLine(self.fence))
        while self.at < len(self.lines):
            self._line(self.lines[self.at])
        return self.out

    # lines and events

    def keep(self, line: SourceLine) -> None:
        self.out.lines.append(dedented(line, self.moved()))
        self.at += 1

    def moved(self) -> int:
        return 4 * sum(1 for container in self.containers if container.base)

    def event(self, event: Event, indent: int = 0) -> None:
        self.out.events.append(event)
        self.out.lines += [BLANK, sign(len(self.out.events) - 1, indent), BLANK]

    def open(self, name: str, label: SourceLine | None, *, indent: int, base: int = 0) -> None:
        self.event(BodyOpened(name, label if label and label.text.strip() else None), max(0, indent - self.moved()))
        if len(self.containers) < 40:
            self.containers.append(_Container(name, base))
        self.at += 1

    def close(self, name: str, indent: int) -> None:
        """Ends the last container of that name, if there is one, and those in it."""
        for number in range(len(self.containers) - 1, -1, -1):
            if self.containers[number].name == name:
                del self.containers[number:]
                break
        self.event(BodyClosed(name), max(0, indent - self.moved()))
        self.at += 1

    def _leave(self, indent: int) -> None:
        """Ends containers in which a line that is indented so little cannot be."""
        for number, container in enumerate(self.containers):
            if container.base > indent:
                ended = self.containers[number:]
                del self.containers[number:]
                if self.fence:
                    self.out.lines.append(SourceLine(self.fence))
                    self.fence = ""
                for each in reversed(ended):
                    self.event(BodyClosed(each.name), max(0, container.base - 4 - self.moved()))
                return

    # one line

    def _line(self, line: SourceLine) -> None:
        text = line.text
        bare = text.lstrip(" \t")
        indent = columns(text)
        if bare and self.containers:
            self._leave(indent)
        if self.until:
            self.until = "" if self.until in text.lower() else self.until
            return self.keep(line)
        if self.fence:
            if _closes(bare, self.fence):
                self.fence = ""
            return self.keep(line)
        if not bare:
            return self.keep(line)
        fence = FENCE.match(text)
        if fence:
            self.fence = fence["mark"]
            return self.keep(line)
        first = not self.at or not self.lines[self.at - 1].text.strip()
        if _LIST.match(text):
            self.in_list = True
        elif first and indent <= self.moved():
            self.in_list = False
        if first and indent - self.moved() >= 4 and not self.in_list:
            return self._code(line)
        return self._marked(line, bare, indent, first=first)

    def _code(self, line: SourceLine) -> None:
        """Indented code, up to a line that is indented less."""
        least = self.moved() + 4
        while self.at < len(self.lines):
            text = self.lines[self.at].text
            if text.strip() and columns(text) < least:
                return
            self.keep(self.lines[self.at])

    def _marked(self, line: SourceLine, bare: str, indent: int, *, first: bool) -> None:
        start = len(line.text) - len(bare)
        reader = self.readers.get(bare[0])
        if reader and reader(self, after(line, start), indent, first):
            return
        if SIGN in line.text:
            line = SourceLine(line.text.replace(SIGN, "\ufffd"), line.start, line.end)
        self.keep(line)


Reads = Callable[[Preparing, SourceLine, int, bool], bool]
"""Takes the line without its indent, how far it is indented, and whether it follows a blank one."""


def _closes(text: str, fence: str) -> bool:
    mark = text.strip(" \t>")
    return len(mark) >= len(fence) and not mark.strip(fence[0])


def group(line: SourceLine, match: re.Match[str], name: str) -> SourceLine | None:
    return between(line, *match.span(name)) if match[name] else None


def between(line: SourceLine, start: int, end: int) -> SourceLine:
    return SourceLine(line.text[start:end], line.start + start if line.start >= 0 else -1)
