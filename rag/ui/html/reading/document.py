"""A document's Markdown to rows of HTML, one beside each run of chunks, with spans of its source marked.

Pure, and nothing in it knows questions or scores. What a document writes can neither run nor make the browser fetch
anything: it is rendered as an answer's Markdown is, and marks are put around text that is already parsed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from rag.documents.reconstruction import Stretch, own_spans
from rag.messages import Language

from .. import code
from ..formulas import formula
from ..highlights import pieces
from ..markdown import SafeRenderer, web_link
from ..markup import esc, html, is_web, joined
from .located import DEEPEST_NESTING, OFFSETS, Lines, located, renderer_of

HIGHEST_HEADING = 3
"""Level on the page of a document's top headings; the levels above it are the page's own."""

WHOLE = "\ue0f2"
"""Stands for a formula while marks are put around it, since none can be put inside."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `[start, end)` of the document to mark; `key` names the mark on the page, `kind` is its class."""

    start: int
    end: int
    key: str
    kind: str
    title: str
    """Text of the mark's tooltip; plain text."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the document itself."""

    level: int
    title: str
    start: int
    """Offset of its line; `doc-h-{start}` is its id on the page."""


@dataclass(frozen=True, slots=True)
class MarginRow:
    """Text beside some chunks, given by number: mostly one chunk, several where a block holds more."""

    chunks: tuple[int, ...]
    html: Markup


@dataclass(frozen=True, slots=True)
class Rendered:
    """A stretch of a document on the page."""

    rows: tuple[MarginRow, ...]
    headings: tuple[Heading, ...]


def render(stretch: Stretch, spans: Sequence[Span], language: Language, *, first: int = 0) -> Rendered:
    """The rows of a stretch. Text, order and structure are those of its Markdown, whatever is marked.

    Its chunks are numbered from `first`; where several share a row, chunk n begins at the element `doc-at-n`.
    """
    blocks = list(_blocks(stretch.text, DocumentRenderer, stretch.start))
    for block in blocks:
        if block.tokens[0].type == "heading_open":
            block.tokens[0].meta["start"] = block.start
    owned = own_spans(stretch.chunks)
    paint = _Paint(spans, owned, first)
    rows = tuple(_row(held, members, paint, language) for held, members in _rows(blocks, owned))
    headings = tuple(_heading(block) for block in blocks if block.tokens[0].type == "heading_open")
    return Rendered(rows, headings)


@dataclass(frozen=True, slots=True)
class _Block:
    """A top-level block of the document with all inside it: characters `[start, end)`."""

    start: int
    end: int
    tokens: Sequence[Token]
    source: str
    """Source to show as it is where the parser gave up, since text nested too deeply is in no token; "" elsewhere."""


def rendered(
    source: str, paint: Paint, language: Language, renderer: type[DocumentRenderer], *, start: int = 0
) -> Markup:
    """Markdown whose first character has offset `start`, its text marked by `paint`."""
    env: dict[str, Any] = {"language": language, "paint": paint, "links": []}
    return joined(_body(block, renderer, env) for block in _blocks(source, renderer, start))


def _blocks(source: str, renderer: type[DocumentRenderer], start: int) -> Iterator[_Block]:
    lines = Lines(source, start)
    first = 0
    tokens = located(source, renderer, start=start)
    for at, token in enumerate(tokens):
        if token.level == 0 and token.nesting <= 0:
            begin, stop = map(lines.offset, tokens[first].map or (0, 0))
            inside = tokens[first : at + 1]
            too_deep = max(each.level for each in inside) >= DEEPEST_NESTING - 1
            yield _Block(begin, stop, inside, source[begin - start : stop - start] if too_deep else "")
            first = at + 1


def _body(block: _Block, kind: type[DocumentRenderer], env: dict[str, Any]) -> Markup:
    if block.source:
        paint: Paint = env["paint"]
        return html('<pre tabindex="0">{}</pre>')(paint.text(block.source, range(block.start, block.end)))
    renderer, options = renderer_of(kind)
    return Markup(renderer.render(block.tokens, options, env))


def _rows(blocks: Sequence[_Block], owned: Sequence[tuple[int, int]]) -> Iterator[tuple[tuple[int, ...], list[_Block]]]:
    """Blocks and the chunks they share: a row ends where both a block and a chunk end."""
    waiting = list(range(len(owned)))
    members: list[_Block] = []
    held: list[int] = []
    reached = 0
    for block in blocks:
        if members and block.start >= reached:
            yield tuple(held), members
            members, held = [], []
        members.append(block)
        reached = max(reached, block.end)
        while waiting and owned[waiting[0]][0] < reached:
            held.append(waiting.pop(0))
            reached = max(reached, owned[held[-1]][1])
    held += waiting
    if members or held:
        yield tuple(held), members


def _row(held: tuple[int, ...], members: Sequence[_Block], paint: _Paint, language: Language) -> MarginRow:
    paint.parted = len(held) > 1
    env: dict[str, Any] = {"language": language, "paint": paint, "links": []}

    one = html('<div class="doc-block" data-from="{}" data-to="{}">{}</div>')
    blocks = joined(one(each.start, each.end, _body(each, DocumentRenderer, env)) for each in members)
    numbers = tuple(paint.first + at for at in held)
    return MarginRow(numbers, paint.not_begun(numbers) + blocks)


def _heading(block: _Block) -> Heading:
    opening, inline = block.tokens[0], block.tokens[1]
    title = "".join(" " if c.type.endswith("break") else c.content for c in inline.children or [])
    return Heading(int(opening.tag[1]), " ".join(title.split()), block.start)


class Paint(Protocol):
    """Marks text whose characters have these `offsets`; those of unknown place have none."""

    def text(self, content: str, offsets: Sequence[int]) -> Markup: ...


@dataclass
class _Paint:
    """Cuts text into pieces with equal marks; keeps the element ids of the marks and chunks already begun."""

    spans: Sequence[Span]
    owned: Sequence[tuple[int, int]]
    first: int
    parted: bool = False
    """True if each piece names the chunk it belongs to."""
    begun: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        edges = {edge for s in self.spans for edge in (s.start, s.end)} | {start for start, _ in self.owned}
        self._cuts = sorted(edges)
        self._starts = [start for start, _ in self.owned]
        self._cover: list[tuple[Span, ...]] = [()] * (len(self._cuts) + 1)
        for span in self.spans:
            for at in range(bisect_right(self._cuts, span.start), bisect_left(self._cuts, span.end) + 1):
                self._cover[at] += (span,)

    def text(self, content: str, offsets: Sequence[int]) -> Markup:
        """Escape and mark content whose characters have these `offsets` in the document."""
        if not offsets:
            return esc(content)
        return joined(self._piece(piece, offset) for piece, offset in pieces(content, offsets, self._cuts))

    def _piece(self, content: str, offset: int) -> Markup:
        shown = esc(content)
        cover = self._cover[bisect_right(self._cuts, offset)]
        if cover:
            kinds = " ".join(dict.fromkeys(span.kind for span in cover))
            names = joined(self._place(f"doc-mark-{span.key}") for span in cover)
            shown = html('{}<mark class="{}" title="{}">{}</mark>')(names, kinds, cover[0].title, shown)
        if not self.parted:
            return shown
        chunk = self.first + max(bisect_right(self._starts, offset) - 1, 0)
        place = html(' id="{}"')(f"doc-at-{chunk}") if self._begins(f"doc-at-{chunk}") else ""
        return html('<span data-chunk="{}"{}>{}</span>')(chunk, place, shown)

    def not_begun(self, numbers: Sequence[int]) -> Markup:
        """Places for chunks of a shared row that show no text of their own, such as a rule."""
        return joined(self._place(f"doc-at-{number}") for number in numbers if self.parted)

    def _place(self, name: str) -> Markup:
        return html('<span id="{}"></span>')(name) if self._begins(name) else Markup()

    def _begins(self, name: str) -> bool:
        """True the first time that an element of this name is asked for."""
        begins = name not in self.begun
        self.begun.add(name)
        return begins


class DocumentRenderer(SafeRenderer):
    """Text with its marks; links to the web alone; headings below those of the page."""

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return str(_painted(tokens[idx], env))

    def text_special(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return self.text(tokens, idx, options, env)

    def formula(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        paint: Paint = env["paint"]
        before, after = paint.text(WHOLE, tokens[idx].meta.get(OFFSETS, ())).split(WHOLE)
        return str(joined([before, formula(tokens[idx].content), after]))

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return str(html("<code>{}</code>")(_painted(tokens[idx], env)))

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token, paint = tokens[idx], env["paint"]
        offsets = token.meta.get(OFFSETS, ())
        painted = code.block(
            token.content, token.info, env["language"], lambda a, b: paint.text(token.content[a:b], offsets[a:b])
        )
        return str(painted)

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        address = str(tokens[idx].attrGet("href") or "")
        env["links"].append(is_web(address))
        return str(web_link(address) if is_web(address) else html('<span class="no-link" title="{}">')(address))

    def link_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return str(Markup("</a>") if env["links"].pop() else Markup("</span>"))

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        level = int(token.tag[1])
        place = html(' id="doc-h-{}" tabindex="-1"')(token.meta["start"]) if "start" in token.meta else ""
        return str(html('<h{} class="doc-h l{}"{}>')(_on_page(level), level, place))

    def heading_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return str(html("</h{}>\n")(_on_page(int(tokens[idx].tag[1]))))


class PassageRenderer(DocumentRenderer):
    """A passage's headings are no headings of the page, and no places to jump to."""

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return str(Markup('<p class="heading">'))

    def heading_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return str(Markup("</p>\n"))


def _painted(token: Token, env: EnvType) -> Markup:
    paint: Paint = env["paint"]
    return paint.text(token.content, token.meta.get(OFFSETS, ()))


def _on_page(level: int) -> int:
    return min(level + HIGHEST_HEADING - 1, 6)
