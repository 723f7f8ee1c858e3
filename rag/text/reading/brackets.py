"""Brackets: links, pictures, footnotes and pages of a wiki are read as their words. Pure."""

from __future__ import annotations

import re

from markdown_it.common.utils import normalizeReference

from .scanner import Scanner, Token, TokenKind

_TARGET = re.compile(
    r"\]\(\s*+(?:<[^<>\n]*+>|(?:\{\{[^{}\n]{0,200}\}\}|\{%[^{}\n]{0,200}\}|[^\s()\\<{]|\\.|\{|"
    r"\((?:[^\s()]|\([^\s()]*+\))*+\))*+)(?:\s++(?:\"[^\"]*+\"|'[^']*+'|\([^()]*+\)))?\s*+(?:=\d*x\d*\s*+)?\)"
)
_SPAN = re.compile(r"\]\{(?:[.#][\w:-]+[ \t]*)+\}")
_REFERENCE = re.compile(r"\] ?\[([^\[\]\n]{0,200})\]")
_WIKI = re.compile(
    r"(!?)\[\[(?![\d,\s]+\]\])([^\s\[\]|#^][^\[\]\n|#^]{0,300}|)([#^][^\[\]\n|]{0,200})?(?:\\?\|([^\[\]\n]{0,300}))?\]\]"
)
_FILE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|bmp|pdf|mp[34]|webm|canvas|excalidraw)$", re.IGNORECASE)
_PERMALINK = re.compile(r"[\s#¶§🔗⚓\u200b\u2060\ufeff]*")
_PICTURE_NAME = re.compile(
    r"(?:image|img|png|jpe?g|gif|svg|screenshot|alt(?: text)?|figure|logo|icon|badge|图片|截图)?\s*\d*|\S*[_./\\]\S*",
    re.IGNORECASE,
)
_BADGE = re.compile(r"shields\.io|badge|/workflows/|codecov|travis-ci", re.IGNORECASE)
_CONTENTS = re.compile(r"\[{1,2}_{0,2}toc_{0,2}\]{1,2}", re.IGNORECASE)


def bracket(scanner: Scanner, at: int, mark: str) -> int:
    contents = _CONTENTS.match(scanner.text, at)
    if contents and len(scanner.text) < 20:
        return scanner.add(TokenKind.GAP, at, contents.end())
    wiki = _WIKI.match(scanner.text, at)
    if wiki and (wiki[2] or wiki[3]):
        return _wiki(scanner, wiki)
    scanner.open.append((len(scanner.found), mark[0] == "!"))
    return scanner.text_at(at, mark)


def _wiki(scanner: Scanner, wiki: re.Match[str]) -> int:
    span = wiki.span(4 if wiki[4] else 2 if wiki[2] else 3)
    if wiki[3] and span == wiki.span(3):
        span = (span[0] + 1, span[1])
    if wiki[1] and _FILE.search(wiki[2]):
        return scanner.add(TokenKind.GAP, wiki.start(), wiki.end())
    scanner.add(TokenKind.SILENT, wiki.start(), span[0])
    scanner.add(TokenKind.TEXT, *span)
    return scanner.add(TokenKind.SILENT, span[1], wiki.end())


def close(scanner: Scanner, at: int, mark: str) -> int:
    if not scanner.open:
        return scanner.text_at(at, mark)
    number, is_picture = scanner.open.pop()
    label_start = scanner.found[number].end
    label = scanner.text[label_start : min(at, label_start + 400)]
    if label.startswith("^") and len(label) > 1 and not any(each.isspace() for each in label):
        begun = scanner.found[number].start
        del scanner.found[number:]
        return scanner.add(TokenKind.NOTE, begun, at + 1, label[1:])
    target = _TARGET.match(scanner.text, at) or _SPAN.match(scanner.text, at)
    if target:
        return _link(scanner, number, label, at, target.end(), is_picture=is_picture)
    named = _REFERENCE.match(scanner.text, at)
    if named and _refers(scanner, number, named[1] or label, full=bool(named[1])):
        return _link(scanner, number, label, at, named.end(), is_picture=is_picture)
    if len(label) < 400 and normalizeReference(label) in scanner.manner.references:
        return _link(scanner, number, label, at, at + 1, is_picture=is_picture)
    return scanner.text_at(at, mark)


def _refers(scanner: Scanner, number: int, name: str, *, full: bool) -> bool:
    """True if a name in brackets is that of a link definition, which may stand elsewhere in the document."""
    begun = scanner.found[number].start
    glued = begun > 0 and (scanner.text[begun - 1].isalnum() or scanner.text[begun - 1] in "_]")
    return (full and not glued and not name.isdecimal()) or normalizeReference(name) in scanner.manner.references


def _link(scanner: Scanner, number: int, label: str, at: int, end: int, *, is_picture: bool) -> int:
    opener = scanner.found[number]
    target = scanner.text[at:end]
    nothing = bool(_PERMALINK.fullmatch(label)) and (label.strip() == "" or "#" in target)
    if is_picture:
        nothing = not picture_says(label, target)
    if nothing:
        del scanner.found[number:]
        return scanner.add(TokenKind.GAP, opener.start, end)
    kind = TokenKind.PICTURE if is_picture else TokenKind.SILENT
    scanner.found[number] = Token(kind, opener.start, opener.end)
    return scanner.add(kind, at, end)


def picture_says(label: str, target: str) -> bool:
    """True if the words that stand for a picture are words, and the picture no badge."""
    return not (_PICTURE_NAME.fullmatch(label.strip()) or _BADGE.search(target))
