"""Which language a request speaks, and the page's fixed strings in all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from ..messages import LANGUAGES, Language, Reason, area, text

LANGUAGE_COOKIE = "lang"
LOCALES: Mapping[Language, str] = {"en": "en", "zh": "zh-CN"}
"""Names under which Gradio knows our languages."""


class BrowserRequest(Protocol):
    """The part of a request that says what its reader reads."""

    @property
    def cookies(self) -> Mapping[str, str]: ...

    @property
    def headers(self) -> Mapping[str, str]: ...


def language(request: BrowserRequest | None) -> Language:
    """The reader's choice, else what the browser asks for, else English."""
    if request is None:
        return "en"
    return language_of(request.cookies.get(LANGUAGE_COOKIE) or request.headers.get("accept-language") or "")


def language_of(wanted: str) -> Language:
    """The one of our languages that fits what a cookie or a browser says."""
    return "zh" if wanted.lower().startswith("zh") else "en"


def say(name: str, language: Language, /, **values: str | int | float) -> str:
    """A sentence of the page's own area, or of the one before a dot in `name`; not yet escaped."""
    return text(Reason(name if "." in name else f"ui.{name}", values), language)


def translations(pieces: Mapping[str, Callable[[Language], str]]) -> dict[str, dict[str, str]]:
    """Gradio locale -> key -> string: the page's labels, and HTML `pieces` rendered in each language."""
    labels = {name: row for name, row in area("ui").items() if "{" not in row["en"]}
    return {
        LOCALES[lang]: {**{n: row[lang] for n, row in labels.items()}, **{n: make(lang) for n, make in pieces.items()}}
        for lang in LANGUAGES
    }
