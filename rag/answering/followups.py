"""Follow-up questions, told by how they read: what they open with, and what stands for something said before. Pure."""

from __future__ import annotations

import re

from rag.text.scripts import IDEOGRAPHS
from rag.text.terms import query_terms

SHORT_WORDS = 6
SHORT_CJK = 14
"""A question up to this long, in words or in CJK characters, may lean on the one before by a pronoun."""
LONGER_WORDS = 9
"""A question up to this long does too, where nothing before its pronoun is what the pronoun may stand for."""
FEW_WORDS = 5
"""A question up to this long that begins with a preposition ("For the Lumen S?") leans on the one before."""

CJK = re.compile(f"[{IDEOGRAPHS}]")
OPENING_EN = re.compile(
    r"(and|but|or|so|then|also|what about|how about|what if|why not|why is that|how so"
    r"|which (one|of (them|these|those))|same (for|with)|any (other|more)|else)\b",
    re.IGNORECASE,
)
POINTING_EN = re.compile(
    r"\b(it|its|they|them|their|theirs|this|that|these|those|he|she|him|her|his|ones|that one|such|former|latter"
    r"|above|previous|instead|otherwise)\b",
    re.IGNORECASE,
)
STANDING_FOR_EN = re.compile(r"\b(it|its|they|them|their|theirs|he|she|him|her|his)\b", re.IGNORECASE)
"""Pronouns that stand for something named, whatever follows them."""
DUMMY_EN = re.compile(r"\bit\s+(?:\w+\s+){1,3}(?:to|that|if|when)\b|\b(?:is|was) it \w+ing\b", re.IGNORECASE)
"""An "it" that stands for nothing: "how long does it take to", "is it possible that"."""
THING_EN = re.compile(r"\b(?:a|an|the|my|our|your|each|every|any|some)\s+\w", re.IGNORECASE)
BARE_EN = re.compile(
    r"((give|show|tell) (me|us) )?((some|any|more|an) )*"
    r"((since|until|by|for|from|at|to|in|with) )?(why|how( (much|many|long|often|far|big|old|fast))?"
    r"|when|where|who|which|what|really|examples?|more|details?)( please)?\W*",
    re.IGNORECASE,
)
OPENING_ZH = re.compile(
    r"(那么?|还有|另外|然后|而且|但是?|所以|它们?|他们?|她们?|这(?!里说)|那|其中?|该|此|上述|前者|后者|如果这样|同样"
    r"|换成|要是|至于)"
)
POINTING_ZH = re.compile(
    r"它们?|他们|她们|这个|那个|这些|那些|这种|那种|这样|那样|上述|上面|前者|后者|其中|该(?=[^如怎])|第[一二三四五]个"
)
SUBJECTLESS_ZH = re.compile(
    r"(?:需要?|包?含|包括|支持|要|会|能|可以|多少钱|多久|什么时候|在哪|贵|难|(?:怎么|如何)\w{2}[？?]?$)"
)
"""How a Chinese question begins that does not say what it is about."""
SUBJECTLESS_LENGTH = 8
ELLIPTIC_ZH = re.compile(
    r"((还有)?(别的|其他的?)|为什么|怎么(做|办|样)?|例如|比如|举例|详细(说说|一点)?|具体(呢|说说)?|区别|真的吗?)?"
    r"[呢吗？?。!！]*"
)
PREPOSITION = r"(?:for|in|on|with|without|under|at|by|from|to|of|as|during|after|before)"
PREPOSITION_EN = re.compile(rf"{PREPOSITION}\b", re.IGNORECASE)
_VERB = "is|are|was|were|do|does|did|can|could|will|would|shall|should|may|must|has|have|had|am"
VERB_EN = re.compile(_VERB, re.IGNORECASE)
ASKING_EN = re.compile(rf"(?:how|what|which|who|whom|whose|when|where|why|{_VERB})\b", re.IGNORECASE)
"""The first word of a whole question."""
_HEAD = r"[A-Z][\w+#-]*|\d[\w.:-]*|[a-z]+[A-Z_]\w*|\w*_\w+"
NAME = re.compile(rf"(?<![\w.])(?:{_HEAD})(?:[ ](?:[A-Z][\w+#-]*|\d[\w.]*)(?![\w]))*(?:\.\d+)*")
"""A name: words with capitals, with what numbers them; an identifier; a number or version."""


def is_follow_up(question: str) -> bool:
    """True if a question reads as if it leaned on the one before: by how it opens, or short and pointing back."""
    text = question.strip()
    if CJK.search(text):
        short = len(CJK.findall(text)) <= SHORT_CJK
        elliptic = ELLIPTIC_ZH.fullmatch(text) is not None or (len(text) <= SHORT_CJK and re.search(r"呢[？?]?$", text))
        if len(text) <= SUBJECTLESS_LENGTH and SUBJECTLESS_ZH.match(text) and not names(text):
            return True
        return short and bool(OPENING_ZH.match(text) or POINTING_ZH.search(text) or elliptic)
    words = re.findall(r"[\w'-]+", text)
    if BARE_EN.fullmatch(text):
        return True
    if OPENING_EN.match(text):
        return len(words) <= 2 * SHORT_WORDS
    if PREPOSITION_EN.match(text) and len(words) <= FEW_WORDS:
        return not any(VERB_EN.fullmatch(word) for word in words)
    if len(words) <= SHORT_WORDS:
        return POINTING_EN.search(text) is not None
    return len(words) <= LONGER_WORDS and _stands_for_earlier(text)


def _stands_for_earlier(text: str) -> bool:
    """True if a pronoun stands for nothing that the question itself names before it."""
    pronoun = STANDING_FOR_EN.search(text)
    if pronoun is None or DUMMY_EN.search(text):
        return False
    before = text[: pronoun.start()]
    return not THING_EN.search(before) and not names(before)


def names(text: str) -> list[re.Match[str]]:
    """The names in a question, in order; its first word only where more than a capital says that it is one."""
    found = []
    for match in NAME.finditer(text):
        said = match[0]
        first = not text[: match.start()].strip(" \"'“(")
        if first and not re.search(r"\d|_|[a-z][A-Z]|^[A-Z]{2,}", said):
            continue
        if re.fullmatch(r"I|[A-Z]\w*'?", said) and not query_terms(said):
            continue
        found.append(match)
    return found
