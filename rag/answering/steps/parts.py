"""Parts of a question: the two sides of a comparison, or the questions in one. Pure.

Only what is said in so many words is taken apart: a question that is not understood stays whole, and is searched as
it is in any case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rag.text.question import bare
from rag.text.terms import telling_words

from .part_words import COMPARISONS_EN, COMPARISONS_ZH, NEXT_EN, NEXT_ZH, POLITE_ZH, QUESTION_WORD, TASKS_EN, TASKS_ZH

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


_LONG_ENOUGH = re.compile(r"\S+\s+\S|[\u3400-\u9fff]{3}")
_COMPARES = re.compile(
    r"\b(?:differ\w*|distin\w+|compar\w+|contrast\w*|versus|vs|similar\w*|same|common|pros|better|worse|choose|prefer)\b"
    r"|区别|区分|不同|差别|差异|异同|比较|对比|相比|还是|优缺点|优劣|选",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"\s+(?:and|with|to|against|from|versus|vs\.?|or|than|over)\s+|\s*(?:和|与|跟|同|及|还是)\s*", re.I
)
"""Words between the two sides of a comparison; a side may have one of them within."""
_LEADS = re.compile(
    r"^(?:what(?:'s|\s+is|\s+are)?|i|we|you|can|could|don['’]t|do|not|(?:un)?clear|sure|understand|know|see|how|in\s+(?:what|which)\s+\w+|explain|describe|tell\s+me|show|give|list|please|the|main|key|is|are|there|any)\b\s*",
    re.I,
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
_THEN = re.compile(rf"(?P<side>[^,]+),\s*(?:(?:and|but)\s+)?(?P<then>{QUESTION_WORD}\b.*)", re.IGNORECASE)
"""The second side of a comparison, and the question that follows it."""


def parts_of(question: str, is_name: Callable[[str], bool] = lambda _: False) -> QuestionParts | None:
    """The parts of a question, None where it is one question, or too long to tell.

    Where it can be taken apart in several places, both sides are names (`is_name`) if they can be.
    """
    if len(question) > LONGEST_QUESTION:
        return None
    return _comparison(question, is_name) or _several(question) or _tasks(question)


def _comparison(question: str, is_name: Callable[[str], bool]) -> QuestionParts | None:
    words = bare(question)
    patterns = COMPARISONS_EN
    if _IDEOGRAPH.search(words):
        words, patterns = POLITE_ZH.sub("", words), COMPARISONS_ZH
    for pattern in patterns:
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
    about = " ".join(each.strip(" ,:;?–—-") for each in said if each)
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


def _tasks(question: str) -> QuestionParts | None:
    """Two tasks of one sentence, each with what it is done to."""
    words = POLITE_ZH.sub("", bare(question))
    found = next((found for pattern in (TASKS_EN, *TASKS_ZH) if (found := pattern.search(words))), None)
    sides = [found[side].strip(" ,") for side in "ab"] if found else []
    if (
        len(sides) < 2
        or _POINTS.search(sides[1])
        or any(not telling_words(side) or not _LONG_ENOUGH.search(side) for side in sides)
    ):
        return None
    return QuestionParts(Division.SEVERAL, tuple(QuestionPart(side, side) for side in sides))


def named_parts(titles: Sequence[str], question: str) -> QuestionParts | None:
    """The parts of a question that names documents by these titles, however it asks for them."""
    if not 2 <= len(titles) <= MOST:
        return None
    division = Division.COMPARISON if _COMPARES.search(question) else Division.SEVERAL
    return QuestionParts(division, tuple(QuestionPart(title, title) for title in titles))


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
    if len(asking) < 2 or len(asking) != len(pieces) or _adds_nothing(asking):
        return None
    named = _with_subject(asking)
    return QuestionParts(
        Division.SEVERAL, tuple(QuestionPart(piece, query) for piece, query in zip(asking, named, strict=True))
    )


def _adds_nothing(pieces: list[str]) -> bool:
    """True if a later question is about nothing but what the first one names: one search finds both."""
    first, *others = ({word.casefold() for word in telling_words(piece)} for piece in pieces)
    return any(words <= first for words in others)


def _following(piece: str) -> list[str]:
    """The questions of one sentence; a clause that only says in which case one is asked stays with it."""
    if not _IDEOGRAPH.search(piece):
        return [each for each in NEXT_EN.split(piece) if each]
    asked = [each for each in NEXT_ZH.split(piece) if each.strip(" ?？,，;；。.")]
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
