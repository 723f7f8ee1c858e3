"""A knowledge base as a value: what is said of it, and which names, texts and options it may have.

Knows neither the file it is kept in nor Milvus.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Any

from rag.errors import LibraryError, RagError
from rag.messages import FIRST, label, reason
from rag.options import NUMBERS, OptionKind, SetBy, Wishes, applied, of
from rag.text.folding import folded
from rag.text.well_formed import well_formed
from rag.types import RetrievalOptions

NAME_LENGTH = 60
DESCRIPTION_LENGTH = 500

_LANGUAGE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, slots=True)
class KnowledgeBase(Wishes):
    """One knowledge base. Retrieval options that are "" or None are taken from the settings."""

    id: str
    name: str
    """"" for the default one as long as nobody named it."""
    live: str
    """The Milvus collection that is searched and written."""
    description: str = ""
    language: str = ""
    """ISO 639-1 code for documents whose language cannot be told."""
    created: float = 0.0
    """Seconds since the epoch, UTC; 0 for the default one as long as nothing was said of it."""

    @property
    def key(self) -> str:
        """The form of its name that must be unique; an unnamed knowledge base has nothing to clash with."""
        return _key(self.name) if self.name else f"\0{self.id}"

    def called(self, name: str) -> bool:
        """True if that is its name, whatever the case, spacing or Unicode form."""
        return _key(name) == _key(self.name)

    def over(self, options: RetrievalOptions) -> RetrievalOptions:
        """Return `options` with this knowledge base's own values in place."""
        return applied(options, base=self.wished)


OWN = {option.name: option for option in of(by=SetBy.BASE)}
"""Retrieval options that a knowledge base may set for itself, by name."""


def shown(base: KnowledgeBase) -> str:
    """Return a knowledge base's name as shown where nobody's language is known."""
    return base.name or label("library.default_name", FIRST)


def checked(base: KnowledgeBase, *, unnamed: bool) -> KnowledgeBase:
    """Return `base` with its texts in order. Raises LibraryError naming the value that is not possible."""
    for name, value in base.wished.items():
        low, high = OWN[name].low, OWN[name].high
        if OWN[name].kind in NUMBERS and not OWN[name].allows(value):
            raise LibraryError(reason("library.out_of_range", name=name, value=value, low=low, high=high))
    if base.language and not _LANGUAGE.fullmatch(base.language):
        raise LibraryError(reason("library.bad_language", language=base.language[:20]))
    texts: dict[str, Any] = {
        name: _text(getattr(base, name), int(o.high)) for name, o in OWN.items() if o.kind is OptionKind.TEXT
    }
    return replace(
        base,
        name="" if unnamed and not base.name.strip() else _name(base.name),
        description=_text(base.description, DESCRIPTION_LENGTH),
        **texts,
    )


_UNSAID = Wishes()


def with_values(base: KnowledgeBase, values: dict[str, str]) -> KnowledgeBase:
    """Return `base` with values as a person writes them; "" means the settings'. Raises RagError for an invalid one."""
    parsed: dict[str, Any] = {}
    for name, value in values.items():
        if name not in OWN or not value.strip():
            parsed[name] = getattr(_UNSAID, name) if name in OWN else value.strip()
            continue
        try:
            parsed[name] = OWN[name].parsed(value.strip())
        except ValueError as e:
            raise RagError(reason("library.bad_value", name=name, value=value[:40])) from e
    return replace(base, **parsed)


def _key(name: str) -> str:
    """Return the form in which names are compared: those that differ only in case, spacing or Unicode form are one."""
    return folded(" ".join(name.split()))


def _name(name: str) -> str:
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    if not plain or len(plain) > NAME_LENGTH or any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in plain):
        raise LibraryError(reason("library.bad_name", name=plain[:NAME_LENGTH], most=NAME_LENGTH))
    return plain


def _text(value: str, most: int) -> str:
    plain = "\n".join(line.rstrip() for line in well_formed(value).strip().splitlines())
    if len(plain) > most:
        raise LibraryError(reason("library.too_long", length=len(plain), most=most))
    return plain
