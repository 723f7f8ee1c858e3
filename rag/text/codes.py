"""The words of a text that no prose has: error codes, keys, flags, functions, files, model names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """Weight of a name that stands nowhere."""

    NAME = "name"
    """It names a thing: without it there is no answer."""
    NAME_AMONG_OTHERS = "name_among_others"
    """The same where others of its form are there."""
    DETAIL = "detail"
    """The answer may do without it: an amount, a file of the asker's."""


@dataclass(frozen=True, slots=True)
class Code:
    """A word at characters `[start, end)`; those of one form can be taken for each other."""

    start: int
    end: int
    text: str
    form: str
    weight: Weight


_TOKEN = re.compile(
    r"(?P<flag>(?<![\w-])--[A-Za-z][\w-]*)"
    r"|(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<word>(?<![0-9A-Za-z_])@?[0-9A-Za-z_]+(?:(?:::|->|[-.:/\\@#+])[0-9A-Za-z_]+)*(?:\(\))?)",
    re.ASCII,
)
_FILE = re.compile(
    r"[\w.-]+\.(?:md|txt|ya?ml|json|toml|ini|conf|cfg|py|js|ts|c|h|cpp|java|go|rs|sh|bat|exe|log|csv|xlsx?"
    r"|docx?|pptx?|pdf|html?|xml|zip|png|jpe?g|env|lock|sql|db|properties)",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"[a-z]{3,}[0-9]*(?:[A-Z][a-z0-9]+)+[A-Z]*|[a-z]{2,}(?:[A-Z]+[a-z0-9]+){2,}[A-Z]*")
_PASCAL = re.compile(r"(?:[A-Z][a-z0-9]+){3,}[A-Z]*")
_SNAKE = re.compile(r"[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*(?:_+[A-Za-z0-9]+)+")
_DOTTED = re.compile(r"[A-Za-z]\w+(?:[.#][A-Za-z][\w-]+){2,}|[\w.]+(?:::|->|#)[\w.:>#-]+", re.ASCII)
_SITE = re.compile(r"(?:www\.|.*\.(?:com|org|net|io|cn|de|edu|gov|ai|dev)$)", re.IGNORECASE)
_COUNTED = re.compile(r"\d+(?:st|nd|rd|th|s|x|k|m|d)?(?:-[a-z]{2,})*(?:-\d+)?", re.IGNORECASE)
"""A number in words, such as `2nd`, `1990s` or `24-yard`."""
_CODE = re.compile("0x[0-9a-f]{3,}", re.IGNORECASE)
_PARTS = re.compile(r"[.:#/>\\-]+")
_DIGITS = re.compile(r"[0-9]+")


def codes(text: str) -> Iterator[Code]:
    """The codes of a text in order."""
    for found in _TOKEN.finditer(text):
        word = found.group().rstrip("-.:/\\@#+")
        bare = word.removesuffix("()")
        if found["flag"]:
            form, weight = "flag", Weight.NAME
        elif found["mail"]:
            form, weight = "mail", Weight.DETAIL
        else:
            form, weight = _form(bare)
            form = form or ("key" if bare != word else "")
        if form:
            yield Code(found.start(), found.start() + len(word), word, form, weight)


def _form(word: str) -> tuple[str, Weight]:
    """Form and weight of a word; "" for one that is no code."""
    digits, letters = sum(c.isdigit() for c in word), any(c.isalpha() for c in word)
    if _FILE.fullmatch(word):
        return "file", Weight.DETAIL
    if _SITE.match(word) or (letters and _COUNTED.fullmatch(word)):
        return "", Weight.DETAIL
    if _CODE.fullmatch(word):
        return "hex", Weight.NAME
    if _is_key(word):
        return ("code" if digits and _SNAKE.fullmatch(word) else "key"), Weight.NAME
    if word.startswith("@") or _PASCAL.fullmatch(word):
        return "key", Weight.DETAIL
    if digits and letters:
        return f"code:{_DIGITS.sub('9', word.casefold())}", (Weight.NAME_AMONG_OTHERS if digits > 2 else Weight.DETAIL)
    return ("number" if digits > 4 and word.isdigit() else ""), Weight.DETAIL


def _is_key(word: str) -> bool:
    """True if a word is written as only keys and functions are: `max_size`, `maxSize`, `a.b.c`, `Foo::bar`."""
    if _SNAKE.fullmatch(word) or _DOTTED.fullmatch(word) or (_CAMEL.fullmatch(word) and len(word) > 7):
        return True
    return "." in word and any(_CAMEL.fullmatch(part) or _SNAKE.fullmatch(part) for part in _PARTS.split(word))
