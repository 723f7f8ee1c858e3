"""Every sentence a person may read, in each language, looked up by code.

A code is `area.name`; each language is a folder of `assets/text`, in which `<area>.toml` holds the sentences of one
area. Code passes a `Reason` around (what happened, with which values) and only the rim, page or command line, turns it
into words. Knows nothing of who raised the reason.

`{count:document|documents}` in a sentence is the word that fits the number. Which numbers take which form is a rule of
the language, `plural` in its `language.toml`.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from . import ASSETS
from .text.well_formed import well_formed

Language = str
"""The folder of a language in `assets/text`: a code such as `en`."""
CATALOGUE = ASSETS / "text"
FIRST: Language = "en"
"""The language of logs, and of readers whose own is not there."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Reason for an event: a catalogue code and the values its sentence names, which may be reasons themselves.

    Two reasons with the same code and values are equal, so tests compare reasons, never wording.
    """

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        return text(self, FIRST)


Value = str | int | float | Reason


def reason(code: str, **values: Value) -> Reason:
    """A `Reason`; the keyword names must be the placeholders of the sentence. Texts among the values are made such that
    every page, log, file and terminal can show them."""
    return Reason(code, {name: _showable(value) for name, value in values.items()})


def _showable(value: Value) -> Value:
    return well_formed(value) if type(value) is str and not value.isprintable() else value


def as_json(why: Reason) -> dict[str, Any]:
    """A reason as plain JSON values, for storage."""
    return {"code": why.code, "values": {k: as_json(v) if isinstance(v, Reason) else v for k, v in why.values.items()}}


def from_json(kept: Mapping[str, Any]) -> Reason:
    """The inverse of `as_json`."""
    return Reason(kept["code"], {k: from_json(v) if isinstance(v, dict) else v for k, v in kept["values"].items()})


class Texts:
    """The sentences in a folder that has one folder for each language. Files are read when first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        names = (path.name for path in folder.iterdir() if path.is_dir())
        self.languages: tuple[Language, ...] = tuple(sorted(names, key=lambda name: (name != FIRST, name)))
        self._areas: dict[tuple[Language, str], Mapping[str, str]] = {}
        self._counting: dict[Language, _Counting] = {}

    def areas(self, language: Language) -> list[str]:
        """The areas a language has."""
        return sorted(path.stem for path in (self.folder / language).glob("*.toml"))

    def area(self, name: str, language: Language) -> Mapping[str, str]:
        """The sentences of one area: name -> template. Raises FileNotFoundError for an unknown area or language."""
        known = self._areas.get((language, name))
        if known is None:
            path = self.folder / language / f"{name}.toml"
            known = self._areas[language, name] = tomllib.loads(path.read_text(encoding="utf-8"))
        return known

    def text(self, why: Reason, language: Language) -> str:
        """The sentence of `why`. Raises KeyError when the code or one of its values is missing."""
        area_name, _, name = why.code.partition(".")
        values = {key: self.text(v, language) if isinstance(v, Reason) else v for key, v in why.values.items()}
        template = self.area(area_name, language)[name]
        if "|" not in template:
            return template.format_map(values)
        if language not in self._counting:
            self._counting[language] = _Counting(self.area("language", language)["plural"].split())
        return self._counting[language].vformat(template, (), values)

    def fitting(self, wanted: str) -> Language | None:
        """The language that fits a tag such as `zh-CN`, as a browser names it; None when it is not there."""
        tag = wanted.strip().lower().replace("_", "-")
        fits = [each for each in self.languages if f"{tag}-".startswith(f"{each.lower()}-")]
        return max(fits, key=len, default=None)

    def after(self, language: Language) -> Language:
        """The language that follows `language`; the first one follows the last."""
        return self.languages[(self.languages.index(language) + 1) % len(self.languages)]


class _Counting(string.Formatter):
    """Formatter that chooses among `{count:one|other}`; `rules` are patterns of digits, for all forms but the last."""

    def __init__(self, rules: Sequence[str]) -> None:
        self.rules = [re.compile(rule) for rule in rules]

    def format_field(self, value: Any, format_spec: str) -> str:
        if "|" not in format_spec:
            return str(super().format_field(value, format_spec))
        digits = f"{value:g}" if isinstance(value, float) else str(value)
        *special, other = format_spec.split("|")
        fits = (form for rule, form in zip(self.rules, special, strict=False) if rule.fullmatch(digits))
        return next(fits, other)


SHIPPED = Texts(CATALOGUE)
"""The languages that come with the product."""
LANGUAGES = SHIPPED.languages


@cache
def area(name: str) -> Mapping[str, Mapping[str, str]]:
    """The sentences of one area: name -> language -> template. Raises FileNotFoundError for an unknown area."""
    sentences = {language: SHIPPED.area(name, language) for language in LANGUAGES}
    return {
        code: {language: rows[code] for language, rows in sentences.items() if code in rows}
        for code in dict.fromkeys(code for rows in sentences.values() for code in rows)
    }


def text(why: Reason, language: Language) -> str:
    """The sentence of `why` in `language`. Raises KeyError when the code or one of its values is missing."""
    return SHIPPED.text(why, language)


def label(code: str, language: Language) -> str:
    """A fixed word or sentence without values, such as a button's label."""
    return text(Reason(code), language)
