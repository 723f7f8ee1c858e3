"""Signs that mean something by themselves or in pairs: code, formulas, escapes, addresses, icons, highlights. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from html import unescape

from ..formulas import MATHEMATICS
from .scanner import Scanner, TokenKind
from .tags import KNOWN

LONG = 48
"""Characters from which an address is shortened: the usual ones of a documentation stay."""
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ADDRESS = re.compile(r"https?://[^\s<>\"'`|\\^{}\[\]（）「」『』【】《》，。；：！？、]*")
_ADDRESS_TAIL = ".,;:!?*_~"
_HIGHLIGHT = re.compile(r"==(?=[^\s=])[^=\n]*[^\s=]==(?![=\w])")
_INSERTED = re.compile(r"\^\^(?=[^\s^])[^^\n]*[^\s^]\^\^(?!\w)")
_KEYS = re.compile(r"\+\+[a-z0-9-]+(?:\+[a-z0-9-]+)*\+\+(?!\w)", re.IGNORECASE)
_ICON = re.compile(r":([a-z][\w+-]*):")
_ICONS = re.compile(r"(?:material|fontawesome|octicons|simple|lucide|bootstrap|tabler)-")
_CHECKED = {
    "white_check_mark": "✓",
    "heavy_check_mark": "✓",
    "check": "✓",
    "x": "✗",
    "cross_mark": "✗",
    "no_entry_sign": "✗",
}


def escape(scanner: Scanner, at: int, mark: str) -> int:
    if len(mark) == 1:
        return scanner.silent(at, mark)  # it breaks the line
    if mark in ("\\(", "\\["):
        closer = "\\)" if mark == "\\(" else "\\]"
        end = scanner.find(closer, at + 2)
        if end == at + 3 or (end > 0 and MATHEMATICS.search(scanner.text, at + 2, end)):
            return scanner.add(TokenKind.FORMULA, at, end + 2)
    after = at + len(mark)
    in_word = at > 0 and scanner.text[at - 1].isalnum() and scanner.text[after : after + 1].isalnum()
    if mark[1] in "`*<[]$\\" or (mark[1] in "_~" and not in_word) or (mark[1] in "#+->" and _begins(scanner, at)):
        return scanner.text_at(at, mark)
    if mark[1] == "." and scanner.text[max(0, at - 1) : at].isdigit():
        return scanner.text_at(at, mark)
    scanner.add(TokenKind.SILENT, at, at + 1)
    return scanner.add(TokenKind.TEXT, at + 1, after)


def _begins(scanner: Scanner, at: int) -> bool:
    """True if nothing but blanks stands before on the line."""
    return not at or scanner.text[at - 1] == "\n"


def code(scanner: Scanner, at: int, mark: str) -> int:
    starts = scanner.runs[len(mark)]
    closer = bisect_left(starts, at + len(mark))
    if closer == len(starts):
        return scanner.text_at(at, mark)
    return scanner.add(TokenKind.CODE, at, starts[closer] + len(mark))


def formula(scanner: Scanner, at: int, mark: str) -> int:
    text, begun = scanner.text, at + len(mark)
    if mark == "$$":
        end = scanner.find("$$", begun)
        return scanner.add(TokenKind.FORMULA, at, end + 2) if end > begun else scanner.text_at(at, mark)
    if begun >= len(text) or text[begun].isspace():
        return scanner.text_at(at, mark)
    end = scanner.find("$", begun)
    while end > 0 and text[end - 1] == "\\":
        end = scanner.find("$", end + 1)
    closes = end > begun and not text[end - 1].isspace() and not text[end + 1 : end + 2].isdigit()
    if not closes or "\n\n" in text[begun:end]:
        return scanner.text_at(at, mark)
    return scanner.add(TokenKind.FORMULA, at, end + 1)


def entity(scanner: Scanner, at: int, mark: str) -> int:
    match = _ENTITY.match(scanner.text, at)
    value = unescape(match[0]) if match else ""
    if not match or value == match[0]:
        return scanner.text_at(at, mark)
    value = "".join(" " if each.isspace() else each for each in value if each.isprintable() or each.isspace())
    value = value.translate(dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad")))
    if value == "<":
        name = re.match(r"/?([A-Za-z][\w-]*)", scanner.text[match.end() : match.end() + 40])
        value = "\\<" if name and name[1].lower() in KNOWN else value
    elif value in ("`", "*", "["):
        value = f"\\{value}"
    return scanner.add(TokenKind.WORD, at, match.end(), value)


def address(scanner: Scanner, at: int, mark: str) -> int:
    match = _ADDRESS.match(scanner.text, at)
    end = match.end() if match else at + len(mark)
    address = scanner.text[at:end].rstrip(_ADDRESS_TAIL)
    more = address.count(")") - address.count("(")
    while more > 0 and address.endswith(")"):
        address, more = address[:-1], more - 1
    end = at + len(address)
    return shortened(scanner, at, max(end, at + 4))


def shortened(scanner: Scanner, at: int, end: int) -> int:
    """An address, a long one without what follows its host."""
    host = re.compile(r"[a-z]+://[^/?#]*", re.IGNORECASE).match(scanner.text, at, end)
    if end - at <= LONG or not host or host.end() == end:
        return scanner.add(TokenKind.TEXT, at, end)
    scanner.add(TokenKind.TEXT, at, min(host.end(), at + LONG))
    return scanner.add(TokenKind.WORD, min(host.end(), at + LONG), end, "/…")


def highlight(scanner: Scanner, at: int, mark: str) -> int:
    return _paired(scanner, at, mark, _HIGHLIGHT)


def inserted(scanner: Scanner, at: int, mark: str) -> int:
    return _paired(scanner, at, mark, _INSERTED)


def keys(scanner: Scanner, at: int, mark: str) -> int:
    return _paired(scanner, at, mark, _KEYS)


def _paired(scanner: Scanner, at: int, mark: str, pattern: re.Pattern[str]) -> int:
    if at in scanner.closing:
        return scanner.silent(at, mark)
    before = scanner.text[at - 1] if at else ""
    match = pattern.match(scanner.text, at) if len(mark) == 2 and not (before.isascii() and before.isalnum()) else None
    if not match:
        return scanner.text_at(at, mark)
    scanner.closing.add(match.end() - 2)
    return scanner.silent(at, mark)


def comment(scanner: Scanner, at: int, mark: str) -> int:
    end = scanner.find("%%", at + 2)
    if end < 0 or (at and not scanner.text[at - 1].isspace()):
        return scanner.text_at(at, mark)
    return scanner.add(TokenKind.GAP, at, end + 2)


def icon(scanner: Scanner, at: int, mark: str) -> int:
    match = _ICON.match(scanner.text, at)
    if match and _ICONS.match(match[1]):
        name = match[1].rpartition("-")[2]
        value = {"check": "✓", "close": "✗"}.get(name, "")
        return scanner.add(TokenKind.WORD if value else TokenKind.GAP, at, match.end(), value)
    if match and match[1] in _CHECKED:
        return scanner.add(TokenKind.WORD, at, match.end(), _CHECKED[match[1]])
    return scanner.text_at(at, mark)
