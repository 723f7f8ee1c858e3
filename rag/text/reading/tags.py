"""Tags of HTML and of the components of MDX: which there are, what they say and how they are told from text. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

_TAG = re.compile(
    r"<(/?)([A-Za-z][\w.:-]*+)"
    r"((?:[\s=]++|/(?!>)|\"[^\"]*+\"|'[^']*+'|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*+\})*+\})*+\}|[^\s\"'<>{}/=]++)*+)(/?)>"
)
_ATTRIBUTE = re.compile(
    r"([^\s\"'<>/={}]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|\{\s*[\"'`]([^\"'`{}]*)[\"'`]\s*\}|(\{.*?\}+|[^\s\"'{}]+)))?",
    re.DOTALL,
)
_HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_PANEL = re.compile(r"\b(?:tab|panel|pane|accordion|collapse|content|code)", re.IGNORECASE)

_NEAR = 80
"""Characters around a tag in which the ends of its line are looked for."""

VOID = frozenset(
    (
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    )
)  # fmt: skip
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
DIVISIONS = frozenset(
    (
        "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "div", "dl", "dt", "fieldset",
        "figcaption", "figure", "footer", "form", "header", "hgroup", "html", "legend", "main", "menu", "nav", "p",
        "search", "section",
    )
)  # fmt: skip
"""Elements that are blocks and nothing else here."""
TABLE = frozenset(["table", "thead", "tbody", "tfoot", "tr", "td", "th", "colgroup"])
SILENT = frozenset(
    (
        "script", "style", "template", "svg", "iframe", "object", "canvas", "audio", "video", "map", "select",
        "textarea", "button", "noframes", "head", "title",
    )
)  # fmt: skip
"""Elements whose content is nothing to read."""
WORDS = frozenset(
    (
        "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
        "ins", "kbd", "label", "mark", "math", "nobr", "noscript", "output", "picture", "q", "rp", "rt", "ruby", "s",
        "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var",
    )
)  # fmt: skip
KNOWN = (
    VOID
    | HEADINGS
    | DIVISIONS
    | TABLE
    | SILENT
    | WORDS
    | frozenset(["ul", "ol", "li", "pre", "details", "summary", "option", "optgroup"])
)
FIELDS = ("path", "query", "body", "header", "name")
"""Attributes that name the field of an interface."""
READABLE = ("label", "title", "header", "heading", "summary", "tab", "question", "caption", "name")
"""Attributes of a component that name what is inside it."""
SAID = ("command", "text", "content", "title", "label", "caption", "summary", "description", "message", "alt")
"""Attributes of a component without content that a reader sees."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag at `[start, end)` of a text. `name` is small unless it is a component's."""

    name: str
    start: int
    end: int
    closes: bool = False
    empty: bool = False
    """True if nothing is inside it: `<br>`, `<Card />`."""
    attributes: str = ""
    component: bool = False

    def spans(self, text: str) -> dict[str, tuple[int, int]]:
        """Where the value of each attribute stands in the text that the tag stands in."""
        if not self.attributes:
            return {}
        begun = text.index(self.attributes, self.start)
        found: dict[str, tuple[int, int]] = {}
        for match in _ATTRIBUTE.finditer(text, begun, begun + len(self.attributes)):
            group = next((number for number in (2, 3, 4, 5) if match[number] is not None), 1)
            span = match.span(group) if group > 1 else (match.end(), match.end())
            found.setdefault(match[1] if self.component else match[1].lower(), span)
        return found

    def values(self) -> dict[str, str]:
        """The attributes with their values, without entities."""
        return {
            name: unescape(self.attributes[start:end])
            for name, (start, end) in Tag(self.name, 0, 0, False, False, self.attributes, self.component)
            .spans(self.attributes)
            .items()
        }

    @property
    def hidden(self) -> bool:
        """True if a page never shows the element: tab panels and folds are shown on a click."""
        if self.empty or self.closes or not self.attributes:
            return False
        values = self.values()
        silent = values.get("aria-hidden") == "true" and self.name in ("a", "i", "span")
        if not (silent or "hidden" in values or _HIDDEN.search(values.get("style", ""))):
            return False
        return not _PANEL.search(f"{values.get('role', '')} {values.get('class', '')} {values.get('id', '')}")


class TagReader:
    """Finds tags in texts of one document. What stands in angle brackets and is no tag is text."""

    def __init__(self, document: str) -> None:
        closed = re.findall(r"</([A-Za-z][\w.:-]*)", document) if "</" in document else []
        self._closed = frozenset([*closed, *(name.lower() for name in closed)])
        self._opened = frozenset(re.findall(r"(?<!\w)<([A-Za-z][\w.:-]*)", document)) if self._closed else frozenset()

    def is_closed(self, name: str) -> bool:
        """True if the document closes an element of that name."""
        return name in self._closed

    def at(self, text: str, start: int) -> Tag | None:
        """The tag that begins at `start`, where a `<` stands."""
        match = _TAG.match(text, start)
        if not match:
            return None
        closes, name = bool(match[1]), match[2]
        small = name.lower()
        if small in WORDS and not match[1] and match[3].strip() and "=" not in match[3]:
            return None  # a comparison: `a<b and c>d`
        if len(name) == 1 and name.isupper() and start and text[start - 1].isalnum():
            return None  # the type of a type: `List<A>`
        if small in KNOWN and not (name[0].isupper() and not name.isupper()):
            empty = small in VOID or (match[4] == "/" and small not in WORDS and small not in DIVISIONS)
            return Tag(small, start, match.end(), closes, empty, match[3])
        if self._is_component(match, text, start):
            return Tag(name, start, match.end(), closes, bool(match[4]) and not closes, match[3], component=True)
        return None

    def _is_component(self, match: re.Match[str], text: str, start: int) -> bool:
        name = match[2]
        named = name[0].isupper() and any(each.islower() for each in name)
        glued = start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_")
        if (not named and "-" not in name) or (glued and not match[1]):
            return False
        alone = _alone(text, start, match.end())
        if match[1]:
            return name in self._opened or (named and alone)
        if not named:
            return name in self._closed and "=" in match[3]
        return bool(match[4]) or "=" in match[3] or name in self._closed or alone


def _alone(text: str, start: int, end: int) -> bool:
    """True if nothing else stands on the line."""
    before, begun, indent = text[max(0, start - _NEAR) : start].rpartition("\n")
    after, ended, _ = text[end : end + _NEAR].partition("\n")
    at_start, at_end = begun or len(before + indent) == start, ended or end + len(after) == len(text)
    return bool(at_start and at_end) and not indent.strip() and not after.strip()
