"""Formulas in TeX as MathML: browsers draw it themselves, without a script and without fonts of ours.

What a formula says is untrusted. Of what the converter makes, known elements with known attributes pass; a formula that
it does not understand, that hides something, or that is nested beyond reason, is shown as it is typed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Protocol
from xml.etree import ElementTree

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markupsafe import Markup

from rag.text.formulas import LONGEST, formula_end, with_display_formulas
from rag.text.markdown_spans import SpanKind, pieces

from .markup import attributes, html, joined

TOKEN = "formula"
"""Type of a formula's token, in a line or on lines of its own; its content is the formula with its marks."""
DEEPEST = 40
"""Levels of elements."""
ELEMENTS = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle", "msub", "msup", "msubsup",
    "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "mtable", "mtr", "mtd", "mpadded", "menclose",
}  # fmt: skip
"""Those that show what they hold; `mphantom` does not."""

_LENGTH = re.compile(r"(?:\d(?:\.\d+)?|\.\d+|-0?\.\d+)(?:em|rem|%)?")
_YES_NO = re.compile(r"true|false")
_ATTRIBUTES = {
    "display": re.compile(r"block"), "mathvariant": re.compile(r"normal"), "form": re.compile(r"prefix|infix|postfix"),
    "scriptlevel": re.compile(r"[+-]?\d"), "notation": re.compile(r"[a-z]{1,30}"),
    **dict.fromkeys(("width", "height", "depth", "lspace", "rspace", "minsize", "maxsize", "linethickness"), _LENGTH),
    **dict.fromkeys(
        ("stretchy", "fence", "symmetric", "accent", "accentunder", "displaystyle", "movablelimits", "largeop"), _YES_NO
    ),
}  # fmt: skip
"""Attribute -> what its value may be; others are left out."""
_STYLE = re.compile(
    r"(?:text-align|justify-items): ?(?:left|right|center|start|end)"
    r"|(?:padding-left|padding-right|padding-top|margin-left): ?(?:0|-?0?\.\d+(?:em|rem))"
    r"|border-(?:top|right|bottom|left): ?0?\.\d+em (?:solid|dashed) currentcolor"
)
_DELIMITERS = {"$$": 2, "$": 1, "\\(": 2, "\\[": 2}
_NUMBERED = re.compile(r"\\(begin|end)\{(align|equation|gather|multline|flalign|alignat)\}")
_SPLIT = re.compile(r"\\(begin|end)\{split\}")
_LABEL = re.compile(r"\\(?:label\{[^{}]{0,80}\}|nonumber\b|notag\b)")
_TAG = re.compile(r"\\tag\*?\{([^{}]{0,40})\}")


def understand_formulas(parser: MarkdownIt) -> MarkdownIt:
    """The parser, with a token for each formula."""
    return with_display_formulas(understand_in_lines(parser))


def understand_in_lines(parser: MarkdownIt) -> MarkdownIt:
    """The parser, with a token for each formula within a line."""
    parser.inline.ruler.before("escape", TOKEN, _in_line)
    return parser


def _in_line(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "\\$":
        return False
    end = formula_end(state.src, state.pos, state.posMax)
    if not end:
        return False
    if not silent:
        state.push(TOKEN, "math", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


@lru_cache(maxsize=2048)  # an answer is drawn anew with every few words
def formula(typed: str) -> Markup:
    """A formula with its marks, drawn; as it is typed where it cannot be."""
    inside, alone = _inside(typed)
    drawn = _drawn(inside, alone=alone)
    if drawn is None:
        return html('<code class="tex">{}</code>')(typed)
    if alone:
        return html('<span class="formula alone" tabindex="0">{}</span>')(drawn)
    return html('<span class="formula">{}</span>')(drawn)


def _inside(typed: str) -> tuple[str, bool]:
    """A formula without its marks, and whether it stands on lines of its own."""
    opener = next((each for each in _DELIMITERS if typed.startswith(each)), "")
    length = _DELIMITERS.get(opener, 0)
    return typed[length : len(typed) - length], opener not in ("$", "\\(")


def _drawn(tex: str, *, alone: bool) -> Markup | None:
    if len(tex) > LONGEST:
        return None
    made = _converted(_known(tex), alone=alone).replace("&ApplyFunction;", "\u2061")
    try:
        return _element(ElementTree.fromstring(made), 0) if made else None
    except ElementTree.ParseError:  # such as a control character in it
        return None


def _known(tex: str) -> str:
    """TeX as the converter knows it: equations are not counted, since each would be the first."""
    first, *more = tex.split("\n")
    if more and all(line.lstrip()[:1] in ("", ">") for line in more):  # the marks of the quote it stands in
        tex = "\n".join([first, *(line.lstrip()[1:] for line in more)])
    plain = _LABEL.sub("", _NUMBERED.sub(r"\\\1{\2*}", tex))
    return _TAG.sub(r"\\qquad\\text{(\1)}", _SPLIT.sub(r"\\\1{aligned}", plain))


def _element(element: ElementTree.Element, depth: int) -> Markup | None:
    if element.tag not in ELEMENTS or depth > DEEPEST:
        return None
    inside = [_element(each, depth + 1) for each in element]
    shown = [each for each in inside if each is not None]
    if len(shown) < len(inside):
        return None
    about = {name: value for name, value in element.attrib.items() if _may(name, value)}
    if styled := _styled(element.get("style", "")):
        about["style"] = styled
    made = html("<{tag}{about}>{words}{inside}</{tag}>")
    return made(tag=element.tag, about=attributes(about), words=element.text or "", inside=joined(shown))


def _may(name: str, value: str) -> bool:
    allowed = _ATTRIBUTES.get(name)
    return allowed is not None and allowed.fullmatch(value) is not None


def _styled(style: str) -> str:
    kept = (each.strip() for each in style.split(";"))
    return ";".join(each for each in kept if _STYLE.fullmatch(each))


class _Converter(Protocol):
    def convert_with_local_state(self, latex: str, *, displaystyle: bool) -> str: ...


@cache
def _converter() -> tuple[_Converter | None, type[Exception]]:
    """The converter and its error. It is compiled: where it does not run, formulas are shown as they are typed."""
    try:
        import math_core
    except ImportError:
        return None, Exception
    return math_core.LatexToMathML(fancy_error=False), math_core.LatexError


def _converted(tex: str, *, alone: bool) -> str:
    """MathML, "" where the converter does not understand."""
    converter, refused = _converter()
    if converter is None:
        return ""
    try:
        return converter.convert_with_local_state(tex, displaystyle=alone)
    except refused:
        return ""


# ---- in an answer: its Markdown is made safe before it is parsed, which would take the meaning from a formula's marks

_OUT, _BACK = "\ue0f2", "\ue0f3"
"""Characters of the private use area around the number of a formula; those a model wrote itself are replaced."""
_PLACE = re.compile(f"{_OUT}(\\d{{1,6}}){_BACK}")


def without_formulas(source: str, *, growing: bool) -> tuple[str, list[str]]:
    """Markdown with numbered signs in place of its formulas, and the formulas."""
    clean = source.replace(_OUT, "\ufffd").replace(_BACK, "\ufffd")
    if "$" not in clean and "\\" not in clean:
        return clean, []
    found: list[str] = []
    parts: list[str] = []
    for piece in pieces(clean, growing=growing):
        part = clean[piece.start : piece.end]
        if piece.kind is SpanKind.FORMULA:
            found.append(part)
            part = f"{_OUT}{len(found) - 1}{_BACK}"
        parts.append(part)
    return "".join(parts), found


def with_formulas(text: str, formulas: Sequence[str]) -> Markup:
    """Text with its formulas drawn where their signs stand."""
    parts = _PLACE.split(text)
    return joined(_drawn_at(formulas, part) if at % 2 else part for at, part in enumerate(parts))


def as_typed(text: str, formulas: Sequence[str]) -> str:
    """Text with its formulas as they are typed."""
    return _PLACE.sub(lambda place: _typed(formulas, place[1]), text)


def _drawn_at(formulas: Sequence[str], number: str) -> Markup:
    return formula(_typed(formulas, number))


def _typed(formulas: Sequence[str], number: str) -> str:
    return formulas[int(number)] if int(number) < len(formulas) else ""
