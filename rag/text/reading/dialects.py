"""The lines of a document without what a dialect of Markdown adds: its openers and closers become signs. Pure.

What is indented below an opener moves left, so that a parser of plain Markdown reads it as what it is. Code is left
alone. One pass over the lines; every search ahead is bounded or made once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from . import templates
from .lines import BLANK, Line, after, columns, dedented
from .marks import SIGN, Closed, Display, Event, Opened, sign

_FENCE = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]?)*(?P<mark>`{3,}(?=[^`]*$)|~{3,})")
_LIST = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_ADMONITION = re.compile(r"(?:!!!|\?\?\?\+?)[ \t]+[\w][\w \t|-]*?(?:[ \t]*\"(?P<title>.*)\")?[ \t]*$")
_TAB = re.compile(r"===[!+]?[ \t]+\"(?P<title>.*)\"[ \t]*$")
_COLONS = re.compile(
    r"(?P<colons>:{3,})[ \t]*(?:\{(?P<braced>[^{}]*)\}|(?P<type>[\w-]+))?(?:\[(?P<bracket>.*)\])?(?:\{(?P<given>[^{}]*)\})?"
    r"[ \t]*(?P<title>[^\s{].*?)?[ \t]*(?:\{[^{}]*\})?[ \t]*:*$"
)
_GIVEN_TITLE = re.compile(r"\b(?:title|label|name)=(?:\"([^\"]*)\"|'([^']*)')")
_UNNAMED = ("zone", "moniker", "row", "column")
_OPTION = re.compile(r"[ \t]*:[\w-]+:")
_TAB_HEADING = re.compile(r"#{1,6}[ \t]+\[([^\[\]]+)\]\(#tab/[^()]*\)")
_RULER = re.compile(r"(?:\*{3,}|-{3,})[ \t]*$")
_PUT_IN = re.compile(r"-{1,2}8<-{1,}")
_SNIPPET = re.compile(r"<<<[ \t]+[@./]\S+[^<>]*$")
_TARGET_LINE = re.compile(r"\([\w.:-]+\)=[ \t]*$")
_IMPORT = re.compile(
    r"(?:import[ \t]+(?:[\w*{][^'\"]*?[ \t}]from[ \t]*)?['\"]|import[ \t]*\{[^'\"]*$"
    r"|export[ \t]+(?:const|default|function|let|var|class|async|type|\{|\*))"
)
_FOOTNOTE = re.compile(r" {0,3}\[\^([^\]\s]+)\]:[ \t]*")
_ABBREVIATION = re.compile(r"\*\[([^\]]+)\]:[ \t]*")
_ENVIRONMENT = re.compile(
    r"\\begin\{((?:align|equation|gather|multline|eqnarray|flalign|alignat|[bpvV]?matrix|cases|array|split|aligned|gathered)\*?)\}"
)
_ATTRIBUTE_LINE = re.compile(r"[ \t]*\{:[^{}]*\}[ \t]*$|[ \t]*\{[ \t]*(?:[#.][\w:-]+[ \t]*)+\}[ \t]*$")
_ENTRY = re.compile(r"[A-Za-z_][\w .-]{0,40}:(?:[ \t]|$)")
_TOML = re.compile(r"[A-Za-z_][\w.-]{0,40}[ \t]*=|\[|#")
_CONTENTS = re.compile(r"[ \t]*(?:[-*+]|1\.)[ \t]+\S[^\n]{0,40}$")
_TAG_LINE = re.compile(
    r"[ \t]*<(?:details|div|section|[A-Z][A-Za-z]*[a-z][\w.]*)(?:[^<>]|=>)*>[ \t]*$|.*</summary>[ \t]*$"
)
_TEMPLATE_LINE = re.compile(r"[ \t]*(?:\{%.*%\}|\{\{[<%].*[%>]\}\})[ \t]*$")
_CONTAINERS = frozenset(
    "tab details expand notice alert callout admonition hint note tip warning accordion accordion-item".split()
)
_CODE = frozenset(("highlight", "codeblock", "code_block"))


LONGEST_FORMULA = 80
"""Lines in which the end of a formula is looked for."""


@dataclass(slots=True)
class _Container:
    """An opener whose body goes on: as far as lines are indented, or up to what closes it."""

    name: str
    base: int = 0
    """Columns by which its body is indented; 0 where something closes it."""


@dataclass(slots=True)
class Prepared:
    """Lines for the parser. A line between two signs stands for the event of that number."""

    lines: list[Line] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    footnotes: dict[str, list[Line]] = field(default_factory=dict)


def prepared(lines: Sequence[Line], source: str) -> Prepared:
    """The lines with the dialects understood."""
    return _Dialects(lines, source).prepared()


class _Dialects:
    def __init__(self, lines: Sequence[Line], source: str) -> None:
        self.lines, self.source = lines, source
        self.out = Prepared()
        self.at = 0
        self.fence = ""
        self.in_list = False
        self.tabs = False
        self.until = ""
        """What ends an HTML comment or element whose lines are left alone."""
        self.containers: list[_Container] = []
        self.closers = frozenset(re.findall(r"\{\{[<%]\s*/\s*([\w./-]+)", source)) if "{{" in source else frozenset()
        self.noted = frozenset(re.findall(r"\[\^([^\]\s]+)\](?!:)", source)) if "[^" in source else frozenset()

    def prepared(self) -> Prepared:
        if self.lines and self.lines[0].start == 0:
            self.at = _front_matter(self.lines)
            if begins_in_code(self.lines):
                self.fence = "```"
                self.out.lines.append(Line(self.fence))
        while self.at < len(self.lines):
            self._line(self.lines[self.at])
        return self.out

    # lines and events

    def _keep(self, line: Line) -> None:
        self.out.lines.append(dedented(line, self._moved()))
        self.at += 1

    def _moved(self) -> int:
        return 4 * sum(1 for container in self.containers if container.base)

    def _event(self, event: Event, indent: int = 0) -> None:
        self.out.events.append(event)
        self.out.lines += [BLANK, sign(len(self.out.events) - 1, indent), BLANK]

    def _open(self, name: str, label: Line | None, *, indent: int, base: int = 0) -> None:
        self._event(Opened(name, label if label and label.text.strip() else None), max(0, indent - self._moved()))
        if len(self.containers) < 40:
            self.containers.append(_Container(name, base))
        self.at += 1

    def _close(self, name: str, indent: int) -> None:
        """Ends the last container of that name, if there is one, and those in it."""
        for number in range(len(self.containers) - 1, -1, -1):
            if self.containers[number].name == name:
                del self.containers[number:]
                break
        self._event(Closed(name), max(0, indent - self._moved()))
        self.at += 1

    def _leave(self, indent: int) -> None:
        """Ends containers in which a line that is indented so little cannot be."""
        for number, container in enumerate(self.containers):
            if container.base > indent:
                ended = self.containers[number:]
                del self.containers[number:]
                if self.fence:
                    self.out.lines.append(Line(self.fence))
                    self.fence = ""
                for each in reversed(ended):
                    self._event(Closed(each.name), max(0, container.base - 4 - self._moved()))
                return

    # one line

    def _line(self, line: Line) -> None:
        text = line.text
        bare = text.lstrip(" \t")
        indent = columns(text)
        if bare and self.containers:
            self._leave(indent)
        if self.until:
            self.until = "" if self.until in text.lower() else self.until
            return self._keep(line)
        if self.fence:
            if _closes(bare, self.fence):
                self.fence = ""
            return self._keep(line)
        if not bare:
            return self._keep(line)
        fence = _FENCE.match(text)
        if fence:
            self.fence = fence["mark"]
            return self._keep(line)
        first = not self.at or not self.lines[self.at - 1].text.strip()
        if _LIST.match(text):
            self.in_list = True
        elif first and indent <= self._moved():
            self.in_list = False
        if first and indent - self._moved() >= 4 and not self.in_list:
            return self._code(line)
        return self._marked(line, bare, indent, first=first)

    def _code(self, line: Line) -> None:
        """Indented code, up to a line that is indented less."""
        least = self._moved() + 4
        while self.at < len(self.lines):
            text = self.lines[self.at].text
            if text.strip() and columns(text) < least:
                return
            self._keep(self.lines[self.at])

    def _marked(self, line: Line, bare: str, indent: int, *, first: bool) -> None:
        start = len(line.text) - len(bare)
        reader = _READERS.get(bare[0])
        if reader and reader(self, after(line, start), indent, first):
            return
        if SIGN in line.text:
            line = Line(line.text.replace(SIGN, "\ufffd"), line.start, line.end)
        self._keep(line)

    def _admonition(self, line: Line, indent: int, first: bool) -> bool:
        match = (_TAB if line.text[0] == "=" else _ADMONITION).match(line.text)
        if not match:
            return False
        self._open("admonition", _group(line, match, "title"), indent=indent, base=indent + 4)
        return True

    def _colons(self, line: Line, indent: int, first: bool) -> bool:
        if not line.text.startswith(":::"):
            return False
        if not line.text.strip().strip(":"):
            self._close(":::", indent)
            return True
        match = _COLONS.match(line.text)
        if not match:
            return False
        if line.text.rstrip().endswith(":::") or (match["type"] or "").endswith("-end"):
            return self._colons_alone(line, match["type"] or "", indent)
        if (match["type"] or "") in _UNNAMED:
            self._open(":::", None, indent=indent)
            return True
        given = _GIVEN_TITLE.search(line.text) if match["braced"] or match["given"] else None
        if given:
            label: Line | None = _between(line, *given.span(1 if given[1] is not None else 2))
        else:
            label = _group(line, match, "bracket" if match["bracket"] else "title")
        self._open(":::", label, indent=indent)
        while match["braced"] and self.at < len(self.lines) and _OPTION.match(self.lines[self.at].text):
            self.at += 1
        return True

    def _colons_alone(self, line: Line, name: str, indent: int) -> bool:
        """A line of colons without a body, and the end of a zone."""
        if name.endswith("-end"):
            self._close(":::", indent)
            return True
        self.at += 1
        return True

    def _contents_tab(self, line: Line, indent: int, first: bool) -> bool:
        """A heading that is the label of a tab; a ruler ends the last of them."""
        match = _TAB_HEADING.match(line.text)
        if not match and not (self.tabs and _RULER.match(line.text)):
            return False
        if self.tabs:
            self._close("tab", indent)
            self.at -= 1
        self.tabs = bool(match)
        if match:
            self._open("tab", _between(line, *match.span(1)), indent=indent)
        else:
            self.at += 1
        return True

    def _star(self, line: Line, indent: int, first: bool) -> bool:
        return self._contents_tab(line, indent, first) or self._abbreviation(line, indent, first)

    def _dash(self, line: Line, indent: int, first: bool) -> bool:
        """A ruler, or a line that puts in another file."""
        if _PUT_IN.match(line.text):
            self.at += 1
            return True
        return self._contents_tab(line, indent, first)

    def _target(self, line: Line, indent: int, first: bool) -> bool:
        """A name that MyST gives the place of what follows."""
        if not first or not _TARGET_LINE.match(line.text):
            return False
        self.at += 1
        return True

    def _import(self, line: Line, indent: int, first: bool) -> bool:
        if indent or not first and not _is_import(self.lines[self.at - 1].text):
            return False
        if not _IMPORT.match(line.text):
            return False
        while self.at < len(self.lines) and self.lines[self.at].text.strip():
            self.at += 1
        self.out.lines.append(BLANK)
        return True

    def _definition(self, line: Line, indent: int, first: bool) -> bool:
        """Footnotes stand where they are called; those that are called nowhere stay."""
        match = _FOOTNOTE.match(line.text)
        if not match or indent - self._moved() > 3:
            return False
        body = [after(line, match.end())]
        self.at += 1
        while self.at < len(self.lines):
            following = self.lines[self.at]
            blank = not following.text.strip()
            beyond = self.lines[self.at + 1] if blank and self.at + 1 < len(self.lines) else following
            if columns(beyond.text) < 4 and (blank or _FOOTNOTE.match(following.text)):
                break
            if not beyond.text.strip():
                break
            body.append(dedented(following, 4))
            self.at += 1
        if match[1] in self.noted and match[1] not in self.out.footnotes:
            self.out.footnotes[match[1]] = body
        else:
            self.out.lines += [BLANK, *body, BLANK]
        return True

    def _abbreviation(self, line: Line, indent: int, first: bool) -> bool:
        match = _ABBREVIATION.match(line.text)
        if not match:
            return False
        self._event(Opened("abbreviation", _between(line, *match.span(1))))
        self.out.lines.append(after(line, match.end()))
        self._event(Closed("abbreviation"))
        self.at += 1
        return True

    def _formula(self, line: Line, indent: int, first: bool) -> bool:
        text = line.text.rstrip()
        environment = _ENVIRONMENT.match(text)
        opener = text[:2] if text[:2] in ("$$", "\\[") else ""
        closer = f"\\end{{{environment[1]}}}" if environment else {"$$": "$$", "\\[": "\\]"}.get(opener, "")
        if not closer:
            return False
        begun = len(environment[0]) if environment else 2
        end = self._end_of_formula(closer, begun)
        if not end:
            return False
        lines = [dedented(each, indent) for each in self.lines[self.at : end]]
        self._event(Display(tuple(lines)), max(0, indent - self._moved()))
        self.at = end
        return True

    def _end_of_formula(self, closer: str, begun: int) -> int:
        """Number of the line after a formula's last; 0 if words follow on it, or none ends it before a blank line."""
        first = self.lines[self.at].text.strip()
        last = min(len(self.lines), self.at + LONGEST_FORMULA)
        for number in range(self.at, last):
            text = first if number == self.at else self.lines[number].text
            found = text.find(closer, begun if number == self.at else 0)
            if found >= 0:
                rest = text[found + len(closer) :].strip()
                return number + 1 if not rest.strip(".,;，。") or rest[0] in "({" else 0
            if number > self.at and (not text.strip() or text.lstrip().startswith(("```", "#"))):
                return self._later(closer, number) if not self.lines[self.at].text.strip()[begun:] else 0
        cut = self.at + 1 < last == len(self.lines) and not first[begun:].strip()
        return last if cut else 0  # the piece ends in the middle of it

    def _later(self, closer: str, number: int) -> int:
        """The line after one that is nothing but the closer, among the next few: blank lines may stand in a formula."""
        for each in range(number, min(number + 12, len(self.lines))):
            if self.lines[each].text.strip() == closer:
                return each + 1
        return 0

    def _template(self, line: Line, indent: int, first: bool) -> bool:
        if _ATTRIBUTE_LINE.match(line.text):
            if ":toc" in line.text and self.out.lines and _CONTENTS.match(self.out.lines[-1].text):
                self.out.lines.pop()  # what stands there is put in by the engine
            self.at += 1
            return True
        if not _TEMPLATE_LINE.match(line.text) or len(line.text) > templates.LONGEST:
            return False
        at, matches = 0, []
        while at < len(line.text.rstrip()):
            match = templates.parsed(line.text, at)
            if not match or match["value"] is not None:
                return False
            matches.append(match)
            at = match.end() + len(line.text[match.end() :]) - len(line.text[match.end() :].lstrip())
        self.at += 1
        for match in matches:
            self.at -= 1  # each of them moves on
            self._tag(line, match, indent)
        return True

    def _tag(self, line: Line, match: re.Match[str], indent: int) -> None:
        hugo = match["hugo"] is not None
        name = match["hugo"] if hugo else match["liquid"]
        ends = bool(match["ends"]) if hugo else name.startswith("end")
        name = name if hugo or not ends else name[3:]
        if ends:
            if name in _CODE and self.fence:
                self.out.lines.append(Line(self.fence))
                self.fence = ""
            return self._close(name, indent)
        if name in _CODE:
            language = (match["given"] if hugo else match["told"]).split()
            self.out.lines += [BLANK, Line(f"```{language[0] if language else ''}")]
            self.at += 1
            return self._until_end(name)
        if name == "comment":
            self.at += 1
            return self._skip(name)
        body = name in self.closers if hugo else name in _CONTAINERS or f"end{name}" in self.source
        if not body:
            said = templates.named(line.text, match, templates.SAID)
            if said:
                self.out.lines += [BLANK, _between(line, *said), BLANK]
            self.at += 1
            return None
        label = templates.named(line.text, match, templates.NAMES, positional=True)
        self._open(name, _between(line, *label) if label else None, indent=indent)
        language = templates.named(line.text, match, ("lang",)) if name == "tab" and hugo else None
        if language:
            self.out.lines.append(Line(f"```{line.text[slice(*language)]}"))
            self._until_end(name)
            self.at -= 1
        return None

    def _until_end(self, name: str) -> None:
        """Code up to the tag that ends it."""
        ends = re.compile(rf"[ \t]*(?:\{{%-?\s*end{name}|\{{\{{[<%]\s*/\s*{name})")
        while self.at < len(self.lines) and not ends.match(self.lines[self.at].text):
            self.out.lines.append(self.lines[self.at])
            self.at += 1
        self.out.lines += [Line("```"), BLANK]
        self.at += 1

    def _skip(self, name: str) -> None:
        while (
            self.at < len(self.lines)
            and f"end{name}" not in self.lines[self.at].text
            and f"/{name}" not in self.lines[self.at].text.replace(" ", "")
        ):
            self.at += 1
        self.at += 1

    def _angle(self, line: Line, indent: int, first: bool) -> bool:
        text = line.text.lower()
        if text.startswith("<<<") and _SNIPPET.match(text):
            self.at += 1
            return True
        for opener, closer in (("<!--", "-->"), ("<pre", "</pre"), ("<script", "</script"), ("<style", "</style")):
            if text.startswith(opener):
                self.until = closer if closer not in text else ""
                return False
        following = self.lines[self.at + 1].text.strip() if self.at + 1 < len(self.lines) else ""
        if following and following[0] != "<" and _TAG_LINE.match(line.text):
            self._keep(self.lines[self.at])
            self.out.lines.append(BLANK)
            return True
        return False


_READERS = {
    "!": _Dialects._admonition,
    "?": _Dialects._admonition,
    "=": _Dialects._admonition,
    ":": _Dialects._colons,
    "i": _Dialects._import,
    "e": _Dialects._import,
    "[": _Dialects._definition,
    "*": _Dialects._star,
    "-": _Dialects._dash,
    "#": _Dialects._contents_tab,
    "(": _Dialects._target,
    "$": _Dialects._formula,
    "\\": _Dialects._formula,
    "{": _Dialects._template,
    "<": _Dialects._angle,
}
"""What can open with the first character of a line."""


def begins_in_code(lines: Sequence[Line]) -> bool:
    """True if the first fence of a piece closes code that began before the piece.

    It says no language, and a later one that does would stand inside code if it opened any; or it is all that is left
    at the end of the piece.
    """
    is_open = ""
    first = -1
    for number, line in enumerate(lines):
        fence = _FENCE.match(line.text)
        if not fence:
            continue
        mark, info = fence["mark"], line.text[fence.end() :].strip()
        if first < 0:
            if info:
                return False
            first = number
        if not is_open:
            is_open = mark
        elif info and first >= 0 and mark[0] == is_open[0]:
            return True
        elif not info and len(mark) >= len(is_open) and mark[0] == is_open[0]:
            is_open = ""
    nothing_after = first >= 0 and not any(line.text.strip() for line in lines[first + 1 :])
    return bool(is_open) and first > 0 and nothing_after


def _front_matter(lines: Sequence[Line]) -> int:
    """Number of the first line behind the data of a document, which are no text of it."""
    mark = lines[0].text.rstrip()
    if mark not in ("---", "+++"):
        return 0
    entry = _ENTRY if mark == "---" else _TOML
    for number in range(1, len(lines)):
        text = lines[number].text.rstrip()
        if text == mark:
            return number + 1 if number > 1 and entry.match(lines[1].text) else 0
        if text and text[0] not in " \t-#]}" and not entry.match(text):
            return 0
    return 0


def _closes(text: str, fence: str) -> bool:
    mark = text.strip(" \t>")
    return len(mark) >= len(fence) and not mark.strip(fence[0])


def _is_import(text: str) -> bool:
    return _IMPORT.match(text) is not None


def _group(line: Line, match: re.Match[str], name: str) -> Line | None:
    return _between(line, *match.span(name)) if match[name] else None


def _between(line: Line, start: int, end: int) -> Line:
    return Line(line.text[start:end], line.start + start if line.start >= 0 else -1)
