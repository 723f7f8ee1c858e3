"""Environment variables: where they stand, what form a value has in one, and what is wrong with one that has another.

Knows no setting.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import SettingsError
from rag.messages import reason
from rag.options import OptionKind, RetrievalOption
from rag.text.well_formed import encodable


class Secret(str):
    """A string whose repr is stars; `reveal()` gives the value where it must be sent."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'****'" if self.reveal() else "''"

    def __str__(self) -> str:
        return "****" if self.reveal() else ""

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def reveal(self) -> str:
        return str.__str__(self)


@dataclass(frozen=True, slots=True)
class Spec:
    """Form of a setting in the environment."""

    name: str
    about: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    shape: Callable[[str, str], object] | None = None
    """Check called with the name and the value; raises SettingsError for a value that is none."""
    longest: int = 0
    """Longest text, in characters; 0 is no limit."""

    @classmethod
    def of(cls, option: RetrievalOption) -> Spec:
        """The form of a retrieval option in the environment."""
        if option.kind is OptionKind.TEXT:
            return cls(option.variable, option.about, longest=int(option.high))
        if option.kind is OptionKind.CHOICE:
            return cls(option.variable, option.about, choices=tuple(sorted(option.choices)))
        return cls(option.variable, option.about, option.low, option.high)


def written(value: object) -> str:
    """Return a value as it stands in the environment; `parsed` reads it back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.reveal() if isinstance(value, Secret) else str(value)


def parsed(spec: Spec, default: Any, raw: str) -> Any:
    """The value that `raw` is of a setting with that default. Raises SettingsError naming what is allowed."""
    kind: Callable[[str], Any] = type(default)
    if encodable(raw) != raw:
        raise SettingsError(reason("settings.no_text", name=spec.name))
    if spec.shape is not None:
        spec.shape(spec.name, raw)
    if spec.choices and raw not in spec.choices:
        raise SettingsError(reason("settings.choice", name=spec.name, value=raw, allowed=", ".join(spec.choices)))
    if spec.longest and len(raw) > spec.longest:
        raise SettingsError(reason("settings.too_long", name=spec.name, length=len(raw), most=spec.longest))
    if kind is bool:
        return raw == "true"
    try:
        value = kind(raw)
    except ValueError as e:
        code = "settings.whole_number" if kind is int else "settings.number"
        raise SettingsError(reason(code, name=spec.name, value=raw, low=spec.low or 0, high=spec.high or 0)) from e
    if spec.low is not None and spec.high is not None and not spec.low <= value <= spec.high:
        raise SettingsError(reason("settings.range", name=spec.name, value=raw, low=spec.low, high=spec.high))
    return value


def environment(folder: Path) -> dict[str, str]:
    """The variables of the process and of the `.env` file of `folder`, where there is one; the process's win."""
    from dotenv import dotenv_values

    try:
        written = {k: v for k, v in dotenv_values(folder / ".env", interpolate=False).items() if v is not None}
    except (OSError, UnicodeDecodeError) as e:
        raise SettingsError(reason("settings.env_unreadable", path=str(folder / ".env"), error=str(e))) from e
    return {**written, **os.environ}
