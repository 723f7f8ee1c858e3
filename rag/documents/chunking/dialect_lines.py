"""Forms of the lines that mean something in a Markdown dialect, and of their indentation. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

INDENT = 4
"""Columns by which a body of `!!!` is indented, and of a tab stop."""

FENCE = re.compile(r"[ \t]*+(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]++)*(`{3,}+(?=[^`]*\Z)|~{3,}+)")
ADMONITION = re.compile(r"(?:!!!|\?\?\?)\+?[ \t]++[\w\"'].*|===[+!]?[ \t]++[\"'].*")
COLONS = re.compile(r":{3,}+[ \t]*+(.*)")
TEMPLATE = re.compile(r"(?:\{%[^%{}\n]*+%\}|\{\{[<%][^{}\n]*+(?<=[>%])\}\}|\{\{[\w ./-]*+\}\}|[ \t]++)+")
"""A line of nothing but tags of Liquid, GitBook or Hugo."""
TEMPLATE_TAG = re.compile(r"\{[{%][<%-]?\s*+(/|end(?=\w))?\s*+([\w-]++)([^{}]*+)\}")
SILENT = re.compile(r"\{:[^{}\n]*+\}|\{/\*.*\*/\}|\[TOC\]|\[\[_?TOC_?\]\]", re.IGNORECASE)
"""Attributes of kramdown, a comment of MDX, the place of a table of contents."""
COMPONENT = re.compile(r"<(/?)(?:([A-Z][\w.]*+)|(details))(\s[^<>]*+)?>", re.ASCII)
SUMMARY = re.compile(r"<summary\b[^<>]*+>[^\n]*</summary>")
MODULE = re.compile(
    r"import\s++(?:[\w*{][^'\"]*?\sfrom\s++)?['\"][^'\"]++['\"];?\Z"
    r"|import\s++\{[\w\s,*]*+\Z"
    r"|export\s++(?:(?:const|let|var)\s++[\w{\[]|(?:default\s++)?(?:async\s++)?(?:function|class)\b|default\s++[\w.(]++;?\Z|\{)"
)
HTML_HEADING = re.compile(r"<h([1-6])\b[^<>]*+>(.*)", re.IGNORECASE)
RAW_HTML = re.compile(r"<(?:(pre|script|style|textarea|table|svg)\b|!--)", re.IGNORECASE)
ENVIRONMENT = re.compile(r"\\begin\{([A-Za-z]++\*?)\}")
FORMULA_ENDS = {"$$": "$$", r"\[": r"\]"}

_IMAGE = re.compile(r"<img\b[^<>]*?\balt\s*=\s*[\"']([^\"'<>]*)[\"'][^<>]*+>", re.IGNORECASE)
_CLOSER = re.compile(
    r"</([A-Z][\w.]*+|details)\s*+>|\{%-?\s*+end([\w-]++)|\{\{[<%]\s*+/\s*+([\w-]++)|^[ \t]*+(:::)", re.MULTILINE
)


def last_closers(text: str) -> Mapping[str, int]:
    """For each name that something closes, where that is done last."""
    return {found[found.lastindex or 0]: found.start() for found in _CLOSER.finditer(text)}


def columns(line: str) -> int:
    """Columns of the blanks before a line's first word."""
    found = 0
    for character in line:
        if character not in " \t":
            break
        found += INDENT - found % INDENT if character == "\t" else 1
    return found


def dedented(line: str, width: int) -> str:
    """The line without its first `width` columns, or as many of them as are blank."""
    taken = at = 0
    while taken < width and at < len(line) and line[at] in " \t":
        taken += INDENT - taken % INDENT if line[at] == "\t" else 1
        at += 1
    return " " * (taken - width) + line[at:] if taken > width else line[at:]


def said(html: str) -> str:
    """The inside of an HTML heading on one line, pictures by what they show."""
    return " ".join(_IMAGE.sub(lambda found: found[1], html).split())
