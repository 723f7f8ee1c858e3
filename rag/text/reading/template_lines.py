"""Lines that are tags of a template engine: Liquid, GitBook, Hugo. Pure."""

from __future__ import annotations

import re

from . import templates
from .lines import BLANK, SourceLine
from .preparing import Preparing, between

_ATTRIBUTE_LINE = re.compile(r"[ \t]*\{:[^{}]*\}[ \t]*$|[ \t]*\{[ \t]*(?:[#.][\w:-]+[ \t]*)+\}[ \t]*$")
_CONTENTS = re.compile(r"[ \t]*(?:[-*+]|1\.)[ \t]+\S[^\n]{0,40}$")
_TEMPLATE_LINE = re.compile(r"[ \t]*(?:\{%.*%\}|\{\{[<%].*[%>]\}\})[ \t]*$")
_CONTAINERS = frozenset(
    (
        "tab", "details", "expand", "notice", "alert", "callout", "admonition", "hint", "note", "tip", "warning",
        "accordion", "accordion-item",
    )
)  # fmt: skip
_CODE = frozenset(("highlight", "codeblock", "code_block", "mermaid"))


def template(state: Preparing, line: SourceLine, indent: int, first: bool) -> bool:
    if _ATTRIBUTE_LINE.match(line.text):
        if ":toc" in line.text and state.out.lines and _CONTENTS.match(state.out.lines[-1].text):
            state.out.lines.pop()  # what stands there is put in by the engine
        state.at += 1
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
    state.at += 1
    for match in matches:
        state.at -= 1  # each of them moves on
        _tag(state, line, match, indent)
    return True


def _tag(state: Preparing, line: SourceLine, match: re.Match[str], indent: int) -> None:
    hugo = match["hugo"] is not None
    name = match["hugo"] if hugo else match["liquid"]
    ends = bool(match["ends"]) if hugo else name.startswith("end")
    name = name if hugo or not ends else name[3:]
    if ends:
        if name in _CODE and state.fence:
            state.out.lines.append(SourceLine(state.fence))
            state.fence = ""
        return state.close(name, indent)
    if name in _CODE:
        language = (match["given"] if hugo else match["told"]).split()
        state.out.lines += [BLANK, SourceLine(f"```{language[0] if language else ''}")]
        state.at += 1
        return _until_end(state, name)
    if name == "comment":
        state.at += 1
        return _skip(state, name)
    body = name in state.closers if hugo else name in _CONTAINERS or f"end{name}" in state.source
    if not body:
        said = templates.named(line.text, match, templates.SAID)
        if said:
            state.out.lines += [BLANK, between(line, *said), BLANK]
        state.at += 1
        return None
    label = templates.named(line.text, match, templates.NAMES, positional=True)
    state.open(name, between(line, *label) if label else None, indent=indent)
    language = templates.named(line.text, match, ("lang",)) if name == "tab" and hugo else None
    if language:
        state.out.lines.append(SourceLine(f"```{line.text[slice(*language)]}"))
        _until_end(state, name)
        state.at -= 1
    return None


def _until_end(state: Preparing, name: str) -> None:
    """Code up to the tag that ends it."""
    ends = re.compile(rf"[ \t]*(?:\{{%-?\s*end{name}|\{{\{{[<%]\s*/\s*{name})")
    while state.at < len(state.lines) and not ends.match(state.lines[state.at].text):
        state.out.lines.append(state.lines[state.at])
        state.at += 1
    state.out.lines += [SourceLine("```"), BLANK]
    state.at += 1


def _skip(state: Preparing, name: str) -> None:
    while (
        state.at < len(state.lines)
        and f"end{name}" not in state.lines[state.at].text
        and f"/{name}" not in state.lines[state.at].text.replace(" ", "")
    ):
        state.at += 1
    state.at += 1
