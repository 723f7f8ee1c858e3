"""The wording of a unit: whether it leads to something, asks, refers to what was said, or sends elsewhere. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.text.reading import BlockKind

from .units import Unit

LONGEST = 1200
"""Characters. No more list items, rows or code are attached to what introduces them."""
FRAGMENT = 45
"""Letters; prose that is shorter and ends in no mark is a caption or a menu, not a sentence."""

_SAID = (BlockKind.PROSE, BlockKind.ITEM)
_LINK = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
_POINTS = re.compile(
    r"[*_]*(?:(?:please )?(?:see|refer to|check out|read)\b|for (?:more|further|additional|detailed|details|information"
    r"|instructions)\b|to learn more\b|learn more\b|more information\b"
    r"|this (?:topic|page|guide|section|document|article|chapter|tutorial) (?:will )?"
    r"(?:describe|introduce|explain|list|show|provide|walk|cover|demonstrate)s?\b"
    r"|(?:in|by|with|through|throughout|after) this (?:topic|page|guide|section|document|article|chapter|tutorial),? "
    r"(?:you|we)\b"
    r"|(?:在|通过)?(?:当前主题|本(?:文|页|章|节|主题|教程|指南))中?[，,]?(?:你|您|我们|大家)?(?:将会?|会|可以?|主要)?"
    r"(?:介绍|说明|描述|讲|演示|列|展示|学习|学会|学到|了解)|"
    r"(?:更多|详细|有关|关于)[^。]{0,24}(?:请|参见|参考|参阅|查看|见)|请?(?:参见|参考|参阅|查看|阅读|详见))",
    re.IGNORECASE,
)
_ASKS = re.compile(r"[?？][*_`”\"')）]*$")
_LEADS = re.compile(r"[:：][*_”\"')）]*$")
_ANNOUNCES = re.compile(r"\b(?:follow(?:s|ing)|below|example)\b|如下|以下|下面|下方|示例", re.IGNORECASE)
_ENDED = re.compile(r"[.!?…。！？;；:：][*_`”\"')）\]」』]*$")
_TELLS = re.compile(r"[`\d]")
"""Code or a figure, as a command on a line of its own has."""
_UNFINISHED = re.compile(r"[,，、(（][*_]*$")
_REFERS = re.compile(
    r"[*_]*(?:(?:this|these|those|that|it|its|they|their|them|he|she|his|her|such|both|otherwise|instead|therefore|thus"
    r"|hence|then|also|however|but|and|or|so|in (?:this|that|such|these) (?:case|way|mode|example)s?)\b"
    r"|这|那|它|他们|她们|该|此(?!外)|其(?!他|余|实)|因此|所以|否则|但|然而|同时|另外|并且|如此)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"(?:where|with|in which|here)\b|[a-z]|其中|式中|这里")
_NUMBERED = re.compile(r"\(?(?:\d+|[a-z]|[ivxIVX]+|[一二三四五六七八九十]+)[.)、）]")


def letters(text: str) -> int:
    """Length of a text in letters; an ideograph counts as three."""
    return sum(1 if character.isascii() else 3 for character in text)


def leads(unit: Unit) -> bool:
    """True if a unit introduces what follows it."""
    return unit.kind in _SAID and _LEADS.search(unit.text) is not None


def asks(unit: Unit) -> bool:
    """True if a unit is a question."""
    return unit.kind in _SAID and _ASKS.search(unit.text) is not None


def points(unit: Unit) -> bool:
    """True if a unit only sends the reader elsewhere: it is mostly a link, or says where to read on."""
    if unit.kind not in _SAID:
        return False
    linked = sum(len(label) for label in _LINK.findall(unit.source))
    return linked > 0.4 * len(_LINK.sub(r"\1", unit.source)) or _POINTS.match(unit.text) is not None


def refers(unit: Unit) -> bool:
    """True if a unit begins with a word that stands for something said before it."""
    return unit.kind in _SAID and _REFERS.match(unit.text) is not None


def announces(unit: Unit) -> bool:
    """True if a unit says that something follows it."""
    return _ANNOUNCES.search(unit.text) is not None


def ended(unit: Unit) -> bool:
    """True if a unit ends as a sentence does."""
    return _ENDED.search(unit.text) is not None


def unfinished(unit: Unit) -> bool:
    """True if a unit breaks off in the middle of a sentence."""
    return _UNFINISHED.search(unit.text) is not None


def goes_on(unit: Unit) -> bool:
    """True if a unit goes on with the sentence that a formula stands in."""
    return _GOES_ON.match(unit.text) is not None


def is_step(unit: Unit) -> bool:
    """True if a unit is a step of a procedure."""
    return _NUMBERED.fullmatch(unit.marker) is not None


def fragment(units: Sequence[Unit]) -> bool:
    """True if units are a caption or a menu, not a sentence."""
    said = "".join(unit.text for unit in units)
    return letters(said) < FRAGMENT and not _ENDED.search(said) and not _TELLS.search(said)


def only_named(unit: Unit) -> bool:
    """True for code that an answer points at instead of quoting: a part of a block, or more than anybody reads."""
    return unit.kind is BlockKind.CODE and (unit.cut or len(unit.text) > LONGEST)
