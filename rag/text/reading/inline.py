"""The marks inside a paragraph, heading, item or cell: what of them is read, and what is silent. Pure.

Work grows with the length of the text: every search for a partner is bounded, or says once that there is none.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from html import unescape

from markdown_it.common.utils import normalizeReference

from ..links import LONG
from .lines import Mapped
from .tags import KNOWN, Tag, TagReader
from .templates import expression, spoken_span


class Mark(Enum):
    """What a token is to whoever reads it."""

    TEXT = auto()
    CODE = auto()
    FORMULA = auto()
    TAG = auto()
    RAW = auto()
    """What stands between the tags of an element whose blanks or marks mean themselves."""
    WORD = auto()
    """Characters that stand for others: `value` for `&amp;`."""
    NOTE = auto()
    """Where a footnote is called."""
    PICTURE = auto()
    """Where the words of a picture begin, and where they end."""
    GAP = auto()
    """Something silent in the middle of words."""
    SILENT = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """Characters `[start, end)` of a text."""

    mark: Mark
    start: int
    end: int
    value: str = ""
    tag: Tag | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How the marks of one document are to be understood."""

    tags: TagReader
    expressions: bool = False
    """True where `{a.b}` is the value of something, as in MDX."""
    references: Mapping[str, object] = field(default_factory=dict)
    """Link definitions of the piece, by the parser's form of their name."""


_SPECIAL = re.compile(
    r"\\[!-/:-@\[-`{-~]|`+|\$\$?|<|!?\[|\]|\{|&|https?://|==+|\+\+|%%|[\u200b\u2060\ufeff\u00ad]|¶(?=\s*(?:\n|\Z))|:(?=[a-z][\w+-]*:)"
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ADDRESS = re.compile(r"https?://[^\s<>\"'`|\\^{}\[\]（）「」『』【】《》，。；：！？、]*")
_ADDRESS_TAIL = ".,;:!?*_~"
_AUTOLINK = re.compile(r"<((?:https?|ftp)://[^\s<>]+|(?:mailto:)?[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+)>", re.IGNORECASE)
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
_ATTRIBUTES = re.compile(
    r"\{:?[ \t]*(?:(?:[.#][\w:-]+|[\w:-]+=(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s{}\"']+)|-)(?:[ \t]+|(?=\})))+\}"
)
_ROLE = re.compile(r"\{[a-z][\w:-]*\}(?=`)|\{::?/?[a-z]+(?:[ \t][^{}\n]*)?/?\}")
"""A role of MyST before its words; an extension of kramdown."""
_QUOTED = re.compile(r"\{[ \t]*(?:\"([^\"{}\n]*)\"|'([^'{}\n]*)'|`([^`{}$\n]*)`)[ \t]*\}")
"""Words as an expression of MDX."""
_MEMBER = re.compile(r"\{[ \t]*[A-Za-z_]\w*(?:\.\w+)+(?:\(\))?[ \t]*\}")
_LONGEST_CUT = 400
_CUT_TAG = re.compile(r"</?([A-Za-z][\w-]*)(?:\s[^<>]*)?\Z")
_BLOCK_NAME = re.compile(r"\^[\w-]+\Z")
_HIGHLIGHT = re.compile(r"==(?=[^\s=])[^=\n]*[^\s=]==(?![=\w])")
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
_PERMALINK = re.compile(r"[\s#¶§🔗⚓\u200b\u2060\ufeff]*")
_PICTURE_NAME = re.compile(
    r"(?:image|img|png|jpe?g|gif|svg|screenshot|alt(?: text)?|figure|logo|icon|badge|图片|截图)?\s*\d*|\S*[_./\\]\S*",
    re.IGNORECASE,
)
_BADGE = re.compile(r"shields\.io|badge|/workflows/|codecov|travis-ci", re.IGNORECASE)
_MATHEMATICS = re.compile(r"[\\^_=+<>{}]")
_CONTENTS = re.compile(r"\[{1,2}_{0,2}toc_{0,2}\]{1,2}", re.IGNORECASE)
_PERMALINK_END = re.compile(r"[\s#¶§🔗⚓\u200b\u2060\ufeff]{0,20}(?=</a)", re.IGNORECASE)
_RAW = re.compile("pre|code|script|style|svg|textarea", re.IGNORECASE)


def picture_says(label: str, target: str) -> bool:
    """True if the words that stand for a picture are words, and the picture no badge."""
    return not (_PICTURE_NAME.fullmatch(label.strip()) or _BADGE.search(target))


def tokens(mapped: Mapped, manner: Manner) -> list[Token]:
    """The text of a block in tokens, in order; together they are all of it."""
    return _Scanner(mapped.text, manner).tokens()


class _Scanner:
    def __init__(self, text: str, manner: Manner) -> None:
        self.text, self.manner = text, manner
        self.found: list[Token] = []
        self.open: list[tuple[int, bool]] = []
        """Places in `found` of brackets that wait for their partner, and whether each opens a picture."""
        self.closing: set[int] = set()
        """Where marks end that were understood when they began."""
        self.without: set[str] = set()
        """What does not come any more in the text."""
        self.runs: dict[int, list[int]] = {}
        for run in re.finditer("`+", text) if "`" in text else ():
            self.runs.setdefault(len(run[0]), []).append(run.start())
        self.readers: dict[str, Callable[[int, str], int]] = {
            "\\": self._escape, "`": self._code, "$": self._formula, "<": self._angle, "[": self._bracket,
            "!": self._bracket, "]": self._close, "{": self._brace, "&": self._entity, "h": self._address,
            "=": self._highlight, "+": self._keys, "%": self._comment, ":": self._icon,
        }  # fmt: skip

    def tokens(self) -> list[Token]:
        at = 0
        while match := _SPECIAL.search(self.text, at):
            self._add(Mark.TEXT, at, match.start())
            reader = self.readers.get(match[0][0], self._silent)
            at = reader(match.start(), match[0])
        self._add(Mark.TEXT, at, len(self.text))
        return self.found

    def _add(self, mark: Mark, start: int, end: int, value: str = "", tag: Tag | None = None) -> int:
        if end > start:
            self.found.append(Token(mark, start, end, value, tag))
        return end

    def _find(self, what: str, start: int) -> int:
        """Where `what` comes next; -1 for nowhere."""
        if what in self.without:
            return -1
        at = self.text.find(what, start)
        if at < 0:
            self.without.add(what)
        return at

    def _silent(self, at: int, mark: str) -> int:
        return self._add(Mark.SILENT, at, at + len(mark))

    def _text(self, at: int, mark: str) -> int:
        return self._add(Mark.TEXT, at, at + len(mark))

    def _escape(self, at: int, mark: str) -> int:
        if mark in ("\\(", "\\["):
            closer = "\\)" if mark == "\\(" else "\\]"
            end = self._find(closer, at + 2)
            if end == at + 3 or (end > 0 and _MATHEMATICS.search(self.text, at + 2, end)):
                return self._add(Mark.FORMULA, at, end + 2)
        after = at + len(mark)
        in_word = at > 0 and self.text[at - 1].isalnum() and self.text[after : after + 1].isalnum()
        if mark[1] in "`*<[]$\\" or (mark[1] in "_~" and not in_word) or (mark[1] in "#+->" and self._begins(at)):
            return self._text(at, mark)
        if mark[1] == "." and self.text[max(0, at - 1) : at].isdigit():
            return self._text(at, mark)
        self._add(Mark.SILENT, at, at + 1)
        return self._add(Mark.TEXT, at + 1, after)

    def _begins(self, at: int) -> bool:
        """True if nothing but blanks stands before on the line."""
        return not at or self.text[at - 1] == "\n"

    def _code(self, at: int, mark: str) -> int:
        starts = self.runs[len(mark)]
        closer = bisect_left(starts, at + len(mark))
        if closer == len(starts):
            return self._text(at, mark)
        return self._add(Mark.CODE, at, starts[closer] + len(mark))

    def _formula(self, at: int, mark: str) -> int:
        text, begun = self.text, at + len(mark)
        if mark == "$$":
            end = self._find("$$", begun)
            return self._add(Mark.FORMULA, at, end + 2) if end > begun else self._text(at, mark)
        if begun >= len(text) or text[begun].isspace():
            return self._text(at, mark)
        end = self._find("$", begun)
        while end > 0 and text[end - 1] == "\\":
            end = self._find("$", end + 1)
        closes = end > begun and not text[end - 1].isspace() and not text[end + 1 : end + 2].isdigit()
        if not closes or "\n\n" in text[begun:end]:
            return self._text(at, mark)
        return self._add(Mark.FORMULA, at, end + 1)

    def _angle(self, at: int, mark: str) -> int:
        text = self.text
        for opener, closer in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">")):
            if text.startswith(opener, at) and (opener != "<!" or text[at + 2 : at + 3].isalpha()):
                end = self._find(closer, at + len(opener))
                return self._add(Mark.GAP, at, end + len(closer) if end >= 0 else len(text))
        link = _AUTOLINK.match(text, at)
        if link:
            self._add(Mark.SILENT, at, at + 1)
            self._shortened(at + 1, link.end() - 1)
            return self._add(Mark.SILENT, link.end() - 1, link.end())
        tag = self.manner.tags.at(text, at)
        if not tag:
            cut = _CUT_TAG.match(text, at) if len(text) - at < _LONGEST_CUT else None
            if cut and cut[1].lower() in KNOWN and len(cut[1]) > 1:
                return self._add(Mark.GAP, at, len(text))
            return self._text(at, mark)
        self._add(Mark.TAG, at, tag.end, tag=tag)
        if tag.name == "a" and "#" in tag.attributes and (nothing := _PERMALINK_END.match(text, tag.end)):
            return self._add(Mark.SILENT, tag.end, nothing.end()) or tag.end
        return self._raw(tag) if _RAW.fullmatch(tag.name) and not tag.closes and not tag.empty else tag.end

    def _raw(self, tag: Tag) -> int:
        """The content of an element in which nothing is marked up as Markdown is."""
        end = self._find(f"</{tag.name}", tag.end)
        if end < 0:
            end = self._find(f"</{tag.name.upper()}", tag.end)
        if end < 0:
            return tag.end if tag.name == "code" else self._add(Mark.RAW, tag.end, len(self.text), tag.name)
        return self._add(Mark.RAW, tag.end, end, tag.name)

    def _brace(self, at: int, mark: str) -> int:
        text = self.text
        if text.startswith("{/*", at):
            end = self._find("*/}", at)
            return self._add(Mark.GAP, at, end + 3 if end >= 0 else len(text))
        quoted = _QUOTED.match(text, at)
        if quoted and quoted.lastindex:
            start, stop = quoted.span(quoted.lastindex)
            self._add(Mark.SILENT, at, start)
            self._add(Mark.TEXT, start, stop)
            return self._add(Mark.SILENT, stop, quoted.end())
        if self.manner.expressions and (member := _MEMBER.match(text, at)):
            return self._add(Mark.GAP, at, member.end())
        found = expression(text, at)
        if found:
            said = spoken_span(text, at, found)
            if not said:
                return self._add(Mark.GAP, at, found)
            self._add(Mark.SILENT, at, said[0])
            self._add(Mark.TEXT, *said)
            return self._add(Mark.SILENT, said[1], found)
        role = _ROLE.match(text, at)
        if role:
            return self._add(Mark.SILENT, at, role.end())
        attributes = _ATTRIBUTES.match(text, at)
        if attributes and self._is_attached(at, attributes.end()):
            return self._add(Mark.GAP, at, attributes.end())
        return self._text(at, mark)

    def _is_attached(self, at: int, end: int) -> bool:
        """True if what stands in braces belongs to what stands before it, or to its line."""
        before, behind = self.text[at - 1 : at] if at else "", self.text[end : end + 1]
        return before in (*")]`*_>=+~", "") or not behind or (behind == "\n" and before in " \n")

    def _entity(self, at: int, mark: str) -> int:
        match = _ENTITY.match(self.text, at)
        value = unescape(match[0]) if match else ""
        if not match or value == match[0]:
            return self._text(at, mark)
        value = "".join(" " if each.isspace() else each for each in value if each.isprintable() or each.isspace())
        value = value.translate(dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad")))
        if value == "<":
            name = re.match(r"/?([A-Za-z][\w-]*)", self.text[match.end() : match.end() + 40])
            value = "\\<" if name and name[1].lower() in KNOWN else value
        elif value in ("`", "*", "["):
            value = f"\\{value}"
        return self._add(Mark.WORD, at, match.end(), value)

    def _address(self, at: int, mark: str) -> int:
        match = _ADDRESS.match(self.text, at)
        end = match.end() if match else at + len(mark)
        address = self.text[at:end].rstrip(_ADDRESS_TAIL)
        more = address.count(")") - address.count("(")
        while more > 0 and address.endswith(")"):
            address, more = address[:-1], more - 1
        end = at + len(address)
        return self._shortened(at, max(end, at + 4))

    def _shortened(self, at: int, end: int) -> int:
        """An address, a long one without what follows its host."""
        host = re.compile(r"[a-z]+://[^/?#]*", re.IGNORECASE).match(self.text, at, end)
        if end - at <= LONG or not host or host.end() == end:
            return self._add(Mark.TEXT, at, end)
        self._add(Mark.TEXT, at, min(host.end(), at + LONG))
        return self._add(Mark.WORD, min(host.end(), at + LONG), end, "/…")

    def _highlight(self, at: int, mark: str) -> int:
        return self._paired(at, mark, _HIGHLIGHT)

    def _keys(self, at: int, mark: str) -> int:
        return self._paired(at, mark, _KEYS)

    def _paired(self, at: int, mark: str, pattern: re.Pattern[str]) -> int:
        if at in self.closing:
            return self._silent(at, mark)
        before = self.text[at - 1] if at else ""
        match = pattern.match(self.text, at) if len(mark) == 2 and not (before.isascii() and before.isalnum()) else None
        if not match:
            return self._text(at, mark)
        self.closing.add(match.end() - 2)
        return self._silent(at, mark)

    def _comment(self, at: int, mark: str) -> int:
        end = self._find("%%", at + 2)
        if end < 0 or (at and not self.text[at - 1].isspace()):
            return self._text(at, mark)
        return self._add(Mark.GAP, at, end + 2)

    def _icon(self, at: int, mark: str) -> int:
        match = _ICON.match(self.text, at)
        if match and _ICONS.match(match[1]):
            name = match[1].rpartition("-")[2]
            value = {"check": "✓", "close": "✗"}.get(name, "")
            return self._add(Mark.WORD if value else Mark.GAP, at, match.end(), value)
        if match and match[1] in _CHECKED:
            return self._add(Mark.WORD, at, match.end(), _CHECKED[match[1]])
        return self._text(at, mark)

    def _bracket(self, at: int, mark: str) -> int:
        contents = _CONTENTS.match(self.text, at)
        if contents and len(self.text) < 20:
            return self._add(Mark.GAP, at, contents.end())
        wiki = _WIKI.match(self.text, at)
        if wiki and (wiki[2] or wiki[3]):
            return self._wiki(wiki)
        self.open.append((len(self.found), mark[0] == "!"))
        return self._text(at, mark)

    def _wiki(self, wiki: re.Match[str]) -> int:
        span = wiki.span(4 if wiki[4] else 2 if wiki[2] else 3)
        if wiki[3] and span == wiki.span(3):
            span = (span[0] + 1, span[1])
        if wiki[1] and _FILE.search(wiki[2]):
            return self._add(Mark.GAP, wiki.start(), wiki.end())
        self._add(Mark.SILENT, wiki.start(), span[0])
        self._add(Mark.TEXT, *span)
        return self._add(Mark.SILENT, span[1], wiki.end())

    def _close(self, at: int, mark: str) -> int:
        if not self.open:
            return self._text(at, mark)
        number, is_picture = self.open.pop()
        label_start = self.found[number].end
        label = self.text[label_start : min(at, label_start + 400)]
        if label.startswith("^") and len(label) > 1 and not any(each.isspace() for each in label):
            begun = self.found[number].start
            del self.found[number:]
            return self._add(Mark.NOTE, begun, at + 1, label[1:])
        target = _TARGET.match(self.text, at) or _SPAN.match(self.text, at)
        if target:
            return self._link(number, label, at, target.end(), is_picture=is_picture)
        named = _REFERENCE.match(self.text, at)
        if named and self._refers(number, named[1] or label, full=bool(named[1])):
            return self._link(number, label, at, named.end(), is_picture=is_picture)
        if len(label) < 400 and normalizeReference(label) in self.manner.references:
            return self._link(number, label, at, at + 1, is_picture=is_picture)
        return self._text(at, mark)

    def _refers(self, number: int, name: str, *, full: bool) -> bool:
        """True if a name in brackets is that of a link definition, which may stand elsewhere in the document."""
        begun = self.found[number].start
        glued = begun > 0 and (self.text[begun - 1].isalnum() or self.text[begun - 1] in "_]")
        return (full and not glued and not name.isdecimal()) or normalizeReference(name) in self.manner.references

    def _link(self, number: int, label: str, at: int, end: int, *, is_picture: bool) -> int:
        opener = self.found[number]
        target = self.text[at:end]
        nothing = bool(_PERMALINK.fullmatch(label)) and (label.strip() == "" or "#" in target)
        if is_picture:
            nothing = not picture_says(label, target)
        if nothing:
            del self.found[number:]
            return self._add(Mark.GAP, opener.start, end)
        mark = Mark.PICTURE if is_picture else Mark.SILENT
        self.found[number] = Token(mark, opener.start, opener.end)
        return self._add(mark, at, end)
