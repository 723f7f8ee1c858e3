"""Markdown from a model made safe to show: what it says stays, what a renderer would do for it does not. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .markdown_spans import HTML_START, LINE_END, MarkdownSpan, SpanKind, allowed, host, is_relative, pieces

IN_TARGET = {ord(c): f"%{ord(c):02X}" for c in "\"'()<>[]!`\\ \t"}
"""Characters with a meaning in Markdown, as they are written inside a link's target."""
CODE_LINE_END = re.compile(r"(?:\r\n?|\n)[ \t>]*")
"""A line end in a code span shows as a blank; kept, a tag on the next line would open an HTML block after all."""
PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
LONGEST_LABEL = 1_000
"""Characters of a link's words in which the name of its host is looked for: brackets nest, and each has all inside."""
PICTURE = "🖼 "

ALWAYS = {SpanKind.HTML: "&lt;", SpanKind.IMAGE_START: PICTURE, SpanKind.IMAGE_END: ""}
"""Kinds that are shown the same whatever they hold."""


def safe_markdown(text: str, *, growing: bool = False) -> str:
    """The same Markdown without what a document could use through the model's mouth: images, HTML, odd links.

    Images become their description, HTML is shown as text, links work when they lead to http, https or mail and then
    name their host. One from document to document becomes its words and its target, others are shown as they are
    written. Code blocks are untouched, formulas are shown letter by letter. `growing`: the text is the beginning of a
    stream, a code span it leaves open is closed.
    """
    shown: list[str] = []
    in_image = 0
    for piece in pieces(text, growing=growing):
        in_image += piece.kind is SpanKind.IMAGE_START
        in_image -= piece.kind is SpanKind.IMAGE_END
        part = _safe(text, piece)
        # a description on one line: its lines must not become lines that open a block
        shown.append(LINE_END.sub(" ", part) if in_image > 0 else part)
    return _joined(shown)


def _safe(text: str, piece: MarkdownSpan) -> str:
    raw = text[piece.start : piece.end]
    match piece.kind:
        case SpanKind.OPEN_CODE:
            return CODE_LINE_END.sub(" ", raw) + "`" * (len(raw) - len(raw.lstrip("`")))
        case SpanKind.CODE:
            return CODE_LINE_END.sub(" ", raw)
        case SpanKind.BACKTICKS:
            return "\\`" * len(raw)
        case SpanKind.ESCAPE:
            return "&lt;" if raw == "\\<" else raw
        case SpanKind.FORMULA:
            return PUNCTUATION.sub(r"\\\g<0>", LINE_END.sub(" ", raw)).replace("\\<", "&lt;")
        case SpanKind.BANG | SpanKind.JOINT:
            return f"\\{raw}"
        case SpanKind.AUTOLINK:
            return f"<{piece.target.translate(IN_TARGET)}>"
        case SpanKind.LINK_START:
            return "[" if allowed(piece.target) else "“" if is_relative(piece.target) else "\\["
        case SpanKind.LINK_END:
            return _link_end(text[max(piece.label, piece.start - LONGEST_LABEL) : piece.start], piece.target)
        case _:
            return ALWAYS.get(piece.kind, raw)


def _link_end(label: str, target: str) -> str:
    if not allowed(target):
        return "” " if is_relative(target) else "\\]"
    to = host(target) or ""
    named = f" ({to})" if to and to not in label else ""
    return f"]({target.translate(IN_TARGET)}){named}"


def _joined(parts: Iterable[str]) -> str:
    """The parts in a row; where two of them meet, no image and no tag may come about that neither held."""
    whole: list[str] = []
    for part in parts:
        if not part:
            continue
        before = whole[-1] if whole else ""
        if before.endswith("!") and part.startswith("[") and not _escaped(before):
            whole[-1] = f"{before[:-1]}\\!"
        elif before.endswith("<") and HTML_START.match(part):
            whole[-1] = f"{before[:-1]}&lt;"
        whole.append(part)
    return "".join(whole)


def _escaped(text: str) -> bool:
    """True if the last character follows an odd number of backslashes."""
    return (len(text) - 1 - len(text[:-1].rstrip("\\"))) % 2 == 1
