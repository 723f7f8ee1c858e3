"""The form of a text in which words are compared: letter by letter, without what is only typing. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from rag.text.scripts import IDEOGRAPHS

_MARKUP = re.compile(
    r"""(?P<blank>
          (?m:^[ \t>]*(?:`{3,}|~{3,})[^\n]*$)                                       # a fence
        | (?m:^[ \t]*+(?:\|[ \t]*+)?:?-{2,}+:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+(?:\|[ \t]*+)?$)   # a rule
        | (?m:^[ \t]*(?:(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t])|\#{1,6}(?=[ \t])|\[[ xX]\](?=[ \t]))[ \t]*)+)
        | (?<!\|)\|(?!\|)
        | \s+
      )
      | (?P<nothing>
          !?\[(?=[^\[\]]*\]\([^()\s]*\)) | \]\([^()\s]*\)                           # a link around its label
        | (?<=\S)\*+ | \*+(?=\S) | `+ | ~~ | (?<![\w])_+(?=\S) | (?<=[^\s_])_++(?!\w) | (?<=_)_(?!\w)
        | [\u200b-\u200d\u2060\ufeff\u00ad]
      )
      | \\(?P<escaped>[!-/:-@\[-`{-~])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ALIKE = str.maketrans(
    {**dict.fromkeys("“”„«»「」『』＂", '"'), **dict.fromkeys("‘’‚`´", "'"), **dict.fromkeys("‐‑‒–—―−", "-")}
)
IDEOGRAPH = re.compile(rf"[\u2e80-\u303f{IDEOGRAPHS}\uff00-\uffef]")
"""With radicals, punctuation and full-width forms: blanks beside them do not count either."""
_FORM = re.compile("[…\ufb00-\ufb06\uff01-\uffee]")
"""Full-width forms and ligatures: other forms of the same letters. Not `²`, which is no `2`."""
WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class PlainForm:
    """A text as it reads; character i of it comes from `[starts[i], ends[i])` of the source."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @classmethod
    def of(cls, source: str) -> PlainForm:
        """The form of a source: marks left out, blanks in a row one, and none beside an ideograph."""
        kept: list[tuple[str, int, int]] = []
        for char, start, end in _read(source):
            if char == " " and (not kept or kept[-1][0] == " " or IDEOGRAPH.match(kept[-1][0])):
                continue
            if kept and kept[-1][0] == " " and IDEOGRAPH.match(char):
                kept.pop()
            kept.append((char, start, end))
        if kept and kept[-1][0] == " ":
            kept.pop()
        return cls("".join(c for c, _, _ in kept), tuple(s for _, s, _ in kept), tuple(e for _, _, e in kept))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the source of characters `[start, end)` of the reading, blanks at the edges left out."""
        piece = self.text[start:end]
        start, end = start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
        return self.starts[start], self.ends[end - 1]


def _read(source: str) -> Iterator[tuple[str, int, int]]:
    """Character by character, marks left out, each with its place in the source."""
    for token in _MARKUP.finditer(source):
        if token["nothing"] is not None:
            continue
        if token["blank"] is not None:
            yield " ", token.start(), token.end()
            continue
        char = token["escaped"] or token["other"]
        folded = unicodedata.normalize("NFKC", char) if _FORM.match(char) else char
        for each in folded.translate(_ALIKE):
            yield each, token.start(), token.end()


def is_edge(text: str, at: int) -> bool:
    """True if a word may begin or end here; around an ideograph it always may."""
    if at in (0, len(text)):
        return True
    before, after = text[at - 1], text[at]
    inside = WORD.match(before) and WORD.match(after)
    return not inside or bool(IDEOGRAPH.match(before) or IDEOGRAPH.match(after))
