"""The title of a conversation: what its first question is about, without the words that only ask."""

from __future__ import annotations

import re

LONGEST = 80
"""Most characters of a title."""
READ = 2000
"""Most characters of a question that are read for its title; a longer one is a paste."""

_LEAD = re.compile(
    r"""(?: (?:hi|hello|hey|please|kindly|so|and|ok|okay)\b[\s,!.]*
          | (?:can|could|would|will)\s+(?:you|somebody|someone|anybody|anyone)\b\s*
          | (?:tell|show|remind|explain|describe)\s+(?:to\s+)?(?:me|us)\b\s*(?:about\s+|of\s+)?
          | i(?:'d\ like|\ would\ like|\ want|\ need)\s+to\s+know\s+(?:if|whether|how|what)\b\s*
          | (?:how|when|where|why)\s+(?:do|does|did|can|could|should|would|must|may)\s+(?:i|we|you|one|they|it)\b\s*
          | how\s+to\s+
          | what(?:'s|\s+is|\s+are|\s+was|\s+were)\s+(?:the|a|an)?\b\s*
          | who(?:'s|\s+is|\s+are|\s+was|\s+were)\s+
          | where(?:'s|\s+is|\s+are)\s+(?:the|a|an)?\b\s*
          | is\s+there\s+(?:a|an|any)\b\s*
          | are\s+there\s+(?:any\b)?\s*
        )+""",
    re.IGNORECASE | re.VERBOSE,
)
_LEAD_ZH = re.compile(
    "(?:请问|請問|请|請|我想知道|你好[，,！!]?|如何|怎样|怎樣|怎么样|怎麼樣|怎么(?!办)|怎麼(?!辦)|什么是|什麼是|为什么|為什麼)+"
)
_END = re.compile("(?:分别)?(?:是多少|是什么|是什麼|有哪些|是哪些|怎么办|怎麼辦|[吗嗎呢])?[?？。.!！\\s]+$")
_BETWEEN = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n\s*\n")


def title_of(question: str) -> str:
    """The telling words of a question on one line; the question itself where nothing can be left out."""
    line = " ".join(_asked(question[:READ]).split())
    told = _shortened(line)
    return _cut(told if told else line)


def _asked(text: str) -> str:
    """The first sentence that asks, else the whole text."""
    return next((each for each in _BETWEEN.split(text) if each.rstrip().endswith(("?", "？"))), text)


def _shortened(line: str) -> str:
    lead = _LEAD.match(line) or _LEAD_ZH.match(line)
    rest = line[lead.end() :] if lead else line
    end = _END.search(rest)
    if end and (lead or len(end[0].strip()) > 1):
        rest = rest[: end.start()]
    rest = rest.strip(" ,;:，；：")
    return rest[:1].upper() + rest[1:] if lead else rest


def _cut(line: str) -> str:
    """The line in at most `LONGEST` characters, cut between words where there are any."""
    if len(line) <= LONGEST:
        return line
    words = line[:LONGEST].rpartition(" ")[0]
    return f"{words if len(words) > LONGEST // 2 else line[: LONGEST - 1]}…"
