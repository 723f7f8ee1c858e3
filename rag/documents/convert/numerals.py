"""Numbers as Word writes them before headings and in lists: 3, iii, c), 三, ③. Pure."""

from __future__ import annotations

from collections.abc import Callable

MOST = 100_000
"""Above it a number is written in digits, whatever was asked for."""

_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_ONES = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
_WORDS = (*_ONES.split(), "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}
_ORDINALS |= {"twelve": "twelfth"}
_CYRILLIC = "абвгдежзиклмнопрстуфхцчшщыэюя"
_GANADA = "가나다라마바사아자차카타파하"
_CHOSUNG = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"
_AIUEO = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセスン"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
_ABJAD = "أبجدهوزحطيكلمنسعفصقرشتثخذضظغ"


def numeral(value: int, style: str) -> str:
    """`value` in one of Word's number formats; in digits where the format is none it has or goes no further."""
    write = _STYLES.get(style)
    return (write(value) if write and 0 < value < MOST else "") or str(value)


def roman(value: int) -> str:
    """A small Roman number."""
    written = ""
    for worth, letters in _ROMAN:
        written += letters * (value // worth)
        value %= worth
    return written


def _repeated(letters: str) -> Callable[[int], str]:
    """a to z, then aa, bb, …"""
    return lambda value: letters[(value - 1) % len(letters)] * min(1 + (value - 1) // len(letters), 9)


def _one_of(signs: str) -> Callable[[int], str]:
    return lambda value: signs[value - 1 : value]


def _digits(signs: str) -> Callable[[int], str]:
    return lambda value: "".join(signs[int(digit)] for digit in str(value))


def _counted(signs: str, units: str, *, bare_ten: bool) -> Callable[[int], str]:
    """Numbers as they are read in Chinese: 二十一, 一百零三."""

    def written(value: int) -> str:
        figures = str(value)
        said = ""
        for place, figure in zip(range(len(figures) - 1, -1, -1), figures, strict=True):
            if figure == "0":
                said += "" if said.endswith(signs[0]) else signs[0]
            else:
                said += signs[int(figure)] + (units[place - 1] if place else "")
        said = said.rstrip(signs[0])
        return said[1:] if bare_ten and 10 <= value < 20 else said

    return written


def _cardinal(value: int) -> str:
    if value < 20:
        return _WORDS[value - 1]
    if value < 100:
        tens, ones = _TENS[value // 10 - 2], value % 10
        return f"{tens}-{_WORDS[ones - 1]}" if ones else tens
    return ""


def _ordinal_word(value: int) -> str:
    before, hyphen, last = _cardinal(value).rpartition("-")
    if not last:
        return ""
    last = _ORDINALS.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return before + hyphen + last


def _ordinal(value: int) -> str:
    ending = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


def _upper_first(write: Callable[[int], str]) -> Callable[[int], str]:
    return lambda value: write(value).capitalize()


_LATIN = "abcdefghijklmnopqrstuvwxyz"
_CIRCLED = "".join(map(chr, (*range(0x2460, 0x2474), *range(0x3251, 0x3260), *range(0x32B1, 0x32C0))))
_CHINESE = _counted("零一二三四五六七八九", "十百千万", bare_ten=True)
_JAPANESE = _counted("〇一二三四五六七八九", "十百千万", bare_ten=True)

_STYLES: dict[str, Callable[[int], str]] = {
    "decimalZero": lambda value: f"{value:02}",
    "lowerLetter": _repeated(_LATIN),
    "upperLetter": _repeated(_LATIN.upper()),
    "lowerRoman": roman,
    "upperRoman": lambda value: roman(value).upper(),
    "ordinal": _ordinal,
    "cardinalText": _upper_first(_cardinal),
    "ordinalText": _upper_first(_ordinal_word),
    "numberInDash": lambda value: f"- {value} -",
    "hex": lambda value: f"{value:X}",
    "decimalFullWidth": _digits("０１２３４５６７８９"),
    "decimalFullWidth2": _digits("０１２３４５６７８９"),
    "decimalEnclosedCircle": _one_of(_CIRCLED),
    "decimalEnclosedCircleChinese": _one_of(_CIRCLED),
    "decimalEnclosedFullstop": _one_of("".join(map(chr, range(0x2488, 0x249C)))),
    "decimalEnclosedParen": _one_of("".join(map(chr, range(0x2474, 0x2488)))),
    "ideographEnclosedCircle": _one_of("㊀㊁㊂㊃㊄㊅㊆㊇㊈㊉"),
    "chineseCounting": _CHINESE,
    "chineseCountingThousand": _CHINESE,
    "taiwaneseCounting": _CHINESE,
    "taiwaneseCountingThousand": _CHINESE,
    "japaneseCounting": _JAPANESE,
    "koreanCounting": _digits("영일이삼사오육칠팔구"),
    "ideographDigital": _digits("〇一二三四五六七八九"),
    "japaneseDigitalTenThousand": _digits("〇一二三四五六七八九"),
    "taiwaneseDigital": _digits("〇一二三四五六七八九"),
    "koreanDigital": _digits("영일이삼사오육칠팔구"),
    "chineseLegalSimplified": _counted("零壹贰叁肆伍陆柒捌玖", "拾佰仟萬", bare_ten=False),
    "ideographLegalTraditional": _counted("零壹貳參肆伍陸柒捌玖", "拾佰仟萬", bare_ten=False),
    "japaneseLegal": _counted("〇壱弐参四五六七八九", "拾百阡萬", bare_ten=False),
    "ideographTraditional": _one_of(_STEMS),
    "ideographZodiac": _one_of(_BRANCHES),
    "russianLower": _repeated(_CYRILLIC),
    "russianUpper": _repeated(_CYRILLIC.upper()),
    "ganada": _repeated(_GANADA),
    "chosung": _repeated(_CHOSUNG),
    "aiueo": _repeated(_AIUEO),
    "aiueoFullWidth": _repeated(_AIUEO),
    "iroha": _repeated(_IROHA),
    "irohaFullWidth": _repeated(_IROHA),
    "arabicAbjad": _repeated(_ABJAD),
}
