"""HTML tags in Markdown that only set how text looks: understood, never passed on.

Documents are full of `<code>`, `<br>` and tables written as tags, and models put `<br>` into the cells of tables. A tag
of the lists below becomes markup of ours or nothing, without its attributes; every other tag, comments among them,
stays text, so that nothing a document says is out of sight. The parser's own HTML stays off: this is a rule for inline
text.
"""

from __future__ import annotations

import html
import re

from markdown_it import MarkdownIt
from markdown_it.common.html_re import attribute
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from .markup import is_web

PAIRS = {
    "b": "strong", "strong": "strong", "i": "em", "em": "em", "s": "s", "del": "s", "strike": "s",
    "code": "code", "tt": "code", "kbd": "code", "samp": "code", "sub": "sub", "sup": "sup",
}  # fmt: skip
"""Tag -> the tag written instead, if it is closed in the same block."""
LINES = {
    "br", "p", "div", "section", "blockquote", "details", "summary", "ul", "ol", "li", "dl", "dt", "dd",
    "table", "thead", "tbody", "tfoot", "tr", "h1", "h2", "h3", "h4", "h5", "h6",
}  # fmt: skip
"""Tags after which the text starts on a new line."""
CELLS = {"td", "th"}
"""Tags of table cells, replaced by a blank that keeps cells apart."""
NOTHING = {"a", "span", "font", "center", "u", "ins", "small", "colgroup", "col", "abbr", "picture"}

_ATTRIBUTES = attribute + r"*\s*"


def understand_tags(parser: MarkdownIt, *, less_than: str = "<") -> MarkdownIt:
    """Give a parser the rule. `less_than` is how a tag begins: in answers it is escaped already."""
    begin = re.escape(less_than)
    opening = re.compile(rf"{begin}(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<about>{_ATTRIBUTES})/?>").match
    closing = re.compile(rf"{begin}/(?P<name>[A-Za-z][A-Za-z0-9]*)\s*>").match

    def rule(state: StateInline, silent: bool) -> bool:
        if not state.src.startswith(less_than, state.pos):
            return False
        if found := closing(state.src, state.pos, state.posMax):
            return _alone(state, silent, found)
        found = opening(state.src, state.pos, state.posMax)
        if not found or "[" in found[0]:  # a citation would be lost with the attribute it stands in
            return False
        tag, address = _meaning(found)
        if not tag:
            return _alone(state, silent, found)
        end = _closing(state, found, begin)
        return end is not None and _pair(state, silent, found, end, tag, address)

    parser.inline.ruler.before("entity", "tag", rule)
    return parser


def _meaning(found: re.Match[str]) -> tuple[str, str]:
    """The tag written for one that is closed again, and the address of a link; "" for a tag that stands alone."""
    name = found["name"].lower()
    address = _attribute(found["about"], "href") if name == "a" else ""
    return ("a", address) if is_web(address) else (PAIRS.get(name, ""), "")


def _attribute(about: str, name: str) -> str:
    found = re.search(rf"""\s{name}\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", about, re.IGNORECASE)
    return html.unescape(next(filter(None, found.groups()), "")) if found else ""


def _closing(state: StateInline, found: re.Match[str], begin: str) -> re.Match[str] | None:
    """The closing tag of a tag, None if there is none.

    A missing one is remembered: else every further opening tag would search the text in vain.
    """
    missing = state.env.setdefault("unclosed", {})
    known = (state.src, found["name"].lower(), state.posMax)
    if found.end() >= missing.get(known, state.posMax + 1):
        return None
    end = re.compile(rf"{begin}/{found['name']}\s*+>", re.IGNORECASE).search(state.src, found.end(), state.posMax)
    if end is None:
        missing[known] = found.end()
    return end


def _pair(state: StateInline, silent: bool, found: re.Match[str], end: re.Match[str], tag: str, address: str) -> bool:
    """Parse the text between two tags, as for a link in Markdown; False for a link within a link."""
    if tag == "a" and state.linkLevel:
        return False
    last = state.posMax
    if not silent:
        state.pos, state.posMax = found.end(), end.start()
        kind = "link" if tag == "a" else "tag"
        opened = state.push(f"{kind}_open", tag, 1)
        if address:
            opened.attrs = {"href": address}
        state.linkLevel += tag == "a"
        state.md.inline.tokenize(state)
        state.linkLevel -= tag == "a"
        state.push(f"{kind}_close", tag, -1)
    state.pos, state.posMax = end.end(), last
    return True


def _alone(state: StateInline, silent: bool, found: re.Match[str]) -> bool:
    """Replace a tag by a new line, a blank, an image or nothing; False for any other tag."""
    name = found["name"].lower()
    if name not in LINES | CELLS | NOTHING | {"img"}:
        return False
    if not silent:
        if name == "img":
            image = state.push("image", "img", 0)
            image.content = _attribute(found.groupdict().get("about") or "", "alt")
            image.children = [Token("text", "", 0, content=image.content)]
        elif name in CELLS:
            state.push("softbreak", "br", 0)
        elif name in LINES and _goes_on(state):
            state.push("hardbreak", "br", 0)
    state.pos = found.end()
    return True


def _goes_on(state: StateInline) -> bool:
    """True if the line to be ended has content."""
    if state.pending.strip():
        return True
    for token in reversed(state.tokens):
        if token.type == "hardbreak":
            return False
        if token.content.strip() or token.type == "image":
            return True
    return False
