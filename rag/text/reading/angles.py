"""What stands in angle brackets or in braces: tags, comments, expressions of templates, attributes. Pure."""

from __future__ import annotations

import re

from .scanner import Scanner, TokenKind
from .signs import shortened
from .tags import KNOWN, Tag
from .templates import expression, spoken_span

_AUTOLINK = re.compile(r"<((?:https?|ftp)://[^\s<>]+|(?:mailto:)?[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+)>", re.IGNORECASE)
_ATTRIBUTES = re.compile(
    r"\{:?[ \t]*(?:(?:[.#][\w:-]+|[\w:-]+=(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s{}\"']+)|-)(?:[ \t]+|(?=\})))+\}"
)
_ROLE = re.compile(r"\{[a-z][\w:-]*\}(?=`)|\{::?/?[a-z]+(?:[ \t][^{}\n]*)?/?\}")
"""A role of MyST before its words; an extension of kramdown."""
_QUOTED = re.compile(r"\{[ \t]*(?:\"([^\"{}\n]*)\"|'([^'{}\n]*)'|`([^`{}$\n]*)`)[ \t]*\}")
"""Words as an expression of MDX."""
_EDITED = re.compile(r"\{(?:\+\+([^{}]+?)\+\+|==([^{}]+?)==|~~[^{}~]*~>([^{}]+?)~~|--[^{}]+--|>>[^{}]+<<)\}")
"""What an editor proposes, as if it were accepted."""
_MEMBER = re.compile(r"\{[ \t]*[A-Za-z_]\w*(?:\.\w+)+(?:\(\))?[ \t]*\}")
_LONGEST_CUT = 400
_CUT_TAG = re.compile(r"</?([A-Za-z][\w-]*)(?:\s[^<>]*)?\Z")
_PERMALINK_END = re.compile(r"[\s#¶§🔗⚓\u200b\u2060\ufeff]{0,20}(?=</a)", re.IGNORECASE)
_RAW = re.compile("pre|code|script|style|svg|textarea", re.IGNORECASE)


def angle(scanner: Scanner, at: int, mark: str) -> int:
    text = scanner.text
    for opener, closer in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">")):
        if text.startswith(opener, at) and (opener != "<!" or text[at + 2 : at + 3].isalpha()):
            end = scanner.find(closer, at + len(opener))
            return scanner.add(TokenKind.GAP, at, end + len(closer) if end >= 0 else len(text))
    link = _AUTOLINK.match(text, at)
    if link:
        scanner.add(TokenKind.SILENT, at, at + 1)
        shortened(scanner, at + 1, link.end() - 1)
        return scanner.add(TokenKind.SILENT, link.end() - 1, link.end())
    tag = scanner.manner.tags.at(text, at)
    if not tag:
        cut = _CUT_TAG.match(text, at) if len(text) - at < _LONGEST_CUT else None
        if cut and cut[1].lower() in KNOWN and len(cut[1]) > 1:
            return scanner.add(TokenKind.GAP, at, len(text))
        return scanner.text_at(at, mark)
    scanner.add(TokenKind.TAG, at, tag.end, tag=tag)
    if tag.name == "a" and "#" in tag.attributes and (nothing := _PERMALINK_END.match(text, tag.end)):
        return scanner.add(TokenKind.SILENT, tag.end, nothing.end()) or tag.end
    return _raw(scanner, tag) if _RAW.fullmatch(tag.name) and not tag.closes and not tag.empty else tag.end


def _raw(scanner: Scanner, tag: Tag) -> int:
    """The content of an element in which nothing is marked up as Markdown is."""
    end = scanner.find(f"</{tag.name}", tag.end)
    if end < 0:
        end = scanner.find(f"</{tag.name.upper()}", tag.end)
    if end < 0:
        return tag.end if tag.name == "code" else scanner.add(TokenKind.RAW, tag.end, len(scanner.text), tag.name)
    return scanner.add(TokenKind.RAW, tag.end, end, tag.name)


def brace(scanner: Scanner, at: int, mark: str) -> int:
    text = scanner.text
    if text.startswith("{/*", at):
        end = scanner.find("*/}", at)
        return scanner.add(TokenKind.GAP, at, end + 3 if end >= 0 else len(text))
    quoted = _QUOTED.match(text, at) or _EDITED.match(text, at)
    if quoted:
        return _said(scanner, at, quoted.span(quoted.lastindex) if quoted.lastindex else None, quoted.end())
    found = expression(text, at)
    if found:
        return _said(scanner, at, spoken_span(text, at, found), found)
    silent = _ROLE.match(text, at) or (_MEMBER.match(text, at) if scanner.manner.expressions else None)
    if not silent:
        silent = _ATTRIBUTES.match(text, at)
        silent = silent if silent and _is_attached(scanner, at, silent.end()) else None
    return scanner.add(TokenKind.GAP, at, silent.end()) if silent else scanner.text_at(at, mark)


def _said(scanner: Scanner, start: int, said: tuple[int, int] | None, end: int) -> int:
    """Of what stands between two braces, what it shows."""
    if not said:
        return scanner.add(TokenKind.GAP, start, end)
    scanner.add(TokenKind.SILENT, start, said[0])
    scanner.add(TokenKind.TEXT, *said)
    return scanner.add(TokenKind.SILENT, said[1], end)


def _is_attached(scanner: Scanner, at: int, end: int) -> bool:
    """True if what stands in braces belongs to what stands before it, or to its line."""
    before, behind = scanner.text[at - 1 : at] if at else "", scanner.text[end : end + 1]
    follows = scanner.found[-1].kind in (TokenKind.GAP, TokenKind.WORD) if scanner.found else False
    return follows or before in (*")]`*_>=+~", "") or not behind or (behind == "\n" and before in " \n")
