"""Lines that are no text where they stand: modules, definitions, names of places, files put in; and formulas. Pure."""

from __future__ import annotations

import re

from .containers import contents_tab
from .lines import BLANK, SourceLine, after, columns, dedented
from .marks import BodyClosed, BodyOpened, DisplayFormula
from .preparing import Preparing, between

_IMPORT = re.compile(
    r"(?:import[ \t]+(?:[\w*{][^'\"]*?[ \t}]from[ \t]*)?['\"]|import[ \t]*\{[^'\"]*$"
    r"|export[ \t]+(?:const|default|function|let|var|class|async|type|\{|\*))"
)
_FOOTNOTE = re.compile(r" {0,3}\[\^([^\]\s]+)\]:[ \t]*")
_ABBREVIATION = re.compile(r"\*\[([^\]]+)\]:[ \t]*")
_ENVIRONMENT = re.compile(
    r"\\begin\{((?:align|equation|gather|multline|eqnarray|flalign|alignat|[bpvV]?matrix|cases|array|split|aligned|gathered)\*?)\}"
)
_PUT_IN = re.compile(r"-{1,2}8<-{1,}")
_TARGET_LINE = re.compile(r"\([\w.:-]+\)=[ \t]*$")
_SNIPPET = re.compile(r"<<<[ \t]+[@./]\S+[^<>]*$")
_TAG_LINE = re.compile(
    r"[ \t]*<(?:details|div|section|[A-Z][A-Za-z]*[a-z][\w.]*)(?:[^<>]|=>)*>[ \t]*$|.*</summary>[ \t]*$"
)
LONGEST_FORMULA = 80
"""Lines in which the end of a formula is looked for."""


def module(state: Preparing, line: SourceLine, indent: int, first: bool) -> bool:
    if indent or (not first and not _is_import(state.lines[state.at - 1].text)):
        return False
    if not _IMPORT.match(line.text):
        return False
    while state.at < len(state.lines) and state.lines[state.at].text.strip():
        state.at += 1
    state.out.lines.append(BLANK)
    return True


def definition(state: Preparing, line: SourceLine, indent: int, first: bool) -> bool:
    """Footnotes stand where they are called; those that are called nowhere stay."""
    match = _FOOTNOTE.match(line.text)
    if not match or indent - state.moved() > 3:
        return False
    body = [after(line, match.end())]
    state.at += 1
    while state.at < len(state.lines):
        following = state.lines[state.at]
        blank = not following.text.strip()
        beyond = state.lines[state.at + 1] if blank and state.at + 1 < len(state.lines) else following
        if columns(beyond.text) < 4 and (blank or _FOOTNOTE.match(following.text)):
            break
        if not beyond.text.strip():
            break
        body.append(dedented(following, 4))
        state.at += 1
    if match[1] in state.noted and match[1] not in state.out.footnotes:
        state.out.footnotes[match[1]] = body
    else:
        state.out.lines += [BLANK, *body, BLANK]
    return True


def abbreviation(state: Preparing, line: SourceLine, indent: int, first: bool) -> bool:
    match = _ABBREVIATION.match(line.text)
    if not match:
        return False
    state.event(BodyOpened("abbreviation", between(line, *match.span(1))))
    state.out.lines.append(after(line, match.end()))
    state.event(BodyClosed("abbreviation"))
    state.at += 1
    return True


def star(state: Preparing, line: SourceLine, indent: int, first: bool) -> bool:
    return contents_tab(state, line, indent, first) or abbreviation(state, line, indent, first)


def dash(state: Preparing, line: SourceLine, indent: int, first: bool) -> bool:
    """A ruler, or a line that puts in another file."""
    if _PUT_IN.match(line.text):
        state.at += 1
        return True
    return contents_tab(state, line, indent, first)


def target(state: Preparing, line: SourceLine, indent: int, first: bool) -> bool:
    """A name that MyST gives the place of what follows."""
    if not first or not _TARGET_LINE.match(line.text):
        return False
    state.at += 1
    return True


def angle(state: Preparing, line: SourceLine, indent: int, first: bool) -> bool:
    text = line.text.lower()
    if text.startswith("<<<") and _SNIPPET.match(text):
        state.at += 1
        return True
    for opener, closer in (("<!--", "-->"), ("<pre", "</pre"), ("<script", "</script"), ("<style", "</style")):
        if text.startswith(opener):
            state.until = closer if closer not in text else ""
            return False
    following = state.lines[state.at + 1].text.strip() if state.at + 1 < len(state.lines) else ""
    if following and following[0] != "<" and _TAG_LINE.match(line.text):
        state.keep(state.lines[state.at])
        state.out.lines.append(BLANK)
        return True
    return False


def formula(state: Preparing, line: SourceLine, indent: int, first: bool) -> bool:
    text = line.text.rstrip()
    environment = _ENVIRONMENT.match(text)
    opener = text[:2] if text[:2] in ("$$", "\\[") else ""
    closer = f"\\end{{{environment[1]}}}" if environment else {"$$": "$$", "\\[": "\\]"}.get(opener, "")
    if not closer:
        return False
    begun = len(environment[0]) if environment else 2
    end = _end_of_formula(state, closer, begun)
    if not end:
        return False
    lines = [dedented(each, indent) for each in state.lines[state.at : end]]
    state.event(DisplayFormula(tuple(lines)), max(0, indent - state.moved()))
    state.at = end
    return True


def _end_of_formula(state: Preparing, closer: str, begun: int) -> int:
    """Number of the line after a formula's last; 0 if words follow on it, or none ends it before a blank line."""
    first = state.lines[state.at].text.strip()
    last = min(len(state.lines), state.at + LONGEST_FORMULA)
    for number in range(state.at, last):
        text = first if number == state.at else state.lines[number].text
        found = text.find(closer, begun if number == state.at else 0)
        if found >= 0:
            rest = text[found + len(closer) :].strip()
            return number + 1 if not rest.strip(".,;，。") or rest[0] in "({" else 0
        if number > state.at and (not text.strip() or text.lstrip().startswith(("```", "#"))):
            return _later(state, closer, number) if not state.lines[state.at].text.strip()[begun:] else 0
    cut = state.at + 1 < last == len(state.lines) and not first[begun:].strip()
    return last if cut else 0  # the piece ends in the middle of it


def _later(state: Preparing, closer: str, number: int) -> int:
    """The line after one that is nothing but the closer, among the next few: blank lines may stand in a formula."""
    for each in range(number, min(number + 12, len(state.lines))):
        if state.lines[each].text.strip() == closer:
            return each + 1
    return 0


def _is_import(text: str) -> bool:
    return _IMPORT.match(text) is not None
