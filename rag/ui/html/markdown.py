"""The answer's Markdown to HTML: no raw HTML, no images, no links but http(s), and citations as chips.

The text comes from a model that has read untrusted documents. What it writes must neither run nor make the browser
fetch anything: an image's address can carry away what the model was told. `citations.display` defuses the Markdown;
the parser here is set up so that nothing dangerous could come out even of Markdown that was not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from rag.citations.markers import display
from rag.citations.summary import Cited
from rag.citations.unsourced import Unsourced, ends
from rag.messages import Language
from rag.text.markdown_spans import MarkdownSpan, SpanKind, pieces
from rag.text.tables import with_tables

from ..i18n import say
from . import code
from . import markdown as signs
from .formulas import TOKEN as FORMULA
from .formulas import as_typed, formula, understand_formulas, with_formulas, without_formulas
from .markup import esc, html, is_web, t
from .tags import understand_tags

ANCHOR = re.compile(r"#ev-(\d+)-(\d+)(?:-(\d+))?")
"""Turn, context and, in the Markdown alone, the citation's place in the answer."""
CHECKS = re.compile(r"#checks-(\d+)")
HIGHEST_HEADING = 3
"""Level on the page of an answer's top headings."""


@dataclass(frozen=True, slots=True)
class Checks:
    """Result of checking a finished answer: its valid citations, and its stretches without source."""

    cited: Sequence[Cited] = ()
    without_source: Sequence[Unsourced] = ()


@dataclass(frozen=True, slots=True)
class Chips:
    """Chips of one answer. `titles`: context number -> text of the chip's tooltip."""

    turn: int
    titles: Mapping[int, str]
    language: Language
    checks: Checks = Checks()


def answer(source: str, chips: Chips, *, complete: bool) -> Markup:
    """The answer's HTML. While it streams, a marker that has only begun is held back."""
    sent = len(chips.titles)
    bare = chips.checks.without_source
    marked, formulas = without_formulas(signs.marked(source, ends(bare)), growing=not complete)
    shown = display(marked, sent, lambda number, place: f"#ev-{chips.turn}-{number}-{place}", growing=not complete)
    labels = [_label(each, chips.language) for each in bare]
    return to_html(signs.linked(shown, f"#checks-{chips.turn}", labels), chips, formulas)


def _label(bare: Unsourced, language: Language) -> str:
    several = bare.count > 1
    return say("support.no_source_for" if several else "support.no_source", language, count=bare.count)


def to_html(source: str, chips: Chips, formulas: Sequence[str] = ()) -> Markup:
    """HTML of Markdown that nobody has defused; links to evidence become chips, signs of formulas the formulas."""
    parser, env = _parser(), {"chips": chips, "language": chips.language, "formulas": formulas}
    tokens = parser.parse(source, env)
    env["levels"] = sorted({token.tag for token in tokens if token.type == "heading_open"})
    return Markup(parser.renderer.render(tokens, parser.options, env))


@cache
def _parser() -> MarkdownIt:
    parser = understand_tags(safe_parser(_Renderer), less_than="&lt;")  # as `citations.display` leaves it
    parser.disable(["reference", FORMULA])  # "[1]: http://…" would turn every [1] into a link; formulas are out
    parser.validateLink = _may_be_linked  # type: ignore[method-assign]
    return parser


def safe_parser(renderer: type[SafeRenderer]) -> MarkdownIt:
    """A parser for text nobody has vetted: HTML stays text, links are the renderer's to judge."""
    parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=renderer)
    return with_tables(understand_formulas(parser)).enable("strikethrough").disable(["html_block", "html_inline"])


def web_link(url: str) -> Markup:
    """The opening tag of a link that leads out of the page."""
    return html('<a href="{url}" title="{url}" target="_blank" rel="noopener noreferrer nofollow">')(url=url)


def _may_be_linked(url: str) -> bool:
    return is_web(url) or ANCHOR.fullmatch(url) is not None or CHECKS.fullmatch(url) is not None


class SafeRenderer(RendererHTML):
    """markdown-it's own renderer, which escapes. No image is loaded; tables scroll by themselves.

    It puts together plain strings, so what a rule returns is one: `Markup` would escape what stands before it.

    `env["language"]` is that of the page.
    """

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return str(html('<span class="no-image">{}</span>')(t("image", env["language"], alt=tokens[idx].content)))

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return str(Markup('<div class="wide"><table>\n'))

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        if token.info.strip() == "math":
            return str(html("<div>{}</div>\n")(formula(f"$${token.content}$$")))
        return str(code.block(token.content, token.info, env["language"], lambda a, b: esc(token.content[a:b])))

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return self.fence(tokens, idx, options, env)

    def formula(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return str(formula(tokens[idx].content))

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return str(Markup("</table></div>\n"))


class _Renderer(SafeRenderer):
    """An answer's headings, links and formulas."""

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return str(with_formulas(tokens[idx].content, env["formulas"]))

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return as_typed(super().image(tokens, idx, options, env), [esc(each) for each in env["formulas"]])

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        address = str(tokens[idx].attrGet("href") or "")
        if found := ANCHOR.fullmatch(address):
            return str(_chip_open(int(found[1]), int(found[2]), found[3], env["chips"]))
        if CHECKS.fullmatch(address):
            return str(_no_source_open(address, env["chips"]))
        return str(web_link(address))

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return str(html('<h{} class="heading">')(_on_page(tokens[idx], env)))

    def heading_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return str(html("</h{}>\n")(_on_page(tokens[idx], env)))


def _on_page(heading: Token, env: EnvType) -> int:
    """The level of an answer's heading on the page: its highest is that below the question, and none is skipped."""
    levels: list[str] = env["levels"]
    return min(HIGHEST_HEADING + levels.index(heading.tag), 6)


def _chip_open(turn: int, number: int, place: str | None, chips: Chips) -> Markup:
    """The opening tag of a chip; a plain `<a>`, which reads as text, where a model invented the address."""
    if turn != chips.turn or number not in chips.titles:
        return Markup("<a>")
    href, title = f"#ev-{turn}-{number}", chips.titles[number]
    cited = chips.checks.cited[int(place)] if place and int(place) < len(chips.checks.cited) else None
    if cited is None or cited.number != number:  # streaming, or from before quotes were checked
        spoken = t("chip", chips.language, number=number)
        return html('<a class="chip" href="{}" title="{}" aria-label="{}">')(href, title, spoken)
    check = say(f"support.chip_{cited.check}", chips.language)
    spoken = t("support.chip", chips.language, number=number, check=check)
    quotes = html(' data-quotes="{}"')(" ".join(map(str, cited.quotes))) if cited.quotes else ""
    chip = html('<a class="chip {}" href="{}" title="{} ({})" aria-label="{}"{}>')
    return chip(cited.check, href, title, check, spoken, quotes)


def _no_source_open(address: str, chips: Chips) -> Markup:
    """The mark behind a sentence without source; it leads to the explanation under the answer."""
    if address != f"#checks-{chips.turn}":
        return Markup("<a>")
    sign = html('<a class="no-source" href="{}" data-act="checks" title="{about}" aria-label="{about}">')
    return sign(address, about=t("support.no_source_about", chips.language))


SIGN = "\ue0f1"
"""A character of the private use area; one that a model wrote itself is replaced."""
OPENING, CLOSING = (SpanKind.LINK_START, SpanKind.IMAGE_START), (SpanKind.LINK_END, SpanKind.IMAGE_END)


def marked(source: str, ends: Sequence[int]) -> str:
    """The Markdown with a sign after each place in `ends`; a place inside code or a link is moved behind it."""
    clean = source.replace(SIGN, "\ufffd")
    if not ends:
        return clean
    parts: list[str] = []
    last = 0
    for place in _outside(pieces(clean), sorted(ends), len(clean)):
        sign = f"\n\n{SIGN}" if clean[:place].endswith("|") else SIGN  # behind a table's last row it would be a cell
        parts += [clean[last:place], sign]
        last = place
    return "".join(parts) + clean[last:]


def linked(shown: str, address: str, labels: Sequence[str]) -> str:
    """The Markdown with links to `address` for the signs, in order; their words are ours and hold no Markdown."""
    first, *rest = shown.split(SIGN)
    return first + "".join(f" [{label}]({address}){part}" for label, part in zip(labels, rest, strict=True))


def _outside(inline: Sequence[MarkdownSpan], ends: Sequence[int], length: int) -> Iterator[int]:
    """For each end, in rising order, the first place from it on where a link may stand."""
    depth = at = 0
    for end in ends:
        while at < len(inline):
            opens, closes = inline[at].kind in OPENING, inline[at].kind in CLOSING
            if inline[at].end >= end and depth + opens - closes == 0:
                break
            depth += opens - closes
            at += 1
        piece = inline[at] if at < len(inline) else None
        if piece is None:
            yield length
        else:
            yield end if piece.kind is SpanKind.TEXT else max(end, piece.end)
