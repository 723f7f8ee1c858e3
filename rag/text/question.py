"""A question as its words alone: no final marks, quotation marks, brackets around a word or politeness. Pure.

`service`, `service?`, `"service"` and `service, please` ask the same, so whatever judges a question by its words or
word pieces is given the same text for all of them.
"""

from __future__ import annotations

import re

FEW_WORDS = 3
"""A question of at most so many words names a thing, with or without a mark behind it; a longer one is a sentence."""

_QUOTES = re.compile(r"[\"“”„‟«»‹›「」『』〝〞]|(?<![^\W_])['‘’‚‛]|['‘’‚‛](?![^\W_])")
"""Quotation marks; one between two letters is an apostrophe and stays."""
_WRAPPED = re.compile(
    r"(?<!\S)[(\[{（【［｛〔〈《]([^()\[\]{}（）【】［］｛｝〔〕〈〉《》\s]+)[)\]}）】］｝〕〉》](?!\S)"
)
"""One word in brackets that belong to nothing else: `(service)`, not `P(yes)`."""
_MARKS = " \t\n?!.,;:…？！。，；：、．~～·"
"""Characters at either end of a question that say nothing. `#` and `+` end names, as in `C#`."""
_POLITE = re.compile(
    r"^(?:please|pls|kindly|请问一下|请问|麻烦问一下|麻烦|请)(?=[\s,，:：]|(?<=[\u4e00-\u9fff]))[\s,，:：]*"
    r"|[\s,，]*(?:(?<=[\s,，])(?:please|pls|thanks|thank you)|谢谢|多谢)$",
    re.IGNORECASE,
)


def bare(question: str) -> str:
    """The words of a question, one blank between them. A question without any word stays what it was, trimmed."""
    text = _unwrapped(" ".join(_QUOTES.sub(" ", question).split()))
    while (shorter := _unwrapped(_POLITE.sub("", text))) != text and shorter:
        text = shorter
    return text or question.strip()


def _unwrapped(text: str) -> str:
    """The text without marks at its ends, and without brackets around a word."""
    return _WRAPPED.sub(r"\1", text.strip(_MARKS)).strip(_MARKS)


def canonical(question: str) -> str:
    """One spelling for all of a question: the words alone where they are few, else as a sentence that asks."""
    words = bare(question)
    few = len(words.split()) <= FEW_WORDS
    return words if few or not any(c.isalnum() for c in words) else f"{words}?"
