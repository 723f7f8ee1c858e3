"""Every sentence a person may read, in English and Chinese, looked up by code.

A code is `area.name`; the area is a file `assets/text/<area>.toml` whose tables hold the same sentence in each
language. Code passes a `Reason` around (what happened, with which values) and only the rim, page or command line,
turns it into words. Knows nothing of who raised the reason.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from . import ASSETS

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
CATALOGUE = ASSETS / "text"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something happened: a catalogue code and the values its sentence names, another reason among them.

    Two reasons with the same code and values are equal, so tests compare reasons, never wording.
    """

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        return text(self, "en")


Value = str | int | float | Reason


def reason(code: str, **values: Value) -> Reason:
    """A `Reason`; the keyword names must be the placeholders of the sentence."""
    return Reason(code, values)


def as_json(why: Reason) -> dict[str, Any]:
    """A reason as plain values, to be kept."""
    return {"code": why.code, "values": {k: as_json(v) if isinstance(v, Reason) else v for k, v in why.values.items()}}


def from_json(kept: Mapping[str, Any]) -> Reason:
    """The inverse of `as_json`."""
    return Reason(kept["code"], {k: from_json(v) if isinstance(v, dict) else v for k, v in kept["values"].items()})


@cache
def area(name: str) -> Mapping[str, Mapping[str, str]]:
    """The sentences of one area: name -> language -> template. Raises FileNotFoundError for an unknown area."""
    return tomllib.loads((CATALOGUE / f"{name}.toml").read_text(encoding="utf-8"))


def text(why: Reason, language: Language) -> str:
    """The sentence of `why` in `language`. Raises KeyError when the code or one of its values is missing."""
    area_name, _, name = why.code.partition(".")
    values = {key: text(v, language) if isinstance(v, Reason) else v for key, v in why.values.items()}
    return area(area_name)[name][language].format_map(values)


def label(code: str, language: Language) -> str:
    """A fixed word or sentence without values, such as a button's label."""
    return text(Reason(code), language)
