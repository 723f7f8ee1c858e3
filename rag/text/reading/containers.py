"""Lines that open and close what has a body: admonitions, tabs, zones. Pure."""

from __future__ import annotations

import re

from .lines import BLANK, SourceLine, after, dedented
from .preparing import Preparing, between, group

_ADMONITION = re.compile(r"(?:!!!|\?\?\?\+?)[ \t]+[\w][\w \t|-]*?(?:[ \t]*\"(?P<title>.*)\")?[ \t]*$")
_DOCSIFY = re.compile(r"[?!]>[ \t]+\S")
_TAB = re.compile(r"===[!+]?[ \t]+\"(?P<title>.*)\"[ \t]*$")
_COLONS = re.compile(
    r"(?P<colons>:{3,})[ \t]*(?:\{(?P<braced>[^{}]*)\}|(?P<type>[\w-]+))?(?:\[(?P<bracket>.*)\])?"
    r"(?:\{(?P<given>[^{}]*)\})?[ \t]*(?P<title>[^\s{].*?)?[ \t]*(?:\{[^{}]*\})?[ \t]*:*$"
)
_GIVEN_TITLE = re.compile(r"\b(?:title|label|name)=(?:\"([^\"]*)\"|'([^']*)')")
_UNNAMED = ("zone", "moniker", "row", "column")
_OPTION = re.compile(r"[ \t]*:[\w-]+:")
_TAB_HEADING = re.compile(r"#{1,6}[ \t]+\[([^\[\]]+)\]\(#tab/[^()]*\)")
_RULER = re.compile(r"(?:\*{3,}|-{3,})[ \t]*$")


def admonition(state: Preparing, line: SourceLine, indent: int, first: bool) -> bool:
    match = (_TAB if line.text[0] == "=" else _ADMONITION).match(line.text)
    if not match and _DOCSIFY.match(line.text):
        state.out.lines += [BLANK, dedented(after(line, 2), 4)]
        state.at += 1
        return True
    if not match:
        return False
    state.open("admonition", group(line, match, "title"), indent=indent, base=indent + 4)
    return True


def colons(state: Preparing, line: SourceLine, indent: int, first: bool) -> bool:
    if not line.text.startswith(":::"):
        return False
    if not line.text.strip().strip(":"):
        state.close(":::", indent)
        return True
    match = _COLONS.match(line.text)
    if not match:
        return False
    if line.text.rstrip().endswith(":::") or (match["type"] or "").endswith("-end"):
        return _colons_alone(state, line, match["type"] or "", indent)
    if (match["type"] or "") in _UNNAMED:
        state.open(":::", None, indent=indent)
        return True
    given = _GIVEN_TITLE.search(line.text) if match["braced"] or match["given"] else None
    if given:
        label: SourceLine | None = between(line, *given.span(1 if given[1] is not None else 2))
    else:
        label = group(line, match, "bracket" if match["bracket"] else "title")
    state.open(":::", label, indent=indent)
    while match["braced"] and state.at < len(state.lines) and _OPTION.match(state.lines[state.at].text):
        state.at += 1
    return True


def _colons_alone(state: Preparing, line: SourceLine, name: str, indent: int) -> bool:
    """A line of colons without a body, and the end of a zone."""
    if name.endswith("-end"):
        state.close(":::", indent)
        return True
    state.at += 1
    return True


def contents_tab(state: Preparing, line: SourceLine, indent: int, first: bool) -> bool:
    """A heading that is the label of a tab; a ruler ends the last of them."""
    match = _TAB_HEADING.match(line.text)
    if not match and not (state.in_tabs and _RULER.match(line.text)):
        return False
    if state.in_tabs:
        state.close("tab", indent)
        state.at -= 1
    state.in_tabs = bool(match)
    if match:
        state.open("tab", between(line, *match.span(1)), indent=indent)
    else:
        state.at += 1
    return True
