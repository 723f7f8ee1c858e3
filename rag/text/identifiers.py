"""The names of a question that mean exactly one thing: codes, keys, versions, dates, article 10, 5 GB. Pure.

What is compared is what a name says, not how it is written: 12 March 2024 is 2024-03-12, 第十条 is article 10, v2.4 is
2.4. What is near is another one: 2.4.1 is not 2.4.10, `ERR_QX_4012` is not `ERR_QX_4021`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import chain

from .codes import Weight, codes
from .designations import FIRM, called, designated, designations, in_signs
from .figures import DATE, WIDE, figures, located
from .terms import terms


class IdentifierKind(StrEnum):
    """IdentifierKind of an identifier: what makes two of them the same."""

    WORD = "word"
    """A code, key, flag, function, file or address: letter by letter, upper or lower case."""
    VERSION = "version"
    DATE = "date"
    NUMBERED = "numbered"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A name as it stands in a text."""

    text: str
    kind: IdentifierKind
    form: str
    """Names of one form can be taken for each other."""
    value: str
    """The same for every way to write it."""
    weight: Weight


_VERSION = re.compile(
    r"(?<![\w.])(?:v?(?P<long>\d+(?:\.\d+){2}(?:-?(?:rc|alpha|beta|preview|snapshot|m)[-.]?\d*)?)|v(?P<short>\d+\.\d+))"
    r"(?![\w/@]|[-.:]\w)",
    re.IGNORECASE | re.ASCII,
)
_DECADE = re.compile(r"1[0-9][0-9]0s|20[0-9]0s")
_MOVING = re.compile(r"\b(?:up|down)grad|\bmigrat|\bupdat(?:e|ing) (?:from|to)\b|升级|降级|迁移", re.IGNORECASE)
"""Who moves to a version asks how to move, not what that version is."""
_QUOTED = re.compile(r"`([^`\s]+)`")
_MARKED = re.compile(r"[A-Za-z].*[-._:/#0-9]|[-._:/#0-9].*[A-Za-z]|[a-z][A-Z]")
"""A word that no prose has: with a mark or a digit in it, or a capital inside."""
_RELEASED = re.compile(r"(?<=[A-Za-z] )(?<![\w.])\d+\.\d+(?![\w.,]*\d)(?!\s?[%°A-Za-z\u3400-\u9fff])")
"""A number behind a name, as in `TLS 1.1`."""
LONGEST_NAME = 40
"""Characters of the name before a number."""
_NAME_BEFORE = re.compile(r"(?:^|\s)[A-Za-z]*[A-Z][\w+#-]* $")
_MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905


def identifiers(text: str) -> tuple[Identifier, ...]:
    """The identifiers of a text in order, each value once."""
    found = sorted(_found(text), key=lambda each: each[0])
    return tuple({(each.form, each.value): each for _, each in reversed(found)}.values())[::-1]


def naming(question: str) -> tuple[Identifier, ...]:
    """The identifiers of a question: what stands in backquotes is meant letter by letter."""
    quoted = [word for word in _QUOTED.findall(question) if _MARKED.search(word)]
    found = {each.value: _meant(each, question) for each in identifiers(question)}
    for word in quoted:
        known = found.get(word.casefold(), Identifier(word, IdentifierKind.WORD, "key", word.casefold(), Weight.NAME))
        found[known.value] = replace(known, weight=Weight.NAME)
    return tuple(found.values())


def holds(identifier: Identifier, text: str) -> bool:
    """True if a text holds exactly that identifier, in any way to write it."""
    match identifier.kind:
        case IdentifierKind.NUMBERED:
            return designated(identifier.form, identifier.value, text)
        case IdentifierKind.DATE:
            return any(_same_day(identifier.value, value, text) for value in _dates(text))
        case IdentifierKind.AMOUNT:
            return (identifier.value, identifier.form.partition(":")[2]) in _figures(text)
        case _:
            return _pattern(identifier.kind, identifier.value).search(text.translate(WIDE)) is not None


def others(identifier: Identifier, text: str) -> tuple[str, ...]:
    """Other identifiers of the same form in a text, as they stand there. `rooms 0/1` names both alike."""
    if identifier.kind is IdentifierKind.AMOUNT:
        return ()
    return tuple(
        each.text
        for each in _of_kind(identifier.kind, text)
        if each.form == identifier.form and each.value != identifier.value and each.text != identifier.text
    )


def mentions(identifier: Identifier, text: str) -> bool:
    """True if a text holds the identifier or what may be meant by it: a part of a longer one, a version of a line, the
    words of a key with blanks between them (`max_length` is the max length)."""
    if holds(identifier, text):
        return True
    if identifier.kind is IdentifierKind.VERSION:
        line = re.escape(re.sub(r"(?:\.0)+$", "", identifier.value))
        return re.search(rf"(?<![\d.])v?{line}(?:\.0)*(?!\d)(?:\.[0-9x*])?", text, re.IGNORECASE) is not None and (
            identifier.value.count(".") < 2 or identifier.value.endswith(".0")
        )
    folded = text.casefold()
    return identifier.kind is IdentifierKind.WORD and (identifier.value in folded or _spelled_out(identifier, folded))


def _spelled_out(identifier: Identifier, text: str) -> bool:
    """True if the words of a key stand in a row in the text; what has a figure in it is a code, and exact."""
    words = re.split(r"[_-]+", identifier.value)
    if len(words) < 2 or not all(word.isalpha() for word in words):
        return False
    return re.search(rf"(?<!\w){'[ _-]+'.join(words)}(?!\w)", text) is not None


def search_terms(identifier: Identifier) -> tuple[tuple[str, ...], ...]:
    """Terms of full-text search by which a text that holds the identifier is found, the surest group first."""
    own = terms(identifier.text)
    match identifier.kind:
        case IdentifierKind.NUMBERED:
            signs = in_signs(identifier.value)
            name = terms(called(identifier.form)[0])
            paired = [term for term in terms(f"第{signs}") if len(term) > 1] if signs else []
            return (tuple(dict.fromkeys([*terms(identifier.value), *own, *name, *paired])),)
        case IdentifierKind.DATE:
            return _date_terms(identifier.value)
        case IdentifierKind.VERSION:
            whole = terms(identifier.value)
            return (tuple(whole[:1]), (*whole, *terms(f"v{identifier.value}")))
        case IdentifierKind.AMOUNT:
            return ((*own, *terms(re.sub(r"(?<=\d)\s?(?=[^\d\s.,])", " ", identifier.text))),)
        case _:
            return (tuple(own[:1]), tuple(own)) if len(own) > 1 else (tuple(own),)


def _found(text: str) -> Iterator[tuple[int, Identifier]]:
    """The identifiers of a text with where they start; what is a piece of one is none."""
    plain = text.translate(WIDE)
    taken = bytearray(len(plain))
    for start, end, each in chain(
        _designated(plain, text), _measured(plain, text), _versions(plain), _coded(plain, text)
    ):
        if each.kind is IdentifierKind.NUMBERED or not any(taken[start:end]):
            taken[start:end] = b"\1" * (end - start)  # what a list or a range names shares its place
            yield start, each


def _designated(plain: str, text: str) -> Iterator[tuple[int, int, Identifier]]:
    for start, end, kind, value in designations(plain):
        yield start, end, _designation(text[start:end].strip(), kind, value)


def _measured(plain: str, text: str) -> Iterator[tuple[int, int, Identifier]]:
    """Dates and amounts."""
    for at, end, value, unit in located(plain):
        said = text[at:end].strip()
        start = at + len(text[at:end]) - len(text[at:end].lstrip())
        if unit == DATE:
            yield start, end, Identifier(said, IdentifierKind.DATE, DATE, value, Weight.NAME_AMONG_OTHERS)
        elif unit and _apart(plain, start, end) and not _DECADE.match(plain, start):
            yield start, end, Identifier(said, IdentifierKind.AMOUNT, f"amount:{unit}", value, Weight.DETAIL)


def _versions(plain: str) -> Iterator[tuple[int, int, Identifier]]:
    for found in _VERSION.finditer(plain):
        value = (found["long"] or found["short"]).casefold()
        yield (
            *found.span(),
            Identifier(found.group(), IdentifierKind.VERSION, "version", value, Weight.NAME_AMONG_OTHERS),
        )
    for found in _RELEASED.finditer(plain):
        if _NAME_BEFORE.search(plain[max(0, found.start() - LONGEST_NAME) : found.start()]):
            said = found.group()
            yield *found.span(), Identifier(said, IdentifierKind.VERSION, "version", said, Weight.DETAIL)


def _coded(plain: str, text: str) -> Iterator[tuple[int, int, Identifier]]:
    for code in codes(plain):
        value = code.text.casefold().removesuffix("()")
        said = text[code.start : code.end]
        yield code.start, code.end, Identifier(said, IdentifierKind.WORD, code.form, value, code.weight)


def _apart(text: str, start: int, end: int) -> bool:
    """True if an amount is no piece of a longer word, as in `A5m-12`."""
    before, after = text[max(0, start - 1) : start], text[end : end + 2]
    return not re.fullmatch(r"[\w.:/\\-]", before, re.ASCII) and not re.match(r"[-_:/\\]?\w", after, re.ASCII)


def _designation(said: str, kind: str, value: str) -> Identifier:
    ordinal = said.startswith("第一")  # the first of several, as often as number 1
    weight = Weight.NAME_AMONG_OTHERS if kind in FIRM and not ordinal else Weight.DETAIL
    if kind == "version":
        return Identifier(said, IdentifierKind.VERSION, "version", value, weight if "." in value else Weight.DETAIL)
    return Identifier(said, IdentifierKind.NUMBERED, kind, value, weight)


def _meant(each: Identifier, question: str) -> Identifier:
    moving = each.kind is IdentifierKind.VERSION and _MOVING.search(question)
    return replace(each, weight=Weight.DETAIL) if moving else each


@lru_cache(maxsize=128)
def _pattern(kind: IdentifierKind, value: str) -> re.Pattern[str]:
    """The identifier with nothing at its ends that would make it another one."""
    exact = re.escape(value)
    if kind is IdentifierKind.VERSION:
        ends = r"(?![0-9A-Za-z_]|\.[0-9]|-?(?:rc|alpha|beta|preview|snapshot|m)[-.]?[0-9])"
        return re.compile(rf"(?<![0-9.])(?<![A-Za-uw-z_])v?{exact}{ends}", re.IGNORECASE)
    if value.startswith("--"):
        return re.compile(rf"(?<![\w-]){exact}(?![\w-])", re.IGNORECASE)
    if "-" in value or value.replace(".", "").isdigit():
        exact = exact.replace(r"\-", r"[-\u2010\u2011 ]")
        return re.compile(rf"(?<![0-9A-Za-z_])(?<![0-9A-Za-z]-){exact}(?!-?[0-9A-Za-z_])", re.IGNORECASE)
    return re.compile(rf"(?<![0-9A-Za-z_]){exact}(?![0-9A-Za-z_])", re.IGNORECASE)


def _same_day(asked: str, found: str, text: str) -> bool:
    """True if two dates agree; a year that one of them does not name may stand anywhere in the text."""
    if asked == found or asked.split("-")[1:] != found.split("-")[1:]:
        return asked == found
    year, other = asked.split("-")[0], found.split("-")[0]
    return not year or (not other and re.search(rf"(?<!\d){year}(?!\d)", text) is not None)


def _date_terms(value: str) -> tuple[tuple[str, ...], ...]:
    year, month, day = value.split("-")
    m, d = month.zfill(2), day.zfill(2)
    name = _MONTHS[int(month) - 1]
    spelled = (*dict.fromkeys([day, d, month, m]), name, name[:3], *terms("月日"), *([year] if year else []))
    if not year:
        return (spelled,)
    whole = [f"{year}_{m}_{d}", f"{year}_{month}_{day}", f"{d}_{m}_{year}", f"{day}_{month}_{year}"]
    return (tuple(dict.fromkeys(whole)), spelled)


@lru_cache(maxsize=512)
def _of_kind(kind: IdentifierKind, text: str) -> tuple[Identifier, ...]:
    """The identifiers of one kind, found in a part of the time that all take."""
    plain = text.translate(WIDE)
    match kind:
        case IdentifierKind.WORD:
            found = _coded(plain, text)
        case IdentifierKind.NUMBERED:
            found = _designated(plain, text)
        case IdentifierKind.VERSION:
            found = chain(_designated(plain, text), _versions(plain))
        case _:
            found = _measured(plain, text)
    return tuple({(each.form, each.value): each for _, _, each in found if each.kind is kind}.values())


@lru_cache(maxsize=512)
def _figures(text: str) -> frozenset[tuple[str, str]]:
    return frozenset(figures(text))


@lru_cache(maxsize=512)
def _dates(text: str) -> frozenset[str]:
    return frozenset(value for value, unit in figures(text) if unit == DATE)
