"""Cells as numbers with their units, and what is counted of them, exactly. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum

from rag.text.figures import WIDE

LONGEST = 40
"""Characters of a cell that is a number."""
_NUMBER = re.compile(
    r"(?P<before>[$€£¥])?\s?(?P<sign>[-+−])?(?P<value>\d{1,3}(?:[,'\u00a0\u202f]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"\s?(?P<unit>[%°‰]|°\s?[CF]|[$€£¥]|[^\W\d_]{1,12}(?:/[^\W\d_]{1,6})?)?"
)
_GROUPS = re.compile(r"[,'\u00a0\u202f]")
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_PLACES = 6
"""Digits behind the point of a mean that has more."""


class Operation(StrEnum):
    """What is asked of the rows of a table."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    LEAST = "least"
    MOST = "most"
    VALUE = "value"
    """What stands in a cell."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and its unit, "" for none."""

    value: Decimal
    unit: str = ""


def amount_of(cell: str) -> Amount | None:
    """The number a cell is; None where it is more than a number, or none."""
    if len(cell) > LONGEST:
        return None
    found = _NUMBER.fullmatch(cell.translate(WIDE).strip())
    if found is None:
        return None
    value = Decimal(_GROUPS.sub("", found["value"]))
    negative = (found["sign"] or "") in ("-", "−")
    unit = found["before"] or (found["unit"] or "").replace(" ", "")
    return Amount(-value if negative else value, unit)


def counted(operation: Operation, amounts: Sequence[Amount]) -> Amount:
    """Sum, mean, least or most of amounts of one unit, of which there is at least one."""
    values = [amount.value for amount in amounts]
    match operation:
        case Operation.LEAST:
            value = min(values)
        case Operation.MOST:
            value = max(values)
        case _:
            value = Decimal(0)
            for each in values:
                value = _EXACT.add(value, each)
            if operation is Operation.MEAN:
                value = _rounded(_EXACT.divide(value, Decimal(len(values))))
    return Amount(value, amounts[0].unit)


def shown(amount: Amount) -> str:
    """An amount as it is written: plainly, without zeros at the end, its unit behind it or a currency before it."""
    value = f"{amount.value:f}"
    value = value.rstrip("0").rstrip(".") if "." in value else value
    if amount.unit in ("$", "€", "£", "¥"):
        return f"{amount.unit}{value}"
    return f"{value}{'' if amount.unit in ('%', '‰', '°', '') else ' '}{amount.unit}"


def _rounded(value: Decimal) -> Decimal:
    exact = int(value.as_tuple().exponent) >= -_PLACES
    return value if exact else value.quantize(Decimal(1).scaleb(-_PLACES), context=_EXACT)
