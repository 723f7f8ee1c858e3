"""Greetings and thanks, which ask nothing of the documents: no search is made for them. Pure.

Only whole messages made of such words count, so that "Hi, how do I install it?" is still a question.
"""

from __future__ import annotations

import re
from typing import Literal

from rag.messages import Language, label
from rag.types import Message

Kind = Literal["greeting", "thanks", "farewell"]

_CALLED = r"(?:[\s,]+(?:there|all|everyone|again|you|plainsight))?"
_PHRASES: dict[Kind, tuple[str, str]] = {
    "greeting": (
        rf"(?:hi+|hello|hey+|howdy|good (?:morning|afternoon|evening)|how are you(?: doing)?(?: today)?){_CALLED}",
        r"(?:你好|您好|嗨|哈喽|早上好|上午好|下午好|晚上好|在吗|大家好)[呀啊吗]?",
    ),
    "thanks": (
        r"(?:thanks|thank you|thx|cheers|many thanks|much appreciated|ok(?:ay)?|great|perfect|nice|got it|cool)"
        r"(?: (?:a lot|so much|very much|again|for (?:the|your) help))?",
        r"(?:非常|太|十分|多)?(?:谢谢|感谢|谢啦|多谢)[你您]?了?|好的|明白了?|知道了|收到|太好了|不错",
    ),
    "farewell": (
        r"(?:bye+|goodbye|good night|see you(?: later| soon)?)",
        r"再见|拜拜|晚安|回见",
    ),
}
_BETWEEN = re.compile(r"[\s,.!?~;:，。！？～、；：)(）（]*")

RULES = """\
You are the voice of an application that answers questions about the user's own documents. The last message is small \
talk, no question about them: reply in one short, friendly sentence in its language, and offer to answer questions \
about the documents. State no facts."""


def kind_of(text: str) -> Kind | None:
    """The kind of small talk the whole message is, by its last phrase; None when it may ask for something."""
    said = text.lower()
    at = _after_blanks(said, 0)
    kind: Kind | None = None
    while at < len(said):
        found = next(((k, m) for k in _PHRASES for m in [_match(k, said, at)] if m), None)
        if found is None:
            return None
        kind, at = found[0], _after_blanks(said, found[1].end())
    return kind


def reply(kind: Kind, language: Language) -> str:
    """The reply where no language model is configured."""
    return label(f"smalltalk.{kind}", language)


def messages(text: str) -> tuple[Message, ...]:
    """The messages a language model is sent for small talk, without any contexts."""
    return Message("system", RULES), Message("user", text)


def _after_blanks(text: str, at: int) -> int:
    """Position after the blanks and punctuation that begin at `at`."""
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _match(kind: Kind, text: str, at: int) -> re.Match[str] | None:
    """The longest phrase of `kind` that begins at `at` and ends at a word's end."""
    english, chinese = _PHRASES[kind]
    patterns = (rf"(?:{english})(?![\w'])", rf"(?:{chinese})")
    matches = [re.compile(pattern).match(text, at) for pattern in patterns]
    return max((m for m in matches if m), key=lambda m: m.end(), default=None)
