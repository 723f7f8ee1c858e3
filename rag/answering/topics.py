"""The topic of a conversation, by an open rule: the question it is about is carried from turn to turn. Pure.

What is carried is a `Topic`: the last question that stood alone, and what was asked of it last. A follow-up that names
something else of the same kind ("And for the Lumen S?") puts it in the place of the other; any other one is searched
together with the topic.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.text.terms import query_terms
from rag.types import Exchange

from .followups import (
    ASKING_EN,
    BARE_EN,
    CJK,
    ELLIPTIC_ZH,
    POINTING_EN,
    POINTING_ZH,
    PREPOSITION,
    PREPOSITION_EN,
    SUBJECTLESS_ZH,
    is_follow_up,
    names,
)

LONGEST_TOPIC = 300
"""Characters of a question that are carried on; a longer one leans on nothing."""
SAME_END = 4
"""Letters at the end of two words that are named alike."""
LEADING_EN = re.compile(
    r"(?:(?:ok(?:ay)?|well|and|but|or|so|then|also|now)\b[,\s]*)*"
    r"(?:(?:what|how) about|what if|what of|(?:the )?same (?:for|with)|is it the same (?:for|with)"
    r"|any other|else)?\b[,\s]*(?:(?:that|those|the ones?) (?=(?:for|in|on|with|under|at|by|from|of)\b))?",
    re.IGNORECASE,
)
"""What a follow-up opens with, before what it names."""
TRAILING_EN = re.compile(r"[\s,]*\b(?:then|too|also|as well|instead|please)?\W*$", re.IGNORECASE)
LEADING_ZH = re.compile(r"(?:(?:那么?|还有|另外|然后|而且|但是?|所以|换成|换做|换|如果是|要是|至于|同样)[，,、\s]*)*")
TRAILING_ZH = re.compile(r"[呢吗嘛啊呀的]*\W*$")
ASKING_ZH = re.compile(
    "多少|多久|多长|多大|多高|几|怎么|怎样|如何|什么|哪|谁|吗|是否|是不是|有没有|能不能|可不可以|可以|能否|要不要"
)
ASKED_ZH = re.compile(rf"(?:需要|需|要|应该|应|是|有|在|会|能|可以|收费|支持)*(?:{ASKING_ZH.pattern})")
"""The end of a Chinese question: what is asked of what stands before it."""
TIME_ZH = re.compile("周|星期|礼拜|今|明|昨|去年|月|节|早上|晚上|上午|下午|夜|春|夏|秋|冬|平时|时候$")
"""A time is no thing that takes the place of another."""
NUMERIC = re.compile(r"[\d.:,-]+(?:[a-z]{1,2}\d*)?")
ARTICLE = re.compile(r"(?:a|an|the|any|some)\s+", re.IGNORECASE)
ARTICLE_BEFORE = re.compile(r"\b(?:a|an|the)\s+$", re.IGNORECASE)
PHRASE = re.compile(
    rf"\b(?:a|an|the)\s+(?!{PREPOSITION}\b)[a-z][\w-]*(?:\s+(?!(?:{PREPOSITION}|is|are|be|cost|costs|take|takes|last|lasts"
    rf"|need|needs|and|or|that|which|when|if|open|work|works|run|runs)\b)[a-z][\w-]*){{0,2}}"
)
"""A thing that is named with its article, up to the preposition or verb behind it."""


@dataclass(frozen=True, slots=True)
class Topic:
    """The question a conversation is about, and what was asked of it last."""

    question: str
    asked: str = ""
    more: str = ""
    """A last word that names nothing, such as "Why?"; not carried any further."""

    @property
    def query(self) -> str:
        return " ".join(part for part in (self.question, self.asked, self.more) if part)


def topic_of(history: Sequence[Exchange]) -> Topic | None:
    """The topic after the exchanges so far, oldest first; None where nothing was asked."""
    topic: Topic | None = None
    for exchange in history:
        question, searched = exchange.question.strip(), exchange.query.strip()
        if question:
            ruled = following(question, topic) or Topic(question[:LONGEST_TOPIC])
            topic = ruled if searched in ("", question, ruled.query) else Topic(searched[:LONGEST_TOPIC])
    return topic


def following(question: str, topic: Topic | None) -> Topic | None:
    """The topic after a follow-up to `topic`; None where the question stands alone."""
    text = question.strip()
    if topic is None or len(text) > LONGEST_TOPIC or not is_follow_up(text):
        return None
    topic = replace(topic, more="")
    return _following_zh(text, topic) if CJK.search(text) else _following_en(text, topic)


def _following_en(text: str, topic: Topic) -> Topic:
    question = LEADING_EN.sub("", text, count=1)
    named = TRAILING_EN.sub("", question)
    if not named or BARE_EN.fullmatch(text) or BARE_EN.fullmatch(named):
        return replace(topic, more=text)
    if ASKING_EN.match(named):
        return _whole(text, question, topic)
    if POINTING_EN.search(named):
        return replace(topic, asked=text)
    return _instead(named, topic) or replace(topic, asked=text)


def _whole(text: str, question: str, topic: Topic) -> Topic:
    """A follow-up with a verb of its own: it leans on the topic by a pronoun, or by what it does not name."""
    if POINTING_EN.search(question) or POINTING_ZH.search(question):
        return replace(topic, asked=text)
    if names(question):
        return Topic(question)
    carried = [match[0] for match in names(topic.question)]
    return Topic(f"{' '.join(carried)} {question}") if carried else replace(topic, asked=text)


def _instead(named: str, topic: Topic) -> Topic | None:
    """The topic with what is named in the place of something of the same kind; None where there is nothing such."""
    preposition = PREPOSITION_EN.match(named)
    said = named[preposition.end() :].strip() if preposition else named
    thing = ARTICLE.sub("", said, count=1)
    new = names(f". {thing}")
    if new and _known_beside(thing, new[0][0], topic.question):
        place = _place(new[0][0], preposition[0] if preposition else "", topic.question)
        if place is not None:
            return replace(topic, question=_put(topic.question, *place, new[0][0]))
        return None
    place = _thing_alike(thing, preposition[0] if preposition else "", topic.question, article=thing != said)
    if place is None:
        return None
    before = ARTICLE_BEFORE.search(topic.question[: place[0]])
    start = before.start() if before else place[0]
    article = "the " if ARTICLE.match(topic.question, start) else ""
    return Topic(_put(topic.question, start, place[1], f"{article}{thing}"))


def _known_beside(thing: str, name: str, question: str) -> bool:
    """True if what a thing is called beside its name, as the room of "the Atlas room", is in the question already."""
    beside = query_terms(thing.replace(name, " ", 1))
    return not thing.replace(name, "", 1).strip() or set(beside) <= set(query_terms(question))


def _place(name: str, preposition: str, question: str) -> tuple[int, int] | None:
    """Where the name stands that `name` takes the place of: behind the same preposition, else the last of its shape."""
    alike = [match for match in names(question) if _shape(match[0]) == _shape(name)]
    if not alike:
        return None
    behind = [
        match
        for match in alike
        if preposition and re.search(rf"\b{preposition}\s+(?:the\s+)?$", question[: match.start()], re.IGNORECASE)
    ]
    return (behind or alike)[-1].span()


def _shape(name: str) -> str:
    return "number" if NUMERIC.fullmatch(name) else "name"


def _thing_alike(thing: str, preposition: str, question: str, *, article: bool) -> tuple[int, int] | None:
    """Where the thing stands that `thing` takes the place of: behind the same preposition, with the same last word, or
    the first one with an article."""
    count = len(thing.split())
    if preposition:
        following = rf"\b{preposition}\s+(?:(?:the|a|an|my|our)\s+)?((?:[\w-]+\s+){{{count - 1}}}[\w-]+)"
        found = re.search(following, question, re.IGNORECASE)
        return found.span(1) if found else None
    last = query_terms(thing.split()[-1])
    for found in re.finditer(rf"(?:[\w-]+\s+){{{max(0, count - 1)}}}[\w-]+", question):
        if last and query_terms(found[0].split()[-1]) == last and count > 1:
            return found.span()
    if count == 1 and not article:
        return _spelt_alike(thing, question)
    thing_said = next((m for m in PHRASE.finditer(question) if not names(m[0])), None)
    return thing_said.span() if thing_said else None


def _spelt_alike(word: str, question: str) -> tuple[int, int] | None:
    """Where a word stands that ends as `word` does, as ethanol and methanol do."""
    end = word[-SAME_END:].casefold()
    alike = (m for m in re.finditer(r"\w+", question) if m[0].casefold().endswith(end) and m[0] != word)
    return next((match.span() for match in alike), None) if len(end) == SAME_END else None


def _put(text: str, start: int, end: int, new: str) -> str:
    return f"{text[:start]}{new}{text[end:]}"


def _following_zh(text: str, topic: Topic) -> Topic:
    question = LEADING_ZH.sub("", text, count=1)
    named = TRAILING_ZH.sub("", question)
    if not named or ELLIPTIC_ZH.fullmatch(question) or ELLIPTIC_ZH.fullmatch(text):
        return replace(topic, more=text)
    if POINTING_ZH.search(question):
        return replace(topic, asked=text)
    if SUBJECTLESS_ZH.match(question):
        return replace(topic, asked=text)
    if ASKING_ZH.search(question):
        return _whole(text, question, topic)
    new = names(f"、{named}")
    if new and _known_beside(named, new[0][0], topic.question):
        place = _place(new[0][0], "", f"、{topic.question}")
        if place is None:
            return replace(topic, asked=text)
        return replace(topic, question=_put(f"、{topic.question}", *place, new[0][0])[1:])
    place = _alike_zh(named, topic.question)
    return Topic(_put(topic.question, *place, named)) if place else replace(topic, asked=text)


def _alike_zh(named: str, question: str) -> tuple[int, int] | None:
    """Where the thing stands that `named` takes the place of: one with the same end or beginning, else what stands
    between the name and what is asked."""
    size, asked = len(named), ASKED_ZH.search(question)
    until = asked.start() if asked else len(question)
    for at in range(until - size + 1):
        found = question[at : at + size]
        if size > 1 and found != named and (found[-1] == named[-1] or found[0] == named[0]) and CJK.fullmatch(found[0]):
            return at, at + size
    last = names(f"、{question}")
    start = last[-1].end() - 1 if last else 0
    thing = question[start:until]
    inside = thing.lstrip(" 的")
    if not asked or not inside or TIME_ZH.search(named) or "的" in inside or len(inside) > 8:
        return None
    return start + len(thing) - len(inside), until
