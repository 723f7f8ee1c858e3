"""Filter expressions. The only place where a value becomes part of one.

Field names come from this package, numbers from `int()`, strings through `lit`; nothing else enters an expression.
"""

from __future__ import annotations

from collections.abc import Iterable

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def lit(value: str) -> str:
    """`value` as a string literal that means exactly `value` to Milvus Lite and to servers.

    Not JSON: Lite does not read `\\uXXXX`, and control characters must stay as they are.
    """
    return f'"{value.translate(_ESCAPES)}"'


def equals(field: str, value: str) -> str:
    """Rows whose string `field` is `value`."""
    return f"{field} == {lit(value)}"


def one_of(field: str, values: Iterable[str]) -> str:
    """Rows whose string `field` is one of `values`, of which there must be at least one."""
    return f"{field} in [{', '.join(map(lit, values))}]"


def none_of(field: str, values: Iterable[str]) -> str:
    """Rows whose string `field` is none of `values`, of which there must be at least one."""
    return f"{field} not in [{', '.join(map(lit, values))}]"


def below(field: str, folder: str) -> str:
    """Rows whose string `field` begins with `folder`, which ends in "/": all that sorts before the next character."""
    return f"{field} >= {lit(folder)} and {field} < {lit(folder[:-1] + chr(ord('/') + 1))}"


def between(field: str, low: int, high: int) -> str:
    """Rows whose whole-number `field` is in `[low, high)`."""
    return f"{field} >= {int(low)} and {field} < {int(high)}"


def any_of(*expressions: str) -> str:
    """Rows that satisfy one of `expressions`; empty ones do not count."""
    return " or ".join(f"({expression})" for expression in expressions if expression)


def both(*expressions: str) -> str:
    """Rows that satisfy all `expressions`; empty ones do not count."""
    return " and ".join(f"({expression})" for expression in expressions if expression)
