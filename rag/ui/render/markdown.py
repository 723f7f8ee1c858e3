"""The answer's Markdown to HTML: no raw HTML, no images, no links but http(s), and citations as chips.

The text comes from a model that has read untrusted documents. What it writes must neither run nor make the browser
fetch anything: an image's address can carry away what the model was told. `citations.display` defuses the Markdown;
the parser here is set up so that nothing dangerous could come out even of Markdown that was not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from ...citations import display
from ...messages import Language
from .markup import esc, t

ANCHOR = re.compile(r"#ev-(\d+)-(\d+)")


@dataclass(frozen=True, slots=True)
class Chips:
    """Where the chips of one answer lead: context number -> what a pointer over the chip says."""

    turn: int
    titles: Mapping[int, str]
    language: Language


def answer(source: str, chips: Chips, *, complete: bool) -> str:
    """The answer's HTML. While it streams, a marker that has only begun is held back."""
    sent = len(chips.titles)
    shown = display(source, sent, lambda number: f"#ev-{chips.turn}-{number}", growing=not complete)
    return to_html(shown, chips)


def to_html(source: str, chips: Chips) -> str:
    """HTML of Markdown that nobody has defused; links to evidence become chips."""
    return str(_parser().render(source, {"chips": chips}))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough"])
    parser.disable(["reference", "html_block", "html_inline"])  # "[1]: http://…" would turn every [1] into a link
    parser.validateLink = _may_be_linked  # type: ignore[method-assign]
    return parser


def _may_be_linked(url: str) -> bool:
    return urlsplit(url).scheme in ("http", "https") or ANCHOR.fullmatch(url) is not None


class _Renderer(RendererHTML):
    """markdown-it's own renderer, which escapes, with our headings, links, images and tables."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<span class="no-image">{t("image", env["chips"].language, alt=tokens[idx].content)}</span>'

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        address = str(tokens[idx].attrGet("href") or "")
        if found := ANCHOR.fullmatch(address):
            return _chip_open(int(found[1]), int(found[2]), env["chips"])
        safe = esc(address)
        return f'<a href="{safe}" title="{safe}" target="_blank" rel="noopener noreferrer nofollow">'

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return '<p class="heading">'  # an answer's headings are no headings of the page

    def heading_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</p>\n"

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return '<div class="wide"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>\n"


def _chip_open(turn: int, number: int, chips: Chips) -> str:
    """A chip, or no more than plain text where a model invented the address of one."""
    if turn != chips.turn or number not in chips.titles:
        return "<a>"
    spoken = t("chip", chips.language, number=number)
    return f'<a class="chip" href="#ev-{turn}-{number}" title="{esc(chips.titles[number])}" aria-label="{spoken}">'
