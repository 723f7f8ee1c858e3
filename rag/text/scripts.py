"""Ranges for a character class: the characters of scripts written without blanks between words. Pure."""

from __future__ import annotations

KANA = "\u3040-\u30ff\u31f0-\u31ff"
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
IDEOGRAPHS = KANA + HAN
"""Characters each of which says about as much as a word."""
UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e5b"  # Thai
    "\u0e80-\u0eff"  # Lao
    "\u0f40-\u0fbc"  # Tibetan
    "\u1000-\u109f"  # Burmese
    "\u1780-\u17d3"  # Khmer
    "\u1100-\u11ff\uac00-\ud7af"  # Hangul: blanks part phrases, not words
    "\u3005-\u3007"  # iteration marks
    f"{IDEOGRAPHS}"
)
