"""The sentences of an answer with the citations that belong to each, and which of them claim something. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.text.sentences import Form, Sentence, sentences

from . import markers as citations
from .markers import Marker

_LETTER = re.compile(r"\w")
_REPLY = re.compile(
    r"(?:yes|no|correct|right|exactly|sure|of course|certainly|true|false|indeed)"
    r"(?:,? (?:you|it|they|we|this|that) (?:can|could|does|do|is|are|will|may)(?:n['’]t| not)?)?"
    r"|是的?|不是|否|对的?|不对|可以的?|不可以|不行|能|不能|会|不会|有|没有|正确|错误|当然",
    re.IGNORECASE,
)
"""A sentence that says no more belongs to the one that tells why."""
_ABSENCE = re.compile(
    r"\b(?:documents?|contexts?|passages?|sources?|documentation|excerpts?|(?:provided|given) (?:text|information))\b"
    r"[^.]{0,60}?\b(?:do(?:es)? not|don['’]t|doesn['’]t|did not|didn['’]t|never|cannot|can['’]t)\b[^.]{0,40}?"
    r"\b(?:say|state|mention|specify|contain|include|describe|explain|provide|cover|hold|give|address|tell|answer"
    r"|indicate|discuss)\b"
    r"|\b(?:is|are|was|were|has|have|find|found|contains?|provides?|gives?|holds?) no (?:[a-z]+ )?"
    r"(?:information|mention|details?|answer)\b"
    r"|\b(?:nothing|none|nowhere|not)\b[^.]{0,20}\b(?:in|of) (?:the|your|these) (?:[a-z]+ )?"
    r"(?:documents|contexts|passages|sources|documentation)\b"
    r"|\bI (?:could not|couldn['’]t|cannot|can['’]t|did not|didn['’]t) (?:find|answer|tell|determine)\b"
    r"|\b(?:is|are|was|were)(?: not|n['’]t) (?:mentioned|stated|specified|documented|described|addressed|discussed)\b",
    re.IGNORECASE,
)
_ABSENCE_ZH = re.compile(
    r"(?:文档|资料|上下文|材料|原文|片段|来源|文中)[^。]{0,40}?(?:没有|并未|未|不)[^。]{0,12}?"
    r"(?:提|说明|包含|涉及|给出|描述|列出|记载|规定|指出|介绍|回答|找到|信息|指明)"
    r"|(?:未|没有|找不到|无法找到)(?:提及|提到|说明|给出|任何|相关|找到)[^。]{0,12}(?:信息|内容|说明|答案)"
    r"|^(?:我)?(?:无法|不能)(?:回答|确定|从)"
)
_OFFER = re.compile(
    r"^(?:let me know|feel free|i hope (?:this|that)|if you (?:need|have|want|would like)[^.]*\b(?:let me know|ask)\b)"
    r"|^(?:如果|如)[^。]{0,30}(?:告诉我|联系我|提问)|^希望[^。]{0,12}(?:帮助|有用)",
    re.IGNORECASE,
)
_INTRODUCES = (":", "：")
_ASKS = ("?", "？")
_TITLE_LIKE = re.compile(r"(\*\*|__)[^*_\n]+\1:?")
_FORMULA = re.compile(
    r"(?:\$\$[^$]++\$\$|\$[^$\n]++\$|\\\[.*\\\]|\\\(.*\\\)|\\begin\{(\w{1,20}\*?)\}.*\\end\{\1\})[.,;。，；]?",
    re.DOTALL,
)
_ENDED = re.compile(r"[.!?。！？…][*_\"'”’)）]*$")
_LEADS = re.compile(
    r"\b(?:following|below|these|steps?|ways|options|here(?:['’]s| is| are))\b|如下|以下|下面|下列|步骤|几种|这些",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence, characters `[start, end)` of the answer, or a few that belong together.

    `markers` are the citations behind it, which `end` lies after where they stand on the same line.
    """

    start: int
    end: int
    form: Form
    block: int
    markers: tuple[Marker, ...] = ()
    introduced_by: int = -1
    """Position of the statement whose list this is an item of; -1 for none."""
    depth: int = 0
    """Lists it stands in."""
    leads: bool = False
    """True if items of a list of its own come next."""


def statements(answer: str) -> list[Statement]:
    """All sentences in order, headings and code too, each with its citations."""
    owned = _with_markers(answer, sentences(answer), citations.markers(answer))
    return _introduced(answer, _merged(answer, owned))


def claims_something(answer: str, statement: Statement, *, alone: bool) -> bool:
    """True if a reader may expect a source for a sentence that cites none. `alone`: it is all the answer says."""
    text = words(answer, statement)
    if statement.form in (Form.HEADING, Form.CODE) or _TITLE_LIKE.fullmatch(text):
        return False
    if statement.form is Form.TABLE:
        return True
    if _FORMULA.fullmatch(text) or (statement.leads and _leads_in(text, statement.form)):
        return False
    if text.rstrip("*_\"'”’)） ").endswith(_INTRODUCES + _ASKS) or _OFFER.search(text) or says_nothing_is_there(text):
        return False
    return alone or not _REPLY.fullmatch(_bare(text))


def _leads_in(text: str, form: Form) -> bool:
    """True if what stands before a list only opens it: the title of an item, or words that name no figure."""
    return not _ENDED.search(text) if form is Form.ITEM else bool(_LEADS.search(text)) and not _FIGURE.search(text)


def says_nothing_is_there(text: str) -> bool:
    """True if a sentence says that the documents do not tell."""
    return bool(_ABSENCE.search(text) or _ABSENCE_ZH.search(text))


def words(answer: str, statement: Statement) -> str:
    """The words of a statement, without its citations."""
    return without(answer, statement.start, statement.end, statement.markers)


def without(answer: str, start: int, end: int, markers: Sequence[Marker]) -> str:
    """Characters `[start, end)` of the answer without these citations."""
    parts: list[str] = []
    for marker in markers:
        if start <= marker.start and marker.end <= end:
            parts.append(answer[start : marker.start].rstrip(" "))
            start = marker.end
    return "".join([*parts, answer[start:end]]).strip()


def _with_markers(answer: str, pieces: Sequence[Sentence], markers: Sequence[Marker]) -> list[Statement]:
    """A citation belongs to the sentence it stands in; one that a sentence begins with, to the sentence before."""
    found: list[Statement] = []
    starts = [marker.start for marker in markers]
    for position, piece in enumerate(pieces):
        until = pieces[position + 1].start if position + 1 < len(pieces) else len(answer)
        inside = markers[bisect_left(starts, piece.start) : bisect_left(starts, until)]
        start, leading = piece.start, 0
        while leading < len(inside) and not _LETTER.search(answer[start : inside[leading].start]):
            start = inside[leading].end
            leading += 1
        has_words = bool(_LETTER.search(without(answer, start, piece.end, inside)))
        if leading and found and (found[-1].block == piece.block or not has_words):
            found[-1] = _given(found[-1], inside[:leading], piece.block)
            inside = inside[leading:]
        else:
            start = piece.start
        if has_words:
            start += len(answer[start : piece.end]) - len(answer[start : piece.end].lstrip())
            statement = Statement(start, piece.end, piece.form, piece.block, depth=piece.depth)
            found.append(_given(statement, inside, piece.block))
    return found


def _given(statement: Statement, markers: Sequence[Marker], block: int) -> Statement:
    end = max([statement.end, *(m.end for m in markers)]) if block == statement.block else statement.end
    return replace(statement, end=end, markers=(*statement.markers, *markers))


def _merged(answer: str, found: Sequence[Statement]) -> list[Statement]:
    """A bare yes or no goes with the next sentence of its paragraph, at its end with the one before."""
    merged: list[Statement] = []
    for one in found:
        before = merged[-1] if merged and merged[-1].block == one.block else None
        if before and not before.markers and _is_reply(answer, before):
            merged[-1] = replace(one, start=before.start)
        elif before and not one.markers and _is_reply(answer, one):
            merged[-1] = replace(before, end=one.end)
        else:
            merged.append(one)
    return merged


def _is_reply(answer: str, statement: Statement) -> bool:
    return _REPLY.fullmatch(_bare(words(answer, statement))) is not None


def _bare(text: str) -> str:
    return text.strip(" *_.!,;。！，；")


def _introduced(answer: str, found: Sequence[Statement]) -> list[Statement]:
    """Items of a list know the sentence that introduces the list, and those below an item know that item."""
    introduced: list[Statement] = []
    above: list[int] = []
    """Positions of what introduces the lists that are open, outermost first."""
    for position, one in enumerate(found):
        if not one.depth:
            above.clear()
        while above and found[above[-1]].depth >= max(one.depth, 1):
            above.pop()
        following = found[position + 1] if position + 1 < len(found) else None
        leads = following is not None and following.form is Form.ITEM and following.depth > one.depth
        by = above[-1] if above and one.form is Form.ITEM else -1
        introduced.append(replace(one, introduced_by=by, leads=leads))
        if one.depth or words(answer, one).rstrip("*_ ").endswith(_INTRODUCES):
            above.append(position)
    return introduced
