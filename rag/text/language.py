"""The main language of a text or question as an ISO 639-1 code.

The script decides wherever it can; only among languages that share one does a statistical identifier choose.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache, lru_cache
from typing import Any

from .question import bare

UNDETERMINED = "und"
SAMPLE = 4000
"""Characters looked at: the language of a document shows in its beginning."""

SURE = 0.5
"""Least confidence for anything but the first language of a script. A few English words among product names look like
any language, and a question wrongly called foreign loses its dense search; accents are proof enough."""

IDEOGRAPH_WEIGHT = 3
"""One ideograph carries about as much as three letters, so `FLAT 和 IVF_FLAT 有什么区别` is Chinese."""

KANA_SHARE = 0.1
"""Share of kana among ideographs and kana above which a text is Japanese: Japanese always holds kana, Chinese quotes
some at most."""

LEAST = 60
"""Letters, an ideograph counting three, from which a part of a text tells its own language."""

_CODE = re.compile(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`|https?://\S+"
    r"|(?<![A-Za-z0-9_])_*+[A-Za-z0-9]++(?:_++[A-Za-z0-9]++)++",  # a name of code, such as RAG_CANDIDATES
    re.DOTALL,
)

_SCRIPTS: dict[str, tuple[str, ...]] = {
    "LATIN": (
        "en", "de", "fr", "es", "it", "pt", "nl", "ro", "tr", "vi", "pl", "cs", "sk", "sl", "hr", "hu",
        "sv", "da", "no", "fi", "et", "lv", "lt", "id", "ca", "sq", "is",
    ),
    "CYRILLIC": ("ru", "uk", "be", "bg", "mk", "sr", "kk"),
    "ARABIC": ("ar", "fa", "ur"),
    "DEVANAGARI": ("hi", "mr", "ne"),
    "GREEK": ("el",),
    "HEBREW": ("he",),
    "THAI": ("th",),
    "LAO": ("lo",),
    "KHMER": ("km",),
    "BENGALI": ("bn",),
    "TAMIL": ("ta",),
    "TELUGU": ("te",),
    "GEORGIAN": ("ka",),
    "ARMENIAN": ("hy",),
    "HANGUL": ("ko",),
    "CJK": ("zh",),
    "KANA": ("ja",),
}  # fmt: skip
"""First word of a letter's Unicode name -> the languages written with it; the first stands in for the unknown."""


def detect(text: str) -> str:
    """ISO 639-1 code of the main language, "und" where there is no letter of a known script.

    Code, its names and addresses do not count unless there is nothing else. Any Chinese is `zh`.
    """
    sample = unicodedata.normalize("NFKC", text[: 2 * SAMPLE])
    prose = _CODE.sub(" ", sample)[:SAMPLE]
    for part in (prose, sample):
        script = _main_script(part)
        if script:
            return _choose(part, script)
    return UNDETERMINED


def part_language(part: str, whole: str) -> str:
    """Language of a part of a text: its own, or that of the `whole` where the part is too short to tell."""
    prose = _CODE.sub(" ", part)
    letters = sum(IDEOGRAPH_WEIGHT if _script(c) in ("CJK", "KANA", "HANGUL") else c.isalpha() for c in prose)
    return detect(part) if letters >= LEAST else whole


def _main_script(text: str) -> str:
    """The script most of the letters belong to, weighted by what a letter carries; "" without letters."""
    counts = Counter(script for character in text if (script := _script(character)))
    kana, ideographs = counts.pop("KANA", 0), counts.pop("CJK", 0)
    if kana + ideographs:
        japanese = kana > KANA_SHARE * (kana + ideographs)
        counts["KANA" if japanese else "CJK"] = (kana + ideographs) * IDEOGRAPH_WEIGHT
    # ties go to the script that is not Latin: Latin words are quoted everywhere
    return max(counts, key=lambda script: (counts[script], script != "LATIN"), default="")


@lru_cache(maxsize=10_000)
def _script(character: str) -> str:
    if not character.isalpha():
        return ""
    first = re.split(r"[ -]", unicodedata.name(character, ""))[0]
    if first in ("HIRAGANA", "KATAKANA"):
        return "KANA"
    return first if first in _SCRIPTS else ""


def _choose(text: str, script: str) -> str:
    """The likeliest language of a script; its first one where the identifier is not sure enough."""
    languages = _SCRIPTS[script]
    if len(languages) == 1:
        return languages[0]
    scores = {language: score for language, score in _identifier().rank(bare(text)) if language in languages}
    best = max(scores, key=lambda language: scores[language])
    sure = scores[best] >= SURE * sum(scores.values())
    accented = script == "LATIN" and any(c.isalpha() and not c.isascii() for c in text)
    return best if sure or accented else languages[0]


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
