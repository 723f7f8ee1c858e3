"""Documents and chunks as lines of JSON, and back, with every field checked to be there and of its type."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def line(value: Any) -> bytes:
    """A dataclass instance as one line of JSON."""
    return json.dumps(dataclasses.asdict(value), ensure_ascii=False).encode() + b"\n"


def parsed(cls: type[T], text: bytes) -> T:
    """The inverse of `line`; a field that has a default may be missing. Raises ValueError for anything else."""
    return checked(cls, value_of(text))


def value_of(text: bytes) -> Any:
    """Return the value of a JSON text. Raises ValueError for everything that is not JSON, NaN among it."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError as e:
        raise ValueError("nested too deeply") from e


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def checked(cls: type[T], record: object) -> T:
    """An instance of the dataclass `cls` from what JSON gave. Raises ValueError unless every value has its type."""
    if not isinstance(record, dict):
        raise ValueError(f"{cls.__name__} is not an object")
    kind: Any = cls
    hints = _hints(kind)
    strange = record.keys() - hints.keys()
    if strange:
        raise ValueError(f"{cls.__name__} has an unknown field {min(strange)!r:.40}")
    values = {name: _value(hints[name], value, name) for name, value in record.items()}
    try:
        return cls(**values)
    except TypeError as e:
        raise ValueError(f"{cls.__name__} lacks a field") from e


@cache
def _hints(cls: type[Any]) -> Mapping[str, Any]:
    return get_type_hints(cls)


def _value(kind: Any, value: object, name: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        for each in get_args(kind):
            if (each is type(None) and value is None) or (each is not type(None) and _fits(each, value)):
                return None if value is None else _value(each, value, name)
    elif origin is tuple and isinstance(value, list):
        items = get_args(kind)
        if items[-1] is not Ellipsis:
            if len(items) != len(value):
                raise ValueError(f"{name} has a wrong length")
            return tuple(_value(item, each, name) for item, each in zip(items, value, strict=True))
        return tuple(_value(items[0], each, name) for each in value)
    elif origin in (dict, Mapping) and isinstance(value, dict):
        return {str(key): _value(get_args(kind)[1], each, name) for key, each in value.items()}
    elif dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return checked(kind, value)
    elif _fits(kind, value):
        return float(value) if kind is float and isinstance(value, int) else value
    raise ValueError(f"{name} has a wrong type")


def _fits(kind: Any, value: object) -> bool:
    """True if a JSON value may stand for the plain type or container `kind`. True and False are no numbers."""
    plain = get_origin(kind) or kind
    if plain is tuple:
        return isinstance(value, list)
    if plain in (dict, Mapping):
        return isinstance(value, dict)
    if isinstance(value, bool):
        return plain is bool
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return False
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        return False  # half a pair: no text can hold it
    return isinstance(value, (int, float) if plain is float else plain)
