"""Text to the terms full-text search indexes and asks for. Pure; the same function serves chunks and queries.

Every term is lower case and made of word characters (`\\w`) only, so a plain `\\w+` tokenizer and a whitespace
tokenizer both pass it on unchanged: the index behaves the same on every Milvus.

| input                          | terms                                                                 |
| ------------------------------ | --------------------------------------------------------------------- |
| words                          | folded (case, accents, width), English stem when the word is ASCII     |
| identifiers, versions, paths   | whole, joined by `_`, and their parts: `index.type` gives 3 terms      |
| scripts written without blanks | every character and every pair of neighbours                          |
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, cached_property, lru_cache
from threading import local
from typing import Any

from .scripts import UNSPACED

LONGEST_TERM = 64
"""Most characters of a term. Longer words are data (hashes, encoded images): their beginning tells them
apart well enough."""

LONGEST_PATH = 1_024
"""Most characters of a word with connectors in it. What is longer is an encoded image, not a path."""

LONGEST_QUERY = 128
"""Most distinct terms of a query. Time grows with each of them; a pasted page is decided by far fewer."""

_WORD = re.compile(r"[^\W_]\w*(?:(?:::|->|[-.:/\\@+#&])\w+)*")
_CONNECTOR = re.compile(r"\W+")
_RUN = re.compile(rf"[{UNSPACED}]+|[^{UNSPACED}]+")
_UNSPACED_RUN = re.compile(rf"[{UNSPACED}]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_POSSESSIVE = re.compile(r"['\u2019][sS]\b")
_PIECE = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ACCENT = re.compile("[\u0300-\u036f]")
_MARKS = re.compile(r"([^\w\s\x00-\x7f]{30})[^\w\s\x00-\x7f]++")
"""More marks in a row than any script has, which Unicode's forms sort in more than linear time."""
_VERSION = re.compile(r"v(?=\d)")

_STOP_WORDS = frozenset(
    """
    a about an and any are as at be been being but by can could did do does doing don for from had has have having how
    i if in into is it its just me my no nor not of on or our ought over own please s same shall she he should so some
    such t tell than that the their them then there these they this those to too us very was we were what when where
    which while who whom whose why will with would you your
    """.split()  # noqa: SIM905 - forty lines of quotes would hide the words
)

_ASKING = re.compile(
    "请问|請問|为什么|為什麼|为何|為何|什么时候|什麼時候|什么|什麼|怎么办|怎麼辦|怎么样|怎麼樣|怎么|怎麼|怎样|怎樣|如何|哪些|"
    "哪个|哪個|哪里|哪裡|哪儿|哪|多少|是否|能否|可否|吗|嗎|呢|吧|啊|谁|誰"
)
_FUNCTION_CHARACTERS = frozenset("的了是在和与與及或有被把为為对對从從到以地得着過过也都就而之其这這那")


def terms(text: str) -> list[str]:
    """The terms of `text` in order, repeated as often as they occur."""
    found: list[str] = []
    for match in _WORD.finditer(_fold(text)):
        word = match.group()
        found += _cached_terms(word) if len(word) <= LONGEST_TERM else _word_terms(word)
    return found


def document_terms(text: str, *, limit: int) -> str:
    """Content of the full-text field of a chunk: its terms, joined by blanks, in at most `limit` UTF-8 bytes.

    Over-long text first loses the repetitions of its terms, then its last terms; never half a term.
    """
    found = terms(text)
    joined = " ".join(found)
    if len(joined.encode()) <= limit:
        return joined
    encoded = " ".join(dict.fromkeys(found)).encode()
    if len(encoded) <= limit:
        return encoded.decode()
    return encoded[: max(encoded.rfind(b" ", 0, limit + 1), 0)].decode()


def query_terms(text: str) -> list[str]:
    """The terms of a question: each once, without function and question words unless nothing else is left.

    Function words occur in nearly every chunk and cost most of a search's time; question words occur in few and
    would weigh much, though the answer holds none of them. Chinese ones go before pairs are made of them: measured
    on Chinese questions this is worth 0.00 to 0.03 nDCG@10 and halves the time.
    """
    telling = [term for term in terms(_ASKING.sub(" ", text)) if term not in _stop_terms()]
    return list(dict.fromkeys(telling or terms(text)))[:LONGEST_QUERY]


def telling_words(text: str) -> list[str]:
    """The words of a question as they are written, each once, without function and question words.

    What is written without blanks comes in runs, parted at function characters.
    """
    found: list[str] = []
    for match in _WORD.finditer(_ASKING.sub(" ", text)):
        for run in _RUN.findall(match.group()):
            if _UNSPACED_RUN.match(run):
                found += "".join(" " if c in _FUNCTION_CHARACTERS else c for c in run).split()
            elif not set(terms(run)) <= _stop_terms():
                found.append(run)
    return list(dict.fromkeys(found))


def _fold(text: str) -> str:
    """Compatibility forms, accents and apostrophes away; case kept, because it parts words in `camelCase`.

    Voiced kana and hangul are put together again first; marks that stay apart (Arabic, Thai, Indic vowel signs) go
    too, because tokenizers do not count them as word characters and would cut words there.
    """
    text = _MARKS.sub(r"\1", text)
    bare = _ACCENT.sub("", unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text)))
    composed = unicodedata.normalize("NFKC", bare)
    if not composed.isascii():
        composed = "".join(c for c in composed if unicodedata.category(c)[0] != "M")
    return _THOUSANDS.sub("", _POSSESSIVE.sub("", composed))


@lru_cache(maxsize=50_000)
def _cached_terms(word: str) -> tuple[str, ...]:
    return tuple(_word_terms(word))


def _word_terms(word: str) -> Iterator[str]:
    """Terms of one word: a run of word characters, perhaps with connectors inside as in `a.b`, `a-b`, `a/b`."""
    if len(word) > LONGEST_PATH and not _UNSPACED_RUN.search(word):
        yield from _limited(_folded_case(word[:LONGEST_TERM]))
        return
    parts = [part for part in _CONNECTOR.split(word) if part.strip("_")]
    if len(parts) > 1 and not _UNSPACED_RUN.search(word):
        yield from _whole("_".join(parts))
    for part in parts:
        for run in _RUN.findall(part):
            if _UNSPACED_RUN.match(run):
                yield from _unspaced_terms(run)
            else:
                yield from _spaced_terms(run)


def _spaced_terms(run: str) -> Iterator[str]:
    if len(run) > LONGEST_TERM:  # no name: its thousands of parts would drown the words around it
        yield from _limited(_folded_case(run[:LONGEST_TERM].strip("_")))
        return
    pieces = [piece for part in _PIECE.findall(run) for piece in _CAMEL.split(part)]
    if not pieces:  # numerals such as roman or circled ones that are neither letter nor digit
        yield from _whole(run.strip("_"))
        return
    if len(pieces) > 1:
        yield from _whole(run.strip("_"))
    for piece in pieces:
        folded = _folded_case(piece)
        yield from _limited(stem(folded) if folded.isascii() else folded)


def _whole(identifier: str) -> Iterator[str]:
    """The identifier as one term; a version also without its `v`, so that `v2.4` and `2.4` meet."""
    folded = _folded_case(identifier)
    yield from _limited(folded)
    if _VERSION.match(folded):
        yield from _limited(folded[1:])


def _unspaced_terms(run: str) -> Iterator[str]:
    for position, character in enumerate(run):
        yield from _limited(_folded_case(character))
        if position + 1 < len(run):
            yield from _limited(_folded_case(run[position : position + 2]))


def _folded_case(text: str) -> str:
    """Folded, then lowered: for a few scripts folding goes upwards, and engines lower what they are given."""
    return unicodedata.normalize("NFKC", text.casefold()).lower()


def _limited(term: str) -> Iterator[str]:
    """`term` cut to the longest length; nothing when folding left no word character in it."""
    kept = "".join(character for character in term[:LONGEST_TERM] if character == "_" or character.isalnum())
    if kept.strip("_"):
        yield kept


def stem(word: str) -> str:
    """English stem (Porter 2) of a lower-case ASCII word."""
    return str(_stemmers.english.stemWord(word))


class _Stemmers(local):
    """A stemmer for each thread: it keeps the word at hand in itself."""

    @cached_property
    def english(self) -> Any:
        from snowballstemmer import stemmer

        return stemmer("english")


_stemmers = _Stemmers()


@cache
def _stop_terms() -> frozenset[str]:
    return _FUNCTION_CHARACTERS.union(stem(word) for word in _STOP_WORDS)
