"""The language of a request, and the page's fixed strings in all languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..messages import FIRST, SHIPPED, Language, Reason, Texts, label, text

LANGUAGE_COOKIE = "lang"


class BrowserRequest(Protocol):
    """The part of a request that tells its reader's language."""

    @property
    def cookies(self) -> Mapping[str, str]: ...

    @property
    def headers(self) -> Mapping[str, str]: ...


def language(request: BrowserRequest | None) -> Language:
    """The language of a request: the reader's choice, else the browser's first language, else English."""
    if request is None:
        return FIRST
    return language_of(request.cookies.get(LANGUAGE_COOKIE) or request.headers.get("accept-language") or "")


def language_of(wanted: str) -> Language:
    """The shipped language that fits the first tag in a cookie or header; English where none fits."""
    first = wanted.partition(",")[0].partition(";")[0]
    return SHIPPED.fitting(first) or FIRST


def locale(language: Language) -> str:
    """The tag under which Gradio and the browser know a language."""
    return label("language.locale", language)


def say(name: str, language: Language, /, **values: str | int | float) -> str:
    """A sentence of the area `ui`, or of the area before a dot in `name`; not yet escaped."""
    return text(Reason(name if "." in name else f"ui.{name}", values), language)


def translations(pieces: Mapping[str, Callable[[Language], str]], texts: Texts = SHIPPED) -> dict[str, dict[str, str]]:
    """Gradio locale -> key -> string: the page's labels, and HTML `pieces` rendered in each language."""
    return {
        texts.area("language", lang)["locale"]: {
            **{name: words for name, words in texts.area("ui", lang).items() if "{" not in words},
            **{name: make(lang) for name, make in pieces.items()},
        }
        for lang in texts.languages
    }


def for_script(texts: Texts = SHIPPED) -> dict[str, dict[str, Any]]:
    """Language code -> facts and words the page's script needs before anything is drawn, the first language first."""
    return {
        code: {
            **{fact: texts.area("language", code)[fact] for fact in ("locale", "dates", "direction")},
            "next": texts.after(code),
            "words": texts.area("script", code),
        }
        for code in texts.languages
    }
