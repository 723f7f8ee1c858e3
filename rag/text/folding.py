"""Text as it is compared where case and width are no difference. Pure."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """The text without case, width and compatibility forms: `ＡＢ`, `ab` and `Ab` are one."""
    return unicodedata.normalize("NFKC", text).casefold()
