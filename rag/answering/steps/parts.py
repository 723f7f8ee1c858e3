"""Parts of a question: the two sides of a comparison, or the questions in one. Pure.

Only what is said in so many words is taken apart: a question that is not understood stays whole, and is searched as
it is in any case.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from rag.text.question import bare
from rag.text.terms import telling_words

MOST = 3
"""Parts that are searched, of a question that has more of them the first."""
LONGEST_QUESTION = 300
"""Characters of a question that is taken apart: the patterns take more than linear time on a longer one."""
LONGEST = 80
"""Characters of one side of a comparison; a longer one is a sentence that the pattern has misread."""


class Division(StrEnum):
    """Way in which a question falls into parts."""

    COMPARISON = "comparison"
    SEVERAL = "several"
    """Questions of their own, one after the other."""


@dataclass(frozen=True, slots=True)
class QuestionPart:
    """One part: `name` for a reader, `query` to search for."""

    name: str
    query: str


@dataclass(frozen=True, slots=True)
class QuestionParts:
    """The parts of a question, in its order; at least two."""

    division: Division
    parts: tuple[QuestionPart, ...]


_NAME = r"[^?,;:]"
_A, _B = rf"(?P<a>{_NAME}{{1,80}}?)", r"(?P<b>[^?;:]{1,120}?)"
_ABOUT = (
    r"(?P<about>\s+(?:in terms of|with regard to|with respect to|regarding|concerning|when it comes to|as to|for|in|on"
    r"|when|if|by)\b.{2,120}?)?"
)
_COMPARISONS_EN = tuple(
    re.compile(pattern + r"\s*$", re.IGNORECASE)
    for pattern in (
        rf"(?P<lead>.*?)\b(?:differences?|distinctions?|trade-?offs?|choice|relation(?:ship)?)\s+between\s+(?:the\s+)?{_A}\s+and\s+(?:the\s+)?{_B}{_ABOUT}",
        rf"(?P<lead>.*?)\b(?:chang\w+|differ\w*|new)\s+(?:between|from)\s+(?:the\s+)?{_A}\s+(?:and|to)\s+(?:the\s+)?{_B}{_ABOUT}",
        rf"(?P<lead>.*?)\b(?:compare|contrast|distinguish)\s+(?:the\s+)?{_A}\s+(?:and|with|to|against|from|versus|vs\.?)\s+(?:the\s+)?{_B}{_ABOUT}",
        rf"(?P<lead>how\s+(?:does|do|is|are)\s+)(?:the\s+)?{_A}\s+(?:differ(?:ent)?|compare[sd]?)\s+(?:from|to|with|against)\s+(?:the\s+)?{_B}{_ABOUT}",
        rf"(?P<lead>how\s+do\s+)(?:the\s+)?{_A}\s+and\s+(?:the\s+)?{_B}\s+(?:differ|compare)\b{_ABOUT}",
        rf"(?P<lead>what\s+(?:sets|distinguishes|tells)\s+)(?:the\s+)?{_A}\s+(?:apart\s+)?from\s+(?:the\s+)?{_B}{_ABOUT}",
        rf"(?P<lead>(?:which\s+(?:is|one\s+is|of\s+them\s+is|has|uses|needs|takes)|(?:should|shall|do)\s+(?:i|we|you)\s+(?:use|choose|take|pick|prefer)"
        rf"|when\s+(?:should|do|to)\s+(?:i\s+|we\s+)?(?:use|choose))\b[^,:?]{{0,80}}?[,:]?\s*)(?:the\s+)?{_A}\s+(?:or|versus|vs\.?|instead\s+of|over|rather\s+than)\s+(?:the\s+)?{_B}{_ABOUT}",
        rf"(?P<lead>(?:is|are|does|do|has|have)\s+)(?:the\s+)?{_A}\s+(?P<how>(?:need\w*\s+|use\w*\s+|take\w*\s+|have\s+|cost\w*\s+)?(?:\w+er|more(?:\s+\w+)?|less(?:\s+\w+)?|better|worse))\s+than\s+(?:the\s+)?{_B}{_ABOUT}",
        rf"(?P<lead>)(?:the\s+)?{_A}\s+(?:vs\.?|versus|compared\s+(?:to|with)|as\s+opposed\s+to)\s+(?:the\s+)?{_B}{_ABOUT}",
    )
)
_ZA, _ZB = r"(?P<a>[^，。？；：、]{1,40}?)", r"(?P<b>[^，。？；：、]{1,40}?)"
_COMPARISONS_ZH = tuple(
    re.compile(pattern)
    for pattern in (
        rf"^(?:请)?(?:比较|对比|比一比)(?:一下|下)?{_ZA}(?:和|与|跟|同|及){_ZB}(?:的(?P<about>.{{1,40}}?))?$",
        rf"^{_ZA}(?:和|与|跟|同){_ZB}(?:之间)?(?:在(?P<about>.{{1,40}}?)(?:上|方面|方面上)?)?(?:有(?:什么|何|哪些)?|的)?"
        r"(?:主要|具体|本质)?(?:的)?(?:区别|不同|差别|差异|分别|异同)(?:之处)?(?:是什么|在哪里?|在于什么|有哪些|是)?$",
        rf"^{_ZA}(?:和|与|跟|同|还是|或者?){_ZB}(?:哪个|哪一个|哪种|谁)(?P<about>.{{1,40}}?)$",
        rf"^(?:应该|应当|该)?(?:选择?|用|使用)?{_ZA}还是{_ZB}(?P<about>)$",
        rf"^{_ZA}(?:与|和|跟){_ZB}相比(?:，|,)?(?P<about>.{{0,40}}?)$",
        rf"^{_ZA}(?:相比于?|对比){_ZB}(?:，|,)?(?P<about>.{{0,40}}?)$",
    )
)
_BETWEEN = re.compile(
    r"\s+(?:and|with|to|against|from|versus|vs\.?|or|than|over)\s+|\s*(?:和|与|跟|同|及|还是)\s*", re.I
)
"""Words between the two sides of a comparison; a side may have one of them within."""
_LEADS = re.compile(
    r"^(?:what(?:'s|\s+is|\s+are)?|explain|describe|tell\s+me|show|give|list|please|the|main|key|is|are|there|any)\b\s*",
    re.I,
)
_QUESTION_WORD = r"(?:what|which|who|whom|whose|where|when|why|how|is|are|does|do|can|could|should|will|must|may)"
_NEXT_EN = re.compile(
    rf"\s*(?:[?;]+|,|(?<=\w))\s*(?:\b(?:and|also|then|but)\b[\s,]*)+(?={_QUESTION_WORD}\b)", re.IGNORECASE
)
_NEXT_ZH = re.compile(
    r"[？?；;。]\s*|[，,]\s*(?:以及|还有|并且|另外|同时|而且|那么?)|[，,](?=(?:怎么|怎样|如何|为什么|什么|哪|谁|多少|能否|是否|可否))"
)
_ENDS = re.compile(r"(?<=[?？])\s*")
_NUMBERED = re.compile(r"(?:^|\s)(?:\(?[1-9](?:[.)](?=\s)|、)|[①-⑨]|\([a-d]\))\s*")
_IDEOGRAPH = re.compile(r"[\u3400-\u9fff]")
_TELLS = re.compile(
    r"(?:(?:i|we|my|our|it|this|that|they|there|thanks?|thank you)\b|我们?|我的|咱们?|谢谢)(?!.*[?？])", re.I
)
"""What is said beside a question: `We deploy with Helm.`"""
_ASKS_ZH = re.compile(
    r"什么|哪|谁|几|多[少久长大高快]|怎|如何|为何|何时|是否|能否|可否|有没有|能不能|是不是|可不可以|吗|呢"
)
_THEN = re.compile(rf"(?P<side>[^,]+),\s*(?:(?:and|but)\s+)?(?P<then>{_QUESTION_WORD}\b.*)", re.IGNORECASE)
"""The second side of a comparison, and the question that follows it."""


def parts_of(question: str, is_name: Callable[[str], bool] = lambda _: False) -> QuestionParts | None:
    """The parts of a question, None where it is one question, or too long to tell.

    Where it can be taken apart in several places, both sides are names (`is_name`) if they can be.
    """
    if len(question) > LONGEST_QUESTION:
        return None
    return _comparison(question, is_name) or _several(question)


def _comparison(question: str, is_name: Callable[[str], bool]) -> QuestionParts | None:
    words = bare(question)
    for pattern in _COMPARISONS_ZH if _IDEOGRAPH.search(words) else _COMPARISONS_EN:
        found = pattern.search(words)
        if found and (parts := _sides(found, is_name)):
            return QuestionParts(Division.COMPARISON, parts)
    return None


def _named(found: re.Match[str], is_name: Callable[[str], bool]) -> tuple[str, str]:
    """The two sides, cut at another word between them where only then both are names."""
    first, second = _trimmed(found["a"]), _trimmed(found["b"])
    if is_name(first) and is_name(second):
        return first, second
    start, whole = found.start("a"), found.string
    for cut in _BETWEEN.finditer(whole, start):
        sides = _trimmed(whole[start : cut.start()]), _trimmed(whole[cut.end() : found.end("b")])
        if all(map(is_name, sides)):
            return sides
    return first, second


def _sides(found: re.Match[str], is_name: Callable[[str], bool]) -> tuple[QuestionPart, ...]:
    groups = found.groupdict()
    follows = _THEN.fullmatch(groups["b"].strip())
    first, second = (_trimmed(groups["a"]), _trimmed(follows["side"])) if follows else _named(found, is_name)
    if not first or not second or max(len(first), len(second)) > LONGEST or first.casefold() == second.casefold():
        return ()
    if not telling_words(first) or not telling_words(second):
        return ()
    if groups.get("how") and second[0].isdigit():
        return ()  # more than 100 is a number, not a comparison
    said = (_lead(groups.get("lead") or ""), groups.get("how"), groups.get("about"), follows and follows["then"])
    about = " ".join(each.strip() for each in said if each)
    first, second = _completed(first, second)
    return tuple(QuestionPart(side, f"{side} {about}".strip()) for side in (first, second))


def _lead(text: str) -> str:
    """Words before the names of a comparison that say what is compared; question words say nothing."""
    while (shorter := _LEADS.sub("", text.strip(" ,:"))) != text:
        text = shorter
    return text if telling_words(text) and len(text) <= LONGEST else ""


def _trimmed(side: str) -> str:
    return re.sub(r"^(?:the|a|an|both|using|use|between)\s+", "", side.strip(" ,.:'\"“”"), flags=re.IGNORECASE).strip()


def _completed(first: str, second: str) -> tuple[str, str]:
    """`memory and disk indexes` compares memory indexes with disk indexes: one word each, and what both share."""
    words, others = first.split(), second.split()
    alike = len(words) == 1 and len(others) == 2 and words[0].islower() and others[0].islower()
    if alike and words[0][:4] != others[0][:4]:
        return f"{first} {others[1]}", second
    return first, second


def _several(question: str) -> QuestionParts | None:
    text = " ".join(question.split())
    pieces = [text]
    if len(numbered := [p for p in _NUMBERED.split(text) if p.strip()]) > 1 and len(_NUMBERED.findall(text)) > 1:
        pieces = numbered[-len(_NUMBERED.findall(text)) :]
    else:
        pieces = [p for p in _ENDS.split(text) if p.strip()]
        if any(_TELLS.match(piece) for piece in pieces[1:]):
            return None
        pieces = [p for piece in pieces for p in _following(piece) if p.strip(" ?？,，;；。.")]
    pieces = [piece.strip(" ,，;；。") for piece in pieces]
    asking = [piece for piece in pieces if telling_words(piece)]
    if len(asking) < 2 or len(asking) != len(pieces):
        return None
    named = _with_subject(asking)
    return QuestionParts(
        Division.SEVERAL, tuple(QuestionPart(piece, query) for piece, query in zip(asking, named, strict=True))
    )


def _following(piece: str) -> list[str]:
    """The questions of one sentence; a clause that only says in which case one is asked stays with it."""
    if not _IDEOGRAPH.search(piece):
        return [each for each in _NEXT_EN.split(piece) if each]
    asked = [each for each in _NEXT_ZH.split(piece) if each.strip(" ?？,，;；。.")]
    return asked if all(_ASKS_ZH.search(each) for each in asked) else [piece]


_NAMES_ITS_OWN = re.compile(
    r"^(?:what|who)(?:'s|\s+(?:is|are|does|do))\s+(?:an?\s+|the\s+)?[\w-]+(?:\s+mean)?\W*$|^什么是|是什么\W*$", re.I
)
_POINTS = re.compile(r"\b(?:it|its|they|them|their|this|that|these|those|one)\b|它们?|其|这个?|那个?|该", re.IGNORECASE)


def _with_subject(pieces: list[str]) -> list[str]:
    """Questions that lean on the first by a pronoun, or have one telling word, searched with the words of the first."""
    first = " ".join(telling_words(pieces[0]))
    return [pieces[0], *(f"{first} {piece}" if _leans(piece) else piece for piece in pieces[1:])]


def _leans(piece: str) -> bool:
    if _POINTS.search(piece):
        return True
    return len(telling_words(piece)) < 2 and not _NAMES_ITS_OWN.search(piece)
