"""The figures of a text: numbers, versions, dates, each with its unit. Pure.

Told is what a figure says, not how it is written: 1,000 is 1000, wide digits are digits, and 5 March 2024 is
2024-03-05.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Figure = tuple[str, str]
"""The value of a figure, and its unit; "" for none that is known."""

DATE = "date"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DATES = re.compile(
    rf"(?<![0-9.])(?P<y>[12][0-9]{{3}})\s?[-/.年]\s?(?P<m>[01]?[0-9])\s?[-/.月]\s?(?P<d>[0-3]?[0-9])(?!\.?[0-9])日?"
    rf"|(?<![0-9.])(?P<d4>[0-3]?[0-9])\.\s?(?P<m4>[01]?[0-9])\.\s?(?P<y4>[12][0-9]{{3}})(?![0-9]|\.[0-9])"
    rf"|(?<![0-9.])(?P<m1>[01]?[0-9])\s?月\s?(?P<d1>[0-3]?[0-9])\s?日"
    rf"|(?<![0-9.])(?P<d2>[0-3]?[0-9])(?:st|nd|rd|th)?\s(?:of\s)?(?P<m2>\b{_MONTH})(?![a-z])(?:,?\s(?P<y2>[12][0-9]{{3}})\b)?"
    rf"|\b(?P<m3>{_MONTH})\s(?P<d3>[0-3]?[0-9])(?:st|nd|rd|th)?\b(?:,?\s(?P<y3>[12][0-9]{{3}})\b)?",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?P<before>[$€£¥])?\s?(?P<sign>(?<![\w.)\]])-(?=[0-9]))?"
    r"(?P<value>[0-9]{1,3}(?:[,'’\u00a0\u202f][0-9]{3})++(?![0-9])(?:\.[0-9]+)?|[0-9]++(?:[.,:][0-9]++)*)"
    r"\s?(?P<unit>°\s?[CF]|[℃℉%$€£¥µμ°]|[A-Za-zµμ]{1,12}(?![a-zA-Z])|毫秒|秒|分钟|小时|天|周|个月|字节|摄氏度|华氏度)?"
)
_GROUPS = re.compile(r"[,'’\u00a0\u202f](?=[0-9]{3}(?![0-9]))")
_COUNTED = re.compile(r"(?:\bsteps?\s?|第\s?(?=[0-9]+\s?步)|^\s*(?=[0-9]+[.)]\s))[0-9]+", re.IGNORECASE)
"""Numbers that count what is said, and are no part of it."""
WIDE = str.maketrans("０１２３４５６７８９．，：％−‐‑", "0123456789.,:%---")
_UNITS = {
    name: names.split()[0]
    for names in (
        "% percent",
        "°C ℃ celsius 摄氏度",
        "°F ℉ fahrenheit 华氏度",
        "ns nanosecond nanoseconds",
        "µs μs us microsecond microseconds",
        "ms millisecond milliseconds 毫秒",
        "s sec secs second seconds 秒",
        "min mins minute minutes 分钟",
        "h hr hrs hour hours 小时",
        "day days 天",
        "week weeks 周",
        "month months 个月",
        "year years",
        "B byte bytes 字节",
        "kB KB kilobyte kilobytes",
        "MB megabyte megabytes",
        "GB gigabyte gigabytes",
        "TB terabyte terabytes",
        "KiB", "MiB", "GiB", "TiB",
        "mm millimetre millimetres millimeter millimeters",
        "cm centimetre centimetres centimeter centimeters",
        "m metre metres meter meters",
        "km kilometre kilometres kilometer kilometers",
        "mg milligram milligrams",
        "g gram grams",
        "kg kilogram kilograms",
        "ml mL millilitre millilitres milliliter milliliters",
        "l L litre litres liter liters",
        "mV", "V volt volts", "kV", "mA", "A ampere amperes amps", "W watt watts", "kW", "MW",
        "Hz hertz", "kHz", "MHz", "GHz", "Pa", "kPa", "MPa", "mbar", "bar", "psi",
        "$ USD dollar dollars", "€ EUR euro euros", "£ GBP pound pounds", "¥",
    )
    for name in names.split()
}  # fmt: skip
"""A unit's names -> the first of them."""


def figures(text: str) -> Iterator[Figure]:
    """The figures of a text in order; those that only count its steps are none."""
    return ((value, unit) for _, _, value, unit in located(text))


def located(text: str) -> Iterator[tuple[int, int, str, str]]:
    """The figures of a text, each with where it starts and ends in it."""
    text = text.translate(WIDE)
    text = _COUNTED.sub(lambda counted: " " * len(counted.group()), text)
    at = 0
    for found in _DATES.finditer(text):
        if not (date := _date(found)):
            continue
        yield from _numbers(text[at : found.start()], at)
        yield found.start(), found.end(), date, DATE
        at = found.end()
    yield from _numbers(text[at:], at)


def _numbers(text: str, at: int) -> Iterator[tuple[int, int, str, str]]:
    for found in _NUMBER.finditer(text):
        value = _GROUPS.sub("", found["value"]).replace(",", ".")
        unit = found["before"] or (found["unit"] or "").replace(" ", "")
        known = _UNITS.get(unit) or (_UNITS.get(unit.lower(), "") if len(unit) > 2 else "")
        yield at + found.start(), at + found.end(), f"{found['sign'] or ''}{value}", known


def _date(found: re.Match[str]) -> str:
    """`year-month-day` without leading zeros, the year "" where none is named; "" where it is no date."""
    said = found.groupdict(default="")
    year, month, day = (next((said[n] for n in said if n[0] == part and said[n]), "") for part in "ymd")
    number = int(month) if month.isdigit() else _MONTHS.index(month[:3].lower()) + 1
    return f"{year}-{number}-{int(day)}" if 1 <= number <= 12 and 1 <= int(day) <= 31 else ""
